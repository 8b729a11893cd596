"""All measurements in one run: formats, loading, enriching, ticks, histories with their queries."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from gaung.bench import enriching, formats, history, loading, memory, ticks
from gaung.bench.machine import machine
from gaung.settings import get_settings

SUBJECTS = ("formats", "loading", "enriching", "ticks", "history")
Told = Callable[[str, str], None]
"""Called with a subject and with what is being done for it."""


def measure(subjects: tuple[str, ...], plan: ticks.Plan, told: Told) -> tuple[dict[str, Any], Path]:
    """The figures of the subjects, and the file of this run that they were written to."""
    figures: dict[str, Any] = {
        "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "machine": machine(),
        "peak_mib": {},
    }
    for subject in subjects:
        memory.forget_peak()
        told(subject, "begin")
        figures[subject] = _MEASURES[subject](plan, partial(told, subject))
        figures["peak_mib"][subject] = memory.peak_mib()
    target = get_settings().home / "bench" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(figures, indent=1) + "\n")
    return figures, target


def _formats(plan: ticks.Plan, told: Callable[[str], None]) -> list[dict[str, Any]]:
    found = []
    for name, map_name in formats.INPUTS:
        told(name)
        found.append(formats.measure_one(name, map_name, formats.DEFAULT_MEGABYTES).figures())
    return found


def _loading(plan: ticks.Plan, told: Callable[[str], None]) -> dict[str, Any]:
    told(f"{loading.ROUNDS} rounds of {loading.ROWS:,} rows")
    return loading.measure().figures()


def _enriching(plan: ticks.Plan, told: Callable[[str], None]) -> dict[str, Any]:
    many = enriching.FULL if plan.every else enriching.MANY
    told(f"{enriching.ROUNDS} rounds of {enriching.TEXTS:,} texts, then {many:,} for memory")
    return enriching.measure(many=many).figures()


def _ticks(plan: ticks.Plan, told: Callable[[str], None]) -> dict[str, Any]:
    return ticks.measure(plan, told).figures() | {"plan": asdict(plan)}


def _history(plan: ticks.Plan, told: Callable[[str], None]) -> dict[str, Any]:
    return history.measure(plan, told).figures() | {"plan": asdict(plan)}


_MEASURES: dict[str, Callable[[ticks.Plan, Callable[[str], None]], Any]] = {
    "formats": _formats,
    "loading": _loading,
    "enriching": _enriching,
    "ticks": _ticks,
    "history": _history,
}
