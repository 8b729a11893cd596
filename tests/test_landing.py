"""The landing: exact bytes, complete or absent, the same place for the same batch."""

import errno
import json
import multiprocessing
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import zstandard

from gaung import landing
from gaung.errors import LandingFailed, SettingsInvalid
from gaung.settings import get_settings
from tests.fakes import T0, LineFormat, Memory, encode, landed, line, post

LINES = [line(post("1"), observed=1), {"ignored": "settings"}, line(post("2"), observed=30)]


@pytest.fixture
def root(settings_home: Path) -> Path:
    return settings_home / "landing"


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def batches(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.rglob("manifest.json"))


class TestBatch:
    def test_the_bytes_are_exactly_those_received(self, root: Path) -> None:
        data = b"\xef\xbb\xbf" + encode(LINES) + b"no newline at the end \x00\xff"
        batch = landing.land(Memory("odd.ndjson", data[3:]), format=LineFormat())
        with landing.open_payload(batch.path) as stream:
            assert stream.read() == data[3:]
        packed = (root / batch.path / "payload.0.zst").read_bytes()
        assert zstandard.ZstdDecompressor().decompressobj().decompress(packed) == data[3:]

    def test_the_manifest_says_what_it_is(self, root: Path) -> None:
        batch = landed(
            LINES,
            "in/a.ndjson",
            brand_id="contoh",
            column_map={"b": [1], "a": None},
            as_of=T0,
            is_synthetic=True,
        )
        manifest = json.loads((root / batch.path / "manifest.json").read_text())
        assert manifest["batch_key"] == batch.batch_key == Path(batch.path).name
        assert manifest["source"] == "files:lines"
        assert manifest["format"] == "lines"
        assert manifest["brand_id"] == "contoh"
        assert manifest["column_map"] == {"b": [1], "a": None}
        assert manifest["is_synthetic"] is True
        assert manifest["records"] == 3
        assert manifest["files"] == [
            {
                "name": "in/a.ndjson",
                "sha256": Memory("", encode(LINES)).sha256,
                "bytes": len(encode(LINES)),
                "records": 3,
            }
        ]
        read = landing.read_manifest(batch.path)
        assert (read.collection_start_at, read.collection_end_at) == (
            T0 + timedelta(hours=1),
            T0 + timedelta(hours=30),
        )
        assert read.as_of == T0

    def test_the_day_is_that_of_capture(self, root: Path) -> None:
        del root
        assert landed(LINES, as_of=datetime(2025, 5, 5, tzinfo=UTC)).path.startswith(
            "files/lines/2025/05/05/"
        )
        assert landed([line(post("1"), observed=30)]).path.startswith("files/lines/2026/03/02/")
        assert landed([line(post("1"), observed=None)]).path.startswith("files/lines/undated/")

    def test_relative_and_absolute_paths_find_it(self, root: Path) -> None:
        batch = landed(LINES)
        for path in (batch.path, str(root / batch.path), (root / batch.path).as_uri()):
            assert landing.read_manifest(path) == batch.manifest


class TestIdentity:
    def test_the_same_file_lands_once(self, root: Path) -> None:
        first, second = landed(LINES), landed(LINES, "other name.ndjson")
        assert (first.is_new, second.is_new) == (True, False)
        assert (first.path, first.batch_key) == (second.path, second.batch_key)
        assert len(batches(root)) == 1

    def test_without_its_index_it_still_lands_once(self, root: Path) -> None:
        first = landed(LINES)
        (root / ".batches" / first.batch_key[:2] / first.batch_key).unlink()
        second = landed(LINES)
        assert (second.is_new, second.path) == (False, first.path)
        assert len(batches(root)) == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"brand_id": "b"},
            {"column_map": {"a": 1}},
            {"as_of": T0},
            {"is_synthetic": True},
            {"account": "me"},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_what_it_is_belongs_to_the_key(self, root: Path, other: dict[str, Any]) -> None:
        assert landed(LINES).batch_key != landed(LINES, **other).batch_key
        assert len(batches(root)) == 2

    def test_the_first_as_of_holds_for_the_same_bytes(self, root: Path) -> None:
        first = landed(LINES, as_of=T0)
        assert landed(LINES, as_of=T0 + timedelta(days=1)).path == first.path
        assert landed(LINES).path == first.path
        assert landed(LINES, as_of=T0 + timedelta(days=1), brand_id="b").manifest.as_of == T0
        assert len(batches(root)) == 2

    def test_one_moment_in_two_zones_is_one_batch(self, root: Path) -> None:
        del root
        jakarta = datetime.fromisoformat("2026-03-01T15:00:00+07:00")
        assert landed(LINES, as_of=T0).path == landed(LINES, as_of=jakarta).path

    def test_an_as_of_without_zone_is_refused(self, root: Path) -> None:
        with pytest.raises(SettingsInvalid, match="no time zone"):
            landed(LINES, as_of=datetime(2026, 3, 1))
        assert not root.exists()

    def test_two_at_once_give_one_batch(self, root: Path) -> None:
        found: list[landing.Landed] = []
        threads = [
            threading.Thread(
                target=lambda day=day: found.append(landed(LINES, as_of=T0 + timedelta(days=day)))
            )
            for day in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 6
        assert len({one.path for one in found}) == 1
        assert len(batches(root)) == 1
        assert sum(one.is_new for one in found) == 1


class _Slow(Memory):
    """Gives its bytes so slowly that it can be killed meanwhile."""

    def open(self) -> BinaryIO:
        inner = super().open()
        genuine = inner.read

        class Slow:
            def __enter__(self) -> "Slow":
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def read(self, size: int = -1) -> bytes:
                time.sleep(0.2)
                return genuine(64)

        return Slow()  # type: ignore[return-value]


def _land_slowly(home: str) -> None:
    os.environ["GAUNG_HOME"] = home
    get_settings.cache_clear()
    landing.land(_Slow("slow.ndjson", encode(LINES) * 100), format=LineFormat())


class TestFailure:
    @pytest.mark.parametrize("step", ["write", "fsync", "rename"])
    def test_a_full_disk_leaves_nothing_and_says_what_to_do(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        def full(*_: Any, **__: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            if step == "write":
                patch.setattr(landing, "_copy", full)
            elif step == "fsync":
                patch.setattr(os, "fsync", full)
            else:
                patch.setattr(Path, "rename", full)
            with pytest.raises(LandingFailed, match=r"some\.ndjson: no space left in .* Free space"):
                landed(LINES)
        assert files(root) == []
        assert landed(LINES).is_new
        assert len(batches(root)) == 1

    def test_a_landing_that_cannot_be_written(self, root: Path) -> None:
        root.parent.mkdir(exist_ok=True)
        root.write_text("a file where the folder should be")
        with pytest.raises(LandingFailed, match="cannot be landed"):
            landed(LINES)

    def test_a_file_that_changes_meanwhile(self, root: Path) -> None:
        class Changing(Memory):
            @property
            def sha256(self) -> str:
                return "0" * 64

        with pytest.raises(LandingFailed, match="changed while it was read"):
            landing.land(Changing("a", encode(LINES)), format=LineFormat())
        assert files(root) == []

    def test_a_killed_landing_is_swept_by_the_next(self, root: Path) -> None:
        worker = multiprocessing.get_context("spawn").Process(target=_land_slowly, args=(str(root.parent),))
        worker.start()
        deadline = time.monotonic() + 60
        while not list(root.glob(".tmp/*/payload.0.zst")) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join()
        assert list(root.glob(".tmp/*/payload.0.zst")) != []
        assert batches(root) == []
        landed(LINES)
        assert list(root.glob(".tmp/*")) == []

    @pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
    def test_a_damaged_payload_is_not_read_as_whole(self, root: Path, damage: str) -> None:
        batch = landed([line(post(str(number))) for number in range(500)])
        payload = root / batch.path / "payload.0.zst"
        data = payload.read_bytes()
        middle = len(data) // 2
        changed = {
            "flip": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
            "cut": data[:-20],
        }
        if damage == "gone":
            payload.unlink()
        else:
            payload.write_bytes(changed.get(damage, b""))
        with pytest.raises(LandingFailed, match="restore it"), landing.open_payload(batch.path) as stream:
            landing.drain(stream)

    def test_a_folder_without_manifest_is_no_batch(self, root: Path) -> None:
        batch = landed(LINES)
        (root / batch.path / "manifest.json").unlink()
        with pytest.raises(LandingFailed, match="no batch"):
            landing.read_manifest(batch.path)

    def test_a_manifest_that_is_none(self, root: Path) -> None:
        batch = landed(LINES)
        (root / batch.path / "manifest.json").write_text("{}")
        with pytest.raises(LandingFailed, match="not a manifest"):
            landing.read_manifest(batch.path)


class TestObjectStore:
    @pytest.fixture
    def store(self, settings_home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        import fsspec

        del settings_home
        monkeypatch.setenv("GAUNG_LANDING_URL", "memory://bucket/landing")
        get_settings.cache_clear()
        filesystem = fsspec.filesystem("memory")
        filesystem.store.clear()
        return filesystem

    def test_it_works_the_same(self, store: Any) -> None:
        first = landed(LINES, as_of=T0)
        second = landed(LINES, as_of=T0 + timedelta(days=1))
        assert (first.is_new, second.is_new, second.path) == (True, False, first.path)
        with landing.open_payload(first.path) as stream:
            assert stream.read() == encode(LINES)
        assert landing.read_manifest(f"memory://bucket/landing/{first.path}") == first.manifest
        assert store.exists(f"/bucket/landing/{first.path}/manifest.json")

    def test_the_manifest_comes_last(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def lost(*_: Any, **__: Any) -> None:
            raise OSError("connection lost")

        with monkeypatch.context() as patch:
            patch.setattr(type(store), "put_file", lost)
            with pytest.raises(LandingFailed):
                landed(LINES)
        assert not [name for name in store.store if name.endswith("manifest.json")]
        assert landed(LINES).is_new
