"""Everything the warehouse needs before the first row: server, database, roles, migrations, rights."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from gaung.errors import ServerRefused, ServerUnavailable
from gaung.settings import get_settings
from gaung.warehouse import credentials, local, migrate, roles
from gaung.warehouse.connect import connect, parameters

if TYPE_CHECKING:
    from psycopg2.extensions import connection

log = logging.getLogger(__name__)

OLDEST, NEWEST = 14, 18
TESTED = (16, 18)
LOCK_TIMEOUT_S = 600


def ready() -> None:
    """Return when the warehouse can be used; quick when it already can.

    Raises:
        ServerUnavailable: the server cannot be reached or started.
        ServerRefused: it must not be used as it is (version, encoding, owner, a newer Gaung's data).
    """
    if not _in_place():
        arrange()


def is_behind() -> bool:
    """Whether a database that answers now waits for a migration; starts nothing."""
    if not get_settings().dsn and local.status().pid is None:
        return False
    try:
        session = connect("admin")
    except ServerUnavailable:
        return False
    with closing(session):
        found = migrate.current(session)
    return found is not None and found < migrate.head()


def arrange() -> bool:
    """True when migrations ran; brings everything into place whatever is there already."""
    with _alone():
        _prepare()
        has_migrated = migrate.upgrade()
        with closing(connect("admin")) as session, session:
            _serialise(session)
            roles.apply(session)
    return has_migrated


def prepare_empty() -> None:
    """Return when server, roles and an empty database are there, for a restore.

    Raises:
        ServerRefused: the database holds something already.
    """
    with _alone():
        _prepare()
        with closing(connect("admin")) as session, session.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_catalog.pg_class "
                "where relkind in ('r', 'v', 'm', 'p') and relnamespace not in "
                "('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)"
            )
            row = cursor.fetchone()
        if row is not None and row[0]:
            raise ServerRefused(
                f"the database {parameters('admin')['dbname']} holds {row[0]} tables and views already; "
                "restore into an empty home (GAUNG_HOME), or into another database (GAUNG_DATABASE)"
            )


def ensure_database(name: str) -> bool:
    """True when the database was created: empty, UTF-8, closed to PUBLIC; the server must be up."""
    from psycopg2 import errors, sql

    with closing(_maintenance()) as session, session.cursor() as cursor:
        cursor.execute("select 1 from pg_catalog.pg_database where datname = %s", [name])
        if cursor.fetchone():
            return False
        locale = (
            "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"
            if session.server_version >= 170_000
            else "locale 'C.UTF-8'"
        )
        statement = "create database {} template template0 encoding 'UTF8' " + locale
        try:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
        except errors.InsufficientPrivilege as error:
            raise ServerRefused(
                f"the role of GAUNG_DSN may not create the database {name}; let it (`alter role … createdb`) "
                "or create the database for it, and name it in GAUNG_DSN"
            ) from error
        cursor.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
    log.info("created the database %s", name)
    return True


def _in_place() -> bool:
    """Whether server, migrations and rights are as this Gaung wants them."""
    if not get_settings().dsn and credentials.password(credentials.ADMIN) is None:
        return False
    try:
        session = connect("admin")
    except ServerUnavailable:
        return False
    with closing(session), session.cursor() as cursor:
        if not get_settings().dsn:
            cursor.execute("show data_directory")
            row = cursor.fetchone()
            if row is None or row[0] != str(local.status().data):
                return False
        cursor.execute(
            "select shobj_description(oid, 'pg_database') from pg_catalog.pg_database "
            "where datname = current_database()"
        )
        row = cursor.fetchone()
        has_rights = row is not None and roles.fingerprint() in (row[0] or "")
        return has_rights and migrate.current(session) == migrate.head()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold off every other command of this home that sets up."""
    from filelock import FileLock, Timeout

    home = get_settings().home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "setup.lock", timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise ServerUnavailable(
            f"another command has been setting the warehouse up for {LOCK_TIMEOUT_S} s; see what it does"
        ) from error


def _prepare() -> None:
    """Server, database and roles; nothing in the database yet."""
    credentials.ensure()
    if not get_settings().dsn:
        local.start()
    with closing(_maintenance()) as session:
        _check_version(session.server_version)
        if not get_settings().dsn:
            _close_other_databases(session)
    ensure_database(parameters("admin")["dbname"])
    with closing(connect("admin")) as session:
        _check_encoding(session)
        with session:
            _serialise(session)
            roles.ensure(session)


def _maintenance() -> "connection":
    """A session in a database that is there: ours, or the server's own ``postgres``."""
    try:
        return connect("admin", autocommit=True)
    except ServerUnavailable:
        return connect("admin", database="postgres", autocommit=True)


def _check_version(server_version: int) -> None:
    major = server_version // 10_000
    if not OLDEST <= major <= NEWEST:
        raise ServerRefused(
            f"the server of GAUNG_DSN is PostgreSQL {major}; Gaung works with {OLDEST} to {NEWEST} "
            f"and is tested with {' and '.join(map(str, TESTED))}"
        )
    if major not in TESTED:
        log.warning("PostgreSQL %s is accepted but untested; tested are %s", major, TESTED)


def _check_encoding(session: "connection") -> None:
    with session.cursor() as cursor:
        cursor.execute("show server_encoding")
        row = cursor.fetchone()
    if row is None or row[0] != "UTF8":
        raise ServerRefused(
            f"the database {parameters('admin')['dbname']} has the encoding {row and row[0]}; Gaung needs "
            "UTF8: name another database, or none, in GAUNG_DSN"
        )


def _close_other_databases(session: "connection") -> None:
    """On our own server no role may enter a database just because everybody may."""
    from psycopg2 import sql

    with session.cursor() as cursor:
        cursor.execute(
            "select datname from pg_catalog.pg_database "
            "where has_database_privilege('public', oid, 'connect')"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _serialise(session: "connection") -> None:
    """Hold off other machines that set up the same server, to the end of the transaction."""
    with session.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('gaung.setup', 0))")
