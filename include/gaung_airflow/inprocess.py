"""Runs DAGs to their end in this process, without a scheduler: ``python -m gaung_airflow.inprocess``.

Every task runs as Airflow runs it (operators, retries, XCom, states in the metadata database). Meant
for the demo and for tests; the environment must be that of :mod:`gaung.airflow_home`. A run is asked for by
the DAG's id, or as JSON: ``{"dag_id": …, "conf": {…}, "run_after": "2026-03-05T00:10:00+00:00"}``.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any


def run(dag_id: str, conf: dict[str, Any] | None = None, run_after: datetime | None = None) -> dict[str, Any]:
    """Run id, state and tasks of one new run of a DAG of the DAGs folder, as if begun at ``run_after``.

    Raises:
        KeyError: there is no such DAG, or its file cannot be parsed; names the known ones and the error.
    """
    from airflow.configuration import conf as options
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(options.get("core", "dags_folder"))
    if dag_id not in bag.dags:
        raise KeyError(f"no DAG {dag_id!r} in {bag.dag_folder}: {sorted(bag.dags)}, {bag.import_errors}")
    done = bag.dags[dag_id].test(run_conf=conf, run_after=run_after)
    tasks = sorted(done.get_task_instances(), key=lambda task: (task.task_id, task.map_index))
    return {
        "dag_id": dag_id,
        "run_id": done.run_id,
        "state": str(done.state),
        "tasks": [
            {"task_id": task.task_id, "map_index": task.map_index, "state": str(task.state)} for task in tasks
        ],
    }


def main(result_file: str, *runs: str) -> int:
    """Exit code; runs the DAGs one after the other and writes what became of each as a JSON line."""
    with Path(result_file).open("w", encoding="utf-8") as results:
        for wanted in runs:
            asked = json.loads(wanted) if wanted.startswith("{") else {"dag_id": wanted}
            if moment := asked.get("run_after"):
                asked["run_after"] = datetime.fromisoformat(moment)
            outcome = run(**asked)
            results.write(json.dumps(outcome) + "\n")
            results.flush()
            if outcome["state"] != "success":
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
