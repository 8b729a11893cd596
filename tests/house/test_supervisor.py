"""The supervisor with small programs in the components' place: restarts, draining, a clean end.

With Airflow itself the same is proved in test_living.py.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gaung import airflow_processes

# A component: notes its birth, has a child of its own, and takes a second to end when told to.
STAND_IN = """
import os, signal, subprocess, sys, time
name, folder = sys.argv[1:]
child = subprocess.Popen(["sleep", "300"])
def end(*_):
    time.sleep(1)
    open(os.path.join(folder, name + ".drained"), "w").close()
    child.kill()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open(os.path.join(folder, name + ".born"), "a").write(f"{os.getpid()}\\n")
while True:
    time.sleep(0.05)
"""

SUPERVISOR = """
import sys
from gaung import airflow_processes as house
house.PROGRAM = sys.executable
house.COMPONENTS = {name: ("-c", STAND_IN, name, FOLDER) for name in house.COMPONENTS}
house._Supervisor().work()
"""


@pytest.fixture
def supervised(settings_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A supervisor at work; gives the folder in which its components note what they do."""
    monkeypatch.setenv("GAUNG_DSN", "postgresql://nobody@127.0.0.1:1/none")
    code = SUPERVISOR.replace("STAND_IN", repr(STAND_IN)).replace("FOLDER", repr(str(settings_home)))
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        wait_for(lambda: len(noted(settings_home)) == 4 and len(alive()) == 5)
        yield settings_home
    finally:
        airflow_processes.down()
        process.kill()
        process.wait(10)


def wait_for(question: Any, timeout_s: float = 30) -> None:
    """Return once the answer is true."""
    end = time.monotonic() + timeout_s
    while not question():
        assert time.monotonic() < end, (alive(), airflow_processes.log_tails())
        time.sleep(0.05)


def noted(folder: Path) -> dict[str, list[int]]:
    """Process numbers by component, in the order of birth."""
    return {path.stem: [int(line) for line in path.read_text().split()] for path in folder.glob("*.born")}


def alive() -> dict[str, int]:
    """What the list of processes says."""
    return {process.name: process.pid for process in airflow_processes.running()}


def test_a_killed_component_is_started_again_without_its_leftovers(supervised: Path) -> None:
    for name in airflow_processes.COMPONENTS:
        before = alive()[name]
        family = psutil.Process(before).children(recursive=True)
        assert family
        os.kill(before, signal.SIGKILL)
        wait_for(lambda name=name, before=before: alive().get(name, before) != before)
        wait_for(lambda family=family: not any(one.is_running() for one in family))
    assert {
        one.name: one.restarts for one in airflow_processes.components() if one.name != "supervisor"
    } == dict.fromkeys(airflow_processes.COMPONENTS, 1)
    assert {name: len(pids) for name, pids in noted(supervised).items()} == dict.fromkeys(
        airflow_processes.COMPONENTS, 2
    )


def test_draining_lets_the_scheduler_end_before_the_others(supervised: Path) -> None:
    family = [one for pid in alive().values() for one in psutil.Process(pid).children(recursive=True)]

    ended = airflow_processes.down(drain_s=20)

    assert set(ended) == {"supervisor", *airflow_processes.COMPONENTS}
    times = {path.stem: path.stat().st_mtime for path in supervised.glob("*.drained")}
    assert set(times) == set(airflow_processes.COMPONENTS)
    assert times["scheduler"] == min(times.values())
    assert airflow_processes.components() == []
    assert not any(one.is_running() and one.status() != "zombie" for one in family)


def test_other_code_makes_an_upgrade_due(supervised: Path) -> None:
    assert not airflow_processes.is_outdated()
    file = supervised / "airflow" / "processes.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"code": "of yesterday"}))
    assert airflow_processes.is_outdated()
    assert not airflow_processes.restart_is_due()
    airflow_processes.restart_later()
    assert airflow_processes.restart_is_due()
