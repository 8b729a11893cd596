"""
Files that people put into the drop folder, loaded into the warehouse.

## What
Plans the complete files of the drop folder, then lands and loads each one in a task of its own. A file that
was read moves to `done/`, one that no format recognises to `failed/` with the reason beside it.
`delivery.yml` in a folder tells brand, column map and time of capture of its files.

## Grain and target tables
One batch per file: `ops.batch`, `ops.outcome`, the tables of `raw`, `raw.quarantine`; asset `raw/files`.
See it in `marts.collection_coverage`.

## Schedule
On demand: the play button, or `gaung airflow -- dags trigger ingest_files`.

## Owner
data engineering

## If it fails
The failed `ingest_file` names the file, what is wrong and what to do; the other files are loaded. Mend the
file, put it into the drop folder again and trigger. Runbook: "A file cannot be read".

## Backfill
Put the files into the drop folder again: a batch that is there already changes nothing.
"""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from gaung_airflow.assets import RAW_FILES
from gaung_airflow.operators import DropFolderPlanOperator, FileIngestOperator
from gaung_airflow.profiles import DATABASE, LIGHT, REPORT
from gaung_airflow.tags import Tag


@dag(
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "data engineering"},
    doc_md=__doc__,
    tags=[Tag.INGEST, Tag.FILES],
)
def ingest_files() -> None:
    """Plan → load each file → tell the builds."""
    plan = DropFolderPlanOperator(task_id="plan", **LIGHT)
    loaded = FileIngestOperator.partial(
        task_id="ingest_file", map_index_template="{{ task.path }}", max_active_tis_per_dagrun=2, **DATABASE
    ).expand(path=plan.output)

    @task(outlets=[RAW_FILES], trigger_rule=TriggerRule.ALL_DONE, **REPORT)
    def tell_builds(counts: list[dict[str, Any]]) -> int:
        """Records loaded; skipped at none, so that no build is started in vain."""
        loaded_count = sum(one["loaded"] for one in counts if one)
        if not loaded_count:
            raise AirflowSkipException("nothing new was loaded")
        return loaded_count

    @task(trigger_rule=TriggerRule.NONE_FAILED, **REPORT)
    def every_file_was_read(counts: list[dict[str, Any]]) -> int:
        """Number of files; the run fails here where one of them needs somebody to act."""
        return len(list(counts))

    tell_builds(loaded.output)
    every_file_was_read(loaded.output)


ingest_files()
