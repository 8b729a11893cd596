"""Backup and restore: an empty machine gets the same rows, files and secret; nothing is overwritten."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gaung import keys, pipeline
from gaung.errors import LandingFailed, ServerRefused, SettingsInvalid
from gaung.settings import get_settings
from gaung.warehouse import local, migrate, setup
from gaung.warehouse.backup import backup, checksums, restore
from gaung.warehouse.connect import connect
from tests.building import deliver, random_lines, write_brands
from tests.conftest import free_port
from tests.fakes import lines_format
from tests.truth.worlds import checksums as mart_checksums

__all__ = ["lines_format"]

BATCH = "files/x_api_v2/2026/11/01/abc"
ROWS = [("1", "kopi 'enak' \\ ☕\t\n"), ("2", "\u2028"), ("3", "")]


@pytest.fixture
def filled(warehouse: str, tmp_path: Path) -> Path:
    """A warehouse with rows, a mart, a landed batch, a secret and brands; gives its landing."""
    landing = tmp_path / "landing"
    (landing / BATCH).mkdir(parents=True)
    (landing / BATCH / "payload.0.zst").write_bytes(b"\x28\xb5\x2f\xfd payload")
    (landing / BATCH / "manifest.json").write_text("{}")
    (landing / ".batches" / "ab").mkdir(parents=True)
    (landing / ".batches" / "ab" / "abc").write_text(BATCH)
    (landing / ".tmp" / "half").mkdir(parents=True)
    (landing / ".tmp" / "half" / "payload.0.zst").write_bytes(b"half")
    get_settings().brands_file.write_text("client: kopi\n")
    keys.secret()
    with closing(connect("admin")) as session, session, session.cursor() as cursor:
        cursor.execute(
            "insert into ops.batch "
            "(batch_key, source, format, landing_path, manifest, record_count, is_synthetic) "
            "values ('abc', 'files:x_api_v2', 'x_api_v2', %s, '{}', 3, false)",
            [BATCH],
        )
        for post_id, text in ROWS:
            cursor.execute(
                "insert into raw.quarantine values (1, %s, 's', 'r', 'p', 'm', %s, null, now())",
                [post_id, text],
            )
    with closing(connect("publisher")) as session, session, session.cursor() as cursor:
        cursor.execute("create table marts.probe (post_key text primary key, score numeric(5, 4))")
        cursor.execute("comment on table marts.probe is 'One row per post.'")
        cursor.execute("insert into marts.probe values ('a', 0.1234), ('b', null)")
    return landing


@pytest.fixture
def elsewhere(reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another, empty machine: moves the settings there when called upon."""
    yield reachable_folder / "var"


def _move(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GAUNG_HOME": str(home),
        "GAUNG_DATABASE": "gaung",
        "GAUNG_PG_PORT": str(free_port()),
        "GAUNG_LANDING_URL": "",
        "GAUNG_BRANDS_FILE": str(home / "brands.yml"),
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


def _checksums() -> dict[str, list[str]]:
    with closing(connect("admin")) as session:
        return checksums(session)


def test_an_empty_machine_gets_everything(
    filled: Path, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, secret = _checksums(), keys.secret()
    assert before["raw.quarantine"][0] == "3"
    contents = backup(tmp_path / "backup")
    assert contents.tables == before
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700
    _move(elsewhere, monkeypatch)
    try:
        restored = restore(tmp_path / "backup")

        assert restored == contents
        assert _checksums() == before
        assert keys.secret() == secret
        assert keys.secret_path().stat().st_mode & 0o777 == 0o600
        assert get_settings().brands_file.read_text() == "client: kopi\n"
        landing = elsewhere / "landing"
        files = sorted(str(path.relative_to(landing)) for path in landing.rglob("*") if path.is_file())
        assert files == [".batches/ab/abc", f"{BATCH}/manifest.json", f"{BATCH}/payload.0.zst"]
        assert (landing / BATCH / "payload.0.zst").read_bytes() == b"\x28\xb5\x2f\xfd payload"
        with closing(connect("bi_reader")) as session, session.cursor() as cursor:
            cursor.execute("select post_key, score::text from probe order by post_key")
            assert cursor.fetchall() == [("a", "0.1234"), ("b", None)]
            cursor.execute("select obj_description('marts.probe'::regclass)")
            assert cursor.fetchone() == ("One row per post.",)
            with pytest.raises(Exception, match="permission denied"):
                cursor.execute("select * from raw.quarantine")
        with closing(connect("publisher", autocommit=True)) as session:
            session.cursor().execute("insert into marts.probe values ('c', 1)")
        setup.ready()
        assert migrate.upgrade() is False
    finally:
        local.remove()


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_built_marts_are_the_same_there_and_a_rebuild_changes_nothing(
    warehouse: str, lines: Any, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_brands()
    deliver(random_lines(random.Random(8), 120), "world.ndjson")
    pipeline.build(holder="test")
    deliver(random_lines(random.Random(9), 20), "more.ndjson")
    pipeline.build(holder="test")
    deliver(random_lines(random.Random(10), 20), "waiting.ndjson")
    before, shown = _checksums(), mart_checksums()
    backup(tmp_path / "backup")
    _move(elsewhere, monkeypatch)
    try:
        restore(tmp_path / "backup")

        assert _checksums() == before
        assert mart_checksums() == shown
        assert pipeline.build(holder="test").batch_count == 1, "what waited is built there"
        assert pipeline.build(holder="test", full=True).status == "unchanged"
    finally:
        local.remove()


def test_a_checksum_sees_every_change_and_no_order(filled: Path) -> None:
    before = _checksums()["marts.probe"]
    with closing(connect("admin")) as session, session, session.cursor() as cursor:
        cursor.execute("create table copied as select * from marts.probe order by post_key desc")
        assert checksums(session)["public.copied"] == before
        cursor.execute("update copied set score = 0 where post_key = 'b'")
        assert checksums(session)["public.copied"] != before
        session.rollback()


def test_a_batch_that_is_not_in_the_landing_stops_the_backup(filled: Path, tmp_path: Path) -> None:
    shutil.rmtree(filled / BATCH)

    with pytest.raises(LandingFailed, match=f"1 batches of the database are not in .*{BATCH}"):
        backup(tmp_path / "backup")

    assert sorted(path.name for path in tmp_path.glob("*backup*")) == [], "nothing of it is left"


def test_a_backup_never_replaces_another(warehouse: str, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()

    with pytest.raises(SettingsInvalid, match="exists already"):
        backup(tmp_path / "backup")


def _lose(folder: Path) -> None:
    (folder / "landing" / BATCH / "manifest.json").unlink()


def _damage(folder: Path) -> None:
    with (folder / "database.dump").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x00\x01")


def _forget(folder: Path) -> None:
    (folder / "backup.json").unlink()


@pytest.mark.parametrize(
    ("harm", "said"),
    [(_lose, "not whole.*manifest.json"), (_damage, "damaged.*database.dump"), (_forget, "is not a backup")],
    ids=["a file is missing", "a file has changed", "no contents"],
)
def test_a_backup_that_is_not_whole_is_refused_at_once(
    filled: Path, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, harm, said: str
) -> None:
    backup(tmp_path / "backup")
    harm(tmp_path / "backup")
    _move(elsewhere, monkeypatch)

    with pytest.raises(SettingsInvalid, match=said):
        restore(tmp_path / "backup")

    assert not elsewhere.exists(), "nothing was begun"


def test_an_occupied_landing_is_left_alone(filled: Path, tmp_path: Path) -> None:
    backup(tmp_path / "backup")

    with pytest.raises(ServerRefused, match=r"the landing holds .* already"):
        restore(tmp_path / "backup")


def test_an_occupied_database_is_left_alone(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tmp_path / "backup")
    before = _checksums()
    monkeypatch.setenv("GAUNG_LANDING_URL", (tmp_path / "empty").as_uri())
    get_settings.cache_clear()

    with pytest.raises(ServerRefused, match=r"holds \d+ tables and views already"):
        restore(tmp_path / "backup")

    assert _checksums() == before
    assert not (tmp_path / "empty").exists()


def test_another_secret_is_not_replaced(
    filled: Path, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tmp_path / "backup")
    _move(elsewhere, monkeypatch)
    mine = keys.secret()

    with pytest.raises(ServerRefused, match="another secret than the backup's"):
        restore(tmp_path / "backup")

    assert keys.secret() == mine


def test_the_backup_of_a_newer_gaung_is_refused(filled: Path, tmp_path: Path) -> None:
    backup(tmp_path / "backup")
    contents = tmp_path / "backup" / "backup.json"
    contents.write_text(json.dumps(json.loads(contents.read_text()) | {"revision": "9999"}))

    with pytest.raises(ServerRefused, match="at migration 9999"):
        restore(tmp_path / "backup")
