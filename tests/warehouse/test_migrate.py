"""Migrations: one line of revisions, raw tables equal the contract, all or nothing."""

from contextlib import closing

import pyarrow as pa
import pytest
from psycopg2 import errors

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
    before = f"{int(migrate.head()) - 1:04d}"
    migrate.upgrade(empty, to=before)
    with closing(connect("admin", database=empty)) as session, session:
        session.cursor().execute(
            "insert into raw.post_declared_brand values ('x', '1', 'kopi', 1, '2026-11-01T00:00Z')"
        )

    migrate.upgrade(empty)

    assert _rows("select post_id from raw.post_declared_brand", database=empty) == [("1",)]
    assert _rows("select version_num from public.alembic_version", database=empty) == [(migrate.head(),)]


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
