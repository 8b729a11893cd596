"""Airflow's four processes, started together, restarted when one dies, stopped together.

``up`` starts one supervisor in the background (this module as a program); it keeps the four running
and writes who they are to ``<home>/airflow/processes.json``. ``down`` ends them all, even when
the supervisor itself was killed.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from gaung import airflow_home

log = logging.getLogger(__name__)

COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler",),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer",),
}
PATIENCE_S = 20
LOG_LIMIT_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Running:
    """A process that is surely the one that was started: its number and its time of birth."""

    name: str
    pid: int
    born: float

    @classmethod
    def of(cls, name: str, pid: int) -> "Running":
        """The living process of a number."""
        return cls(name, pid, psutil.Process(pid).create_time())

    def is_alive(self) -> bool:
        """False once it ended, also when another process has its number by now."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.born and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def up() -> bool:
    """True when a supervisor was started, False when one is running already."""
    if any(process.name == "supervisor" for process in running()):
        return False
    down()
    variables = airflow_home.ready()
    with _log("supervisor").open("ab") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "gaung.airflow_processes"],
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _write([Running.of("supervisor", started.pid)])
    return True


def down() -> list[str]:
    """Names of the processes that were ended: the supervisor, its four, and their own workers."""
    before = running()
    supervisor = next((process for process in before if process.name == "supervisor"), None)
    if supervisor is not None:
        _signal(supervisor, signal.SIGTERM, group=False)
        _await_end([supervisor], PATIENCE_S + 10)
    left = [process for process in before if process.is_alive()]
    for process in left:
        _signal(process, signal.SIGTERM)
    _await_end(left, PATIENCE_S)
    for process in left:
        _signal(process, signal.SIGKILL)
    _file().unlink(missing_ok=True)
    return [process.name for process in before]


def running() -> list[Running]:
    """The processes of this clone that are alive."""
    try:
        entries: list[dict[str, Any]] = json.loads(_file().read_text())
    except (FileNotFoundError, ValueError):
        return []
    return [process for process in (Running(**entry) for entry in entries) if process.is_alive()]


def is_healthy(timeout_s: float = 5) -> bool:
    """True when the web server answers and says that the scheduler is alive."""
    import httpx

    try:
        answer = httpx.get(
            f"http://127.0.0.1:{airflow_home.port()}/api/v2/monitor/health", timeout=timeout_s
        ).json()
    except (httpx.HTTPError, ValueError):
        return False
    parts = ("scheduler", "dag_processor", "triggerer", "metadatabase")
    return all((answer.get(part) or {}).get("status") == "healthy" for part in parts)


def await_healthy(timeout_s: float = 120) -> bool:
    """True once :func:`is_healthy`; False when that takes longer."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if is_healthy():
            return True
        time.sleep(1)
    return False


def log_tails(lines: int = 20) -> dict[str, str]:
    """The last lines of each process's log."""
    tails = {}
    for name in ("supervisor", *COMPONENTS):
        with contextlib.suppress(FileNotFoundError):
            tails[name] = "\n".join(_log(name).read_text("utf-8", "replace").splitlines()[-lines:])
    return tails


# --------------------------------------------------------------------------------------------
# The supervisor
# --------------------------------------------------------------------------------------------


@dataclass
class _Supervisor:
    """Keeps the components running until it is told to stop."""

    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    is_stopping: bool = False

    def work(self) -> None:
        """Start, watch, restart with growing pauses; stop on SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        due = dict.fromkeys(COMPONENTS, 0.0)
        while not self.is_stopping:
            for name in COMPONENTS:
                child = self.children.get(name)
                if child is not None and child.poll() is not None:
                    pause = min(2 ** self.restarts.get(name, 0), 60)
                    self.restarts[name] = self.restarts.get(name, 0) + 1
                    log.warning("%s ended with %s; starts again in %s s", name, child.returncode, pause)
                    del self.children[name]
                    due[name] = time.monotonic() + pause
                if name not in self.children and time.monotonic() >= due[name]:
                    self._start(name)
            time.sleep(0.5)
        self._end_children()

    def _start(self, name: str) -> None:
        program = str(Path(sys.executable).parent / "airflow")
        with _log(name).open("ab") as output:
            self.children[name] = subprocess.Popen(  # noqa: S603
                [program, *COMPONENTS[name]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._note()

    def _note(self) -> None:
        entries = [Running.of("supervisor", os.getpid())]
        for name, child in self.children.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                entries.append(Running.of(name, child.pid))
        _write(entries)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def _end_children(self) -> None:
        processes = []
        for name, child in self.children.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                processes.append(Running.of(name, child.pid))
        for process in processes:
            _signal(process, signal.SIGTERM)
        _await_end(processes, PATIENCE_S)
        for process in processes:
            _signal(process, signal.SIGKILL)


def _signal(process: Running, number: signal.Signals, *, group: bool = True) -> None:
    """Signal a process (and what it started); nothing when it is gone."""
    if not group and not process.is_alive():
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)


def _await_end(processes: list[Running], timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end and any(process.is_alive() for process in processes):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.1)


def _file() -> Path:
    return airflow_home.home() / "processes.json"


def _log(name: str) -> Path:
    """The log of a process; a large one is kept once as ``.1`` and begun anew."""
    path = airflow_home.home() / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def _write(entries: list[Running]) -> None:
    draft = _file().with_suffix(".new")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(json.dumps([{"name": e.name, "pid": e.pid, "born": e.born} for e in entries]))
    draft.replace(_file())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _Supervisor().work()
