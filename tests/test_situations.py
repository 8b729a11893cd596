"""`gaung status` in planted situations: it says what is wrong, where to read on, and nothing else."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaung import airflow_processes, ingest, pipeline, status
from gaung.airflow_processes import Running
from gaung.cli import app
from gaung.errors import DiskLow, GateFailed
from gaung.maintenance import backups
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import builds, publisher
from tests.test_status import succeed
from tests.warehouse.conftest import things
from tests.warehouse.publishing import Things, pass_gate

__all__ = ["things"]

Plant = Callable[[Things, pytest.MonkeyPatch], None]
FULL = str(2**60)


@pytest.fixture
def house(things: Things) -> Iterator[Things]:
    """The invented warehouse; what a test leaves in the shared home is taken away."""
    yield things
    for name in ("backups", "airflow"):
        shutil.rmtree(get_settings().home / name, ignore_errors=True)


def back_up(hours_ago: float) -> None:
    """What a nightly backup leaves behind, as far as the status looks at it."""
    made = datetime.now(UTC) - timedelta(hours=hours_ago)
    folder = backups.folder() / made.strftime(backups.NAME)
    folder.mkdir(parents=True)
    (folder / "backup.json").write_text("{}")


def deliver(things: Things, *hours_ago: float) -> None:
    """Published batches of one source, loaded so long ago."""
    for number, ago in enumerate(hours_ago):
        succeed(things, f"{number}.json", 0)
        things.run(
            "update ops.batch set loaded_at = now() - make_interval(secs => %s) where batch_key = %s",
            ago * 3600,
            f"key {number}.json",
            role="admin",
        )
    things.put(("p1", "a", 0.5))


def fresh(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(things, 72, 0.1)
    back_up(5)
    with pass_gate(monkeypatch):
        things.build()


def late_source(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(things, 15, 14, 13, 12, 11, 10)
    with pass_gate(monkeypatch):
        things.build()


def failed_gate(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    things.put(("p1", "a", 7))
    with pytest.raises(GateFailed):
        pipeline.build()


def held(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh(things, monkeypatch)
    publisher.rollback(0, reason="all wrong")


def disk_low(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh(things, monkeypatch)
    monkeypatch.setenv("GAUNG_MIN_FREE_BYTES", FULL)
    get_settings.cache_clear()


def no_data(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    pass


def component_dead(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh(things, monkeypatch)
    own = os.getpid()
    names = [name for name in ("supervisor", *airflow_processes.COMPONENTS) if name != "api-server"]
    dying = subprocess.Popen(["sleep", "60"])
    alive = [Running.of(name, own) for name in names if name != "scheduler"]
    dead = [Running.of(name, dying.pid) for name in ("scheduler", "api-server")]
    airflow_processes._write([*alive, *dead], {"scheduler": 2}, "")
    dying.kill()
    dying.wait()


def backup_old(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(things, 72, 0.1)
    back_up(50)
    with pass_gate(monkeypatch):
        things.build()


@pytest.mark.parametrize(
    ("plant", "entries", "said"),
    [
        (fresh, [], "Version 1, published"),
        (late_source, ["A source is late"], "files is late: nothing since"),
        (failed_gate, ["The gate blocked a build"], "fct_thing.mood_in_range"),
        (held, ["Publishing is held"], "all wrong"),
        (disk_low, ["Disk full"], "nothing is loaded or built"),
        (no_data, [], "No build yet: `gaung ingest files PATH…`"),
        (component_dead, ["A component is dead"] * 2, "scheduler dead (started again 2×)"),
        (backup_old, ["A backup is old"], "the newest backup is 50 h old"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_status_is_right(
    house: Things, monkeypatch: pytest.MonkeyPatch, plant: Plant, entries: list[str], said: str
) -> None:
    plant(house, monkeypatch)

    found = status.collect()
    shown = CliRunner().invoke(app, ["status"])

    assert [problem.entry for problem in found.problems] == entries, found.problems
    assert found.exit_code == shown.exit_code == int(bool(entries))
    assert said in shown.output
    assert len(shown.output.splitlines()) < 25, "one screen"
    headings = re.findall(r"^## (.*)$", (PROJECT_ROOT / "docs/runbook.md").read_text(), re.M)
    assert set(entries) <= set(headings)


def test_every_entry_that_the_status_can_name_is_in_the_runbook() -> None:
    source = Path(status.__file__).read_text()
    entries = re.findall(r'^\s+"([A-Z][a-z ]+)",?$', source, re.M)
    entries += re.findall(r'"([A-Z][a-z ]+)" if', source) + re.findall(r'else "([A-Z][a-z ]+)"', source)
    entries += re.findall(r'Problem\(.*, "([A-Z][a-z ]+)"\)', source)
    headings = re.findall(r"^## (.*)$", (PROJECT_ROOT / "docs/runbook.md").read_text(), re.M)
    assert len(entries) >= 10
    assert set(entries) - set(headings) == set()


def test_nothing_is_begun_when_the_disk_is_low(
    house: Things, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text("{}")
    house.put(("p1", "a", 0.5))
    monkeypatch.setenv("GAUNG_MIN_FREE_BYTES", FULL)
    get_settings.cache_clear()

    with pytest.raises(DiskLow, match=r"the load is not begun: .* has [\d,]+ MB free.*must stay free"):
        ingest.ingest_files([tmp_path / "a.json"])
    with pytest.raises(DiskLow, match="the build is not begun"):
        builds.begin(holder="test", holder_kind="process")
    with pytest.raises(DiskLow, match=r"the backup is not begun.*after writing"):
        backups.backup(datetime.now(UTC))

    assert house.run("select count(*) from ops.outcome") == [(0,)]
    assert house.run("select count(*) from ops.build") == [(0,)]
    assert not backups.folder().exists()


def test_growth_is_known_once_rooms_were_measured_half_a_day_ago(house: Things) -> None:
    assert status.collect().growth == {}
    house.run(
        "insert into ops.room_size values (now() - interval '2 days', 'raw', 0), (now(), 'core', 5)",
        role="loader",
    )

    found = status.collect()

    assert found.growth.keys() == {"raw"}
    assert found.growth["raw"] == pytest.approx(found.sizes["raw"] / 2, rel=0.01)


def test_a_dead_process_whose_number_was_given_anew_is_dead(house: Things) -> None:
    airflow_processes._write([Running("scheduler", os.getpid(), time.time() - 10**6)], {}, "")
    scheduler = next(one for one in airflow_processes.components() if one.name == "scheduler")
    assert not scheduler.is_alive
