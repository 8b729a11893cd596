"""Connections to the warehouse, each as one role with no more rights than its step needs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

from gaung.errors import ServerUnavailable, SettingsInvalid
from gaung.settings import get_settings
from gaung.warehouse import credentials, local

if TYPE_CHECKING:
    from psycopg2.extensions import connection

Role = Literal["admin", "loader", "transformer", "publisher", "bi_reader", "brand_staff"]

NAMES: dict[Role, str] = {
    "loader": "gaung_loader",
    "transformer": "gaung_transformer",
    "publisher": "gaung_publisher",
    "bi_reader": "bi_reader",
    "brand_staff": "brand_staff",
}
CONNECT_TIMEOUT_S = 10
RECOVERY_TIMEOUT_S = 60
NOT_YET = ("starting up", "in recovery mode", "not yet accepting connections", "shutting down")
"""What the server says (SQLSTATE 57P03) while it starts or recovers from a crash: it will answer soon."""

_instead: list[str] = []
"""Databases that this process works in instead of the settings' one; the last counts."""


@contextmanager
def working_in(database: str) -> Iterator[None]:
    """Let everything that this process connects to the warehouse go to another database of its server.

    It holds for the whole process, threads included, until the block ends.
    """
    _instead.append(database)
    try:
        yield
    finally:
        _instead.pop()


def other_database() -> str | None:
    """The database of the innermost :func:`working_in`, or None."""
    return _instead[-1] if _instead else None


def connect(
    role: Role,
    *,
    database: str | None = None,
    autocommit: bool = False,
    application_name: str = "gaung",
) -> "connection":
    """An open psycopg2 connection as ``role``, its session's time zone UTC.

    Waits for a server that is still recovering from a crash.

    Raises:
        ServerUnavailable: nothing answers, or the server refuses the role.
        SettingsInvalid: the DSN in the settings cannot be read.
    """
    import psycopg2

    wanted: dict[str, Any] = {**parameters(role, database)}
    wanted.setdefault("connect_timeout", str(CONNECT_TIMEOUT_S))
    wanted["application_name"] = application_name
    wanted["options"] = f"{wanted.get('options', '')} -c timezone=UTC".strip()
    deadline = time.monotonic() + RECOVERY_TIMEOUT_S
    while True:
        try:
            session: connection = psycopg2.connect(**wanted)
        except psycopg2.OperationalError as error:
            if time.monotonic() < deadline and _is_recovering(str(error)):
                time.sleep(0.1)
                continue
            raise ServerUnavailable(_explain(role, wanted, str(error).strip())) from error
        session.autocommit = autocommit
        return session


def _is_recovering(reason: str) -> bool:
    """Whether the server refused a session only because it is not ready yet."""
    return any(f"the database system is {words}" in reason for words in NOT_YET)


def url(role: Role, database: str | None = None) -> str:
    """A ``postgresql://`` URL of ``role``, its password included: never log it."""
    wanted = parameters(role, database)
    user = quote(wanted.pop("user", ""), safe="")
    secret = quote(wanted.pop("password", ""), safe="")
    name = quote(wanted.pop("dbname"), safe="")
    authority = f"{user}:{secret}@" if secret else f"{user}@" if user else ""
    host = wanted.get("host", "")
    if host and "/" not in host and "," not in host:
        port = wanted.pop("port", "5432")
        authority += f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        del wanted["host"]
    return f"postgresql://{authority}/{name}" + (f"?{urlencode(wanted)}" if wanted else "")


def parameters(role: Role, database: str | None = None) -> dict[str, str]:
    """The libpq parameters of a connection as ``role``, its password included: never log them."""
    settings = get_settings()
    database = database or other_database()
    if settings.dsn:
        wanted = _of_dsn(settings.dsn.get_secret_value())
        wanted["dbname"] = database or wanted.get("dbname") or settings.database
    else:
        wanted = {
            "host": local.HOST,
            "port": str(local.port()),
            "user": credentials.ADMIN,
            "dbname": database or settings.database,
        }
        secret = credentials.password(credentials.ADMIN)
        if secret:
            wanted["password"] = secret
    if role != "admin":
        wanted |= {"user": NAMES[role], "password": credentials.password(NAMES[role]) or ""}
    return wanted


def _of_dsn(dsn: str) -> dict[str, str]:
    import psycopg2
    from psycopg2.extensions import parse_dsn

    try:
        return {name: str(value) for name, value in parse_dsn(dsn).items()}
    except psycopg2.Error:
        raise SettingsInvalid(
            "GAUNG_DSN is not a PostgreSQL URL; write it as postgresql://user:password@host:port/database, "
            "special characters percent-encoded"
        ) from None


def _explain(role: Role, wanted: dict[str, str], reason: str) -> str:
    where = f"{wanted.get('host', 'the default socket')}:{wanted.get('port', '5432')}/{wanted['dbname']}"
    if get_settings().dsn:
        advice = (
            "see that GAUNG_DSN names a running server, then run `gaung migrate`, which sets the roles' "
            f"passwords to those of {credentials.path()}"
        )
    else:
        advice = "run `gaung server start`"
    return f"no connection to {where} as {wanted.get('user', role)}: {reason}; {advice}"
