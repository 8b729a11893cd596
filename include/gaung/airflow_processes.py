"""Airflow's four processes, started together, restarted when one dies, stopped together.

``up`` starts one supervisor in the background (this module as a program); it keeps the four and the
local database server running and writes who they are to ``<home>/airflow/processes.json``. ``down``
ends them all, even when the supervisor itself was killed. ``drain`` lets running tasks end first.
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
from gaung.errors import GaungError
from gaung.settings import get_settings
from gaung.warehouse import local

log = logging.getLogger(__name__)

COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    # Logs are read from the folder; Airflow's servers of logs can only listen on every interface.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
PROGRAM = str(Path(sys.executable).parent / "airflow")
PATIENCE_S = 20
DRAIN_S = 1800
"""How long running tasks may take to end before an upgrade."""

STEADY_S = 600
"""A component that lived this long starts again at once when it dies; others after growing pauses."""

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


@dataclass(frozen=True, slots=True)
class Component:
    """A process that should run: whether it does, how often it had to be started again, its health.

    Attributes:
        health: what Airflow says of its heartbeat; None when Airflow does not say.
    """

    name: str
    is_alive: bool
    restarts: int
    health: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether it lives and its heartbeat is not late."""
        return self.is_alive and self.health in (None, "healthy")


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
    _write([Running.of("supervisor", started.pid)], {}, airflow_home.code())
    _restart_note().unlink(missing_ok=True)
    return True


def down(*, drain_s: float = 0) -> list[str]:
    """Names of the processes that were ended: the supervisor, its four, and their own workers.

    With ``drain_s`` no further task is started and those that run may take so many seconds to end.
    """
    before = running()
    supervisor = next((process for process in before if process.name == "supervisor"), None)
    if supervisor is not None:
        _signal(supervisor, signal.SIGUSR1 if drain_s else signal.SIGTERM, group=False)
        _await_end([supervisor], drain_s + PATIENCE_S + 10)
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
    entries: list[dict[str, Any]] = _noted().get("processes", [])
    return [process for process in (Running(**entry) for entry in entries) if process.is_alive()]


def components() -> list[Component]:
    """What should run, from `gaung up` to `gaung down`; empty outside of that."""
    noted = _noted()
    if not noted:
        return []
    alive = {process.name for process in running()}
    health = _health(2) if "api-server" in alive else {}
    return [
        Component(
            name=name,
            is_alive=name in alive,
            restarts=int(noted.get("restarts", {}).get(name, 0)),
            health=health.get(name.replace("-", "_")),
        )
        for name in ("supervisor", *COMPONENTS)
    ]


def is_outdated() -> bool:
    """Whether Airflow runs with other code than there is now."""
    noted = _noted()
    return bool(noted) and noted.get("code") != airflow_home.code()


def restart_later() -> None:
    """Note that the next `gaung upgrade` starts Airflow, even if what lies between fails."""
    _restart_note().touch()


def restart_is_due() -> bool:
    """Whether an upgrade stopped Airflow and nothing has started it since."""
    return _restart_note().exists()


def is_healthy(timeout_s: float = 5) -> bool:
    """True when the web server answers and says that the scheduler is alive."""
    health = _health(timeout_s)
    parts = ("scheduler", "dag_processor", "triggerer", "metadatabase")
    return all(health.get(part) == "healthy" for part in parts)


def _health(timeout_s: float) -> dict[str, str | None]:
    """What Airflow's web server says of each part; empty when it does not answer."""
    import httpx

    try:
        answer = httpx.get(
            f"http://127.0.0.1:{airflow_home.port()}/api/v2/monitor/health", timeout=timeout_s
        ).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return {name: (part or {}).get("status") for name, part in answer.items() if name != "detail"}


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
    born: dict[str, float] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    left_behind: list[int] = field(default_factory=list)
    code: str = field(default_factory=airflow_home.code)
    is_stopping: bool = False
    is_draining: bool = False

    def work(self) -> None:
        """Start, watch, restart; stop on SIGTERM or SIGINT, on SIGUSR1 once running tasks have ended."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, self._stop)
        while not self.is_stopping:
            self._keep_server()
            for name in COMPONENTS:
                self._keep(name)
            self._sweep()
            time.sleep(0.5)
        if self.is_draining:
            self._drain()
        self._end_children()

    def _keep(self, name: str) -> None:
        """Start a component that does not run, after a pause that grows while it keeps dying early."""
        child = self.children.get(name)
        now = time.monotonic()
        if child is not None and child.poll() is not None:
            del self.children[name]
            self._bury(name, child.pid)
            is_steady = now - self.born[name] > STEADY_S
            pause = 0 if is_steady else min(2 ** self.restarts.get(name, 0), 60)
            self.restarts[name] = self.restarts.get(name, 0) + 1
            log.warning("%s ended with %s; starts again in %s s", name, child.returncode, pause)
            self.due[name] = now + pause
            self._note()
        if name not in self.children and now >= self.due.get(name, 0.0):
            self._start(name)

    def _keep_server(self) -> None:
        """Start the local database server when it has died: Airflow's own tables live in it."""
        if get_settings().dsn or local.status().pid is not None:
            return
        try:
            local.start()
            log.warning("the database server had ended; it runs again")
        except GaungError as error:
            log.error("the database server cannot be started: %s", error)

    def _bury(self, name: str, group: int) -> None:
        """End what a dead component started; a dead scheduler's running tasks may go on to their end."""
        if name == "scheduler":
            self.left_behind.append(group)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    def _sweep(self) -> None:
        """End what dead schedulers started, except workers whose task (a group of its own) still runs."""
        for group in self.left_behind:
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if _group_of(process.pid) == group and not process.children():
                        process.kill()
        self.left_behind = [group for group in self.left_behind if _is_group(group)]

    def _start(self, name: str) -> None:
        with _log(name).open("ab") as output:
            self.children[name] = subprocess.Popen(  # noqa: S603
                [PROGRAM, *COMPONENTS[name]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.born[name] = time.monotonic()
        self._note()

    def _note(self) -> None:
        entries = [Running.of("supervisor", os.getpid())]
        for name, child in self.children.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                entries.append(Running.of(name, child.pid))
        _write(entries, self.restarts, self.code)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True
        self.is_draining = number == signal.SIGUSR1

    def _drain(self) -> None:
        """Tell the scheduler to end: it starts nothing more and waits for the tasks that run."""
        scheduler = self.children.get("scheduler")
        if scheduler is None or scheduler.poll() is not None:
            return
        scheduler.terminate()
        log.info("draining: waiting for running tasks")
        with contextlib.suppress(subprocess.TimeoutExpired):
            scheduler.wait(DRAIN_S)

    def _end_children(self) -> None:
        processes = []
        started: list[psutil.Process] = []
        for name, child in self.children.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                processes.append(Running.of(name, child.pid))
                started += psutil.Process(child.pid).children(recursive=True)
        for process in processes:
            _signal(process, signal.SIGTERM)
        _await_end(processes, PATIENCE_S)
        for process in processes:
            _signal(process, signal.SIGKILL)
        for one in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        for group in self.left_behind:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _is_group(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


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


def _restart_note() -> Path:
    return airflow_home.home() / "restart"


def _log(name: str) -> Path:
    """The log of a process; a large one is kept once as ``.1`` and begun anew."""
    path = airflow_home.home() / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def _noted() -> dict[str, Any]:
    """What :func:`_write` wrote; empty when nothing should run."""
    try:
        noted = json.loads(_file().read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {"processes": noted}


def _write(entries: list[Running], restarts: dict[str, int], code: str) -> None:
    draft = _file().with_suffix(".new")
    draft.parent.mkdir(parents=True, exist_ok=True)
    processes = [{"name": entry.name, "pid": entry.pid, "born": entry.born} for entry in entries]
    draft.write_text(json.dumps({"code": code, "restarts": restarts, "processes": processes}))
    draft.replace(_file())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _Supervisor().work()
