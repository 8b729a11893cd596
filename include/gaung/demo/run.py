"""The demo as one command: everything from an empty folder to published tables, by real DAG runs."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaung import airflow_home, airflow_processes
from gaung.demo import generator
from gaung.demo.truth import Truth
from gaung.errors import GaungError
from gaung.settings import get_settings

Progress = Callable[[str, str, int, int], None]
"""Called with the step, what it is doing, its parts done, and how many there are (0: unknown)."""

FOLDER = "demo-synthetic"
DAGS = ("ingest_files", "build_and_publish")
STAGES = 7
TIMEOUT_S = 1800


class DemoFailed(GaungError):
    """A DAG run of the demo did not succeed."""


@dataclass
class DemoReport:
    """What a run of the demo came to; counts are of this run alone.

    Attributes:
        files: files loaded, and files whose batch was there already.
        rows_by_mart: rows that are live now.
    """

    seconds: float
    files: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    rows_by_mart: dict[str, int] = field(default_factory=dict)


def home() -> Path:
    """Where the demo's files and truth are kept."""
    return get_settings().home / "demo"


def run(seed: int, size: str, progress: Progress) -> DemoReport:
    """Set up what is missing, generate, deliver, let the two DAGs run, and tell what came of it.

    Raises:
        DemoFailed: a DAG run failed; names the log.
        GaungError: the warehouse holds the demo of another seed or size.
    """
    from gaung.warehouse import setup

    started = time.monotonic()
    progress("database", "start and migrate", 0, 0)
    setup.ready()
    progress("Airflow", "its own database", 0, 0)
    variables = airflow_home.ready()
    progress("invent", "three days of posts", 0, 0)
    truth = generator.generate(home(), seed, size)
    progress("invent", f"{truth.post_count:,} posts in {len(truth.files)} files", 1, 1)
    _refuse_other(truth)
    _deliver()
    before = _last_outcome()
    if airflow_processes.running():
        _by_scheduler(before, progress)
    else:
        _in_process(variables, before, len(truth.files), progress)
    return _report(before, time.monotonic() - started)


def planted() -> Truth:
    """The truth of the demo that was run last.

    Raises:
        GaungError: none was run yet.
    """
    file = home() / "truth.json"
    if not file.is_file():
        raise GaungError(f"there is no demo in {home()}; run `gaung demo run` first")
    return Truth.read(file)


def _refuse_other(truth: Truth) -> None:
    rows = _ask(
        """
        select count(*) from ops.batch
        where is_synthetic and manifest -> 'files' -> 0 ->> 'sha256' <> all(%s)
        """,
        [file.sha256 for file in truth.files],
    )
    if rows[0][0]:
        raise GaungError(
            "the warehouse holds the demo of another seed or size, and truth would be mixed; "
            "`make clean` begins anew, or name another GAUNG_DATABASE"
        )


def _deliver() -> None:
    """Put the files into the drop folder; the demo's own earlier delivery makes way."""
    drop = get_settings().drop
    for earlier in (drop / FOLDER, drop / "done" / FOLDER):
        shutil.rmtree(earlier, ignore_errors=True)
    shutil.copytree(home() / generator.DELIVERY, drop / FOLDER)


# --------------------------------------------------------------------------------------------
# Running the DAGs
# --------------------------------------------------------------------------------------------


def _in_process(variables: dict[str, str], before: int, file_count: int, progress: Progress) -> None:
    """Run both DAGs in one process of its own, whose log is kept; follow it by what ``ops`` says."""
    log = airflow_home.home() / "logs" / "demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    results = home() / "dag_runs.jsonl"
    results.unlink(missing_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "gaung_airflow.inprocess", str(results), *DAGS],
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while child.poll() is None:
                progress(*_where(before, file_count, results))
                time.sleep(0.5)
        finally:
            if child.poll() is None:
                child.terminate()
    runs = [json.loads(line) for line in results.read_text().splitlines()] if results.is_file() else []
    if child.returncode or [one["dag_id"] for one in runs] != list(DAGS):
        raise DemoFailed(_failure(runs, log))
    progress(*_ingested(before, file_count))
    progress(f"DAG {DAGS[1]}", "published", STAGES, STAGES)


def _ingested(before: int, file_count: int) -> tuple[str, str, int, int]:
    """How far the first DAG is."""
    loaded, records = _ask(
        "select count(*), coalesce(sum(received_count), 0) from ops.outcome where outcome_id > %s", before
    )[0]
    words = f"{loaded} of {file_count} files, {records:,} records" if loaded else "starting"
    return f"DAG {DAGS[0]}", words, min(loaded, file_count), file_count


def _where(before: int, file_count: int, results: Path) -> tuple[str, str, int, int]:
    """What the DAGs are doing, as :data:`Progress` takes it."""
    if not results.is_file() or not results.read_text():
        return _ingested(before, file_count)
    rows = _ask(
        """
        select s.stage, (select count(distinct stage) from ops.build_stage as d where d.build_id = s.build_id)
        from ops.build_stage as s
        inner join ops.build as b using (build_id)
        where b.status in ('running', 'judged')
        order by s.started_at desc limit 1
        """
    )
    stage, number = rows[0] if rows else ("begin", 0)
    return f"DAG {DAGS[1]}", stage, number, STAGES


def _failure(runs: list[dict[str, Any]], log: Path) -> str:
    failed = [
        f"{one['dag_id']}.{task['task_id']} {task['state']}"
        for one in runs
        for task in one["tasks"]
        if task["state"] not in ("success", "skipped")
    ]
    lines = [
        line for line in log.read_text("utf-8", "replace").splitlines() if "Error" in line or "Failed" in line
    ]
    told = "\n  ".join(line.strip()[:300] for line in lines[-6:])
    return f"a DAG run failed ({', '.join(failed) or 'no run ended'}); the whole log is {log}\n  {told}"


def _by_scheduler(before: int, progress: Progress) -> None:
    """Airflow is running: trigger the first DAG; the asset that it updates starts the second."""
    if airflow_home.run(["dags", "trigger", DAGS[0]]):
        raise DemoFailed("the running Airflow did not take the trigger; see `gaung logs`")
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        waiting = [path for path in (get_settings().drop / FOLDER).glob("*") if path.suffix != ".yml"]
        unbuilt = _ask(
            """
            select count(*) from ops.batch as b where b.is_synthetic and not exists (
                select from ops.build_batch as bb inner join ops.build as u using (build_id)
                where bb.batch_id = b.batch_id and u.status = 'published'
            )
            """
        )[0][0]
        if not waiting and not unbuilt:
            return
        progress("scheduler", f"{len(waiting)} files wait, {unbuilt} batches are unbuilt", 0, 0)
        time.sleep(2)
    raise DemoFailed(
        "the running Airflow did not finish in half an hour; see `gaung status` and `gaung logs`"
    )


# --------------------------------------------------------------------------------------------
# What came of it
# --------------------------------------------------------------------------------------------


def _ask(query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    from gaung.warehouse.connect import connect

    with closing(connect("transformer", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def _last_outcome() -> int:
    return int(_ask("select coalesce(max(outcome_id), 0) from ops.outcome")[0][0])


def _report(before: int, seconds: float) -> DemoReport:
    report = DemoReport(seconds)
    names = ("received", "loaded", "unchanged", "ignored", "quarantined")
    columns = ", ".join(f"coalesce(sum({name}_count), 0)" for name in names)
    query = (
        f"select {columns} from ops.outcome where step = 'load' and status = 'succeeded' and outcome_id > %s"  # noqa: S608
    )
    report.records = dict(zip(names, map(int, _ask(query, before)[0]), strict=True))
    report.files = dict(
        _ask(
            "select status, count(*) from ops.outcome where step = 'load' and outcome_id > %s group by 1",
            before,
        )
    )
    judged = _ask(
        "select status, declared_count, evaluated_count from ops.gate_run order by build_id desc limit 1"
    )
    if judged:
        report.gate = dict(zip(("status", "declared", "evaluated"), judged[0], strict=True))
    report.version = int(_ask("select version from ops.live")[0][0])
    report.rows_by_mart = _rows_by_mart()
    return report


def _rows_by_mart() -> dict[str, int]:
    from psycopg2 import sql

    from gaung.warehouse.connect import connect
    from gaung.warehouse.marts import load

    counts = {}
    with closing(connect("bi_reader", autocommit=True)) as session, session.cursor() as cursor:
        for mart in load():
            cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("marts", mart.name)))
            row = cursor.fetchone()
            counts[mart.name] = int(row[0]) if row else 0
    return counts
