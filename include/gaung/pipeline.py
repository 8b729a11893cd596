"""A whole build in one process: begin, latest, enrich, dirty, models, gate, publish.

The DAG ``build_and_publish`` runs the same stages as tasks, by :func:`run_stage`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gaung.errors import GateFailed, GaungError
from gaung.warehouse import builds
from gaung.warehouse.builds import Build

Progress = Callable[[str, float | None], None]
"""Called with a stage's name and None when it starts, and with its seconds when it ends."""


@dataclass
class BuildReport:
    """What a build came to.

    Attributes:
        status: ``published``, ``unchanged`` (published, nothing readers see differs) or ``nothing_to_do``.
        stages: seconds per stage, in order.
        rows: what each stage wrote.
    """

    status: str
    build_id: int | None = None
    version: int | None = None
    mode: str | None = None
    batch_count: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    gate_status: str | None = None
    gate_evaluated: int = 0
    warnings: tuple[str, ...] = ()
    rows_by_mart: dict[str, int] = field(default_factory=dict)
    partitions_by_mart: dict[str, int] = field(default_factory=dict)


def build(*, holder: str | None = None, full: bool = False, progress: Progress | None = None) -> BuildReport:
    """The report of one build from begin to publication.

    Raises:
        BuildBusy: another build is running.
        PublishingHeld: publishing is held.
        GateFailed: the gate blocked the candidate; readers keep the last good version.
    """
    begun = builds.begin(
        holder=holder or builds.default_holder(),
        holder_kind="process",
        mode="full" if full else "incremental",
    )
    if begun is None:
        return BuildReport("nothing_to_do")
    report = BuildReport("published", build_id=begun.build_id, mode=begun.mode, batch_count=begun.batch_count)
    try:
        for name in STAGES:
            if progress:
                progress(name, None)
            started = time.perf_counter()
            report.rows[name] = _note(report, name, run_stage(name, begun.build_id, begun.token))
            report.stages[name] = time.perf_counter() - started
            if progress:
                progress(name, report.stages[name])
    except BaseException as error:
        builds.fail(begun.build_id, begun.token, error)
        raise
    builds.release(begun.build_id)
    return report


def run_stage(name: str, build_id: int, token: str) -> Any:
    """What the stage's own function gives, run under the build lock; its counts are in ``ops.build_stage``.

    Raises:
        KeyError: no such stage.
        GaungError: what the stage raises; one that is not retryable ends the build.
        BuildFenced: the build was taken over or is over.
        GateFailed: at stage ``gate``: the candidate must not be published.
    """
    work = STAGES[name]
    try:
        with builds.stage(build_id, token, name) as record:
            outcome = work(builds.get(build_id), token)
            record.rows.update(_counts(outcome))
            if name == "gate" and outcome.is_blocked:
                raise GateFailed(outcome.sentence)
    except GaungError as error:
        if not error.retryable:
            builds.fail(build_id, token, error)
        raise
    return outcome


def _note(report: BuildReport, name: str, outcome: Any) -> dict[str, int]:
    if name == "gate":
        report.gate_status = outcome.status
        report.gate_evaluated = outcome.evaluated_count
        report.warnings = tuple(result.sentence for result in outcome.warnings)
    if name == "publish":
        report.version = outcome.version
        report.status = "published" if outcome.changed else "unchanged"
        report.rows_by_mart = outcome.rows_by_mart
        report.partitions_by_mart = outcome.partitions_by_mart
    return _counts(outcome)


def _counts(outcome: Any) -> dict[str, int]:
    """Whole numbers that a stage's outcome reports, whatever its class."""
    if outcome is None:
        return {}
    if hasattr(outcome, "partitions_by_mart"):
        return dict(outcome.partitions_by_mart)
    values = outcome if isinstance(outcome, dict) else getattr(outcome, "__dict__", {})
    return {
        str(key): value
        for key, value in values.items()
        if isinstance(value, int) and not isinstance(value, bool)
    }


def _latest(build: Build, token: str) -> Any:
    from gaung.warehouse import latest, publisher

    if build.mode == "full":
        publisher.mark_live_dirty(build.build_id, token)
    return latest.refresh(build.build_id, token)


def _enrich(build: Build, token: str) -> Any:
    from gaung import enrich

    return enrich.run(build.build_id, token)


def _dirty(build: Build, token: str) -> Any:
    from gaung.warehouse import latest

    return latest.note_partitions(build.build_id, token)


def _models(build: Build, token: str) -> Any:
    """Rows per mart, and keys per kind (``dirty__<kind>``) once the models have added theirs."""
    from gaung import models
    from gaung.warehouse import latest

    rows = models.run(build.build_id, token, version=build.version, built_at=build.started_at)
    return rows | latest.dirty_keys(build.build_id, token)


def _gate(build: Build, token: str) -> Any:
    from gaung.quality import gate

    return gate.judge(build.build_id, token)


def _publish(build: Build, token: str) -> Any:
    from gaung.alerts import watch
    from gaung.warehouse import publisher

    watch.note_quarters(build.build_id, token)
    return publisher.publish(build.build_id, token)


STAGES: dict[str, Callable[[Build, str], Any]] = {
    "latest": _latest,
    "enrich": _enrich,
    "dirty": _dirty,
    "models": _models,
    "gate": _gate,
    "publish": _publish,
}
"""The stages after ``begin``, in order."""
