"""One screen of truth: what runs, what is published, what is missing, what failed, how large it is."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg2.extensions import cursor

from gaung import airflow_processes, space
from gaung.airflow_processes import Component
from gaung.errors import GaungError
from gaung.maintenance import backups
from gaung.settings import get_settings
from gaung.warehouse import sizes
from gaung.warehouse.connect import connect

STALE_AFTER_MINUTES = 60
"""A batch that waits longer than this for its publication is a gap."""

BACKUP_MAX_AGE = timedelta(hours=36)
"""One night may fail; after two somebody should know."""

LATE_FACTOR = 3
"""A source is late when it is silent for so many times its usual pause between hours with deliveries."""

LATE_AT_LEAST = timedelta(hours=2)
DISK_WARNING_DAYS = 7
EXPLAINED_ELSEWHERE = ("ingest_files", "build_and_publish")
"""DAGs whose failures are known by what failed: a file, a build, a batch that waits."""


@dataclass(frozen=True)
class RunningBuild:
    """A build that has begun and not ended."""

    build_id: int
    holder: str
    stage: str
    started_at: datetime
    heartbeat_at: datetime


@dataclass(frozen=True)
class FailedLoad:
    """A file or batch that could not be loaded and was not since."""

    file_name: str
    error: str
    ended_at: datetime


@dataclass(frozen=True)
class DagRun:
    """How the newest finished run of a DAG ended."""

    dag_id: str
    state: str
    ended_at: datetime


@dataclass(frozen=True)
class FailedStep:
    """A step of the maintenance whose newest attempt failed."""

    step: str
    error: str
    ended_at: datetime


@dataclass(frozen=True)
class LateSource:
    """A source that delivered regularly, and is silent for much longer than it used to be."""

    source: str
    last_at: datetime
    usual: timedelta
    silent: timedelta


@dataclass(frozen=True)
class Problem:
    """What needs a person, and the runbook's entry about it."""

    sentence: str
    entry: str


@dataclass
class Status:
    """What `gaung status` shows.

    Attributes:
        badge: the one row of ``marts.trust_badge``.
        problems: what needs a person, worst first; empty when all is well.
        components: Airflow's processes; empty when nothing should run.
        sizes: bytes per room.
        growth: bytes a day per room, over the last week; rooms never measured before are absent.
        free: free bytes by folder.
        backup_age: of the newest nightly backup; None when there is none.
        real_since: since when there is data that is not synthetic; None when there is none.
    """

    badge: dict[str, Any]
    running: RunningBuild | None = None
    failed_loads: tuple[FailedLoad, ...] = ()
    quarantined: dict[str, int] = field(default_factory=dict)
    oldest_waiting_minutes: float | None = None
    rows_by_mart: dict[str, int] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    runs: tuple[DagRun, ...] = ()
    failed_steps: tuple[FailedStep, ...] = ()
    late_sources: tuple[LateSource, ...] = ()
    open_alerts: tuple[str, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)
    growth: dict[str, float] = field(default_factory=dict)
    free: dict[Path, int] = field(default_factory=dict)
    backup_age: timedelta | None = None
    real_since: timedelta | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when nothing needs a person, else 1."""
        return 1 if self.problems else 0


def collect() -> Status:
    """The status of the warehouse now."""
    with (
        closing(connect("publisher", autocommit=True, application_name="gaung status")) as conn,
        conn.cursor() as cur,
    ):
        status = Status(
            badge=_badge(cur),
            running=_running(cur),
            failed_loads=_failed_loads(cur),
            quarantined=_quarantined(cur),
            oldest_waiting_minutes=_oldest_waiting(cur),
            rows_by_mart=_rows(cur),
            runs=_runs(cur),
            failed_steps=_failed_steps(cur),
            late_sources=_late_sources(cur),
            open_alerts=_open_alerts(cur),
            sizes=sizes.measure(cur),
            real_since=_real_since(cur),
        )
        status.growth = _growth(cur, status.sizes)
    status.components = tuple(airflow_processes.components())
    status.free = space.free()
    newest = backups.kept()[-1:]
    status.backup_age = datetime.now(UTC) - backups.made_at(newest[0]) if newest else None
    status.problems = tuple(_problems(status))
    return status


def dismiss(names: Iterable[str], *, reason: str) -> list[str]:
    """The files that no longer count as missing: nobody will load them; why is kept in ``ops.outcome``.

    Without names these are all that could not be loaded.

    Raises:
        GaungError: a name is not among the files that could not be loaded.
    """
    with (
        closing(connect("publisher", autocommit=True, application_name="gaung dismiss")) as conn,
        conn.cursor() as cur,
    ):
        missing = [load.file_name for load in _failed_loads(cur)]
    chosen = list(dict.fromkeys(names)) or missing
    unknown = sorted(set(chosen) - set(missing))
    if unknown:
        known = ", ".join(missing) or "none"
        raise GaungError(f"{unknown[0]} is not among the files that could not be loaded: {known}")
    with closing(connect("loader", application_name="gaung dismiss")) as conn, conn.cursor() as cur:
        for name in chosen:
            cur.execute(
                """
                insert into ops.outcome
                    (step, status, source, file_name, error_class, error_message, started_at)
                values ('extract', 'skipped', 'files', %s, 'Dismissed', %s, clock_timestamp())
                """,
                (name, reason),
            )
        conn.commit()
    return chosen


def _badge(cur: cursor) -> dict[str, Any]:
    cur.execute("select * from marts.trust_badge")
    row = cur.fetchone() or ()
    return dict(zip((column.name for column in cur.description or ()), row, strict=True))


def _open_alerts(cur: cursor) -> tuple[str, ...]:
    """What is open, worst and oldest first: severity, title and evidence."""
    cur.execute(
        """
        select severity || ': ' || title_en || '. ' || reason_en from marts.alert
        where is_open order by severity, alert_id
        """
    )
    return tuple(told for (told,) in cur.fetchall())


def _running(cur: cursor) -> RunningBuild | None:
    cur.execute(
        """
        select build_id, holder, stage, started_at, heartbeat_at from ops.build
        where status in ('running', 'judged') order by build_id desc limit 1
        """
    )
    row = cur.fetchone()
    return RunningBuild(*row) if row else None


def _failed_loads(cur: cursor) -> tuple[FailedLoad, ...]:
    cur.execute(
        """
        select coalesce(file_name, batch_key, source), error_class || ': ' || error_message, ended_at
        from ops.unresolved_failure order by ended_at desc, outcome_id desc
        """
    )
    return tuple(FailedLoad(*row) for row in cur.fetchall())


def _quarantined(cur: cursor) -> dict[str, int]:
    cur.execute(
        """
        select reason, sum(count::bigint)
        from ops.outcome as o, jsonb_each_text(o.quarantined) as q (reason, count)
        where o.step = 'load' and o.status = 'succeeded' and jsonb_typeof(o.quarantined) = 'object'
        group by reason order by 2 desc, 1
        """
    )
    return {reason: int(count) for reason, count in cur.fetchall()}


def _oldest_waiting(cur: cursor) -> float | None:
    cur.execute(
        """
        select extract(epoch from clock_timestamp() - min(b.loaded_at))::float8 / 60 from ops.batch as b
        where not exists (
            select from ops.build_batch as bb join ops.build as u using (build_id)
            where bb.batch_id = b.batch_id and u.status = 'published'
        )
        """
    )
    row = cur.fetchone()
    return None if row is None or row[0] is None else float(row[0])


def _rows(cur: cursor) -> dict[str, int]:
    cur.execute("select mart, total from ops.mart_total where measure = 'rows' order by mart")
    return {mart: int(total) for mart, total in cur.fetchall()}


def _runs(cur: cursor) -> tuple[DagRun, ...]:
    cur.execute(
        """
        select distinct on (dag_id) dag_id, state, coalesce(ended_at, noted_at)
        from ops.airflow_run where task_id is null order by dag_id, airflow_run_id desc
        """
    )
    return tuple(DagRun(*row) for row in cur.fetchall())


def _failed_steps(cur: cursor) -> tuple[FailedStep, ...]:
    cur.execute(
        """
        select step, error_class || ': ' || error_message, ended_at from (
            select distinct on (step) * from ops.maintenance order by step, maintenance_id desc
        ) as newest where status = 'failed' order by ended_at
        """
    )
    return tuple(FailedStep(*row) for row in cur.fetchall())


def _late_sources(cur: cursor) -> tuple[LateSource, ...]:
    """Sources that delivered in at least five hours of the last 60 days, and are silent for long."""
    cur.execute(
        """
        with hours as (
            select source, date_trunc('hour', loaded_at, 'UTC') as hour_at, max(loaded_at) as last_at
            from ops.batch
            where not is_synthetic and loaded_at > clock_timestamp() - interval '60 days'
            group by 1, 2
        ), pauses as (
            select source, last_at,
                hour_at - lag(hour_at) over (partition by source order by hour_at) as pause
            from hours
        ), usual as (
            select source, max(last_at) as last_at,
                percentile_cont(0.5) within group (order by pause) as pause
            from pauses group by source having count(*) >= 5
        )
        select source, last_at, pause, clock_timestamp() - last_at from usual
        where clock_timestamp() - last_at > greatest(%s * pause, %s) order by last_at
        """,
        (LATE_FACTOR, LATE_AT_LEAST),
    )
    return tuple(LateSource(*row) for row in cur.fetchall())


def _real_since(cur: cursor) -> timedelta | None:
    cur.execute("select clock_timestamp() - min(loaded_at) from ops.batch where not is_synthetic")
    row = cur.fetchone()
    return row[0] if row else None


def _growth(cur: cursor, now: dict[str, int]) -> dict[str, float]:
    """Bytes a day per room since its first measurement of the last week, if that is half a day old."""
    cur.execute(
        """
        select distinct on (room) room, bytes,
            extract(epoch from clock_timestamp() - measured_at)::float8 / 86400
        from ops.room_size
        where measured_at > clock_timestamp() - interval '7 days 6 hours'
            and measured_at < clock_timestamp() - interval '12 hours'
        order by room, measured_at
        """
    )
    return {room: (now[room] - before) / days for room, before, days in cur.fetchall() if room in now}


def _problems(status: Status) -> Iterator[Problem]:
    yield from _problems_of_the_machine(status)
    yield from _problems_of_the_data(status)
    for step in status.failed_steps:
        yield Problem(
            f"maintenance step {step.step} failed: {step.error}", "A step of the maintenance failed"
        )
    for run in status.runs:
        if run.state == "failed" and run.dag_id not in EXPLAINED_ELSEWHERE and not status.failed_steps:
            yield Problem(
                f"the last run of {run.dag_id} failed, {run.ended_at:%m-%d %H:%M} UTC", "A run failed"
            )
    yield from _problems_of_backups(status)


def _problems_of_the_machine(status: Status) -> Iterator[Problem]:
    for component in status.components:
        if not component.is_well:
            said = "is dead" if not component.is_alive else f"is {component.health}"
            yield Problem(f"{component.name} {said}", "A component is dead")
    reserve = get_settings().min_free_bytes
    growth = sum(status.growth.values())
    for folder, free in status.free.items():
        where = f"{folder} has {space.megabytes(free)} free"
        if free < reserve:
            yield Problem(
                f"{where}, less than the reserve of {space.megabytes(reserve)}: nothing is loaded or built",
                "Disk full",
            )
        elif growth > 0 and (free - reserve) / growth < DISK_WARNING_DAYS:
            yield Problem(
                f"{where}: at {space.megabytes(int(growth))} a day the reserve is reached in "
                f"{(free - reserve) / growth:.0f} days",
                "Disk full",
            )


def _problems_of_the_data(status: Status) -> Iterator[Problem]:
    badge = status.badge
    if badge["is_held"]:
        yield Problem(
            f"publishing is held: {badge['hold_reason']}; lift it with `gaung publish --resume`",
            "Publishing is held",
        )
    if badge["last_build_status"] in ("blocked", "failed", "abandoned"):
        yield Problem(
            f"build {badge['last_build_id']} was {badge['last_build_status']}: "
            f"{badge['last_build_message'] or 'no message'}",
            "The gate blocked a build" if badge["last_build_status"] == "blocked" else "A build failed",
        )
    if status.failed_loads:
        yield Problem(
            f"{len(status.failed_loads)} files or batches could not be loaded: mend and ingest them again, "
            "or let them go with `gaung dismiss`",
            "A file cannot be read",
        )
    waiting = status.oldest_waiting_minutes
    if waiting is not None and waiting > STALE_AFTER_MINUTES and status.running is None:
        yield Problem(
            f"a loaded batch waits {waiting:.0f} minutes to be published; run `gaung build`",
            "A batch waits to be published",
        )
    for told in status.open_alerts:
        yield Problem(f"open alert, {told}", "An alert is open")
    for late in status.late_sources:
        yield Problem(
            f"{late.source} is late: nothing since {late.last_at:%Y-%m-%d %H:%M} UTC, usually every "
            f"{_hours(late.usual)}",
            "A source is late",
        )


def _problems_of_backups(status: Status) -> Iterator[Problem]:
    if status.real_since is None or status.real_since < BACKUP_MAX_AGE:
        return
    if status.backup_age is None:
        yield Problem("there is no backup; run `gaung maintain backup rehearse`", "A backup is old")
    elif status.backup_age > BACKUP_MAX_AGE:
        yield Problem(f"the newest backup is {_hours(status.backup_age)} old", "A backup is old")


def _hours(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 3600:.0f} h"
