"""Rights: the whole matrix role × object × privilege, compared with the server's catalogs.

Who adds a table or a grant states it here too; what is not stated is refused.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from fnmatch import fnmatch
from typing import Any

import pytest
from psycopg2 import errors

from gaung.warehouse import credentials, roles
from gaung.warehouse.connect import NAMES, Role, connect

Ask = Callable[..., list[tuple[Any, ...]]]

L, T, P, B, S = credentials.ROLES
TABLE_PRIVILEGES = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
ALL = set(TABLE_PRIVILEGES)
READ = {"select"}
ADD = {"select", "insert"}
KEEP = {"select", "insert", "update"}
ADVANCE = {"select", "update"}
EMPTY = {"select", "delete"}
REPLACE = {"select", "insert", "delete"}
JUDGE = {"select", "insert", "update", "delete"}
QUERY = {"select", "references"}

# Schema → role → privileges on it.
SCHEMAS: dict[str, dict[str, set[str]]] = {
    "app": {L: {"usage"}, T: {"usage"}},
    "core": {L: {"usage"}, T: {"usage", "create"}, P: {"usage"}},
    "marts": {P: {"usage", "create"}, B: {"usage"}, S: {"usage"}},
    "marts__build": {T: {"usage", "create"}, P: {"usage"}},
    "marts__next": {P: {"usage", "create"}},
    "ops": {L: {"usage"}, T: {"usage"}, P: {"usage"}},
    "outreach": {P: {"usage", "create"}, S: {"usage"}},
    "public": {},
    "raw": {L: {"usage"}, T: {"usage"}},
}

# Table (the first pattern that fits counts) → role → privileges on it.
TABLES: dict[str, dict[str, set[str]]] = {
    "app.annotation": {L: ADD, T: READ},
    "app.annotation_quarantine": {L: ADD},
    "raw.erased": {L: ADD, T: READ},
    "raw.erased_text": {L: READ, T: READ},
    "raw.*": {L: KEEP, T: READ},
    "ops.batch": {L: ADD, T: READ, P: READ},
    "ops.outcome": {L: ADD, T: READ, P: READ},
    "ops.cursor": {L: KEEP, T: READ, P: READ},
    "ops.build": {T: KEEP, P: KEEP},
    "ops.build_stage": {T: KEEP, P: KEEP},
    "ops.build_batch": {T: ADD, P: READ},
    "ops.dbt_result": {T: KEEP, P: READ},
    "ops.gate_run": {T: READ, P: JUDGE},
    "ops.gate_result": {T: READ, P: JUDGE},
    "ops.gate_total": {T: READ, P: REPLACE},
    "ops.publication": {T: READ, P: ADD},
    "ops.live": {T: READ, P: ADVANCE},
    "ops.report_sent": {T: READ, P: KEEP},
    "ops.report_quote": {T: READ, P: ADD},
    "ops.alert": {T: READ, P: ADD},
    "ops.alert_sent": {T: READ, P: KEEP},
    "ops.before_image": {T: READ, P: REPLACE},
    "ops.unresolved_failure": {T: READ, P: READ},
    "ops.mart_total": {T: READ, P: JUDGE},
    "ops.maintenance": {L: ADD, T: READ, P: READ},
    "ops.room_size": {L: ADD, T: READ, P: READ},
    "ops.airflow_run": {L: ADD, T: READ, P: READ},
    "core.dirty_entity": {T: ALL, L: {"insert"}},
    "core.dirty__*": {T: ALL, P: REPLACE},
    "core.pending_*": {T: ALL, P: EMPTY},
    "core.active_engine": {T: ALL, P: READ},
    "core.author": {T: ALL, P: READ},
    "core.brand": {T: ALL, P: READ},
    "core.brand_term": {T: ALL, P: READ},
    "core.brand_quarter": {T: ALL, P: READ},
    "core.declared_topic": {T: ALL, P: READ},
    "core.influence_span": {T: ALL, P: READ},
    "core.post": {T: ALL, P: READ, L: READ},
    "core.post_key": {T: ALL, L: READ},
    "core.post_text": {T: ALL, L: READ},
    "core.post_brand": {T: ALL, P: READ},
    "core.post_topic": {T: ALL, P: READ},
    "core.*": {T: ALL},
    "marts.*": {P: ALL, B: QUERY, S: QUERY},
    "marts__build.*": {T: ALL, P: READ},
    "marts__next.*": {P: ALL},
    "outreach.*": {P: ALL, S: QUERY},
    "public.alembic_version": {},
}

DATABASE = {L: {"connect", "temporary"}, T: {"connect", "temporary"}, P: {"connect", "temporary"}}
DATABASE |= {B: {"connect"}, S: {"connect"}}

# Tables still to come: made by the role that owns the schema.
COMING: dict[Role, tuple[str, ...]] = {
    "transformer": ("core.probe", "marts__build.probe"),
    "publisher": ("marts.probe", "marts__next.probe", "outreach.probe"),
}


@pytest.fixture
def rows(warehouse: str) -> Iterator[Ask]:
    """Give a function that asks the catalogs, in a database that holds one new table per schema."""
    for role, names in COMING.items():
        with closing(connect(role, autocommit=True)) as session:
            for name in names:
                session.cursor().execute(f"create table {name} (one int primary key)")
    with closing(connect("admin")) as session, session.cursor() as cursor:

        def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
            cursor.execute(statement, values)
            return cursor.fetchall()

        yield ask


def _stated(name: str) -> dict[str, set[str]]:
    for pattern, rights in TABLES.items():
        if fnmatch(name, pattern):
            return rights
    return {"nothing is stated for this table": set()}


def test_tables(rows: Ask) -> None:
    found = rows(
        """
        select format('%%s.%%s', n.nspname, c.relname), r.rolname, p.privilege,
            has_table_privilege(r.oid, c.oid, p.privilege)
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        cross join unnest(%s) as p (privilege)
        inner join pg_roles as r on r.rolname = any(%s)
        where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname !~ '^pg_'
            and n.nspname <> 'information_schema'
        """,
        list(TABLE_PRIVILEGES),
        list(credentials.ROLES),
    )
    names = {name for name, *_ in found}
    unstated = {name for name in names if not any(fnmatch(name, pattern) for pattern in TABLES)}
    actual = {(name, role, privilege) for name, role, privilege, has in found if has}
    stated = {
        (name, role, privilege)
        for name in names
        for role, privileges in _stated(name).items()
        for privilege in privileges
    }

    assert unstated == set()
    assert actual - stated == set(), "more than stated"
    assert stated - actual == set(), "less than stated"
    unused = {pattern for pattern in TABLES if not any(fnmatch(name, pattern) for name in names)}
    assert unused == set(), "stated for tables that do not exist"


def test_schemas(rows: Ask) -> None:
    found = rows(
        """
        select n.nspname, r.rolname, p.privilege, has_schema_privilege(r.oid, n.oid, p.privilege)
        from pg_namespace as n
        cross join unnest(array['usage', 'create']) as p (privilege)
        inner join pg_roles as r on r.rolname = any(%s)
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        """,
        list(credentials.ROLES),
    )
    actual: dict[str, dict[str, set[str]]] = {name: {} for name, *_ in found}
    for name, role, privilege, has in found:
        if has:
            actual[name].setdefault(role, set()).add(privilege)

    assert actual == SCHEMAS


# Sequence → role → privileges on it. Numbers of identity columns need none; owners have all.
SEQUENCES = {"core.dirty_entity_dirty_id_seq": {T: {"usage", "select", "update"}}}


def test_sequences(rows: Ask) -> None:
    found = rows(
        """
        select format('%%s.%%s', n.nspname, c.relname), r.rolname, p.privilege
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        cross join unnest(array['usage', 'select', 'update']) as p (privilege)
        inner join pg_roles as r on r.rolname = any(%s)
        where c.relkind = 'S' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
            and has_sequence_privilege(r.oid, c.oid, p.privilege)
        """,
        list(credentials.ROLES),
    )
    stated = {
        (name, role, privilege)
        for name, rights in SEQUENCES.items()
        for role, privileges in rights.items()
        for privilege in privileges
    }

    assert set(found) == stated


def test_there_are_no_functions_or_foreign_objects_to_have_rights_on(rows: Ask) -> None:
    assert rows(
        """
        select 'function', p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        union all
        select 'language', l.lanname from pg_language as l where l.lanname not in ('internal', 'c', 'sql')
            and exists (
                select from pg_roles as r where r.rolname = any(%s) and l.lanowner = r.oid
            )
        union all
        select 'foreign server', s.srvname from pg_foreign_server as s
        union all
        select 'large object', l.oid::text from pg_largeobject_metadata as l
        """,
        list(credentials.ROLES),
    ) == []  # fmt: skip


def test_databases(rows: Ask) -> None:
    found = rows(
        """
        select d.datname = current_database(), r.rolname, p.privilege
        from pg_database as d
        cross join unnest(array['connect', 'create', 'temporary']) as p (privilege)
        inner join pg_roles as r on r.rolname = any(%s)
        where has_database_privilege(r.oid, d.oid, p.privilege)
            and (d.datname = current_database() or d.datname in ('postgres', 'template1', 'template0'))
        """,
        list(credentials.ROLES),
    )
    assert [row for row in found if not row[0]] == [], "no other database of the server may be entered"
    actual: dict[str, set[str]] = {}
    for _, role, privilege in found:
        actual.setdefault(role, set()).add(privilege)

    assert actual == DATABASE


def test_roles_are_plain_and_in_no_other(rows: Ask) -> None:
    attributes = rows(
        """
        select rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
        from pg_roles where rolname = any(%s) order by rolname
        """,
        list(credentials.ROLES),
    )
    memberships = rows(
        "select roleid::regrole::text, member::regrole::text from pg_auth_members "
        "where member::regrole::text = any(%s)",
        list(credentials.ROLES),
    )

    assert attributes == [(name, False, False, False, False, False) for name in sorted(credentials.ROLES)]
    assert memberships == []


def test_public_has_nothing(rows: Ask) -> None:
    by_everyone = rows(
        """
        select 'relation', c.oid::regclass::text from pg_class as c, aclexplode(c.relacl) as a
        where a.grantee = 0 and c.relnamespace not in
            ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        union all
        select 'column', a.attrelid::regclass::text from pg_attribute as a where a.attacl is not null
            and a.attrelid::regclass::text !~ '^pg_'
        union all
        select 'schema', n.nspname from pg_namespace as n, aclexplode(n.nspacl) as a
        where a.grantee = 0 and n.nspname not in ('pg_catalog', 'information_schema')
        union all
        select 'function', p.oid::regprocedure::text from pg_proc as p
        where has_function_privilege('public', p.oid, 'execute')
            and (p.proname ~ '^(pg_(try_)?advisory_.*|lo_(creat|create|from_bytea|put|open|unlink)|lowrite)$')
        """
    )

    assert by_everyone == []


READERS: tuple[Role, ...] = ("bi_reader", "brand_staff")
REFUSED = {
    "read raw": "select * from raw.posts",
    "read core": "select * from core.post",
    "read ops": "select * from ops.batch",
    "read app": "select * from app.anything",
    "read the candidate": "select * from marts__build.probe",
    "read what would come": "select * from marts__next.probe",
    "read the migrations": "select * from public.alembic_version",
    "write a mart": "insert into marts.probe values (1)",
    "empty a mart": "truncate marts.probe",
    "drop a mart": "drop table marts.probe",
    "add a table": "create table marts.mine (one int)",
    "add a table to public": "create table public.mine (one int)",
    "add a temporary table": "create temporary table mine (one int)",
    "add a schema": "create schema mine",
    "add a view": "create view marts.mine as select 1",
    "add a function": "create function marts.mine() returns int language sql as 'select 1'",
    "add a role": "create role mine",
    "add a large object": "select lo_from_bytea(0, 'x')",
    "hold the build lock": "select pg_advisory_lock(1)",
    "read a file": "select pg_read_file('/etc/passwd')",
    "run a program": "copy (select 1) to program 'true'",
    "become another": "set role gaung_publisher",
}


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_a_reader_is_refused(warehouse_of_probes: None, role: Role, statement: str) -> None:
    with closing(connect(role, autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = off; set statement_timeout = 0")

        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(statement)


@pytest.fixture(scope="module")
def warehouse_of_probes(server: object) -> Iterator[None]:
    """One database for all refusals: nothing is changed in it, or the test fails."""
    from gaung.settings import get_settings
    from gaung.warehouse import setup

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAUNG_DATABASE", "probes")
        get_settings.cache_clear()
        setup.ready()
        for role, names in COMING.items():
            with closing(connect(role, autocommit=True)) as session:
                for name in names:
                    session.cursor().execute(f"create table {name} (one int primary key)")
        yield
    get_settings.cache_clear()
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute("drop database probes with (force)")


def test_readers_read_marts_and_see_their_keys(rows: Ask) -> None:
    with closing(connect("bi_reader")) as session, session.cursor() as cursor:
        cursor.execute("select * from probe")
        assert cursor.fetchall() == []
        cursor.execute(
            "select constraint_type from information_schema.table_constraints "
            "where table_schema = 'marts' and table_name = 'probe' and constraint_type = 'PRIMARY KEY'"
        )
        assert cursor.fetchall() == [("PRIMARY KEY",)]


@pytest.mark.parametrize(
    ("role", "may"), [("bi_reader", False), ("brand_staff", True)], ids=["bi_reader", "brand_staff"]
)
def test_outreach_is_for_brand_staff(rows: Ask, role: Role, may: bool) -> None:
    with closing(connect(role)) as session, session.cursor() as cursor:
        if may:
            cursor.execute("select * from outreach.probe")
            assert cursor.fetchall() == []
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute("select * from outreach.probe")


@pytest.mark.parametrize("role", READERS)
def test_readers_have_their_conveniences(warehouse: str, role: Role) -> None:
    with closing(connect(role)) as session, session.cursor() as cursor:
        for name, value in roles.READER_SETTINGS.items():
            cursor.execute(f"show {name}")
            assert cursor.fetchone() == (value,), name


def test_no_role_enters_another_database(warehouse: str) -> None:
    for role in NAMES:
        with pytest.raises(Exception, match="permission denied for database"):
            connect(role, database="postgres")


def test_a_lost_password_is_set_anew(warehouse: str) -> None:
    from gaung.warehouse import setup

    with closing(connect("admin", autocommit=True)) as session:
        session.cursor().execute("alter role gaung_loader password 'another machine set it'")
    with pytest.raises(Exception, match="password authentication failed"):
        connect("loader")

    setup.arrange()

    connect("loader").close()


def test_rights_are_restored_when_someone_gave_more(warehouse: str) -> None:
    from gaung.warehouse import setup

    with closing(connect("admin", autocommit=True)) as session:
        session.cursor().execute(f"grant all on database {warehouse} to public")

    setup.arrange()

    with closing(connect("bi_reader")) as session, session.cursor() as cursor:
        cursor.execute("select has_database_privilege(current_database(), 'temporary')")
        assert cursor.fetchone() == (False,)
