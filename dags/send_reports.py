"""
The daily brief of each brand, its numbers compared with their queries, delivered once.

## What
Asks which brands are due (07:00 in the brand's own time zone and not delivered yet), makes the page of
yesterday from the published report tables, compares every number on it with its query, and delivers it: by
mail where a server and recipients are set, else as a file. `gaung report BRAND --send` does the same.

## Grain and target tables
One page per brand and day under `var/reports`; one row per brand, day and recipient: `ops.report_sent`.
See it in `marts.rpt_brand_day__summary`.

## Schedule
Every hour at ten past; a brand is due once a day. On demand with `brand_id` (and `local_date`).

## Owner
data engineering

## If it fails
The failed task names brand and reason; the others are delivered. Nobody receives a page that differs from its
queries, and nobody receives one twice. Clear the task to try again. Runbook: "A brief was not delivered".

## Backfill
Trigger with `brand_id` and `local_date`: recipients who had that day's brief are skipped.
"""

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, Param, dag

from gaung_airflow.assets import REPORTS
from gaung_airflow.operators import ReportOperator, ReportsDueOperator
from gaung_airflow.profiles import DATABASE, LIGHT
from gaung_airflow.tags import Tag


@dag(
    schedule=CronTriggerTimetable("10 * * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "brand_id": Param(None, type=["null", "string"], description="Only this brand, due or not."),
        "local_date": Param(
            None, type=["null", "string"], format="date", description="Day (default: yesterday)."
        ),
    },
    default_args={"owner": "data engineering"},
    doc_md=__doc__,
    tags=[Tag.REPORT],
)
def send_reports() -> None:
    """Who is due? → make, check and deliver each."""
    due = ReportsDueOperator(task_id="due", **LIGHT)
    ReportOperator.partial(
        task_id="deliver",
        map_index_template="{{ task.report['brand_id'] }}",
        max_active_tis_per_dagrun=1,
        outlets=[REPORTS],
        **DATABASE,
    ).expand(report=due.output)


send_reports()
