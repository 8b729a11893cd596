"""Running totals of the marts: kept by each publication, never counted over whole tables.

A total is an additive aggregate of a mart (``rows`` always, ``synthetic_rows`` where rows say so,
and what the mart's suite declares). The publisher subtracts what it takes away and adds what it
brings, so that the gate can judge *live − replaced + candidate* against ``raw`` at constant cost.
"""

from collections.abc import Iterable
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor

from gaung.errors import GateFailed
from gaung.quality import suites
from gaung.quality.suites import Total
from gaung.warehouse import live_tables
from gaung.warehouse.marts import Mart
from gaung.warehouse.partitions import KINDS, WHOLE

ROWS, ALL = "rows", "all"


def of(mart: Mart) -> tuple[Total, ...]:
    """The totals kept for a mart."""
    suite = suites.load().get(mart.name)
    declared = suite.totals if suite else ()
    always = [Total(ROWS, "count(*)", None, None)]
    if "is_synthetic" in mart.column_names:
        always.append(Total(live_tables.SYNTHETIC_ROWS, "count(*) filter (where is_synthetic)", None, None))
    return (*always, *declared)


def start(cur: cursor, mart: Mart) -> None:
    """Have a row count for a mart, if only 0."""
    cur.execute(
        "insert into ops.mart_total (mart, measure, grain_value, total) values (%s, %s, %s, 0) "
        "on conflict do nothing",
        (mart.name, ROWS, ALL),
    )


def subtract(cur: cursor, mart: Mart) -> None:
    """Take the live rows of the changed partitions out of the totals."""
    _shift(cur, mart, -1)


def add(cur: cursor, mart: Mart) -> None:
    """Bring the live rows of the changed partitions into the totals."""
    _shift(cur, mart, 1)


def recount(cur: cursor, mart: Mart) -> None:
    """Count a mart's totals anew over the whole live table (full rebuilds)."""
    for total in of(mart):
        cur.execute(
            "update ops.mart_total set total = 0 where mart = %s and measure = %s", (mart.name, total.measure)
        )
        _upsert(cur, mart, total, 1, sql.SQL("true"))


def whole(cur: cursor, mart: Mart, total: Total) -> dict[str, Any]:
    """A total by group, counted over the whole live table."""
    return _sums(cur, mart, total, "marts", sql.SQL("true"))


def rows_by_mart(cur: cursor) -> dict[str, int]:
    """Rows of each live mart, from the totals."""
    cur.execute("select mart, total from ops.mart_total where measure = %s order by mart", (ROWS,))
    return {mart: int(total) for mart, total in cur.fetchall()}


def take_raw(cur: cursor, build_id: int) -> None:
    """Keep what raw says about the totals that this build makes live."""
    cur.execute(
        """
        insert into ops.mart_total (mart, measure, grain_value, total, raw_total)
        select mart, measure, grain_value, 0, raw_total from ops.gate_total
        where build_id = %s and raw_total is not null
        on conflict (mart, measure, grain_value) do update set raw_total = excluded.raw_total
        """,
        (build_id,),
    )


def restore_raw(cur: cursor, version: int) -> None:
    """Let raw and the restored totals differ by what they differed by in that version, mostly nothing.

    What raw said then is not brought back as it was: what was erased since is gone from raw and mart.
    """
    cur.execute(
        """
        update ops.mart_total as t
        set raw_total = t.total + coalesce(
            (
                select g.raw_total - g.next_total
                from ops.publication as p
                inner join ops.gate_total as g on p.build_id = g.build_id
                where
                    p.version = %s
                    and g.mart = t.mart
                    and g.measure = t.measure
                    and g.grain_value = t.grain_value
            ),
            0
        )
        where t.raw_total is not null
        """,
        (version,),
    )


def measure(
    publisher: cursor, transformer: cursor, build_id: int, marts: Iterable[Mart], *, is_full: bool
) -> None:
    """Write ``ops.gate_total`` of a build: live, replaced, candidate, and the source's own count."""
    for mart in marts:
        for total in of(mart):
            _measure(publisher, transformer, build_id, mart, total, is_full=is_full)


def _measure(
    publisher: cursor, transformer: cursor, build_id: int, mart: Mart, total: Total, *, is_full: bool
) -> None:
    publisher.execute(
        "select grain_value, total, raw_total from ops.mart_total where mart = %s and measure = %s",
        (mart.name, total.measure),
    )
    live = {grain: (amount, raw) for grain, amount, raw in publisher.fetchall()}
    replaced = _sums(publisher, mart, total, "marts", _in_dirty(mart))
    candidate = _sums(publisher, mart, total, "marts__build", sql.SQL("true"))
    source = _source(transformer, mart, total)
    for grain in sorted({*live, *replaced, *candidate, *(source or {})}):
        amount, raw = live.get(grain, (0, None))
        counted = None if source is None else source.get(grain, 0)
        kept = 0 if is_full else (raw if raw is not None else amount) - replaced.get(grain, 0)
        publisher.execute(
            """
            insert into ops.gate_total (build_id, mart, measure, grain_value, live_total, replaced_total,
                candidate_total, source_total, raw_total)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            (
                build_id,
                mart.name,
                total.measure,
                grain,
                amount,
                replaced.get(grain, 0),
                candidate.get(grain, 0),
                counted,
                None if counted is None else kept + counted,
            ),
        )


def _source(transformer: cursor, mart: Mart, total: Total) -> dict[str, Any] | None:
    if total.raw_sql is None:
        return None
    transformer.execute(total.raw_sql)
    names = [column.name for column in transformer.description or ()]
    if names != ["grain_value", "total"]:
        raise GateFailed(
            f"expectations/{mart.name}.yml: the raw statement of total {total.measure} must give grain_value "
            f"and total, not {', '.join(names)}"
        )
    return {ALL if grain is None else str(grain): amount or 0 for grain, amount in transformer.fetchall()}


def _sums(cur: cursor, mart: Mart, total: Total, schema: str, condition: sql.Composable) -> dict[str, Any]:
    if not live_tables.exists(cur, schema, mart.name):
        return {}
    cur.execute(
        sql.SQL(
            "select {grain}, coalesce({aggregate}, 0) from {table} as l where {condition} group by 1"
        ).format(
            grain=_grain(total),
            aggregate=sql.SQL(total.mart_sql),
            table=sql.Identifier(schema, mart.name),
            condition=condition,
        )
    )
    return dict(cur.fetchall())


def _grain(total: Total) -> sql.Composable:
    if total.by is None:
        return sql.SQL("{}::text").format(sql.Literal(ALL))
    return sql.SQL("coalesce({}::text, {})").format(sql.Identifier("l", total.by), sql.Literal(ALL))


def _in_dirty(mart: Mart) -> sql.Composable:
    if mart.kind == WHOLE:
        return sql.SQL("true")
    return _in(mart, sql.Identifier("core", f"dirty__{mart.kind}"), tuple(KINDS[mart.kind]))


def _in(mart: Mart, table: sql.Composable, names: tuple[str, ...]) -> sql.Composable:
    return sql.SQL("({keys}) in (select {names} from {table})").format(
        keys=sql.SQL(", ").join(sql.Identifier("l", column) for column in mart.key_columns),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        table=table,
    )


def _shift(cur: cursor, mart: Mart, sign: int) -> None:
    changed = sql.Identifier("pg_temp", f"changed_{mart.name}"[:63])
    for total in of(mart):
        _upsert(cur, mart, total, sign, _in(mart, changed, mart.key_columns))


def _upsert(cur: cursor, mart: Mart, total: Total, sign: int, condition: sql.Composable) -> None:
    cur.execute(
        sql.SQL(
            """
            insert into ops.mart_total (mart, measure, grain_value, total)
            select {mart}, {measure}, {grain}, {sign} * coalesce({aggregate}, 0)
            from {table} as l where {condition} group by 3
            on conflict (mart, measure, grain_value) do update
            set total = mart_total.total + excluded.total
            """
        ).format(
            mart=sql.Literal(mart.name),
            measure=sql.Literal(total.measure),
            grain=_grain(total),
            sign=sql.Literal(sign),
            aggregate=sql.SQL(total.mart_sql),
            table=sql.Identifier("marts", mart.name),
            condition=condition,
        )
    )
