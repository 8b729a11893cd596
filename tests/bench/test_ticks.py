"""The measure of ticks: what is compared, how figures are made of ticks, what a small plan gives."""

import pytest

from gaung.bench import tables, ticks
from gaung.bench.clock import Cost
from gaung.bench.ticks import STAGES, Plan, Step, Tick, Ticks


def _tick(number: int, seconds: float, rows: int = 10) -> Tick:
    return Tick(number, 5, {name: Step(Cost(seconds, seconds / 2, 0.0), rows, 1) for name in STAGES})


def test_only_ticks_of_every_world_are_compared() -> None:
    found = Ticks(
        Plan(), {1: [_tick(1, 9.0), _tick(2, 1.0), _tick(3, 3.0)], 10: [_tick(2, 2.0), _tick(3, 3.0)]}
    )

    assert [tick.number for tick in found.compared(1)] == [2, 3]
    assert found.median(1, "gate", ticks.MEASURES["seconds"]) == 2.0
    assert found.ratio("gate", ticks.MEASURES["seconds"]) == 1.25
    assert found.ratio(None, ticks.MEASURES["rows_read"]) == 1.0
    assert found.figures()["tick_seconds"] == {"n": 3, "p50": 24.0, "p95": 72.0, "max": 72.0}


def test_a_ratio_to_nothing_is_unknown() -> None:
    found = Ticks(Plan(), {1: [_tick(1, 1.0, rows=0)], 10: [_tick(1, 1.0, rows=5)]})

    assert found.ratio("gate", ticks.MEASURES["rows_read"]) is None


def test_the_fullest_run_of_windows_is_found() -> None:
    assert ticks._fullest([1, 5, 5, 1, 9, 0], 2) == 1
    assert ticks._fullest([1, 5, 5, 1, 9, 2], 2) == 4


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("warehouse")
def test_a_small_plan_from_files_to_tables() -> None:
    plan = Plan("tiny", (1, 2), peak=3, compared=2)

    figures = ticks.measure(plan, lambda words: None).figures()

    assert [tick["number"] for tick in figures["ticks"]["2"]] == [
        tick["number"] for tick in figures["ticks"]["1"]
    ][:2]
    assert figures["tick_seconds"]["n"] == 3
    assert set(figures["queries_ms"]) == {"1", "2"}
    titles = [title for title, _, _ in tables.tables({"ticks": figures, "peak_mib": {"ticks": 1.0}})]
    assert titles[0] == "Seconds per tick, 1×"
