"""How much memory this process needed at most, as the system counts it."""

from pathlib import Path

_STATUS = Path("/proc/self/status")
_FORGET = Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Let the next peak begin at what is in use now, where the system allows it."""
    try:
        _FORGET.write_text("5")
    except OSError:
        return


def peak_mib() -> float | None:
    """Greatest resident memory since the start or :func:`forget_peak`, in MiB; None where it is not told."""
    if not _STATUS.is_file():
        return None
    for line in _STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return None
