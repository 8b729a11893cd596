"""On what the figures were measured."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gaung.settings import PROJECT_ROOT

LIBRARIES = ("ijson", "polars", "pyarrow", "psycopg2-binary", "pyyaml")
_GIB = 1024**3


def machine() -> dict[str, Any]:
    """Processor, memory, versions and commit, for the head of every list of figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / _GIB, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: found for name in LIBRARIES if (found := _version(name))},
        "commit": _git("rev-parse", "HEAD"),
        "is_changed_since_commit": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ModuleNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """What git says; None outside a repository or without git."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(PROJECT_ROOT), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
