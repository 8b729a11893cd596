"""
What keeps the house: whole tables checked, old observations thinned, room made, a backup restored elsewhere.

## What
Steps one after the other, a failing one stops no other: `gates` judges whole published tables, `latest`
compares `core` with what defines it, `deleted` erases the words of deleted posts, `thin` thins old
observations, `retain`, `logs` and `airflow` delete what is over, `vacuum` where needed, `backup` and
`rehearse` back up and restore elsewhere, `sizes` measures the rooms. `gaung maintain` does the same
without a scheduler.

## Grain and target tables
One row per step: `ops.maintenance`; one row per room: `ops.room_size`. Backups: `var/backups`.
See it in `gaung status`.

## Schedule
Every day at 18:40 UTC, 01:40 in Jakarta.

## Owner
data engineering

## If it fails
`every_step_succeeded` is red and `gaung status` names the step, the reason and the runbook's entry. Readers
are not touched. `gaung maintain STEP` runs a step again.

## Backfill
None is needed: a night that was missed is made up by the next.
"""

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, TriggerRule, chain, dag, task

from gaung_airflow.operators import MaintainOperator
from gaung_airflow.profiles import MAINTENANCE, REPORT
from gaung_airflow.tags import Tag

CARE = ("gates", "latest", "deleted", "thin", "retain", "logs", "airflow", "vacuum")
STEPS = (*CARE, "backup", "rehearse", "sizes")


@dag(
    schedule=CronTriggerTimetable("40 18 * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data engineering"},
    doc_md=__doc__,
    tags=[Tag.MAINTENANCE],
)
def maintain() -> None:
    """Every step in turn → did all of them succeed?"""
    steps = [
        MaintainOperator(task_id=name, step=name, trigger_rule=TriggerRule.ALL_DONE, **MAINTENANCE)
        for name in STEPS
    ]

    @task(trigger_rule=TriggerRule.NONE_FAILED, **REPORT)
    def every_step_succeeded() -> int:
        """Number of steps; the run fails here where one of them needs somebody to act."""
        return len(STEPS)

    chain(*steps)
    steps >> every_step_succeeded()


maintain()
