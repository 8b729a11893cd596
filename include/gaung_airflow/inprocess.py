"""Runs DAGs to their end in this process, without a scheduler: ``python -m gaung_airflow.inprocess``.

Every task runs as Airflow runs it (operators, retries, XCom, states in the metadata database). Meant
for the demo and for tests; the environment must be that of :mod:`gaung.airflow_home`.
"""

import json
import sys
from pathlib import Path
from typing import Any


def run(dag_id: str) -> dict[str, Any]:
    """Run id, state and tasks of one new run of a DAG of the DAGs folder.

    Raises:
        KeyError: there is no such DAG, or its file cannot be parsed; names the known ones and the error.
    """
    from airflow.configuration import conf
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(conf.get("core", "dags_folder"))
    if dag_id not in bag.dags:
        raise KeyError(f"no DAG {dag_id!r} in {bag.dag_folder}: {sorted(bag.dags)}, {bag.import_errors}")
    done = bag.dags[dag_id].test()
    tasks = sorted(done.get_task_instances(), key=lambda task: (task.task_id, task.map_index))
    return {
        "dag_id": dag_id,
        "run_id": done.run_id,
        "state": str(done.state),
        "tasks": [
            {"task_id": task.task_id, "map_index": task.map_index, "state": str(task.state)} for task in tasks
        ],
    }


def main(result_file: str, *dag_ids: str) -> int:
    """Exit code; runs the DAGs one after the other and writes what became of each as a JSON line."""
    with Path(result_file).open("w", encoding="utf-8") as results:
        for dag_id in dag_ids:
            outcome = run(dag_id)
            results.write(json.dumps(outcome) + "\n")
            results.flush()
            if outcome["state"] != "success":
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
