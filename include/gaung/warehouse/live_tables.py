"""The published tables' form: columns, constraints, rights and comments, brought to what is declared.

All of it happens inside the publisher's transaction. Columns are brought to the candidate's before
its rows go in, constraints after them.
"""

from typing import Any, NamedTuple

from psycopg2 import sql
from psycopg2.extensions import connection, cursor

from gaung.errors import GateFailed
from gaung.warehouse.marts import Mart

SCHEMA = "marts"
SYNTHETIC_ROWS = "synthetic_rows"
"""Name of the running total of a mart's synthetic rows."""
SYNTHETIC_NOTE = " CONTAINS SYNTHETIC DEMO DATA. MEMUAT DATA DEMO SINTETIS."


class ColumnForm(NamedTuple):
    """Type and nullability of a column in the database."""

    data_type: str
    is_required: bool


def exists(cur: cursor, schema: str, name: str) -> bool:
    """Whether a table or view is there."""
    cur.execute("select to_regclass(format('%%I.%%I', %s::text, %s::text)) is not null", (schema, name))
    row: Any = cur.fetchone()
    return bool(row[0])


def columns(cur: cursor, schema: str, name: str) -> dict[str, ColumnForm]:
    """The columns of a table in order; empty when there is no such table."""
    cur.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
        from pg_attribute as a join pg_class as c on a.attrelid = c.oid
        join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped
        order by a.attnum
        """,
        (schema, name),
    )
    return {column: ColumnForm(data_type, required) for column, data_type, required in cur.fetchall()}


def ensure(cur: cursor, marts: tuple[Mart, ...], build_schema: str) -> list[dict[str, str]]:
    """What was created or changed so that every mart's live table has its candidate's columns."""
    changes: list[dict[str, str]] = []
    for mart in marts:
        wanted = columns(cur, build_schema, mart.name)
        if tuple(sorted(wanted)) != tuple(sorted(mart.column_names)):
            raise GateFailed(
                f"candidate {build_schema}.{mart.name} has the columns {', '.join(wanted) or '(no table)'}; "
                f"declared are {', '.join(mart.column_names)}; build again"
            )
        wanted = {name: wanted[name] for name in mart.column_names}
        if exists(cur, SCHEMA, mart.name):
            changes += _alter(cur, mart, wanted)
        else:
            _create(cur, mart, wanted)
            changes.append({"mart": mart.name, "kind": "create", "change": "new table"})
    return changes


def constrain(cur: cursor, marts: tuple[Mart, ...], changes: list[dict[str, str]]) -> None:
    """Set keys, references and required columns of the marts whose form changed; rows are in place."""
    changed = {change["mart"] for change in changes}
    for mart in marts:
        if mart.name in changed:
            _require(cur, mart)
        _references(cur, mart)
        for names in mart.indexes:
            _index(cur, mart, names)


def describe(cur: cursor, marts: tuple[Mart, ...]) -> None:
    """Bring the comments of tables and columns to what the YAML says, where they differ."""
    for mart in marts:
        table = sql.Identifier(SCHEMA, mart.name)
        note = SYNTHETIC_NOTE if _has_synthetic(cur, mart.name) else ""
        wanted = {"": mart.comment + note, **{column.name: column.comment for column in mart.columns}}
        for name, text in wanted.items():
            if _comments(cur, mart.name).get(name) == text:
                continue
            target = sql.SQL("column {}").format(sql.Identifier(SCHEMA, mart.name, name))
            cur.execute(
                sql.SQL("comment on {} is {}").format(
                    target if name else sql.SQL("table {}").format(table), sql.Literal(text)
                )
            )


def analyze(conn: connection, names: list[str]) -> None:
    """Refresh the planner's statistics of changed marts once a share of their rows is new since last time.

    Row counts that BI tools show need no refreshing; a small change of a long table is not worth reading it.
    A mart that the server's own vacuum is at just now is left to it: waiting would take a second.
    """
    conn.autocommit = True
    with conn.cursor() as cur:
        cur.execute(
            """
            select relname from pg_stat_user_tables
            where schemaname = %s and relname = any(%s) and (
                coalesce(last_analyze, last_autoanalyze) is null
                or n_mod_since_analyze > 50 + n_live_tup / 20
            )
            """,
            (SCHEMA, names),
        )
        for (name,) in cur.fetchall():
            cur.execute(sql.SQL("analyze (skip_locked) {}").format(sql.Identifier(SCHEMA, name)))


def _comments(cur: cursor, name: str) -> dict[str, str]:
    cur.execute(
        """
        select coalesce(a.attname, ''), d.description
        from pg_description as d
        left join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
        where d.classoid = 'pg_class'::regclass
            and d.objoid = to_regclass(format('%%I.%%I', %s::text, %s::text))
        """,
        (SCHEMA, name),
    )
    return dict(cur.fetchall())


def _create(cur: cursor, mart: Mart, wanted: dict[str, ColumnForm]) -> None:
    lines: list[sql.Composable] = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(form.data_type))
        for name, form in wanted.items()
    ]
    lines.append(_primary_key(mart))
    table = sql.Identifier(SCHEMA, mart.name)
    cur.execute(sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join(lines)))
    cur.execute(sql.SQL("grant select, references on {} to bi_reader, brand_staff").format(table))


def _primary_key(mart: Mart) -> sql.Composable:
    return sql.SQL("constraint {} primary key ({})").format(
        sql.Identifier(f"{mart.name}_pkey"), sql.SQL(", ").join(map(sql.Identifier, mart.primary_key))
    )


def _alter(cur: cursor, mart: Mart, wanted: dict[str, ColumnForm]) -> list[dict[str, str]]:
    """Add, drop and retype columns; a column that is no longer required is freed at once."""
    present = columns(cur, SCHEMA, mart.name)
    table = sql.Identifier(SCHEMA, mart.name)
    steps: list[tuple[str, str, sql.Composable]] = []
    if _key(cur, mart) != mart.primary_key:
        drop = sql.SQL("drop constraint if exists {} cascade").format(sql.Identifier(f"{mart.name}_pkey"))
        steps.append(("alter", f"primary key ({', '.join(mart.primary_key)})", drop))
    for name in present.keys() - wanted.keys():
        steps.append(("drop", f"drop {name}", sql.SQL("drop column {}").format(sql.Identifier(name))))
    for name, form in wanted.items():
        column, data_type = sql.Identifier(name), sql.SQL(form.data_type)
        if name not in present:
            steps.append(
                ("add", f"add {name} {form.data_type}", sql.SQL("add column {} {}").format(column, data_type))
            )
        elif present[name].data_type != form.data_type:
            retype = sql.SQL("alter column {0} type {1} using {0}::{1}").format(column, data_type)
            steps.append(("alter", f"{name}: {present[name].data_type} → {form.data_type}", retype))
        if name in present and present[name].is_required and not _must(mart, name, form):
            free = sql.SQL("alter column {} drop not null").format(column)
            steps.append(("free", f"{name} may be NULL", free))
    for _, _, step in sorted(steps, key=lambda entry: entry[1]):
        cur.execute(sql.SQL("alter table {} {}").format(table, step))
    return [{"mart": mart.name, "kind": kind, "change": change} for kind, change, _ in steps]


def _must(mart: Mart, name: str, form: ColumnForm) -> bool:
    return form.is_required or mart.column(name).is_required


def _require(cur: cursor, mart: Mart) -> None:
    present = columns(cur, SCHEMA, mart.name)
    table = sql.Identifier(SCHEMA, mart.name)
    if not _key(cur, mart):
        cur.execute(sql.SQL("alter table {} add {}").format(table, _primary_key(mart)))
    for column in mart.columns:
        if column.is_required and not present[column.name].is_required:
            cur.execute(
                sql.SQL("alter table {} alter column {} set not null").format(
                    table, sql.Identifier(column.name)
                )
            )


def _key(cur: cursor, mart: Mart) -> tuple[str, ...]:
    cur.execute(
        """
        select array_agg(a.attname::text order by k.position)
        from pg_constraint as c, unnest(c.conkey) with ordinality as k (number, position)
        join pg_attribute as a on a.attnum = k.number
        where c.contype = 'p' and c.conrelid = to_regclass(format('%%I.%%I', %s::text, %s::text))
            and a.attrelid = c.conrelid
        """,
        (SCHEMA, mart.name),
    )
    row: Any = cur.fetchone()
    return tuple(row[0] or ())


def _references(cur: cursor, mart: Mart) -> None:
    """Add missing references, drop those no longer declared."""
    cur.execute(
        """
        select conname from pg_constraint
        where contype = 'f' and conrelid = to_regclass(format('%%I.%%I', %s::text, %s::text))
        """,
        (SCHEMA, mart.name),
    )
    present = {name for (name,) in cur.fetchall()}
    table = sql.Identifier(SCHEMA, mart.name)
    wanted = {f"{mart.name}_{'_'.join(key.columns)}_fkey"[:63]: key for key in mart.foreign_keys}
    for name in sorted(present - wanted.keys()):
        cur.execute(sql.SQL("alter table {} drop constraint {}").format(table, sql.Identifier(name)))
    for name, key in wanted.items():
        if name in present:
            continue
        cur.execute(
            sql.SQL(
                "alter table {} add constraint {} foreign key ({}) references {} ({}) "
                "deferrable initially deferred"
            ).format(
                table,
                sql.Identifier(name),
                sql.SQL(", ").join(map(sql.Identifier, key.columns)),
                sql.Identifier(SCHEMA, key.to),
                sql.SQL(", ").join(map(sql.Identifier, key.to_columns)),
            )
        )
        _index(cur, mart, key.columns)


def _index(cur: cursor, mart: Mart, names: tuple[str, ...]) -> None:
    """An index for a reference, unless the key begins with it: else each removed target costs a scan."""
    if mart.primary_key[: len(names)] == names:
        return
    name = f"{mart.name}_{'_'.join(names)}_idx"[:63]
    cur.execute("select to_regclass(format('%%I.%%I', %s::text, %s::text)) is null", (SCHEMA, name))
    if cur.fetchone() != (True,):
        return
    cur.execute(
        sql.SQL("create index {} on {} ({})").format(
            sql.Identifier(name),
            sql.Identifier(SCHEMA, mart.name),
            sql.SQL(", ").join(map(sql.Identifier, names)),
        )
    )


def _has_synthetic(cur: cursor, mart: str) -> bool:
    """Whether a live mart holds synthetic rows, from the totals."""
    cur.execute(
        "select coalesce(sum(total), 0) > 0 from ops.mart_total where mart = %s and measure = %s",
        (mart, SYNTHETIC_ROWS),
    )
    row: Any = cur.fetchone()
    return bool(row[0])
