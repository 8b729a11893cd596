"""A mixed folder of any size: read and loaded completely, in bounded memory, with a progress bar."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gaung.settings import PROJECT_ROOT
from gaung.warehouse.connect import connect
from tests.truth.volume import write_mixed

LIMIT_MIB = 512
SIZE = int(os.environ.get("GAUNG_PROVE_MIB", "1024")) << 20
"""Of the proof's folder; another number of MiB tries it smaller or larger."""

AS_OF = "2026-03-10T00:00:00+07:00"
COMMAND = """
import os, sys
from pathlib import Path
from gaung.cli import main
try:
    main()
finally:
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]
    Path(os.environ["PEAK_FILE"]).write_text(peak)
"""
POSTS = """
    select platform, count(*) from raw.posts
    where is_collected and position('kopi susu ' in text) = 1 group by platform
"""


@dataclass(frozen=True)
class Run:
    """One run of the command: what it said, and what it took."""

    said: str
    bar: str
    peak_mib: float
    seconds: float

    @property
    def counts(self) -> list[int]:
        """received, loaded, unchanged, ignored, quarantined of all files together."""
        [line] = re.findall(r"^ *\d+ files +(.*)$", self.said, re.MULTILINE)
        return [int(word.replace(",", "")) for word in line.split()]


def ingest(folder: Path, *options: str) -> Run:
    """What ``gaung ingest files`` does with the folder, in a process of its own."""
    peak = folder.parent / "peak"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "ingest", "files", str(folder), "--as-of", AS_OF, *options],
        env=os.environ | {"PEAK_FILE": str(peak), "FORCE_COLOR": "1", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
    )
    seconds = time.monotonic() - started
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stdout)
    bar = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stderr)
    return Run(plain, bar, int(peak.read_text()) / 1024, seconds)


@pytest.mark.usefixtures("settings_home")
def test_a_rehearsal_reads_everything_and_tells_it_by_format_and_kind(tmp_path: Path) -> None:
    posts = write_mixed(tmp_path / "mixed", 30_000_000)

    run = ingest(tmp_path / "mixed", "--dry-run")

    received, loaded, *others = run.counts
    assert received == loaded >= sum(posts.values())
    assert others == [0, 0, 0]
    for form in ("x_api_v1", "x_api_v2", "mastodon_api", "table"):
        assert re.search(rf"^ *{form} +posts +[1-9][0-9,]+ *$", run.said, re.MULTILINE), run.said
    assert f"table posts {posts['instagram']:,}" in re.sub(" +", " ", run.said)
    assert "━" in run.bar
    assert "read table.csv" in run.bar
    assert run.peak_mib < LIMIT_MIB


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("warehouse")
def test_a_gigabyte_in_bounded_memory(tmp_path: Path, record_figures: Callable[..., None]) -> None:
    posts = write_mixed(tmp_path / "mixed", SIZE)

    dry = ingest(tmp_path / "mixed", "--dry-run")
    real = ingest(tmp_path / "mixed")

    record_figures(
        "mixed_folder",
        bytes=SIZE,
        posts=posts,
        records=real.counts[0],
        dry_run_seconds=round(dry.seconds, 1),
        dry_run_peak_mib=round(dry.peak_mib),
        load_seconds=round(real.seconds, 1),
        load_peak_mib=round(real.peak_mib),
    )
    with closing(connect("admin")) as session, session.cursor() as cursor:
        cursor.execute(POSTS)
        assert dict(cursor.fetchall()) == posts
    assert dry.counts[0] == real.counts[0]
    assert dry.counts[3:] == real.counts[3:] == [0, 0]
    assert dry.peak_mib < LIMIT_MIB
    assert real.peak_mib < LIMIT_MIB
