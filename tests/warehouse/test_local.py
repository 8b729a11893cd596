"""The local server: created, started once, restarted after a crash, refused where it must be."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from gaung.errors import ServerRefused, ServerUnavailable
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import credentials, local, setup
from gaung.warehouse.connect import connect
from tests.conftest import free_port

is_root = os.geteuid() == 0
needs_root = pytest.mark.skipif(not is_root, reason="only root can drop to another account")


@pytest.fixture
def own_home(reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, whose server a test may mistreat."""
    home = reachable_folder / "var"
    yield from _use(home, monkeypatch)


def _use(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GAUNG_HOME", str(home))
    monkeypatch.setenv("GAUNG_DSN", "")
    monkeypatch.setenv("GAUNG_DATABASE", "gaung")
    monkeypatch.setenv("GAUNG_PG_PORT", str(free_port()))
    get_settings.cache_clear()
    yield home
    local.remove()
    monkeypatch.undo()
    get_settings.cache_clear()


def _value(statement: str) -> object:
    with closing(connect("admin", database="postgres")) as session, session.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
        assert row is not None
        return row[0]


def _pid() -> int:
    pid = local.status().pid
    assert pid is not None, "the server should run"
    return pid


def test_it_is_created_as_promised(own_home: Path) -> None:
    assert local.status().pid is None

    port = local.start()

    assert port == get_settings().pg_port == local.status().port
    expected = {
        "server_version_num": "180004",
        "data_checksums": "on",
        "fsync": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
    }
    assert {name: _value(f"show {name}") for name in expected} == expected
    assert _value("select lower('ÄÉ ЖΩ')") == "äé жω"
    methods = _value("select array_agg(distinct auth_method) from pg_hba_file_rules")
    assert methods == ["scram-sha-256"]
    assert _value("select string_agg(rolname, ',') from pg_roles where rolsuper") == credentials.ADMIN


def test_without_the_password_nobody_enters(own_home: Path) -> None:
    import psycopg2

    port = local.start()

    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(
            host="127.0.0.1", port=port, user=credentials.ADMIN, password="guess", dbname="postgres"
        )
    with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
        psycopg2.connect(
            host="127.0.0.1", port=port, user=credentials.ADMIN, dbname="postgres", passfile="/dev/null"
        )


@needs_root
def test_it_never_runs_as_root(own_home: Path) -> None:
    command = [sys.executable, "-c", "from gaung.warehouse import local; local.start()"]
    subprocess.run(command, check=True, extra_groups=[0, 4])

    process = psutil.Process(_pid())
    groups = re.search(r"^Groups:(.*)$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
    assert 0 not in (*process.uids(), *process.gids())
    assert groups is not None
    assert groups[1].split() == []
    assert local.status().data.stat().st_mode & 0o777 == 0o700


@needs_root
def test_what_the_account_cannot_reach_is_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for _ in _use(closed / "var", monkeypatch):
        local.start()

        data = local.status().data
        assert closed not in data.parents
        assert "its data is kept in" in caplog.text
        assert data.stat().st_mode & 0o777 == 0o700
        assert _value("select 1") == 1
        assert local.stop()
        assert local.start() == get_settings().pg_port, "found again"
        assert local.status().data == data
        local.remove()
        assert not data.parent.exists()


@needs_root
def test_binaries_that_the_account_cannot_reach_are_copied(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    package = local.binaries().parents[1]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        subprocess.run(["cp", "-a", str(part), str(closed / part.name)], check=True)
    hidden = closed / package.name / "pginstall18" / "bin"
    monkeypatch.setattr(local, "binaries", lambda: hidden)

    local.start()

    assert "a copy is kept in" in caplog.text
    running = Path(psutil.Process(_pid()).exe())
    assert closed not in running.parents
    assert running.stat().st_uid == 0, "its account cannot change what it runs"
    local.remove()
    assert not running.exists()


def _python_for_all() -> str | None:
    """An interpreter like ours that every account can run; None when there is none."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    check = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for candidate in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        try:
            if subprocess.run([candidate, "-c", check], user="nobody", cwd="/", check=False).returncode == 0:
                return candidate
        except OSError:
            continue
    return None


@needs_root
def test_an_ordinary_user_needs_no_other_account(
    reachable_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = _python_for_all()
    if python is None:
        pytest.skip("no interpreter of this version that an ordinary user can run")
    nobody = pwd.getpwnam("nobody")
    os.chown(reachable_folder, nobody.pw_uid, nobody.pw_gid)
    code = (
        "from gaung.warehouse import local, setup; from gaung.warehouse.connect import connect\n"
        "setup.ready(); connect('bi_reader').close(); first = local.status().pid\n"
        "import os, signal; os.kill(first, signal.SIGKILL); setup.ready(); connect('loader').close()\n"
        "print(os.stat(f'/proc/{local.status().pid}').st_uid); local.remove()"
    )
    environment = {
        "PYTHONPATH": os.pathsep.join([str(PROJECT_ROOT / "include"), sysconfig.get_path("purelib")]),
        "GAUNG_HOME": str(reachable_folder / "var"),
        "GAUNG_PG_PORT": str(free_port()),
    }
    done = subprocess.run(
        [python, "-c", code],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(nobody.pw_uid)]


@needs_root
def test_the_data_of_another_user_is_refused(own_home: Path) -> None:
    python = _python_for_all()
    if python is None:
        pytest.skip("no interpreter of this version that an ordinary user can run")
    data = own_home / "server" / "data"
    data.mkdir(parents=True)
    os.chown(data, 12345, 12345)
    own_home.chmod(0o777)
    (own_home / "server").chmod(0o777)
    done = subprocess.run(
        [python, "-c", "from gaung.warehouse import local; local.start()"],
        user="nobody",
        cwd="/",
        env={
            "PYTHONPATH": os.pathsep.join([str(PROJECT_ROOT / "include"), sysconfig.get_path("purelib")]),
            "GAUNG_HOME": str(own_home),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert "belongs to another user (uid 12345)" in done.stderr


def test_starting_twice_is_one_server(own_home: Path) -> None:
    local.start()
    first = _pid()

    local.start()

    assert _pid() == first


def test_commands_at_once_start_one_server(own_home: Path) -> None:
    command = [sys.executable, "-c", "from gaung.warehouse import local; local.start()"]
    commands = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [process.communicate(timeout=120)[1] for process in commands]

    assert [process.returncode for process in commands] == [0, 0, 0], errors
    data = str(local.status().data)
    postmasters = [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres" and data in (process.info["cmdline"] or [])
    ]
    assert len(postmasters) == 1


def test_commands_at_once_set_up_once(own_home: Path) -> None:
    command = [sys.executable, "-c", "from gaung.warehouse.setup import ready; ready()"]
    commands = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=120)[1] for process in commands]

    assert [process.returncode for process in commands] == [0, 0], errors
    connect("bi_reader").close()


@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "while a backend computes"])
def test_after_a_kill_it_is_back_within_ten_seconds(own_home: Path, is_busy: bool) -> None:
    setup.ready()
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute("create table kept as select 1 as one")
    busy = None
    if is_busy:
        script = "select count(*) from generate_series(1, 100000000000) as g"
        code = f"from gaung.warehouse.connect import connect; connect('admin').cursor().execute({script!r})"
        busy = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while _value("select count(*) from pg_stat_activity where query like '%100000000000%'") != 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    killed = _pid()

    os.kill(killed, signal.SIGKILL)
    begun = time.monotonic()
    setup.ready()
    seconds = time.monotonic() - begun

    assert seconds <= 10
    assert _pid() != killed
    with closing(connect("admin")) as session, session.cursor() as cursor:
        cursor.execute("select one from kept")
        assert cursor.fetchall() == [(1,)]
    if busy is not None:
        busy.wait(timeout=20)


@pytest.mark.parametrize("other", ["no postgres", "a postgres of another folder"])
def test_a_pid_file_that_names_another_process_does_not_mislead(
    server: Path, own_home: Path, other: str
) -> None:
    local.start()
    pid_file = local.status().data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    local.stop()
    theirs = (server / "server" / "data" / "postmaster.pid").read_text().splitlines()[0]
    misleading = str(os.getpid()) if other == "no postgres" else theirs
    owner = local.status().data.stat()
    pid_file.write_text("\n".join([misleading, *lines[1:]]) + "\n")
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    assert local.status().pid is None

    local.start()

    assert str(_pid()) != misleading
    assert _value("select 1") == 1
    assert psutil.pid_exists(int(misleading)), "left alone"


def test_a_taken_port_makes_another_that_is_remembered(
    own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    preferred = get_settings().pg_port
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", preferred))
        squatter.listen()
        other = local.start()
        assert other != preferred
        assert f"port {preferred} is taken" in caplog.text
        local.stop()

    assert local.start() == other, "remembered, though the preferred one is free again"
    assert _value("show port") == str(other)


def test_a_change_of_the_preferred_port_is_obeyed(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local.start()
    local.stop()
    wanted = free_port()
    monkeypatch.setenv("GAUNG_PG_PORT", str(wanted))
    get_settings.cache_clear()

    assert local.start() == wanted


def test_a_server_of_another_home_on_our_port_is_not_taken_for_ours(
    own_home: Path, reachable_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.ready()
    first_port, first_data = local.status().port, local.status().data
    shutil.copytree(own_home / "secrets", reachable_folder / "other" / "secrets")
    for _ in _use(reachable_folder / "other", monkeypatch):
        monkeypatch.setenv("GAUNG_PG_PORT", str(first_port))
        monkeypatch.setenv("GAUNG_HOME", str(reachable_folder / "other"))
        get_settings.cache_clear()

        setup.ready()

        assert local.status().port != first_port
        assert _value("show data_directory") == str(local.status().data) != str(first_data)
    monkeypatch.setenv("GAUNG_HOME", str(own_home))
    monkeypatch.setenv("GAUNG_PG_PORT", str(first_port))
    monkeypatch.setenv("GAUNG_DSN", "")
    get_settings.cache_clear()


def test_another_major_version_is_refused(own_home: Path) -> None:
    data = own_home / "server" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")

    with pytest.raises(ServerRefused, match=r"made by PostgreSQL 16, and Gaung runs PostgreSQL 18.*backup"):
        local.start()

    assert sorted(path.name for path in data.iterdir()) == ["PG_VERSION"], "untouched"


def test_a_folder_that_is_no_data_folder_is_refused(own_home: Path) -> None:
    data = own_home / "server" / "data"
    data.mkdir(parents=True)
    (data / "thesis.txt").write_text("mine")

    with pytest.raises(ServerRefused, match="not a PostgreSQL data folder"):
        local.start()

    assert (data / "thesis.txt").read_text() == "mine"


def test_what_an_interrupted_creation_left_is_replaced(own_home: Path) -> None:
    draft = own_home / "server" / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")

    local.start()

    assert _value("select 1") == 1
    assert not draft.exists()


def test_a_server_that_does_not_start_says_why(own_home: Path) -> None:
    local.start()
    local.stop()
    with (local.status().data / "postgresql.conf").open("a") as stream:
        stream.write("shared_buffers = 'plenty'\n")

    with pytest.raises(ServerUnavailable, match='invalid value for parameter "shared_buffers"'):
        local.start()


def test_stopping_what_does_not_run_says_so(own_home: Path) -> None:
    assert local.stop() is False
    assert not own_home.exists(), "nothing is made only to be stopped"
    local.start()

    assert [local.stop(), local.stop()] == [True, False]


def test_removing_keeps_the_secrets(own_home: Path) -> None:
    local.start()
    before = credentials.ensure()
    data = local.status().data

    local.remove()

    assert not data.exists()
    assert credentials.ensure() == before
    local.start()
    assert _value("select 1") == 1
