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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from gaung import airflow_home, airflow_processes, status
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import local
from tests.browser import browser
from tests.conftest import _fill_environment
from tests.house.living import House, living_house, post, until
from tests.house.test_secrets import CANARY, DAG, leaks, places, secrets
from tests.mail import Inbox, mail_server

pytestmark = [pytest.mark.prove, pytest.mark.timeout(3000)]

TICKS = int(os.environ.get("GAUNG_PROVE_TICKS", "10"))
FIGURES = PROJECT_ROOT / "var" / "prove"
ENDED = {"success", "failed"}


@pytest.fixture(scope="module")
def connection() -> Iterator[tuple[Inbox, str]]:
    """A mail server, and Airflow's connection to it."""
    with mail_server() as (inbox, port):
        extra = json.dumps({"disable_ssl": True, "disable_tls": True, "from_email": "kabar@example.com"})
        yield inbox, json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra})


@pytest.fixture
def inbox(connection: tuple[Inbox, str]) -> Inbox:
    """The inbox, emptied."""
    connection[0].messages.clear()
    return connection[0]


@pytest.fixture(scope="module")
def house(connection: tuple[Inbox, str]) -> Iterator[House]:
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
        patch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", connection[1])
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


def test_nothing_listens_beyond_this_machine(house: House) -> None:
    components = [psutil.Process(pid) for pid in pids().values()]
    family = {one.pid for parent in components for one in (parent, *parent.children(recursive=True))}
    listening = {
        one.laddr.ip
        for one in psutil.net_connections("inet")
        if one.status == psutil.CONN_LISTEN and one.pid in family
    }
    assert listening <= {"127.0.0.1", "::1"}
    assert listening, "the web server is among what is looked at"


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


QUARTER = timedelta(minutes=15)
CRISIS_AT = datetime(2026, 3, 11, tzinfo=UTC)


def quarter(number: int, first_id: int, *, angry: int, glad: int, until_number: int) -> list[dict[str, Any]]:
    """Posts of a quarter of an hour, counted from the crisis, as collected at the end of another."""
    at = CRISIS_AT + number * QUARTER
    moods = ["is terrible and I hate it"] * angry + ["is great and I love it"] * glad
    return [
        {
            **post(first_id + place),
            "text": f"kopi uji {mood} {first_id + place}",
            "created_at": f"{at + timedelta(seconds=place):%FT%T}.000Z",
            "__twarc": {
                "url": "https://api.twitter.com/2/tweets/search/recent",
                "version": "2.14",
                "retrieved_at": f"{CRISIS_AT + (until_number + 1) * QUARTER:%FT%T}+00:00",
            },
        }
        for place, mood in enumerate(moods)
    ]


def test_a_planted_crisis_is_mailed_once_within_two_windows_and_one_tick(house: House, inbox: Inbox) -> None:
    def publish(name: str, posts: list[dict[str, Any]], expected: int = 0) -> list[str]:
        """Deliver a file, await its publication, its run and so many mails; gives the subjects since."""
        before = len(inbox.messages)
        [(wanted,)] = house.ask("select count(*) from marts.fct_post")
        house.deliver(name, posts)
        assert house.await_run("ingest_files", house.trigger("ingest_files")) == "success"
        count = [(wanted + len(posts),)]
        until(lambda: house.ask("select count(*) from marts.fct_post") == count, 300, "publication", 1)
        until(lambda: not {one["state"] for one in house.runs("build_and_publish")} - ENDED, 120, "the run")
        until(lambda: len(inbox.messages) >= before + expected, 60, "mail")
        return [message["Subject"] for _, message in inbox.messages[before:]]

    usual = [
        one
        for number in range(-96, 0)
        for one in quarter(
            number, 20_000 + 10 * (number + 96), angry=number % 3, glad=5 + number % 2, until_number=-1
        )
    ]
    assert publish("usual.ndjson", usual) == []
    assert publish("first.ndjson", quarter(0, 30_000, angry=30, glad=5, until_number=0)) == []
    begun = time.monotonic()
    assert publish("second.ndjson", quarter(1, 30_100, angry=30, glad=5, until_number=1), 1) == [
        "Gaung: Kopi Uji: keluhan melonjak"
    ]
    note("house_crisis", seconds_from_file_to_mail=round(time.monotonic() - begun, 1))
    assert house.await_run("build_and_publish", house.trigger("build_and_publish")) == "success"
    assert [to for to, _ in inbox.messages] == [["ibu@example.com"]], "another tick tells nobody again"
    calm = [one for number in (2, 3) for one in quarter(number, 30_200 + 20 * number, angry=1, glad=5,
                                                        until_number=3)]  # fmt: skip
    [closed] = publish("calm.ndjson", calm, 1)
    assert "Kopi Uji" in closed


def test_a_brief_is_mailed_once(house: House, inbox: Inbox) -> None:
    for _ in range(2):
        run_id = house.trigger("send_reports", brand_id="kopi", local_date="2026-03-11")
        assert house.await_run("send_reports", run_id) == "success"
    [(to, message)] = inbox.messages
    assert (to, message["From"]) == (["ibu@example.com"], "kabar@example.com")
    assert message["Subject"] == "Kabar harian Kopi Uji: Rabu, 11 Maret 2026"


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
