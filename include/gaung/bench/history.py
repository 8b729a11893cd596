"""Whether the cost of a tick follows new data or history, and what dashboards wait where history is long.

Worlds with histories of different length stand side by side, each in a database of its own. The history
is made by the demo's generator and goes the pipeline's own way. A compared tick is run in each world in
turn, so that ratios compare the same quarter of an hour, on the same machine, within a minute.
"""

import shutil
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaung.bench.scratch import drop
from gaung.bench.ticks import STAGES, Plan, Step, Tick, Told, World, flat, folders, fullest

Worlds = dict[int, World]
"""By how many times the demo's posts a world holds when the demo is over."""

MEASURES: dict[str, Callable[[Step], float]] = {
    "seconds": lambda step: step.cost.wall,
    "processor_seconds": lambda step: step.cost.processor,
    "rows_read": lambda step: step.rows_read,
    "pages": lambda step: step.pages,
}


@dataclass
class History:
    """The ticks of each world by its multiple, and how long dashboards waited there."""

    worlds: dict[int, list[Tick]] = field(default_factory=dict)
    queries: dict[int, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def compared(self, multiple: int) -> list[Tick]:
        """The ticks that were run in every world, in this one."""
        shared = set.intersection(*({tick.number for tick in ticks} for ticks in self.worlds.values()))
        return [tick for tick in self.worlds[multiple] if tick.number in shared]

    def median(self, multiple: int, stage: str | None, measure: Callable[[Step], float]) -> float:
        """Median over the compared ticks of a measure of one stage, or of all together."""
        stages = STAGES if stage is None else (stage,)
        return float(
            statistics.median(
                sum(measure(tick.steps[name]) for name in stages) for tick in self.compared(multiple)
            )
        )

    def ratio(self, stage: str | None, measure: Callable[[Step], float]) -> float | None:
        """Median in the longest history over the median in the shortest; None when that is nothing."""
        most = self.median(max(self.worlds), stage, measure)
        least = self.median(min(self.worlds), stage, measure)
        return most / least if least else None

    def figures(self) -> dict[str, Any]:
        """All figures, for JSON."""
        return {
            "medians": {str(multiple): self._medians(multiple) for multiple in self.worlds},
            "ratio_of_medians": {
                name: {stage or "all": _rounded(self.ratio(stage, of)) for stage in (None, *STAGES)}
                for name, of in MEASURES.items()
            },
            "queries_ms": {str(multiple): found for multiple, found in self.queries.items()},
            "ticks": {
                str(multiple): [flat(tick) for tick in ticks] for multiple, ticks in self.worlds.items()
            },
        }

    def _medians(self, multiple: int) -> dict[str, dict[str, float]]:
        return {
            name: {stage or "all": round(self.median(multiple, stage, of), 3) for stage in (None, *STAGES)}
            for name, of in MEASURES.items()
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def measure(plan: Plan, told: Told) -> History:
    """The same ticks in every history of a plan; their databases are gone afterwards."""
    found = History()
    with tempfile.TemporaryDirectory(prefix="gaung-bench-") as name:
        root = Path(name)
        worlds = {multiple: World(f"{multiple}x", root) for multiple in plan.multiples}
        try:
            _fill(worlds, plan, root, told)
            _run(worlds, plan, folders(root / "days", plan.history_size), told)
            for multiple, world in worlds.items():
                told(f"{multiple}x: queries")
                found.worlds[multiple] = world.ticks
                found.queries[multiple] = _queries(world)
        finally:
            for world in worlds.values():
                drop(world.database)
    return found


def _fill(worlds: Worlds, plan: Plan, root: Path, told: Told) -> None:
    """Give each world its history."""
    from gaung.demo.generator import history

    for multiple, world in worlds.items():
        told(f"{multiple}x: an empty warehouse")
        world.begin()
    longest = max(plan.multiples)
    for number, folder in enumerate(history(root / "history", longest, size=plan.history_size)):
        earlier = longest - 1 - number
        told(f"history: {earlier} of {longest - 1} to go")
        for multiple, world in worlds.items():
            if multiple > earlier:
                world.ingest(folder)
        shutil.rmtree(folder)
    for multiple, world in worlds.items():
        if multiple > 1:
            told(f"{multiple}x: build the history")
            world.settle()


def _run(worlds: Worlds, plan: Plan, places: list[Path | None], told: Told) -> None:
    """Ingest what came before the fullest quarters of an hour, then run these in every world in turn."""
    first = fullest(places, plan.compared)
    for number, place in enumerate(places[:first]):
        told(f"before the peak: {number} of {first}")
        for world in worlds.values():
            if place is not None:
                world.ingest(place)
    for multiple, world in worlds.items():
        told(f"{multiple}x: build what came before the peak")
        world.settle()
        world.clean()
    for number in range(first, first + plan.compared):
        for multiple, world in worlds.items():
            told(f"tick {number} at {multiple}x")
            if (place := places[number]) is not None:
                world.tick(number, [place])


def _queries(world: World) -> dict[str, dict[str, Any]]:
    from gaung.bench import queries

    with world.here():
        return queries.measure()
