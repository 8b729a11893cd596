"""
What was loaded, built into tables, judged by the gate and published.

## What
Freezes the set of committed batches that no published build consumed, recomputes what they touch (latest,
text, brands), builds the dirty partitions of every mart with dbt, lets the gate judge the candidate, and
publishes it in one transaction. After a publication, a failure, or a run without work, alerts are written and
told (blocked gate, outage, crisis, drop). `gaung build` does the same without a scheduler.

## Grain and target tables
One build per run: `ops.build` and what hangs on it, `core`, `marts__build`; one publication:
`marts`, and the asset of that name. See it in `marts.trust_badge`.

## Schedule
Every 15 minutes, at 5, 20, 35 and 50 past the hour, and whenever `raw/files` was updated. One run at a
time; the first task skips the rest when nothing waits.

## Owner
data engineering

## If it fails
Readers keep the last good version and nothing is lost: what was not published stays dirty for the next run.
`model_and_judge` failed: runbook, "The gate blocked a build" or "A model cannot be built"; else the task's
own message says what to do. `gaung status` shows where things stand.

## Backfill
`gaung build --full` marks every key dirty and goes the same way. Clearing a run is harmless: it takes what
is unbuilt then.
"""

from datetime import UTC, datetime

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from gaung_airflow.assets import MARTS, RAW_FILES
from gaung_airflow.notifier import AlertNotifier
from gaung_airflow.operators import BuildPrepareOperator, BuildStagesOperator
from gaung_airflow.profiles import DATABASE, GATE, LIGHT
from gaung_airflow.tags import Tag


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("5/15 * * * *", timezone="UTC"), assets=[RAW_FILES]
    ),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data engineering", "on_failure_callback": AlertNotifier()},
    doc_md=__doc__,
    tags=[Tag.BUILD, Tag.PUBLISH],
)
def build_and_publish() -> None:
    """Anything waiting? → prepare → model and judge → publish."""

    @task.short_circuit(on_success_callback=AlertNotifier(), **LIGHT)
    def is_work_waiting() -> bool:
        """False skips the run."""
        from gaung.warehouse.builds import work_waiting

        return work_waiting()

    prepared = BuildPrepareOperator(task_id="prepare", **DATABASE)
    judged = BuildStagesOperator(
        task_id="model_and_judge", stages=["models", "gate"], build=prepared.output, **GATE
    )
    published = BuildStagesOperator(
        task_id="publish",
        stages=["publish"],
        build=judged.output,
        outlets=[MARTS],
        on_success_callback=AlertNotifier(),
        **DATABASE,
    )
    is_work_waiting() >> prepared >> judged >> published


build_and_publish()
