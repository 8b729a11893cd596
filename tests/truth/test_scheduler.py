"""The DAG under the real scheduler: its task killed, the scheduler killed, and ten ticks among producers.

The DAG is the shipped file with one string changed: its ticks come every minute.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg2
import pytest

from gaung import airflow_home, airflow_processes, pipeline
from gaung.errors import ServerUnavailable
from gaung.settings import PROJECT_ROOT
from gaung.warehouse import local
from tests.building import ask, deliver, random_lines, write_brands
from tests.truth import worlds

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(7200),
    pytest.mark.usefixtures("warehouse", "lines"),
]

SEED = int(os.environ.get("GAUNG_PROVE_SEED", "20261122"))
DAG = "build_and_publish"
TICKS = 10
PRODUCERS = 8
TELLING = 2
"""Producers that tell of new files as `ingest_files` does; the others are found by the tick."""

PATIENCE_S = 900


@contextmanager
def airflow(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Airflow's four processes with the DAG, its ticks compressed to a minute."""
    folder.mkdir()
    shipped = (PROJECT_ROOT / "dags" / f"{DAG}.py").read_text("utf-8")
    assert shipped.count('"5/15 * * * *"') == 1
    (folder / f"{DAG}.py").write_text(shipped.replace('"5/15 * * * *"', '"* * * * *"'), "utf-8")
    patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(folder))
    try:
        airflow_processes.up()
        assert airflow_processes.await_healthy(PATIENCE_S), airflow_processes.log_tails()
        yield
    finally:
        airflow_processes.down()


def of_airflow(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a query to Airflow's own tables."""
    address = airflow_home._database_url().replace("+psycopg2", "")
    with closing(psycopg2.connect(address, options="-c timezone=UTC")) as session:
        cursor = session.cursor()
        cursor.execute(query, parameters)
        return cursor.fetchall()


def until(told: str, condition: Callable[[], Any], every_s: float = 0.2, within_s: float = PATIENCE_S) -> Any:
    """What the condition gives once it is true."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{told}: not within {within_s} s; {builds_so_far()}"
        time.sleep(every_s)
    return found


def builds_so_far() -> list[tuple[Any, ...]]:
    return ask(
        "select build_id, status, stage, holder, started_at, ended_at from ops.build order by build_id"
    )


def assert_equal_to_rebuild() -> None:
    steps = worlds.checksums()
    assert pipeline.build(holder="test", full=True).status == "unchanged"
    assert worlds.checksums() == steps


# -- kills -------------------------------------------------------------------------------------------


def modelling() -> int | None:
    """The process of the task that builds models now, told by its session with the server."""
    found = ask("select client_port from pg_stat_activity where application_name like 'gaung build % models'")
    ports = {port for (port,) in found}
    for one in psutil.net_connections("tcp") if ports else ():
        if one.laddr.port in ports and one.raddr and one.raddr.port == local.port() and one.pid:
            return int(one.pid)
    return None


def published(version: int) -> bool:
    return ask("select version >= %s from ops.live", (version,)) == [(True,)]


def test_a_killed_task_and_a_killed_scheduler_need_no_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_figures: Callable[..., None]
) -> None:
    rng = random.Random(SEED)
    write_brands()
    deliver(random_lines(rng, 100), "first.ndjson")
    pipeline.build(holder="test")
    recovered: dict[str, float] = {}
    with airflow(tmp_path / "dags", monkeypatch):
        deliver(random_lines(rng, 60), "second.ndjson")
        psutil.Process(until("a task builds models", modelling)).kill()
        begun = time.monotonic()
        until("version 2", lambda: published(2))
        recovered["task"] = round(time.monotonic() - begun, 1)

        deliver(random_lines(rng, 60), "third.ndjson")
        until("a task builds models", modelling)
        scheduler = next(one for one in airflow_processes.running() if one.name == "scheduler")
        psutil.Process(scheduler.pid).kill()
        begun = time.monotonic()
        until("version 3", lambda: published(3))
        recovered["scheduler"] = round(time.monotonic() - begun, 1)
        until("another scheduler", airflow_processes.is_healthy)
        deliver(random_lines(rng, 60), "fourth.ndjson")
        until("version 4", lambda: published(4))
        tries = of_airflow(
            "select task_id, max(try_number) from task_instance where dag_id = %s group by 1 order by 1", DAG
        )
    assert_equal_to_rebuild()
    found = builds_so_far()
    record_figures("scheduler_kills", seed=SEED, recovered_s=recovered, builds=found, tries=dict(tries))
    assert [status for _, status, *_ in found].count("published") >= 4
    assert_never_two_at_once()


# -- ten ticks ---------------------------------------------------------------------------------------


class Producers:
    """Eight producers, each of which commits a batch at a random moment of every minute or so."""

    def __init__(self, tell: Callable[[], None]) -> None:
        """Start them."""
        self.tell = tell
        self.stop = threading.Event()
        self.committed: dict[str, datetime] = {}
        self.failures: list[str] = []
        self.events = 0
        self.threads = [
            threading.Thread(target=self._produce, args=(n,), daemon=True) for n in range(PRODUCERS)
        ]
        for thread in self.threads:
            thread.start()

    def _produce(self, number: int) -> None:
        rng = random.Random(SEED + number)
        turn = 0
        try:
            while not self.stop.wait(rng.uniform(5, 75)):
                turn += 1
                name = f"producer{number}.{turn}.ndjson"
                self._deliver(random_lines(rng, 10), name)
                self.committed[name] = datetime.now(UTC)
                if number < TELLING:
                    self.tell()
                    self.events += 1
        except Exception as error:
            self.failures.append(f"producer {number}: {error!r}")

    def _deliver(self, lines: list[Any], name: str) -> None:
        """Load a batch; again when the server cannot be reached, as a task is tried again."""
        for _ in range(3):
            try:
                return deliver(lines, name)
            except ServerUnavailable:
                self.stop.wait(5)
        return deliver(lines, name)

    def end(self) -> None:
        """Stop all of them."""
        self.stop.set()
        for thread in self.threads:
            thread.join(120)


def teller() -> Callable[[], None]:
    """A function that tells Airflow that `raw/files` was updated."""
    web = f"http://127.0.0.1:{airflow_home.port()}"
    password = airflow_home._keys()["user_password"]
    answer = httpx.post(
        f"{web}/auth/token", json={"username": airflow_home.USER, "password": password}, timeout=60
    )
    headers = {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}
    listed = httpx.get(f"{web}/api/v2/assets", headers=headers, timeout=60).raise_for_status().json()
    asset = next(one["id"] for one in listed["assets"] if one["name"] == "raw/files")

    def tell() -> None:
        body = {"asset_id": asset, "extra": {}}
        httpx.post(f"{web}/api/v2/assets/events", json=body, headers=headers, timeout=60).raise_for_status()

    return tell


def runs(run_type: str) -> list[tuple[datetime, datetime | None, str]]:
    """Start, end and state of the DAG's runs, in order."""
    return of_airflow(
        "select start_date, end_date, state from dag_run where dag_id = %s and run_type = %s "
        "and start_date is not null order by start_date",
        DAG,
        run_type,
    )


def assert_never_two_at_once() -> None:
    overlaps = ask(
        """
        select a.build_id, b.build_id from ops.build as a join ops.build as b on a.build_id < b.build_id
        where b.started_at < coalesce(a.ended_at, 'infinity')
        """
    )
    assert overlaps == []
    stages = ask(
        """
        select a.build_id, a.stage, b.build_id, b.stage
        from ops.build_stage as a
        join ops.build_stage as b on (a.started_at, a.build_id, a.stage) < (b.started_at, b.build_id, b.stage)
        where b.started_at < a.ended_at
        """
    )
    assert stages == []


def live_since() -> dict[str, datetime]:
    """When the rows of each file were published."""
    return dict(
        ask(
            """
            select m.manifest -> 'files' -> 0 ->> 'name', min(b.ended_at)
            from ops.batch as m
            join ops.build_batch as bb using (batch_id)
            join ops.build as b using (build_id)
            where b.status = 'published' group by 1
            """
        )
    )


def test_ten_ticks_among_eight_producers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_figures: Callable[..., None]
) -> None:
    write_brands()
    deliver(random_lines(random.Random(SEED), 100), "first.ndjson")
    pipeline.build(holder="test")
    with airflow(tmp_path / "dags", monkeypatch):
        until("the first tick", lambda: runs("scheduled"))
        producers = Producers(teller())
        until(
            "ten ticks",
            lambda: len(runs("scheduled")) >= TICKS or producers.failures,
            every_s=1,
            within_s=PATIENCE_S * 4,
        )
        producers.end()
        assert producers.failures == []
        last = max(producers.committed.values())
        until(
            "the tick after the last commit",
            lambda: any(start > last and end for start, end, _ in runs("scheduled")),
            every_s=1,
        )
        ticks, told = runs("scheduled"), runs("asset_triggered")
    lives, waits = live_since(), []
    for name, committed in producers.committed.items():
        tick = next(end for start, end, _ in ticks if start >= committed)
        assert tick is not None and lives[name] <= tick, f"{name}: {committed}, {lives.get(name)}, {tick}"
        waits.append((lives[name] - committed).total_seconds())
    built = [row for row in builds_so_far() if row[3].startswith("DAG run")]
    assert {status for _, status, *_ in built} == {"published"}
    assert len(built) <= len(ticks) + producers.events
    assert_never_two_at_once()
    assert all(state == "success" for _, end, state in [*ticks, *told] if end)
    assert_equal_to_rebuild()
    record_figures(
        "ten_ticks",
        seed=SEED,
        ticks=len(ticks),
        runs_by_event=len(told),
        file_events=producers.events,
        batches=len(waits),
        builds=len(built),
        wait_s_median=sorted(waits)[len(waits) // 2],
        wait_s_max=max(waits),
    )
