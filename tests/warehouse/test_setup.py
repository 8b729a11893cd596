"""Set-up: quick when all is there, and the same on a server that a DSN names (PostgreSQL 16 and 18)."""

import importlib.util
import os
import pwd
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from gaung.errors import ServerRefused
from gaung.settings import get_settings
from gaung.warehouse import local, setup
from gaung.warehouse.connect import NAMES, connect, parameters, url
from tests.conftest import free_port


def _seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def test_it_is_quick_when_all_is_there(warehouse: str) -> None:
    assert min(_seconds(setup.ready) for _ in range(5)) < 0.1


def test_it_imports_nothing_heavy(warehouse: str) -> None:
    code = (
        "import sys; from gaung.warehouse.setup import ready; ready(); "
        "print(sorted({'alembic', 'sqlalchemy', 'pyarrow', 'polars', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_it_brings_back_a_stopped_server(warehouse: str) -> None:
    local.stop()

    setup.ready()

    with closing(connect("loader")) as session:
        assert session.info.dbname == warehouse


def test_a_dropped_database_is_made_anew(warehouse: str) -> None:
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute(f"drop database {warehouse} with (force)")

    setup.ready()

    with closing(connect("bi_reader")) as session, session.cursor() as cursor:
        cursor.execute("select count(*) from pg_namespace where nspname = 'marts'")
        assert cursor.fetchone() == (1,)


@pytest.fixture(scope="module")
def postgres_16() -> Iterator[dict[str, Any]]:
    """A PostgreSQL 16 from a second wheel, as somebody else's server; gives how its superuser connects."""
    spec = importlib.util.find_spec("pgserver")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the wheel pgserver with PostgreSQL 16 is not installed")
    programs = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="gaung-16-"))
    account: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    port, password = free_port(), secrets.token_hex(8)
    (folder / "pw").write_text(password)
    (folder / "pw").chmod(0o644)

    def run(*command: str) -> None:
        subprocess.run([str(programs / command[0]), *command[1:]], check=True, cwd="/", **account)  # type: ignore[call-overload]

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={folder / 'pw'}",
        "-c", "timezone=Asia/Jakarta", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    run("pg_ctl", "start", "-s", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
    try:
        yield {
            "host": "127.0.0.1",
            "port": port,
            "user": "postgres",
            "password": password,
            "dbname": "postgres",
        }
    finally:
        run("pg_ctl", "stop", "-s", "-m", "immediate", "-D", data)
        subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture(params=["16, superuser", "16, plain role", "18, plain role"])
def their_server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[int, str]]:
    """GAUNG_DSN names a server; gives its major version and the database that will be made."""
    version, _, who = request.param.partition(", ")
    if version == "16":
        superuser = request.getfixturevalue("postgres_16")
    else:
        request.getfixturevalue("server")
        superuser = parameters("admin", "postgres")
    name = f"dsn_{secrets.token_hex(4)}"
    wanted = dict(superuser)
    boss = psycopg2.connect(**superuser)
    boss.autocommit = True
    with closing(boss), boss.cursor() as cursor:
        if who == "plain role":
            for role in NAMES.values():
                cursor.execute(f"drop role if exists {role}") if version == "16" else None
            cursor.execute("create role plain login createdb createrole password 'p@ss/word'")
            cursor.execute("grant connect on database postgres to plain")
            wanted |= {"user": "plain", "password": "p@ss/word"}
            if version == "18":
                for role in NAMES.values():
                    cursor.execute(f"grant {role} to plain with admin option")
        dsn = f"postgresql://{wanted['user']}:{wanted['password'].replace('@', '%40').replace('/', '%2F')}"
        monkeypatch.setenv("GAUNG_HOME", str(tmp_path))
        monkeypatch.setenv("GAUNG_DSN", f"{dsn}@127.0.0.1:{wanted['port']}")
        monkeypatch.setenv("GAUNG_DATABASE", name)
        get_settings.cache_clear()
        yield int(version), name
        monkeypatch.undo()
        get_settings.cache_clear()
        cursor.execute(f"drop database if exists {name} with (force)")
        if who == "plain role":
            if version == "16":
                for role in NAMES.values():
                    cursor.execute(f"drop owned by {role} cascade; drop role {role}")
            else:
                for role in NAMES.values():
                    cursor.execute(f"revoke {role} from plain cascade")
            cursor.execute("drop owned by plain cascade; drop role plain")
    if version == "18":
        setup.arrange()


def test_a_server_of_a_dsn_is_set_up_and_used(their_server: tuple[int, str]) -> None:
    version, name = their_server

    setup.ready()

    assert not (get_settings().home / "server").exists(), "no server of our own"
    for role, expected in NAMES.items():
        with closing(connect(role)) as session, session.cursor() as cursor:
            cursor.execute("select current_user, current_database()")
            assert cursor.fetchone() == (expected, name)
            assert session.server_version // 10_000 == version
    with closing(connect("publisher", autocommit=True)) as session:
        session.cursor().execute("create table marts.probe as select 1 as one")
    with closing(connect("bi_reader")) as session, session.cursor() as cursor:
        cursor.execute("select one from probe")
        assert cursor.fetchall() == [(1,)]
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            cursor.execute("create temporary table mine (one int)")
    with closing(psycopg2.connect(url("bi_reader"))) as session, session.cursor() as cursor:
        cursor.execute("select current_database(), current_setting('timezone')")
        assert cursor.fetchone() == (name, "UTC")


def test_a_database_that_is_there_already_is_closed_to_everyone_else(their_server: tuple[int, str]) -> None:
    _, name = their_server
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute(f"create database {name} template template0 encoding 'UTF8'")

    setup.ready()

    with closing(connect("bi_reader")) as session, session.cursor() as cursor:
        cursor.execute(
            "select has_database_privilege(current_database(), 'temporary'), "
            "has_database_privilege(current_database(), 'create'), "
            "has_schema_privilege('public', 'usage'), has_schema_privilege('public', 'create')"
        )
        assert cursor.fetchone() == (False, False, False, False)


def test_a_second_call_changes_nothing_and_is_quick(their_server: tuple[int, str]) -> None:
    setup.ready()

    assert min(_seconds(setup.ready) for _ in range(5)) < 0.1
    assert setup.arrange() is False


@pytest.mark.parametrize("version", [130_021, 190_000], ids=["13", "19"])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(ServerRefused, match=r"works with 14 to 18 and is tested with 16 and 18"):
        setup._check_version(version)


@pytest.mark.parametrize(
    ("version", "said"), [(170_002, "accepted but untested"), (160_002, ""), (180_004, "")]
)
def test_untested_versions_are_said(version: int, said: str, caplog: pytest.LogCaptureFixture) -> None:
    setup._check_version(version)

    assert said in caplog.text
    assert bool(caplog.text) == bool(said)


def test_a_database_of_another_encoding_is_refused(
    postgres_16: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = psycopg2.connect(**postgres_16)
    boss.autocommit = True
    with closing(boss), boss.cursor() as cursor:
        cursor.execute("create database latin template template0 encoding 'LATIN1' locale 'C'")
        monkeypatch.setenv("GAUNG_HOME", str(tmp_path))
        password, port = postgres_16["password"], postgres_16["port"]
        monkeypatch.setenv("GAUNG_DSN", f"postgresql://postgres:{password}@127.0.0.1:{port}/latin")
        get_settings.cache_clear()

        with pytest.raises(ServerRefused, match="encoding LATIN1; Gaung needs UTF8"):
            setup.ready()

        monkeypatch.undo()
        get_settings.cache_clear()
        cursor.execute("drop database latin with (force)")
