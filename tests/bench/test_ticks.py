"""The measure of ticks: what is compared, how figures are made of ticks, what a small plan gives."""

import pytest

from gaung.bench import history, tables, ticks
from gaung.bench.clock import Cost
from gaung.bench.history import MEASURES, History
from gaung.bench.ticks import STAGES, Plan, Step, Tick, Ticks


def _tick(number: int, seconds: float, rows: int = 10) -> Tick:
    return Tick(number, 5, {name: Step(Cost(seconds, seconds / 2, 0.0), rows, 1) for name in STAGES})


def test_only_ticks_of_every_world_are_compared() -> None:
    found = History({1: [_tick(1, 9.0), _tick(2, 1.0), _tick(3, 3.0)], 10: [_tick(2, 2.0), _tick(3, 3.0)]})

    assert [tick.number for tick in found.compared(1)] == [2, 3]
    assert found.median(1, "gate", MEASURES["seconds"]) == 2.0
    assert found.ratio("gate", MEASURES["seconds"]) == 1.25
    assert found.ratio(None, MEASURES["rows_read"]) == 1.0


def test_a_ratio_to_nothing_is_unknown() -> None:
    found = History({1: [_tick(1, 1.0, rows=0)], 10: [_tick(1, 1.0, rows=5)]})

    assert found.ratio("gate", MEASURES["rows_read"]) is None


def test_a_tick_that_takes_longer_than_its_quarter_of_an_hour_is_told() -> None:
    found = Ticks(Plan(), [_tick(1, 9.0), _tick(2, 1.0), _tick(3, 3.0)], [_tick(7, 120.0)]).figures()

    assert found["tick_seconds"] == {"n": 3, "p50": 24.0, "p95": 72.0, "max": 72.0}
    assert (found["ticks"], found["ticks_within_their_window"]) == (4, 3)


def test_the_fullest_run_of_windows_is_found() -> None:
    assert ticks.heaviest([1, 5, 5, 1, 9, 0], 2) == 1
    assert ticks.heaviest([1, 5, 5, 1, 9, 2], 2) == 4


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("warehouse")
def test_a_small_plan_from_files_to_tables() -> None:
    plan = Plan("tiny", peak=3, every=96, history_size="tiny", multiples=(1, 2), compared=2)

    peak = ticks.measure(plan, lambda words: None).figures()
    found = history.measure(plan, lambda words: None).figures()

    assert (peak["tick_seconds"]["n"], len(peak["each"])) == (3, peak["ticks"])
    assert peak["ticks_within_their_window"] == peak["ticks"] > 3
    assert [tick["number"] for tick in found["ticks"]["2"]] == [
        tick["number"] for tick in found["ticks"]["1"]
    ]
    assert len(found["ticks"]["1"]) == 2
    assert set(found["queries_ms"]) == {"1", "2"}
    figures = {"ticks": peak, "history": found, "peak_mib": {"ticks": 1.0}}
    titles = [title for title, _, _ in tables.tables(figures)]
    assert titles[0].startswith("Seconds per tick at the peak")
    assert len(titles) == 4
