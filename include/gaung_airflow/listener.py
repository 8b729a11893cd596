"""Notes how runs of DAGs and tries of tasks ended in ``ops.airflow_run``; masks components' own output.

Airflow calls these in the scheduler (runs) and in the task's own process (tries). Whatever goes wrong
here is logged and stops neither.
"""

import logging
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)


@hookimpl
def on_starting(component: Any) -> None:
    """A component starts: what tasks mark as secret is masked in its own output too.

    Executors copy the log of each task to their output, which Airflow 3.3 does not mask.
    """
    import structlog
    from airflow.sdk.log import mask_logs

    processors = structlog.get_config()["processors"]
    if mask_logs not in processors:
        structlog.configure(processors=[mask_logs, *processors])


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:
    """A run ended well."""
    _note_run(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:
    """A run failed."""
    _note_run(dag_run)


@hookimpl
def on_task_instance_success(previous_state: Any, task_instance: Any) -> None:
    """A try of a task ended well."""
    _note_try(task_instance, "success")


@hookimpl
def on_task_instance_skipped(previous_state: Any, task_instance: Any) -> None:
    """A task skipped itself."""
    _note_try(task_instance, "skipped")


@hookimpl
def on_task_instance_failed(previous_state: Any, task_instance: Any, error: Any) -> None:
    """A try of a task failed, for good or to be tried again."""
    state = getattr(task_instance, "state", None)
    _note_try(task_instance, str(state or "failed"), type(error).__name__ if error else None)


def _note_run(dag_run: Any) -> None:
    _note(
        dag_id=dag_run.dag_id,
        run_id=dag_run.run_id,
        state=str(dag_run.state),
        started_at=dag_run.start_date,
        ended_at=dag_run.end_date,
    )


def _note_try(task_instance: Any, state: str, error_class: str | None = None) -> None:
    _note(
        dag_id=task_instance.dag_id,
        run_id=task_instance.run_id,
        state=state,
        task_id=task_instance.task_id,
        map_index=task_instance.map_index,
        try_number=task_instance.try_number,
        error_class=error_class,
        started_at=task_instance.start_date,
        ended_at=datetime.now(UTC),
    )


def _note(**values: Any) -> None:
    """Write one row; an error's words stay in the task's log, since they may name people's files."""
    try:
        from psycopg2 import sql

        from gaung.warehouse.connect import connect

        statement = sql.SQL("insert into ops.airflow_run ({}) values ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        )
        with (
            closing(connect("loader", autocommit=True, application_name="gaung listener")) as conn,
            conn.cursor() as cur,
        ):
            cur.execute(statement, values)
    except Exception as error:
        log.warning("the end of %s was not noted in ops: %s", values.get("dag_id"), error)
