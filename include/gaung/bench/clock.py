"""What a piece of work costs: wall seconds, and processor seconds of this process and of the server."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(slots=True)
class Cost:
    """Seconds that a piece of work took.

    Attributes:
        wall: by the clock on the wall.
        process: of the processor, for this process and its threads.
        server: of the processor, for the local server's processes, at least: where the system does not
            keep the times of ended processes, sessions that ended meanwhile are missing. None: unknown.
    """

    wall: float = 0.0
    process: float = 0.0
    server: float | None = None

    @property
    def processor(self) -> float:
        """Processor seconds of this process, which are sure; the server's are not."""
        return self.process

    def figures(self) -> dict[str, float | None]:
        """All figures, for JSON."""
        server = None if self.server is None else round(self.server, 3)
        return {"wall": round(self.wall, 3), "process": round(self.process, 3), "server": server}


@contextmanager
def cost() -> Iterator[Cost]:
    """The cost of what runs inside, filled in at its end."""
    found = Cost()
    server, process, wall = server_seconds(), time.process_time(), time.perf_counter()
    yield found
    found.wall = time.perf_counter() - wall
    found.process = time.process_time() - process
    after = server_seconds()
    found.server = None if server is None or after is None else after - server


def server_seconds() -> float | None:
    """Processor seconds of the local server's processes so far, ended ones included; None without one."""
    from gaung.settings import get_settings
    from gaung.warehouse import local

    postmaster = None if get_settings().dsn else local.status().pid
    if postmaster is None or not (_PROC / str(postmaster)).exists():
        return None
    ticks = sum(_times(postmaster))
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and _parent(folder) == postmaster:
            ticks += sum(_times(int(folder.name))[:2])
    return ticks / os.sysconf("SC_CLK_TCK")


def _fields(folder: Path) -> list[str]:
    """Fields of ``stat`` after the name, which may hold blanks; empty when the process is gone."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(folder: Path) -> int | None:
    fields = _fields(folder)
    return int(fields[1]) if fields else None


def _times(pid: int) -> tuple[int, ...]:
    """User, system, and the same of ended children, in ticks."""
    fields = _fields(_PROC / str(pid))
    return tuple(map(int, fields[11:15])) if fields else (0, 0, 0, 0)
