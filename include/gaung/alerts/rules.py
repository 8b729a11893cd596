"""When an alert opens, escalates and closes: decisions over facts, without a clock and without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

Kind = Literal["gate_failure", "source_outage", "crisis", "drop"]
Event = Literal["open", "escalate", "close"]

WINDOW = timedelta(minutes=15)
WINDOWS = 12
"""Newest complete windows that each evaluation looks at: three hours."""
THRESHOLDS: dict[str, float] = {
    "windows": WINDOWS,
    "least_past": 14,
    "z": 3.5,
    "share_z": 2.326,
    "least_rise": 10,
    "least_negative": 5,
    "least_coverage": 80,
    "least_usual": 8,
}
"""Parameters of ``windows.sql``; why they are what they are stands in docs/decisions."""
ESCALATE_FACTOR = 2
ESCALATE_AFTER = 4
"""Windows, failed builds or failed collections in a row after which what is open gets worse."""
OUTAGE_AFTER = 2
COOL_DOWN = timedelta(hours=24)
"""A drop that closed opens no new one for so long."""


@dataclass(frozen=True)
class State:
    """An alert that is, or was last, open for one kind and subject.

    Attributes:
        alert_id: row of its opening.
        window_at: where it opened; None for what is no window.
        evidence: what it opened with.
        is_escalated: whether it got worse already.
        closed_at: window, or moment, of its close; None while it is open.
    """

    alert_id: int
    window_at: datetime | None
    evidence: Mapping[str, Any]
    is_escalated: bool = False
    is_open: bool = True
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What happens to an alert now."""

    kind: Kind
    subject: str
    event: Event
    evidence: dict[str, Any] = field(default_factory=dict)
    window_at: datetime | None = None


def of_windows(kind: Kind, windows: Sequence[Mapping[str, Any]], last: State | None) -> Decision | None:
    """What the newest windows of one brand mean, None when nothing changes.

    Args:
        kind: ``crisis`` or ``drop``.
        windows: rows of ``windows.sql`` for one brand, oldest first.
        last: the newest alert of that kind and brand, open or closed.
    """
    if not windows:
        return None
    flag = f"is_{kind}"
    brand_id = windows[0]["brand_id"]
    if last is None or not last.is_open:
        for before, now in pairwise(windows):
            if before[flag] and now[flag] and _may_open(kind, now["window_at"], last):
                return Decision(kind, brand_id, "open", dict(now), now["window_at"])
        return None
    later = [row for row in windows if last.window_at is not None and row["window_at"] > last.window_at]
    if len(later) >= 2 and not any(row[flag] or not row["is_observed"] for row in later[-2:]):
        return Decision(kind, brand_id, "close", dict(later[-1]), later[-1]["window_at"])
    if not last.is_escalated:
        for row in later:
            if row[flag] and _is_worse(kind, row, last):
                return Decision(kind, brand_id, "escalate", dict(row), row["window_at"])
    return None


def _may_open(kind: Kind, window_at: datetime, last: State | None) -> bool:
    """Windows up to a close opened that alert already; a drop also needs its cool-down."""
    if last is None or last.closed_at is None:
        return True
    return window_at > last.closed_at + (COOL_DOWN if kind == "drop" else timedelta())


def _is_worse(kind: Kind, row: Mapping[str, Any], last: State) -> bool:
    if last.window_at is not None and row["window_at"] >= last.window_at + ESCALATE_AFTER * WINDOW:
        return True
    return kind == "crisis" and row["negative_count"] >= ESCALATE_FACTOR * last.evidence["negative_count"]


def of_gate(builds: Sequence[Mapping[str, Any]], last: State | None) -> Decision | None:
    """What the newest builds mean for the gate, None when nothing changes.

    Args:
        builds: ended builds, newest first: ``build_id``, ``status``, ``message``.
        last: the newest alert of the gate.
    """
    blocked = _leading(builds, lambda build: build["status"] == "blocked")
    return _of_failures("gate_failure", "gate", blocked, bool(builds), last, opens_after=1)


def of_source(source: str, collections: Sequence[Mapping[str, Any]], last: State | None) -> Decision | None:
    """What the newest collections of one source mean, newest first, None when nothing changes."""
    failed = _leading(collections, lambda one: one["status"] == "failed")
    return _of_failures("source_outage", source, failed, bool(collections), last, opens_after=OUTAGE_AFTER)


def _of_failures(
    kind: Kind,
    subject: str,
    failures: Sequence[Mapping[str, Any]],
    is_known: bool,
    last: State | None,
    *,
    opens_after: int,
) -> Decision | None:
    """Open at the first failures in a row, escalate when they go on, close at the first success."""
    evidence = {**failures[0], "failures_in_a_row": len(failures)} if failures else {}
    is_open = last is not None and last.is_open
    if not is_open:
        return Decision(kind, subject, "open", evidence) if len(failures) >= opens_after else None
    if is_known and not failures:
        return Decision(kind, subject, "close")
    if last is not None and not last.is_escalated and len(failures) >= opens_after + ESCALATE_AFTER - 1:
        return Decision(kind, subject, "escalate", evidence)
    return None


def _leading(rows: Sequence[Mapping[str, Any]], holds: Any) -> list[Mapping[str, Any]]:
    found = []
    for row in rows:
        if not holds(row):
            break
        found.append(row)
    return found
