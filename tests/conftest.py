"""What all tests share: one real server per session, a fresh migrated database per test."""

import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

from gaung.settings import get_settings
from gaung.warehouse import local, setup
from gaung.warehouse.connect import connect

TEMPLATE = "gaung_template"
SLOW = ("dags", "truth", "test_real_data.py", "quality", "demo")
"""What takes minutes starts first, so that two workers end at about the same time."""

# `make test` tries the same examples every time; `make prove` searches on, from its own seed.
settings.register_profile("repeatable", derandomize=True, deadline=None)
if "GAUNG_PROVE_SEED" not in os.environ:
    settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files first; the order within a file stays."""
    root = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(root).parts[0] not in SLOW)


def free_port() -> int:
    """A loopback port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fill_environment(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Point every setting that names a place to ``home``; a developer's own settings do not leak in."""
    for name in list(os.environ):
        if name.startswith("GAUNG_") and name != "GAUNG_TEST_DATA":
            patch.delenv(name)
    patch.setenv("GAUNG_HOME", str(home))
    patch.setenv("GAUNG_DSN", "")
    patch.setenv("GAUNG_DATABASE", "gaung")
    patch.setenv("GAUNG_PG_PORT", str(free_port()))
    patch.setenv("GAUNG_LANDING_URL", "")
    patch.setenv("GAUNG_MIN_FREE_BYTES", "0")
    patch.setenv("GAUNG_BRANDS_FILE", str(home / "brands.yml"))
    get_settings.cache_clear()


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """A temporary folder that the server's account can enter also when the tests run as root.

    Pytest's own ``tmp_path`` is closed to other accounts.
    """
    folder = Path(tempfile.mkdtemp(prefix="gaung-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The session's server with a migrated template database; gives the home folder."""
    home = Path(tempfile.mkdtemp(prefix="gaung-"))
    home.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        _fill_environment(patch, home)
        patch.setenv("GAUNG_DATABASE", TEMPLATE)
        get_settings.cache_clear()
        try:
            setup.ready()
            _make_quick()
            yield home
        finally:
            local.remove()
            shutil.rmtree(home, ignore_errors=True)
    get_settings.cache_clear()


def _make_quick() -> None:
    """No test pulls the plug of the machine, so its disk need not be waited for."""
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute("alter system set fsync = off")
        cursor.execute("select pg_reload_conf()")


@pytest.fixture
def warehouse(server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh migrated database that the settings point to, with its own landing; gives its name."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    get_settings.cache_clear()
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute(f"create database {name} template {TEMPLATE}")
    monkeypatch.setenv("GAUNG_DATABASE", name)
    monkeypatch.setenv("GAUNG_LANDING_URL", (tmp_path / "landing").as_uri())
    monkeypatch.setenv("GAUNG_DROP_FOLDER", str(tmp_path / "drop"))
    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(tmp_path / "brands.yml"))
    get_settings.cache_clear()
    setup.ready()
    yield name
    monkeypatch.undo()
    get_settings.cache_clear()
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute(f"drop database {name} with (force)")


@pytest.fixture
def settings_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary home folder that the settings point to; no server."""
    _fill_environment(monkeypatch, tmp_path)
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def test_data() -> Path:
    """The folder of real data, or a skipped test."""
    folder = os.environ.get("GAUNG_TEST_DATA")
    if not folder:
        pytest.skip("GAUNG_TEST_DATA is not set: it names the folder of real data")
    return Path(folder)
