"""
How well the text engines do, measured anew.

## What
Scores the annotated texts and the shipped test lists with the engines in use, and keeps accuracy, macro-F1
with interval, scores per class, calibration and the unscored share. `gaung learn` does the same without a
scheduler.

## Grain and target tables
One row per task, language, engine version, data set and class: `core.model_quality`, and what is confused:
`core.model_confusion`; the next build publishes both. See it in `marts.model_quality`,
`marts.model_confusion`.

## Schedule
Weekly, Sunday 19:00 UTC (Monday 02:00 in Jakarta), when little else runs.

## Owner
data engineering

## If it fails
The last measurement stays published. The task's message says what to do; clear it to run it again.

## Backfill
None: it measures what is in use now. An earlier engine version keeps its rows.
"""

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, dag, task

from gaung_airflow.profiles import DATABASE
from gaung_airflow.tags import Tag


@dag(
    schedule=CronTriggerTimetable("0 19 * * 0", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data engineering"},
    doc_md=__doc__,
    tags=[Tag.LEARN],
)
def learn() -> None:
    """Measure the text engines."""

    @task(**DATABASE)
    def measure_text_engines() -> int:
        """Rows of quality written."""
        from gaung import learn as learning
        from gaung.warehouse import setup

        setup.ready()
        return learning.measure_all()

    measure_text_engines()


learn()
