"""The house as people use it: up within a minute, ten ticks, killed and repaired, looked at, upgraded."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from gaung import airflow_home, airflow_processes, status
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import local
from tests.browser import browser
from tests.conftest import _fill_environment
from tests.house.living import House, living_house, until
from tests.house.test_secrets import CANARY, DAG, leaks, places, secrets

pytestmark = [pytest.mark.prove, pytest.mark.timeout(3000)]

TICKS = int(os.environ.get("GAUNG_PROVE_TICKS", "10"))
FIGURES = PROJECT_ROOT / "var" / "prove"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One house for all of this file's tests, which go on from each other in order."""
    home = Path(tempfile.mkdtemp(prefix="gaung-house-"))
    home.chmod(0o755)
    dags = home / "dags"
    shutil.copytree(PROJECT_ROOT / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    (dags / "canary.py").write_text(DAG)
    with pytest.MonkeyPatch.context() as patch:
        _fill_environment(patch, home)
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(dags))
        patch.setenv("AIRFLOW_CONN_CANARY", f"postgresql://u:{CANARY}@127.0.0.1:1/none")
        try:
            with living_house(home) as found:
                yield found
        finally:
            get_settings.cache_clear()
            shutil.rmtree(home, ignore_errors=True)


def note(name: str, **figures: object) -> None:
    """Keep figures of a proof."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    (FIGURES / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(f"{name}: {figures}")


def pids() -> dict[str, int]:
    """Process numbers of the components."""
    return {process.name: process.pid for process in airflow_processes.running()}


def test_up_is_healthy_within_a_minute(house: House) -> None:
    load = os.getloadavg()[0]
    note("house_up", seconds=round(house.seconds, 1), load=load, cores=os.cpu_count())
    patience = 60 * max(1.0, load / (os.cpu_count() or 1))
    assert house.seconds < patience, "a minute, or as much longer as the machine is busy with other things"
    assert all(component.is_well for component in airflow_processes.components())
    assert airflow_home.password_file().stat().st_mode & 0o777 == 0o600


def test_ten_ticks_are_published(house: House) -> None:
    begun = time.monotonic()
    for tick in range(TICKS):
        house.drop(f"tick{tick}.ndjson", 5, 5 * tick)
        assert house.await_run("ingest_files", house.trigger("ingest_files")) == "success"
    count = "select count(*) from marts.fct_post"
    until(lambda: house.ask("select version from ops.live") > [(0,)], 300, "the first publication")
    until(lambda: house.ask(count) == [(5 * TICKS,)], 600, "every tick to be published", 2)
    runs = house.runs("build_and_publish")
    assert {run["state"] for run in runs} <= {"success", "running", "queued"}, runs
    seconds = time.monotonic() - begun
    versions = house.ask("select version from ops.live")[0][0]
    note("house_ticks", ticks=TICKS, seconds=round(seconds, 1), publications=versions, runs=len(runs))
    noted = house.ask("select dag_id, state from ops.airflow_run where task_id is null")
    assert noted.count(("ingest_files", "success")) == TICKS, "the listener notes every run"
    tries = house.ask("select distinct state from ops.airflow_run where task_id = 'publish'")
    assert ("success",) in tries


def test_the_page_is_behind_the_login(house: House) -> None:
    anonymous = httpx.Client(base_url=house.client.base_url)
    assert anonymous.get("/gaung/").status_code == 401
    forged = {"Authorization": "Bearer " + house.client.headers["Authorization"][7:-6] + "forged"}
    assert anonymous.get("/gaung/", headers=forged).status_code in (401, 403)
    page = house.client.get("/gaung/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for said in ("Publications", "tick0.ndjson", "ingest_files", "files", "passed"):
        assert said in page.text, said
    assert "<script" not in page.text


def test_the_page_is_seen_in_a_browser(house: House) -> None:
    base = str(house.client.base_url)
    token = house.client.headers["Authorization"].removeprefix("Bearer ")
    with browser() as page:
        page.tell("Network.setCookie", name="_token", value=token, url=base, httpOnly=True)
        for width in (1280, 360):
            page.size(width, 900)
            page.open(f"{base}/gaung/", "document.body && document.body.innerText.includes('Publications')")
            assert page.run("document.documentElement.scrollWidth") <= width, "nothing is cut off"
            page.picture(FIGURES / f"page_{width}.png")
        page.size(1280, 900)
        frame = "document.querySelector('iframe')?.contentDocument?.body?.innerText"
        page.open(f"{base}/plugin/gaung", f"({frame} || '').includes('Publications')")
        page.picture(FIGURES / "page_in_airflow.png", whole=False)


def test_the_nightly_maintenance_runs(house: House) -> None:
    assert house.await_run("maintain", house.trigger("maintain"), 900) == "success"
    steps = dict(house.ask("select step, status from ops.maintenance"))
    assert set(steps.values()) == {"succeeded"}, steps
    assert (house.home / "backups").is_dir()


def test_no_secret_is_found_in_anything_that_the_house_wrote(house: House) -> None:
    assert house.await_run("canary", house.trigger("canary")) == "failed", "its second task raises"
    known = secrets()
    written = places(house.home)
    logs = {name: text for name, text in written.items() if name.startswith("airflow/logs/dag_id=canary")}
    assert len(logs) >= 2, "the tasks' logs are among what is searched"
    assert "the field is ***" in "".join(logs.values())
    rendered = next(text for name, text in written.items() if name.endswith("rendered_task_instance_fields"))
    assert "holder" in rendered, "the fields were rendered, and kept"
    assert {name: found for name, text in written.items() if (found := leaks(text, known))} == {}


@pytest.mark.parametrize("name", [*airflow_processes.COMPONENTS, "database server"])
def test_a_killed_component_is_started_again(house: House, name: str) -> None:
    before = local.status().pid if name == "database server" else pids()[name]
    assert before is not None
    os.kill(before, signal.SIGKILL)
    killed = time.monotonic()
    if name == "database server":
        until(lambda: local.status().pid not in (None, before), 60, f"another {name}")
    else:
        until(lambda: pids().get(name) not in (None, before), 120, f"another {name}")
    until(airflow_processes.is_healthy, 240, "Airflow to be healthy again")
    note(f"house_killed_{name.replace(' ', '_')}", seconds=round(time.monotonic() - killed, 1))
    left = [one for one in psutil.process_iter() if one.pid == before and one.status() != "zombie"]
    assert left == []
    house.drop(f"after {name}.ndjson", 1, 1000 + len(name))
    assert house.await_run("ingest_files", house.trigger("ingest_files"), 400) == "success"


def test_a_killed_supervisor_is_told_of_and_up_repairs_it(house: House) -> None:
    os.kill(pids()["supervisor"], signal.SIGKILL)
    until(lambda: "supervisor" not in pids(), 30, "the supervisor to be gone")
    assert "A component is dead" in {problem.entry for problem in status.collect().problems}
    assert airflow_processes.up()
    until(airflow_processes.is_healthy, 240, "Airflow to be healthy again")
    until(lambda: all(one.is_well for one in airflow_processes.components()), 60, "all to be well")
    assert "A component is dead" not in {problem.entry for problem in status.collect().problems}


def test_an_upgrade_lets_running_tasks_end_and_starts_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drop("during upgrade.ndjson", 3000, 5000)
    run_id = house.trigger("ingest_files")
    tasks = f"dags/ingest_files/dagRuns/{run_id}/taskInstances"

    def load() -> list[tuple[str, int]]:
        """State and number of the try that loads the file."""
        found = house.get(tasks)["task_instances"]
        return [(one["state"], one["try_number"]) for one in found if one["task_id"] == "ingest_file"]

    until(lambda: load() == [("running", 1)], 120, "the load to run", 0.1)
    before = pids()
    noted = airflow_home.home() / "processes.json"
    noted.write_text(json.dumps(json.loads(noted.read_text()) | {"code": "of yesterday"}))

    command = [str(Path(sys.executable).parent / "gaung"), "upgrade"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Airflow was stopped once its running tasks had ended." in done.stdout
    assert not set(pids().values()) & set(before.values())
    assert load() == [("success", 1)], "the task ended by itself, and was not tried again"
    assert house.await_run("ingest_files", run_id) == "success"
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (0, ""), "nothing to do"


def test_down_leaves_nothing(house: House) -> None:
    group = [process for pid in pids().values() for process in [psutil.Process(pid)]]
    family = [*group, *(child for one in group for child in one.children(recursive=True))]
    airflow_processes.down()
    local.stop()
    assert [one for one in family if one.is_running() and one.status() != "zombie"] == []
    assert status.airflow_processes.components() == []
