"""Who may do what: roles of the whole server, and the rights of one database.

Rights on single tables are given by the migration that creates them; here stands what no table
says: who may connect, what PUBLIC loses, and what tables that are still to come bring with them.
The default of PostgreSQL is to give PUBLIC much; here it has nothing.
"""

import hashlib
import logging
from typing import TYPE_CHECKING

from gaung.errors import ServerRefused
from gaung.warehouse import credentials

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor
    from psycopg2.sql import Composed

log = logging.getLogger(__name__)

READERS = ("bi_reader", "brand_staff")
WRITERS = ("gaung_loader", "gaung_transformer", "gaung_publisher")

# Conveniences only: a session can lift them. What protects is that a reader has no other privilege.
READER_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "15min",
    "search_path": "marts",
}

# The time zone beside them, since dbt and BI tools connect by URL and a server's default may be any.
DATABASE_RIGHTS = """
alter database {database} set timezone = 'UTC';
revoke all on database {database} from public;
grant connect on database {database} to {readers};
grant connect, temporary on database {database} to {writers};
grant temporary on database {database} to gaung_loader;
revoke all on schema public from public;
alter default privileges for role gaung_publisher in schema marts
    grant select, references on tables to bi_reader, brand_staff;
alter default privileges for role gaung_publisher in schema outreach
    grant select, references on tables to brand_staff;
alter default privileges for role gaung_transformer in schema marts__build
    grant select on tables to gaung_publisher;
"""

# Functions that let any role write large objects, or hold the lock that serialises builds.
PUBLIC_FUNCTIONS = """
select p.oid::regprocedure::text, p.proname like '%%advisory%%'
from pg_catalog.pg_proc as p
where p.pronamespace = 'pg_catalog'::regnamespace
    and (
        p.proname ~ '^pg_(try_)?advisory_'
        or p.proname ~ '^lo_(creat|create|from_bytea|put|open|unlink)$'
        or p.proname = 'lowrite'
    )
    and has_function_privilege('public', p.oid, 'execute')
"""


def fingerprint() -> str:
    """A short hash of everything this module grants; it changes when the rights must be given anew."""
    parts = (DATABASE_RIGHTS, PUBLIC_FUNCTIONS, *credentials.ROLES, *READER_SETTINGS.items())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def ensure(session: "connection") -> None:
    """Make the server's roles, set their passwords and settings, and let the session's role act for them."""
    from psycopg2 import sql
    from psycopg2.extensions import encrypt_password

    passwords = credentials.ensure()
    with session.cursor() as cursor:
        cursor.execute("select rolname from pg_catalog.pg_roles where rolname = any(%s)", [list(passwords)])
        existing = {name for (name,) in cursor.fetchall()}
        for name in credentials.ROLES:
            verifier = encrypt_password(passwords[name], name, session, "scram-sha-256")
            verb = "alter" if name in existing else "create"
            cursor.execute(
                sql.SQL(verb + " role {} with login password {}").format(
                    sql.Identifier(name), sql.Literal(verifier)
                )
            )
        for name in READERS:
            for setting, value in READER_SETTINGS.items():
                cursor.execute(
                    sql.SQL("alter role {} set {} = {}").format(
                        sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
                    )
                )
        _join(cursor, session.server_version)


def _join(cursor: "cursor", server_version: int) -> None:
    """Let an administrator that is no superuser own objects for, and act as, the roles it made."""
    from psycopg2 import sql

    cursor.execute("select rolsuper from pg_catalog.pg_roles where rolname = current_user")
    row = cursor.fetchone()
    if row is not None and row[0]:
        return
    options = " with inherit true, set true" if server_version >= 160_000 else ""
    for name in credentials.ROLES:
        cursor.execute(sql.SQL("grant {} to current_user" + options).format(sql.Identifier(name)))


def apply(session: "connection") -> None:
    """Give the rights of the session's database, and note on it that they are given."""
    from psycopg2 import sql

    with session.cursor() as cursor:
        cursor.execute(
            "select current_database(), pg_has_role(datdba, 'usage'), current_user "
            "from pg_catalog.pg_database where datname = current_database()"
        )
        row = cursor.fetchone()
        assert row is not None, "a session has a database"
        database, is_owner, user = row
        if not is_owner:
            raise ServerRefused(
                f"{user} does not own the database {database}, so it cannot keep others out; run as its "
                f"owner `alter database {database} owner to {user}`, or leave the database out of GAUNG_DSN"
            )
        cursor.execute(
            sql.SQL(DATABASE_RIGHTS).format(
                database=sql.Identifier(database), readers=_names(READERS), writers=_names(WRITERS)
            )
        )
        _strip_functions(cursor)
        _check_public_schema(cursor)
        cursor.execute(
            sql.SQL("comment on database {} is {}").format(
                sql.Identifier(database), sql.Literal(f"Gaung's warehouse (rights {fingerprint()})")
            )
        )


def _strip_functions(cursor: "cursor") -> None:
    """Keep PUBLIC from writing large objects and from taking the build lock, where we own the catalogs."""
    from psycopg2 import sql

    cursor.execute("select rolsuper from pg_catalog.pg_roles where rolname = current_user")
    row = cursor.fetchone()
    if row is None or not row[0]:
        log.info("not a superuser: PUBLIC keeps PostgreSQL's large-object and advisory-lock functions")
        return
    cursor.execute(PUBLIC_FUNCTIONS, [])
    for signature, is_lock in cursor.fetchall():
        cursor.execute(sql.SQL("revoke execute on function {} from public").format(sql.SQL(signature)))
        if is_lock:
            cursor.execute(
                sql.SQL("grant execute on function {} to {}").format(sql.SQL(signature), _names(WRITERS))
            )


def _check_public_schema(cursor: "cursor") -> None:
    """Raise when readers could still create objects (up to PostgreSQL 14 only a superuser can prevent it)."""
    cursor.execute("select has_schema_privilege('bi_reader', 'public', 'create')")
    row = cursor.fetchone()
    if row is not None and row[0]:
        raise ServerRefused(
            "every role may create objects in the schema public of this database, and the role of GAUNG_DSN "
            "may not change that; as a superuser run there `revoke all on schema public from public`"
        )


def _names(names: tuple[str, ...]) -> "Composed":
    from psycopg2 import sql

    return sql.SQL(", ").join(sql.Identifier(name) for name in names)
