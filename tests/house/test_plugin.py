"""The plugin: a page over what happened, a listener that stops nothing, and DAGs that need neither."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gaung.settings import PROJECT_ROOT, get_settings
from tests.test_status import fail_load, succeed
from tests.warehouse.conftest import open_gate, things
from tests.warehouse.publishing import Things

__all__ = ["open_gate", "things"]

LOAD = """
import json
from airflow import plugins_manager
from airflow.dag_processing.dagbag import DagBag
plugins_manager.ensure_plugins_loaded()
bag = DagBag(FOLDER)
print("RESULT" + json.dumps({
    "plugins": sorted(p.name for p in plugins_manager._get_plugins()[0] if p.name),
    "errors": {str(k): str(v) for k, v in plugins_manager._get_plugins()[1].items()},
    "views": [v["name"] for v in plugins_manager._get_ui_plugins()[0]],
    "dags": sorted(bag.dags), "dag_errors": {str(k): v for k, v in bag.import_errors.items()},
    "web": "fastapi" in __import__("sys").modules,
}))
"""


def load(plugins: Path, home: Path) -> dict[str, Any]:
    """What Airflow loads of a plugins folder and of our DAGs."""
    environment = {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nobody:none@127.0.0.1:1/none",
    }
    code = LOAD.replace("FOLDER", repr(str(PROJECT_ROOT / "dags")))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert "RESULT" in done.stdout, done.stdout[-2000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.split("RESULT", 1)[1].splitlines()[0])
    return found


def test_a_plugin_that_cannot_be_imported_stops_no_dag(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "broken.py").write_text("from gaung_airflow.nowhere import nothing\n")
    (folder / "gaung_plugin.py").write_bytes((PROJECT_ROOT / "plugins" / "gaung_plugin.py").read_bytes())

    found = load(folder, tmp_path)

    assert found["plugins"] == ["gaung"]
    assert found["views"] == ["Gaung"]
    assert "gaung_airflow.nowhere" in " ".join(found["errors"].values())
    assert found["dag_errors"] == {}
    assert {path.stem for path in (PROJECT_ROOT / "dags").glob("*.py")} == set(found["dags"])


def test_operators_are_reexported() -> None:
    import runpy

    from gaung_airflow import operators

    exported = runpy.run_path(str(PROJECT_ROOT / "plugins" / "gaung_plugin.py"))
    ours = {name for name in vars(operators) if name.endswith("Operator") and name != "BaseOperator"}
    assert ours <= set(exported["__all__"])
    assert all(exported[name] is getattr(operators, name) for name in ours)


def test_the_page_shows_what_happened_and_escapes_it(things: Things, open_gate: None) -> None:
    from gaung_airflow import page

    assert "Nothing is published yet" in page.render()
    succeed(things, "a.json", 1)
    fail_load(things, "<script>alert(1).json")
    things.put(("p1", "a", 0.5))
    things.build()
    things.run(
        "insert into ops.airflow_run (dag_id, run_id, state) values ('maintain', 'night', 'failed')",
        role="loader",
    )

    shown = page.render()

    for said in ("version 1, published", "a.json", "passed", "maintain", "night", "A file cannot be read"):
        assert said in shown, said
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1).json" in shown


def test_the_listener_notes_ends_and_never_raises(
    warehouse: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from gaung_airflow import listener
    from tests.building import ask

    now = datetime(2026, 3, 1, tzinfo=UTC)
    ids = {"dag_id": "d", "run_id": "r", "start_date": now}
    run = SimpleNamespace(**ids, state="failed", end_date=now)
    task = SimpleNamespace(**ids, state="up_for_retry", task_id="t", map_index=2, try_number=1)

    listener.on_dag_run_failed(run, "")
    listener.on_task_instance_failed(None, task, ValueError("a secret stands here"))
    listener.on_task_instance_success(None, task)

    rows = ask("select dag_id, task_id, map_index, try_number, state, error_class from ops.airflow_run "
               "order by airflow_run_id")  # fmt: skip
    assert rows == [
        ("d", None, None, None, "failed", None),
        ("d", "t", 2, 1, "up_for_retry", "ValueError"),
        ("d", "t", 2, 1, "success", None),
    ]
    monkeypatch.setenv("GAUNG_DSN", "postgresql://nobody:hushhush@127.0.0.1:1/none")
    get_settings.cache_clear()
    listener.on_dag_run_failed(run, "")
    assert "was not noted" in caplog.text
    assert "hushhush" not in caplog.text


def test_what_a_task_marks_as_secret_is_masked_in_a_components_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import structlog
    from airflow.sdk.log import mask_secret

    from gaung_airflow import listener

    before = structlog.get_config()
    try:
        structlog.configure(
            processors=[structlog.processors.JSONRenderer()],
            wrapper_class=structlog.BoundLogger,
            logger_factory=structlog.PrintLoggerFactory(),
            cache_logger_on_first_use=False,
        )
        mask_secret("a-secret-of-a-task")
        nested = [{"exc_value": "refused: a-secret-of-a-task"}]
        listener.on_starting(None)
        listener.on_starting(None)
        structlog.get_logger("supervisor").error("said a-secret-of-a-task", error_detail=nested)
    finally:
        structlog.configure(**before)
    said = capsys.readouterr().out
    assert "said ***" in said
    assert "refused: ***" in said
    assert "a-secret-of-a-task" not in said
