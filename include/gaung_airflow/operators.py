"""Thin operators: each calls one door of the library; ids, tokens and counts are all that travels.

Heavy libraries are imported when a task runs, never when a DAG is parsed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from gaung.errors import BuildBusy, GaungError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from gaung.ingest import Delivery, FileReport

Counts = dict[str, Any]
BuildHandle = dict[str, Any]
"""A build between tasks: ``build_id`` and ``token``, nothing else."""


class DropFolderPlanOperator(BaseOperator):
    """Gives the paths of the drop folder's complete files, relative to it, in order of name.

    Args:
        limit: paths per run; what is left waits for the next one.
    """

    def __init__(self, *, limit: int = 500, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def execute(self, context: "Context") -> list[str]:
        """The plan; empty when nothing waits."""
        from gaung import ingest
        from gaung.settings import get_settings

        drop = get_settings().drop
        paths = [str(one.path.relative_to(drop)) for one in ingest.plan_drop()]
        self.log.info("%d files wait in %s", len(paths), drop)
        return paths[: self.limit]


class FileIngestOperator(BaseOperator):
    """Lands and loads one file of the drop folder, then moves it to ``done/`` or ``failed/``; gives counts.

    Args:
        path: relative to the drop folder.
    """

    template_fields = ("path",)

    def __init__(self, *, path: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = path

    def execute(self, context: "Context") -> Counts:
        """Counts of the file's records by fate.

        Raises:
            GaungError: nothing of the file could be used; says why and what to do.
        """
        from gaung import ingest

        waiting = _delivery(self.path)
        if waiting is None:
            return self._taken()
        report = ingest.ingest_deliveries([waiting], run_id=str(context["run_id"]))
        if any(file.error for file in report.files) and not waiting.path.exists():
            return self._taken()
        ingest.settle(waiting.path, report.files)
        _raise_first(report.files)
        counts = {
            "received": report.total("received"),
            "loaded": report.total("loaded"),
            "unchanged": report.total("unchanged"),
            "ignored": report.total("ignored_count"),
            "quarantined": report.total("quarantined_count"),
        }
        self.log.info("%s: %s", self.path, counts)
        return counts

    def _taken(self) -> Counts:
        self.log.info("%s no longer waits: another run has taken it", self.path)
        return {"received": 0, "loaded": 0}


def _delivery(path: str) -> "Delivery | None":
    """How to ingest a file of the drop folder, None when it is not there any more."""
    from gaung import ingest
    from gaung.settings import get_settings

    return next(iter(ingest.plan_drop(only=get_settings().drop / path)), None)


def _raise_first(files: "Iterable[FileReport]") -> None:
    """Raise the error of the first file that needs somebody to act; its class decides about a retry."""
    from gaung import errors

    for file in files:
        if file.needs_action:
            kind = getattr(errors, file.error_class or "", errors.GaungError)
            message = (
                file.error or "every record is in quarantine: `gaung sql` on ops, or --dry-run, says why"
            )
            raise kind(f"{Path(file.name).name}: {message}")


class BuildPrepareOperator(BaseOperator):
    """Begins a build, whose input is frozen then, and runs the stages up to dirty keys; gives its handle.

    A build that an earlier try or run left open is taken over, unless a task of it still works.
    """

    STAGES: ClassVar[tuple[str, ...]] = ("latest", "enrich", "dirty")

    def execute(self, context: "Context") -> BuildHandle:
        """Id and token of the build; skipped when another build has done all there was to do.

        Raises:
            BuildBusy: another build is at work.
            PublishingHeld: publishing is held.
        """
        from gaung.warehouse import builds, setup

        setup.ready()
        begun = builds.begin(holder=f"DAG run {context['run_id']}", holder_kind="dag")
        if begun is None:
            raise AirflowSkipException("nothing to do: another build has published everything")
        with _ended_on_failure(begun.build_id, begun.token, is_last_try=True):
            _run_stages(self.STAGES, begun.build_id, begun.token)
        return {"build_id": begun.build_id, "token": begun.token}


class BuildStagesOperator(BaseOperator):
    """Runs stages of a build in one process and hands its handle on.

    A second copy of a task finds the first at work and leaves its build alone; one that comes after the
    build was published has nothing left to do.

    Args:
        stages: names of :data:`gaung.pipeline.STAGES`.
        build: the handle, from the task before.
    """

    template_fields = ("build",)

    def __init__(self, *, stages: Sequence[str], build: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stages = tuple(stages)
        self.build = build

    def execute(self, context: "Context") -> BuildHandle:
        """The handle.

        Raises:
            GateFailed: the candidate did not pass; readers keep the last good version.
            BuildFenced: another build took over.
            BuildBusy: another copy of the task works for the same build.
        """
        from gaung.warehouse import builds

        build_id, token = int(self.build["build_id"]), str(self.build["token"])
        if builds.is_published(build_id, token):
            self.log.info("build %s is published: an earlier try of this task did it", build_id)
            return {"build_id": build_id, "token": token}
        is_last_try = context["ti"].try_number > (self.retries or 0)
        with _ended_on_failure(build_id, token, is_last_try=is_last_try):
            _run_stages(self.stages, build_id, token)
        return {"build_id": build_id, "token": token}


class MaintainOperator(BaseOperator):
    """Runs one step of the maintenance; gives its counts.

    Args:
        step: a name of :data:`gaung.maintenance.STEPS`.
    """

    def __init__(self, *, step: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = step

    def execute(self, context: "Context") -> Counts:
        """Counts; skipped when the step had nothing to do.

        Raises:
            GaungError: what the step came to; it is in ``ops.maintenance`` too.
        """
        from gaung import maintenance

        report = maintenance.run_step(self.step, at=datetime.now(UTC), run_id=str(context["run_id"]))
        if report.status == "skipped":
            raise AirflowSkipException(str(report.error))
        if report.error is not None:
            raise report.error
        return dict(report.counts)


def _run_stages(stages: Sequence[str], build_id: int, token: str) -> None:
    from gaung import pipeline

    for name in stages:
        pipeline.run_stage(name, build_id, token)


@contextmanager
def _ended_on_failure(build_id: int, token: str, *, is_last_try: bool) -> Iterator[None]:
    """End the build with the error, unless the task is tried again with it or another copy works for it."""
    from gaung.warehouse import builds

    try:
        yield
    except BuildBusy:
        builds.release(build_id)
        raise
    except BaseException as error:
        if is_last_try or (isinstance(error, GaungError) and not error.retryable):
            _tell(build_id, token, error)
        builds.release(build_id)
        raise


def _tell(build_id: int, token: str, error: BaseException) -> None:
    """Note why a build failed; when even that fails, the first error is the one to see."""
    from psycopg2 import Error

    from gaung.warehouse import builds

    try:
        builds.fail(build_id, token, error)
    except (GaungError, Error) as second:
        error.add_note(f"and the end of build {build_id} could not be noted: {second}")


class ReportsDueOperator(BaseOperator):
    """Gives brand and day of each brief that is due when the run begins, or of the one asked for."""

    def execute(self, context: "Context") -> list[dict[str, str]]:
        """The plan; empty when nobody is due."""
        from datetime import UTC, date, datetime, timedelta
        from zoneinfo import ZoneInfo

        from gaung.reports import delivery
        from gaung.warehouse import setup
        from gaung_airflow.mailing import by_connection

        setup.ready()
        moment = context["dag_run"].run_after or datetime.now(UTC)
        brand_id, day = context["params"].get("brand_id"), context["params"].get("local_date")
        if brand_id:
            brand = delivery.find(brand_id)
            yesterday = moment.astimezone(ZoneInfo(brand.timezone)).date() - timedelta(days=1)
            found = [(brand.id, date.fromisoformat(day) if day else yesterday)]
        else:
            with by_connection():
                found = delivery.due(moment)
        self.log.info("%d briefs are due", len(found))
        return [{"brand_id": one, "local_date": due_day.isoformat()} for one, due_day in found]


class ReportOperator(BaseOperator):
    """Makes, checks and delivers one brief; gives counts of recipients.

    Args:
        report: ``brand_id`` and ``local_date``.
    """

    template_fields = ("report",)

    def __init__(self, *, report: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.report = report

    def execute(self, context: "Context") -> Counts:
        """Recipients by what became of them.

        Raises:
            GaungError: the page differs from its queries, or the mail server took nothing.
        """
        from datetime import date

        from gaung.reports import delivery
        from gaung_airflow.mailing import by_connection

        with by_connection():
            done = delivery.deliver(self.report["brand_id"], date.fromisoformat(self.report["local_date"]))
        counts = {"sent": done.sent, "skipped": done.skipped, "failed": done.failed}
        self.log.info("%s %s by %s: %s", self.report["brand_id"], done.path.name, done.channel, counts)
        return counts
