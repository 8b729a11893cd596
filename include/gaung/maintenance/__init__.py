"""The nightly maintenance: steps that do not depend on each other, each with a row in ``ops.maintenance``.

The DAG ``maintain`` runs them as tasks, `gaung maintain` one after the other. A step that fails stops no
other; what it deletes or changes is one transaction, so that running it again is harmless.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg2 import Error
from psycopg2.extras import Json

from gaung.errors import GaungError, SettingsInvalid
from gaung.maintenance import backups, checks, cleaning, deletions, thinning
from gaung.maintenance.skipped import Skipped
from gaung.warehouse.connect import connect

log = logging.getLogger(__name__)

Counts = dict[str, int]

STEPS: dict[str, Callable[[datetime], Counts]] = {
    "gates": checks.live_marts,
    "latest": checks.latest,
    "deleted": deletions.erase,
    "thin": thinning.thin,
    "retain": cleaning.retain,
    "logs": cleaning.logs,
    "airflow": cleaning.airflow,
    "vacuum": cleaning.vacuum,
    "backup": backups.backup,
    "rehearse": backups.rehearse,
    "sizes": cleaning.sizes,
}
"""The steps in their order; each takes the moment that counts as now and gives counts."""


@dataclass(frozen=True)
class StepReport:
    """What a step came to."""

    step: str
    status: str
    seconds: float
    counts: Counts = field(default_factory=dict)
    error: BaseException | None = None


def run(
    names: Sequence[str] = (),
    *,
    at: datetime | None = None,
    run_id: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[StepReport]:
    """What every step came to; without names these are all.

    Raises:
        SettingsInvalid: there is no such step.
    """
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        raise SettingsInvalid(f"there is no step {unknown[0]!r}; known: {', '.join(STEPS)}")
    at = at or datetime.now(UTC)
    run_id = run_id or f"command {at:%Y-%m-%dT%H:%M:%SZ}"
    reports = []
    for name in names or STEPS:
        if progress:
            progress(name)
        reports.append(run_step(name, at=at, run_id=run_id))
    return reports


def run_step(name: str, *, at: datetime, run_id: str) -> StepReport:
    """What one step came to, noted in ``ops.maintenance``; its error is in the report, not raised."""
    started_at, started = datetime.now(UTC), time.perf_counter()
    status, counts = "succeeded", Counts()
    error: Exception | None = None
    try:
        counts = STEPS[name](at)
    except Skipped as reason:
        status, error = "skipped", reason
    except Exception as failure:
        status, error = "failed", failure
        log.debug("maintenance step %s failed", name, exc_info=True)
    report = StepReport(name, status, time.perf_counter() - started, counts, error)
    log.info("maintenance step %s %s in %.1f s: %s", name, status, report.seconds, error or counts)
    try:
        _note(report, run_id, started_at)
    except (GaungError, Error) as failure:
        log.error("what step %s came to could not be noted: %s", name, failure)
        return report if status == "failed" else StepReport(name, "failed", report.seconds, counts, failure)
    return report


def _note(report: StepReport, run_id: str, started_at: datetime) -> None:
    with (
        closing(connect("loader", autocommit=True, application_name="gaung maintain")) as conn,
        conn.cursor() as cur,
    ):
        cur.execute(
            """
            insert into ops.maintenance (run_id, step, status, counts, error_class, error_message, started_at)
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            (
                run_id,
                report.step,
                report.status,
                Json(report.counts),
                type(report.error).__name__ if report.error else None,
                str(report.error)[:4000] if report.error else None,
                started_at,
            ),
        )
