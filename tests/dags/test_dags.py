"""The DAGs parse with nothing around them, say what they must, and really run."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from psycopg2 import sql

from gaung import airflow_home
from gaung.demo import DEFAULT_SEED, Truth, generate
from gaung.demo.verify import verify
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import marts
from gaung.warehouse.connect import connect

DAG_IDS = {"ingest_files", "build_and_publish", "learn", "maintain", "send_reports"}
HEADINGS = ["What", "Grain and target tables", "Schedule", "Owner", "If it fails", "Backfill"]

PARSE = """
import json, socket
def refuse(*_, **__):
    raise AssertionError("a DAG file used the network while it was parsed")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(FOLDER)
print("RESULT" + json.dumps({
    "errors": {str(k): v for k, v in bag.import_errors.items()},
    "dags": {
        dag.dag_id: {
            "file": dag.fileloc, "doc": dag.doc_md, "tags": sorted(dag.tags), "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs, "schedule": type(dag.timetable).__name__,
            "tasks": {
                task.task_id: {
                    "retries": task.retries, "owner": task.owner,
                    "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else None,
                    "rules": [rule.reason for rule in getattr(task.retry_policy, "rules", [])],
                    "outlets": [asset.name for asset in task.outlets],
                    "trigger": task.trigger_rule.value, "upstream": sorted(task.upstream_task_ids),
                } for task in dag.tasks
            },
        } for dag in bag.dags.values()
    },
}))
"""


def parse(folder: Path, home: Path) -> dict[str, Any]:
    """What a fresh interpreter without database, network, connections or variables sees in a folder."""
    environment = {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nobody:none@127.0.0.1:1/none",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    code = PARSE.replace("FOLDER", repr(str(folder)))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert "RESULT" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.split("RESULT", 1)[1].splitlines()[0])
    return found


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parse(PROJECT_ROOT / "dags", tmp_path_factory.mktemp("airflow"))


def test_the_set_of_dags_is_exact(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}
    assert set(parsed["dags"]) == DAG_IDS
    assert {Path(dag["file"]).stem for dag in parsed["dags"].values()} == DAG_IDS
    assert {path.stem for path in (PROJECT_ROOT / "dags").glob("*.py")} == DAG_IDS


def test_a_dag_that_reads_the_network_while_parsed_is_found(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "from airflow.sdk import dag\nimport socket\n"
        "socket.create_connection(('127.0.0.1', 80))\n@dag\ndef bad():\n    pass\nbad()\n"
    )
    found = parse(tmp_path, tmp_path / "home")
    assert "used the network" in " ".join(found["errors"].values())


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_each_dag_says_what_the_style_asks(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]
    assert [line[3:] for line in dag["doc"].splitlines() if line.startswith("## ")] == HEADINGS
    assert dag["tags"]
    assert dag["catchup"] is False
    assert dag["max_active_runs"] == 1
    for name, task in dag["tasks"].items():
        assert task["timeout"], name
        assert task["owner"] == "data engineering", name
        assert not task["retries"] or (task["rules"] and all(task["rules"])), name


def test_the_gate_is_never_tried_again(parsed: dict[str, Any]) -> None:
    assert parsed["dags"]["build_and_publish"]["tasks"]["model_and_judge"]["retries"] == 0


def test_the_maintenance_runs_every_step_whatever_became_of_the_others(parsed: dict[str, Any]) -> None:
    from gaung import maintenance

    tasks = parsed["dags"]["maintain"]["tasks"]
    assert list(tasks) == [*maintenance.STEPS, "every_step_succeeded"]
    assert {tasks[name]["trigger"] for name in maintenance.STEPS} == {"all_done"}
    assert set(tasks["every_step_succeeded"]["upstream"]) == set(maintenance.STEPS)
    assert tasks["every_step_succeeded"]["trigger"] == "none_failed"


def test_assets_connect_the_dags(parsed: dict[str, Any]) -> None:
    dags = parsed["dags"]
    assert dags["ingest_files"]["tasks"]["tell_builds"]["outlets"] == ["raw/files"]
    assert dags["build_and_publish"]["schedule"] == "AssetOrTimeSchedule"
    assert dags["build_and_publish"]["tasks"]["publish"]["outlets"] == ["marts"]


# ---------------------------------------------------------------------------------------------
# Real runs
# ---------------------------------------------------------------------------------------------


@pytest.fixture
def brands_of_the_project(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(PROJECT_ROOT / "brands.yml"))
    get_settings.cache_clear()
    return warehouse


def run_dags(tmp_path: Path, *wanted: str) -> list[dict[str, Any]]:
    """Run DAGs by ``dag.test()`` in one process, each by its id or as JSON; what became of each."""
    results = tmp_path / "results.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "gaung_airflow.inprocess", str(results), *wanted],
        env={**os.environ, **airflow_home.ready()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert results.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    runs = [json.loads(line) for line in results.read_text().splitlines()]
    assert runs, done.stdout[-5000:] + done.stderr[-3000:]
    return runs


def states(run: dict[str, Any]) -> dict[str, set[str]]:
    """States by task id."""
    found: dict[str, set[str]] = {}
    for task in run["tasks"]:
        found.setdefault(task["task_id"], set()).add(task["state"])
    return found


def one(query: str) -> Any:
    with closing(connect("transformer", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return row[0] if row else None


def deliver(truth_folder: Path) -> Truth:
    truth = generate(truth_folder, DEFAULT_SEED, "tiny")
    drop = get_settings().drop / "demo"
    drop.mkdir(parents=True)
    for file in (truth_folder / "delivery").iterdir():
        (drop / file.name).write_bytes(file.read_bytes())
    return truth


WITHOUT_ROWS = {"model_confusion", "model_quality"}
"""Marts about texts that people have labelled: the demo brings none."""


def assert_analysts_find_what_they_need() -> None:
    """As ``bi_reader``: every mart has rows and a key, everything a comment, every total its source."""
    names = {mart.name for mart in marts.load()}
    with closing(connect("bi_reader", autocommit=True)) as session, session.cursor() as cursor:
        for name in sorted(names):
            cursor.execute(sql.SQL("select exists (select from marts.{})").format(sql.Identifier(name)))
            assert cursor.fetchone() == (name not in WITHOUT_ROWS,), f"{name} is empty, or is not"
        cursor.execute(
            "select table_name from information_schema.table_constraints "
            "where table_schema = 'marts' and constraint_type = 'PRIMARY KEY'"
        )
        assert {name for (name,) in cursor.fetchall()} == names
        cursor.execute(
            """
            select attrelid::regclass::text, attname
            from pg_attribute join pg_class on attrelid = pg_class.oid
            where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v') and attnum > 0
                and not attisdropped and col_description(attrelid, attnum) is null
            union all
            select oid::regclass::text, '' from pg_class
            where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')
                and obj_description(oid) is null
            """
        )
        assert cursor.fetchall() == []
        cursor.execute("select mart_name, mart_total, raw_total from marts.reconciliation where not is_equal")
        assert cursor.fetchall() == []
        cursor.execute("select distinct mart_name from marts.reconciliation where is_equal")
        assert {"fct_post", "bridge_post_brand"} <= {name for (name,) in cursor.fetchall()}
        for name in sorted(names):
            cursor.execute(
                sql.SQL("select count(*) from marts.{} where not is_synthetic").format(sql.Identifier(name))
                if "is_synthetic" in marts.get(name).column_names
                else sql.SQL("select 0")
            )
            assert cursor.fetchone() == (0,), f"{name} has rows that do not say that they are synthetic"


TAMPERED = {
    "posts per brand and hour": "delete from marts.brand_sentiment_hourly where brand_id = 'batik_arum'",
    "posts by platform and type": "update marts.fct_post set post_type = 'quote' where post_type = 'reply'",
    "questions and complaints, and their answers": """
        update marts.customer_question set minutes_to_answer = minutes_to_answer + 1
        where brand_id = 'tenun_rimba' and not is_open
        """,
    "response times by brand and day": """
        update marts.response_time_daily set answered_question_count = question_count
        where brand_id = 'kedai_lereng'
        """,
    "aspects of posts by value and mood": """
        update marts.fct_post_aspect set mood = 'neutral' where attribute_value = 'XL'
        """,
    "moods of aspects' values by day": """
        delete from marts.aspect_value_sentiment where attribute_value = 'merah' and brand_id = 'tenun_rimba'
        """,
    "intents of posts by brand and day": "delete from marts.fct_post_intent where intent = 'asks_stock'",
    "target terms in posts by day": """
        update marts.target_term_coverage set term_post_count = 0 where brand_id = 'tenun_rimba'
        """,
    "misspelt names of brands": "delete from marts.brand_name_suggestion where spelling = 'kopi sneja'",
    "small businesses by province and industry": """
        update marts.msme_account set industry = 'other' where province_code = '52'
        """,
    "classes of small businesses' posts": """
        update marts.msme_post_class set activity = 'event' where activity = 'hiring'
        """,
    "small businesses' activities by week and province": """
        update marts.msme_activity_weekly set is_suppressed = false where province_code = '18'
        """,
    "small businesses' engagement by week and media": """
        update marts.msme_engagement set engagements = engagements + 1 where media_type = 'mixed'
        """,
}
"""What is done to the published tables, and the comparison that must see it."""


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("brands_of_the_project")
def test_both_dags_publish_the_planted_truth(tmp_path: Path) -> None:
    truth = deliver(tmp_path / "demo")

    ingested, built = run_dags(tmp_path, "ingest_files", "build_and_publish")

    assert (ingested["state"], built["state"]) == ("success", "success")
    wrong = [check for check in verify(truth) if not check.is_right]
    assert wrong == []
    assert_analysts_find_what_they_need()
    assert one("select version from ops.live") == 1
    assert one("select holder_kind from ops.build") == "dag"
    assert one("select count(distinct run_id) from ops.outcome") == 1

    # Again, with the same files: nothing is loaded, no build is started, no version is published.
    for file in sorted((get_settings().drop / "done" / "demo").iterdir()):
        file.rename(get_settings().drop / "demo" / file.name)
    ingested, built = run_dags(tmp_path, "ingest_files", "build_and_publish")
    assert states(ingested)["tell_builds"] == {"skipped"}
    assert states(built)["is_work_waiting"] == {"success"}
    assert states(built)["publish"] == {"skipped"}
    assert one("select version from ops.live") == 1
    assert one("select count(*) from ops.batch") == len(truth.files)

    # The verification sees one row too few, and one that says something else.
    with closing(connect("publisher", autocommit=True)) as session, session.cursor() as cursor:
        for tampering in TAMPERED.values():
            cursor.execute(tampering)
    wrong_names = {check.name for check in verify(truth) if not check.is_right}
    assert wrong_names == set(TAMPERED)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("brands_of_the_project")
def test_a_bad_file_fails_the_run_and_stops_no_other(tmp_path: Path) -> None:
    deliver(tmp_path / "demo")
    drop = get_settings().drop / "demo"
    for file in drop.iterdir():
        if file.name not in ("x_edits.json", "delivery.yml"):
            file.unlink()
    (drop / "page.html").write_text("<!doctype html><html><body>Sign in</body></html>")

    (run,) = run_dags(tmp_path, "ingest_files")

    assert run["state"] == "failed"
    assert states(run)["ingest_file"] == {"success", "failed"}
    assert states(run)["every_file_was_read"] == {"upstream_failed"}
    assert states(run)["tell_builds"] == {"success"}
    assert one("select count(*) from ops.batch") == 1
    assert "HTML" in (get_settings().drop / "failed" / "demo" / "page.html.reason.txt").read_text()
    assert one("select error_class from ops.outcome where status = 'failed'") == "UnknownFormat"
