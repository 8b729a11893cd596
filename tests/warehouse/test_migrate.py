"""Migrations: one line of revisions, raw tables equal the contract, all or nothing."""

from contextlib import closing

import pyarrow as pa
import pytest
from psycopg2 import errors
from psycopg2.extensions import cursor

from gaung.contract import ENTITIES, Entity
from gaung.errors import ServerRefused
from gaung.warehouse import migrate, setup
from gaung.warehouse.connect import connect
from gaung.warehouse.ddl import column_type


def _rows(statement: str, *values: object, database: str | None = None) -> list[tuple[object, ...]]:
    with closing(connect("admin", database=database)) as session, session.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


@pytest.fixture
def empty(server: object) -> str:
    """An empty database beside the template."""
    setup.ensure_database("empty")
    return "empty"


@pytest.fixture(autouse=True)
def _drop_empty(server: object):
    yield
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute("drop database if exists empty with (force)")


def test_the_head_is_alembics_and_the_line_has_no_fork() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    script = ScriptDirectory.from_config(config)

    assert script.get_heads() == [migrate.head()]
    assert [revision.revision for revision in script.walk_revisions()] == sorted(
        (path.name[:4] for path in (migrate.FOLDER / "versions").glob("0*.py")), reverse=True
    )


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=ENTITIES.keys())
def test_raw_tables_equal_the_contract(warehouse: str, entity: Entity) -> None:
    columns = _rows(
        "select attname, format_type(atttypid, atttypmod), not attnotnull from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        f"raw.{entity.name}",
    )
    key = _rows(
        "select a.attname from pg_index as i "
        "cross join unnest(i.indkey) with ordinality as k (attnum, place) "
        "inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum "
        "where i.indrelid = %s::regclass and i.indisprimary order by k.place",
        f"raw.{entity.name}",
    )
    written = {"timestamptz": "timestamp with time zone"}

    def stated(field: pa.Field) -> tuple[str, str, bool]:
        kind = column_type(field.type)
        return field.name, written.get(kind, kind), field.nullable

    assert columns == [stated(field) for field in entity.schema]
    assert [name for (name,) in key] == list(entity.key)


def test_every_table_says_what_one_row_is(warehouse: str) -> None:
    silent = _rows(
        "select c.oid::regclass::text from pg_class as c "
        "inner join pg_namespace as n on n.oid = c.relnamespace "
        "where c.relkind = 'r' and n.nspname in ('raw', 'core', 'ops', 'app', 'marts') "
        "and coalesce(obj_description(c.oid), '') = '' and not (n.nspname = 'raw' and c.relname = any(%s))",
        list(ENTITIES),
    )

    assert silent == []


def test_upgrading_twice_changes_nothing(empty: str) -> None:
    assert migrate.upgrade(empty) is True
    assert migrate.upgrade(empty) is False
    assert _rows("select version_num from public.alembic_version", database=empty) == [(migrate.head(),)]


def test_an_upgrade_keeps_the_data_of_the_migration_before(empty: str) -> None:
    """A row in every table of the migration before stands there afterwards, in each column it had."""
    before = f"{int(migrate.head()) - 1:04d}"
    migrate.upgrade(empty, to=before)
    with closing(connect("admin", database=empty)) as session, session, session.cursor() as cursor:
        tables = fill_every_table(cursor)
        held = {name: contents(cursor, name, columns) for name, columns in tables.items()}
    assert len(tables) > 40, sorted(tables)
    assert {name.split(".")[0] for name in tables} >= {"raw", "core", "ops", "app"}
    print(f"{len(tables)} tables with a row at {before}")

    migrate.upgrade(empty)

    with closing(connect("admin", database=empty)) as session, session.cursor() as cursor:
        cursor.execute("select format('%I.%I', schemaname, tablename) from pg_tables")
        left = {name for (name,) in cursor.fetchall()}
        gone = tables.keys() - left
        assert gone <= REBUILT, "only what is derived may be made anew"
        now = {name: contents(cursor, name, tables[name]) for name in tables.keys() & left}
    assert now == {name: rows for name, rows in held.items() if name in now}
    assert _rows("select version_num from public.alembic_version", database=empty) == [(migrate.head(),)]


REBUILT: set[str] = set()
"""Tables that the newest migration replaces by others; data of people are never among them."""

VALUES = {
    "text": "'x'",
    "jsonb": "'{}'",
    "text[]": "'{x}'",
    "date": "'2026-03-01'",
    "timestamp with time zone": "'2026-03-01T00:00Z'",
    "boolean": "true",
    "uuid": "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'",
}


def fill_every_table(cursor: cursor) -> dict[str, list[str]]:
    """Put a row into every table that is empty; gives the tables that hold one, with their columns."""
    cursor.execute(
        """
        select format('%I.%I', n.nspname, c.relname), a.attname, a.attnotnull, format_type(a.atttypid, null),
            (
                select substring(pg_get_constraintdef(k.oid) from $$'([a-z_0-9]+)'::text$$)
                from pg_constraint as k
                where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
            )
        from pg_class as c
        join pg_namespace as n on c.relnamespace = n.oid
        join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind = 'r' and n.nspname in ('raw', 'core', 'ops', 'app') and a.attidentity = ''
            and a.attgenerated = ''
        order by 1, a.attnum
        """
    )
    tables: dict[str, list[tuple[str, str, bool]]] = {}
    for table, column, is_required, dtype, allowed in cursor.fetchall():
        value = f"'{allowed}'" if allowed and dtype == "text" else VALUES.get(dtype, "1")
        tables.setdefault(table, []).append((column, value, is_required))
    waiting = dict(tables)
    while waiting:
        filled = [name for name, columns in waiting.items() if _filled(cursor, name, columns)]
        if not filled:
            break
        for name in filled:
            del waiting[name]
    assert waiting.keys() == set(), "say in VALUES what a row of these needs"
    return {name: [column for column, *_ in columns] for name, columns in tables.items()}


def _filled(cursor: cursor, table: str, columns: list[tuple[str, str, bool]]) -> bool:
    """Whether the table holds a row now; what it refers to may have to be there first."""
    cursor.execute(f"select exists (select from {table})")
    if (cursor.fetchone() or (False,))[0]:
        return True
    reasonless = [column for column in columns if not column[0].endswith("reason")]
    required = [column for column in columns if column[2]]
    for chosen in (columns, reasonless, required):
        names, values, _ = zip(*chosen, strict=True)
        cursor.execute("savepoint row")
        try:
            cursor.execute(f"insert into {table} ({', '.join(names)}) values ({', '.join(values)})")
        except (errors.ForeignKeyViolation, errors.CheckViolation):
            cursor.execute("rollback to savepoint row")
            # the refused row took a number; what refers to the row that follows says 1
            cursor.execute(
                """
                select setval(pg_get_serial_sequence(%s, attname), 1, false)
                from pg_attribute where attrelid = %s::regclass and attidentity <> ''
                """,
                (table, table),
            )
        else:
            return True
    return False


def contents(cursor: cursor, table: str, columns: list[str]) -> list[tuple[object, ...]]:
    """The rows of a table in some columns, as text."""
    cursor.execute(f"select {', '.join(f'{name}::text' for name in columns)} from {table} order by 1")
    return cursor.fetchall()


def test_a_failing_migration_leaves_nothing(empty: str) -> None:
    with closing(connect("admin", database=empty)) as session, session:
        session.cursor().execute("create schema ops")

    with pytest.raises(Exception, match='schema "ops" already exists') as caught:
        migrate.upgrade(empty)

    assert isinstance(getattr(caught.value, "orig", None), errors.DuplicateSchema)
    assert _rows("select to_regnamespace('raw'), to_regclass('alembic_version')", database=empty) == [
        (None, None)
    ]


def test_the_database_of_a_newer_gaung_is_refused(warehouse: str) -> None:
    with closing(connect("admin")) as session, session:
        session.cursor().execute("update public.alembic_version set version_num = '9999'")

    with pytest.raises(ServerRefused, match="at migration 9999, and this Gaung knows up to"):
        setup.ready()
