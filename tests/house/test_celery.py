"""CeleryExecutor for real: Redis and two workers on loopback, one of them killed while it works."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gaung import airflow_home, airflow_processes
from gaung.settings import PROJECT_ROOT, get_settings
from tests.conftest import _fill_environment, free_port
from tests.house.living import House, living_house, until

pytestmark = [pytest.mark.prove, pytest.mark.timeout(3000)]


def installed(folder: Path) -> Path:
    """The programs of an environment with requirements/celery.txt; skips where it cannot be installed."""
    uv = str(Path(sys.executable).parent / "uv")
    python = folder / "bin" / "python"
    pins = str(PROJECT_ROOT / "requirements" / "celery.txt")
    into = ["--quiet", "--python", str(python)]
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [uv, "pip", "sync", *into, "--require-hashes", pins],
        [uv, "pip", "install", *into, "--offline", "--no-deps", "--no-build-isolation", "--editable",
         str(PROJECT_ROOT)],
    ):  # fmt: skip
        environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"requirements/celery.txt cannot be installed here: {done.stderr[-300:]}")
    return folder / "bin"


@pytest.fixture(scope="module")
def redis() -> Iterator[int]:
    """The port of a Redis on loopback that keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis here (Debian: apt-get install redis-server)")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    yield port
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def programs() -> Iterator[Path]:
    """Programs of the environment with Celery."""
    folder = Path(tempfile.mkdtemp(prefix="gaung-celery-"))
    yield installed(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house(redis: int, programs: Path) -> Iterator[tuple[House, list["subprocess.Popen[bytes]"]]]:
    """A house with CeleryExecutor, and its two workers."""
    home = Path(tempfile.mkdtemp(prefix="gaung-house-"))
    home.chmod(0o755)
    workers: list[subprocess.Popen[bytes]] = []
    with pytest.MonkeyPatch.context() as patch:
        _fill_environment(patch, home)
        patch.setattr(sys, "executable", str(programs / "python"))
        patch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
        patch.setenv("AIRFLOW__CELERY__BROKER_URL", f"redis://127.0.0.1:{redis}/0")
        patch.setenv("AIRFLOW__CELERY__WORKER_CONCURRENCY", "1")
        try:
            with living_house(home) as found:
                environment = {**os.environ, **airflow_home.environment()}
                for number in range(2):
                    command = ["celery", "worker", "--celery-hostname", f"w{number}@%h"]
                    workers.append(
                        subprocess.Popen(
                            [str(programs / "airflow"), *command, "--skip-serve-logs"],
                            env=environment,
                            stdout=(home / f"worker{number}.log").open("wb"),
                            stderr=subprocess.STDOUT,
                            start_new_session=True,
                        )
                    )
                yield found, workers
        finally:
            for worker in workers:
                _end(worker.pid)
                worker.wait(30)
            get_settings.cache_clear()
            shutil.rmtree(home, ignore_errors=True)


def _end(pid: int) -> None:
    """Kill a worker and everything that it started."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for one in family:
        try:
            one.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue


def _works(worker: "subprocess.Popen[bytes]") -> bool:
    """Whether a worker's pool process runs a task: it has a process of its own then."""
    try:
        return any(child.children() for child in psutil.Process(worker.pid).children())
    except psutil.NoSuchProcess:
        return False


def test_the_options_of_the_compose_file_exist(programs: Path) -> None:
    compose = (PROJECT_ROOT / "docker-compose.yml").read_text("utf-8")
    options = set(re.findall(r"AIRFLOW__CELERY__([A-Z_]+):", compose))
    assert options
    code = (
        "from airflow.configuration import conf; print(*conf.configuration_description['celery']['options'])"
    )
    said = subprocess.run(
        [programs / "python", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert {option.lower() for option in options} <= set(said.split())
    help_text = subprocess.run(
        [programs / "airflow", "celery", "worker", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "--concurrency" in help_text


def test_a_killed_worker_does_not_lose_the_run(
    house: tuple[House, list["subprocess.Popen[bytes]"]],
) -> None:
    found, workers = house
    found.drop("large.ndjson", 20_000, 0)
    run_id = found.trigger("ingest_files")
    tasks = f"dags/ingest_files/dagRuns/{run_id}/taskInstances"

    def loads() -> bool:
        running = [
            one
            for one in found.get(tasks)["task_instances"]
            if one["task_id"] == "ingest_file" and one["state"] == "running"
        ]
        return bool(running) and any(_works(worker) for worker in workers)

    until(loads, 300, "a worker to load the file", 0.1)
    victim = next(worker for worker in workers if _works(worker))
    _end(victim.pid)
    victim.wait(30)

    assert found.await_run("ingest_files", run_id, 900) == "success"
    tries = [
        one["try_number"] for one in found.get(tasks)["task_instances"] if one["task_id"] == "ingest_file"
    ]
    assert tries == [2], "the other worker did it again"
    assert found.ask("select count(*) from ops.batch") == [(1,)]
    assert airflow_processes.is_healthy()
