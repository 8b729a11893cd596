"""The server's disk is full in the middle of loads, then freed: nothing lost, everything accounted for."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gaung.errors import ServerUnavailable
from gaung.ingest import ingest_files
from gaung.settings import get_settings
from gaung.warehouse import local, setup
from tests.conftest import free_port
from tests.fakes import line, lines_format, post, write
from tests.truth.loads import checksums, rows

__all__ = ["lines_format"]

DISK_MB = 420
LEFT_MB = 12
"""Left free when the loads begin: less than one of the files needs in the server's folder."""

POSTS = 12_000

SAID = "Nothing of the batch was loaded|run `gaung server start`"
"""A server that cannot write its log any more goes down; then the next load says what to run."""


@pytest.fixture
def small_disk(reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine whose server's folder is on a small disk of its own; the landing is elsewhere."""
    disk = reachable_folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(disk)],
        capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    for name, value in {
        "GAUNG_HOME": str(disk / "var"),
        "GAUNG_DSN": "",
        "GAUNG_DATABASE": "gaung",
        "GAUNG_PG_PORT": str(free_port()),
        "GAUNG_LANDING_URL": (reachable_folder / "landing").as_uri(),
        "GAUNG_BRANDS_FILE": str(reachable_folder / "brands.yml"),
        "GAUNG_MIN_FREE_BYTES": "0",
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    try:
        setup.ready()
        yield disk
    finally:
        try:
            local.remove()
        finally:
            monkeypatch.undo()
            get_settings.cache_clear()
            subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("lines")
def test_full_then_freed_nothing_is_lost(
    small_disk: Path, tmp_path: Path, record_figures: Callable[..., None]
) -> None:
    files = [
        write(
            tmp_path / f"{number}.ndjson",
            [line(post(f"{number}.{n}", text=os.urandom(400).hex())) for n in range(POSTS)],
        )
        for number in range(3)
    ]
    assert ingest_files([files[0]]).total("loaded") == POSTS
    before = checksums()
    filler = small_disk / "filler"
    size = shutil.disk_usage(small_disk).free - (LEFT_MB << 20)
    with filler.open("wb") as stream:
        for _ in range(size >> 20):
            stream.write(bytes(1 << 20))

    said = []
    for path in files[1:]:
        with pytest.raises(ServerUnavailable, match=SAID) as caught:
            ingest_files([path])
        said.append(str(caught.value))
    assert "the server has no room" in said[0]
    assert "free space on the server's disk, then ingest again" in said[0]
    filler.unlink()
    setup.ready()
    assert checksums() == before, "what was loaded before is as it was"

    again = ingest_files(files)

    assert (again.exit_code, again.total("received")) == (0, 3 * POSTS)
    assert (again.total("loaded"), again.total("unchanged")) == (2 * POSTS, POSTS)
    assert rows("select count(*), count(distinct post_id) from raw.posts") == [(3 * POSTS, 3 * POSTS)]
    assert rows(
        "select sum(received_count), sum(loaded_count + unchanged_count + ignored_count + quarantined_count) "
        "from ops.outcome where step = 'load' and status = 'succeeded'"
    ) == [(3 * POSTS, 3 * POSTS)]
    record_figures("server_disk_full", disk_mb=DISK_MB, left_mb=LEFT_MB, posts_a_file=POSTS, said=said)
