"""Connections: who one is, in which time zone, and how a DSN is read."""

from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest

from gaung.errors import ServerUnavailable, SettingsInvalid
from gaung.settings import get_settings
from gaung.warehouse import credentials
from gaung.warehouse.connect import NAMES, Role, connect, parameters, url

ROLES: tuple[Role, ...] = ("loader", "transformer", "publisher", "bi_reader", "brand_staff")


def _use_dsn(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    monkeypatch.setenv("GAUNG_DSN", dsn)
    get_settings.cache_clear()


@pytest.mark.parametrize("role", ROLES)
def test_each_role_enters_as_itself_in_utc(warehouse: str, role: Role) -> None:
    with closing(connect(role)) as session, session.cursor() as cursor:
        cursor.execute("select current_user, current_database(), current_setting('timezone')")

        assert cursor.fetchone() == (NAMES[role], warehouse, "UTC")


@pytest.mark.parametrize("role", ("admin", *ROLES))
def test_the_url_leads_to_the_same_place(warehouse: str, role: Role) -> None:
    with closing(psycopg2.connect(url(role))) as session, session.cursor() as cursor:
        cursor.execute("select current_user, current_database()")

        assert cursor.fetchone() == (NAMES.get(role, credentials.ADMIN), warehouse)


def test_a_transaction_begins_unless_autocommit_is_asked_for(warehouse: str) -> None:
    with closing(connect("loader")) as one, closing(connect("loader", autocommit=True)) as two:
        assert (one.autocommit, two.autocommit) == (False, True)


def test_no_server_is_said_with_what_to_do_and_without_a_password(settings_home: Path) -> None:
    secret = credentials.ensure()[credentials.ADMIN]

    with pytest.raises(ServerUnavailable, match="gaung server start") as caught:
        connect("admin")

    assert secret not in str(caught.value)


def test_a_broken_dsn_is_refused_without_repeating_it(
    settings_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use_dsn(monkeypatch, "postgresql://me:hunter2@[host:5/x")

    with pytest.raises(SettingsInvalid, match="GAUNG_DSN") as caught:
        url("admin")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("dsn", "database"),
    [
        ("postgresql://me:p%40ss@db.example:6000", "gaung"),
        ("postgresql://me:p%40ss@db.example:6000/theirs", "theirs"),
    ],
    ids=["database of the settings", "database of the DSN"],
)
def test_a_dsn_replaces_the_local_server(
    settings_home: Path, monkeypatch: pytest.MonkeyPatch, dsn: str, database: str
) -> None:
    credentials.ensure()
    _use_dsn(monkeypatch, dsn + "?sslmode=require")

    admin, loader = urlsplit(url("admin")), urlsplit(url("loader"))

    assert (admin.hostname, admin.port, admin.path, admin.query) == (
        "db.example",
        6000,
        f"/{database}",
        "sslmode=require",
    )
    assert (admin.username, unquote(admin.password or "")) == ("me", "p@ss")
    assert (loader.hostname, loader.path, loader.username) == ("db.example", f"/{database}", "gaung_loader")
    assert parameters("loader")["password"] == credentials.password("gaung_loader")


def test_passwords_are_the_callers_alone_and_stay(settings_home: Path) -> None:
    first = credentials.ensure()

    assert credentials.ensure() == first
    assert len(set(first.values())) == len(first) == 6
    assert credentials.path().stat().st_mode & 0o777 == 0o600
    assert credentials.path().parent.stat().st_mode & 0o777 == 0o700
