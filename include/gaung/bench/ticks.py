"""What a tick costs, stage by stage, and whether that grows with history.

A tick is one quarter of an hour of the demo: its files are ingested, then one build goes from *begin* to
*publish*. The stages are the functions that the DAGs' operators call (:func:`gaung.ingest.ingest_files`,
:func:`gaung.warehouse.builds.begin`, :func:`gaung.pipeline.run_stage`), one after the other in one warm
process: the start of Airflow's task processes is not in the figures.

Worlds with histories of different length stand side by side, each in a database of its own. The history
is made by the demo's generator and goes the pipeline's own way. A compared tick is run in each world in
turn, so that ratios compare the same quarter of an hour, on the same machine, within a minute.
"""

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaung.bench.clock import Cost, cost
from gaung.bench.scratch import drop, pointed_at

STAGES = ("ingest", "begin", "latest", "enrich", "dirty", "models", "gate", "publish")
Told = Callable[[str], None]


@dataclass
class Step:
    """One stage of one tick.

    Attributes:
        cost: its seconds.
        rows_read: rows that the server read from tables and indexes for it.
        pages: pages of tables and indexes that the server looked at.
    """

    cost: Cost = field(default_factory=Cost)
    rows_read: int = 0
    pages: int = 0


@dataclass
class Tick:
    """One tick in one world."""

    number: int
    records: int
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def wall(self) -> float:
        """Seconds from the first file to the publication."""
        return sum(step.cost.wall for step in self.steps.values())

    @property
    def processor(self) -> float:
        """Processor seconds of the process that runs it."""
        return sum(step.cost.processor for step in self.steps.values())


@dataclass
class Plan:
    """How much is measured.

    Attributes:
        size: of the demo.
        multiples: how long the histories are, in demos; the first is 1.
        peak: consecutive ticks around the fullest, in the first world.
        compared: how many of these are run in every world.
        every: of the other ticks one in so many is measured; 0: none.
    """

    size: str = "small"
    multiples: tuple[int, ...] = (1, 10)
    peak: int = 24
    compared: int = 8
    every: int = 0


FULL = Plan("full", (1, 10, 30), 24, 12, 12)


@dataclass
class Ticks:
    """What was measured: the ticks of each world by its multiple, and how long dashboards waited there."""

    plan: Plan
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
            "plan": self.plan.__dict__,
            "tick_seconds": _spread([tick.wall for tick in self.worlds[1]]),
            "tick_processor_seconds": _spread([tick.processor for tick in self.worlds[1]]),
            "stage_seconds": {
                name: _spread([tick.steps[name].cost.wall for tick in self.worlds[1]]) for name in STAGES
            },
            "history": {str(multiple): self._history(multiple) for multiple in self.worlds},
            "ratio_of_medians": {
                name: {stage or "all": _rounded(self.ratio(stage, of)) for stage in (None, *STAGES)}
                for name, of in MEASURES.items()
            },
            "queries_ms": {str(multiple): found for multiple, found in self.queries.items()},
            "ticks": {
                str(multiple): [_flat(tick) for tick in ticks] for multiple, ticks in self.worlds.items()
            },
        }

    def _history(self, multiple: int) -> dict[str, dict[str, float]]:
        return {
            name: {stage or "all": round(self.median(multiple, stage, of), 3) for stage in (None, *STAGES)}
            for name, of in MEASURES.items()
        }


MEASURES: dict[str, Callable[[Step], float]] = {
    "seconds": lambda step: step.cost.wall,
    "processor_seconds": lambda step: step.cost.processor,
    "rows_read": lambda step: step.rows_read,
    "pages": lambda step: step.pages,
}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Number, median, 95th percentile (nearest rank) and greatest."""
    ordered = sorted(values)
    rank = -(-95 * len(ordered) // 100)
    found = {"p50": statistics.median(ordered), "p95": ordered[rank - 1], "max": ordered[-1]}
    return {"n": len(ordered)} | {name: round(value, 3) for name, value in found.items()}


def _flat(tick: Tick) -> dict[str, Any]:
    steps = {
        name: step.cost.figures() | {"rows_read": step.rows_read, "pages": step.pages}
        for name, step in tick.steps.items()
    }
    return {"number": tick.number, "records": tick.records, "wall": round(tick.wall, 3), "steps": steps}


class World:
    """A warehouse with a history, in a database of its own.

    Attributes:
        multiple: how many times the demo's posts it holds when the demo is over.
        ticks: those that were measured, in order.
    """

    def __init__(self, multiple: int, folder: Path) -> None:
        self.multiple = multiple
        self.database = f"gaung_bench_{multiple}x"
        self.folder = folder / self.database
        self.ticks: list[Tick] = []
        self.is_behind = False

    @contextmanager
    def here(self) -> Iterator[None]:
        """Let the settings point to this world."""
        with pointed_at(self.database, self.folder):
            yield

    def begin(self) -> None:
        """An empty warehouse."""
        from gaung.warehouse import setup

        drop(self.database)
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.here():
            setup.ready()

    def ingest(self, folder: Path) -> None:
        """Ingest files, unmeasured; the next build takes them."""
        from gaung.ingest import ingest_files

        with self.here():
            ingest_files([folder])
        self.is_behind = True

    def settle(self) -> None:
        """Publish what was ingested, unmeasured."""
        from gaung import pipeline

        with self.here():
            pipeline.build()
        self.is_behind = False

    def clean(self) -> None:
        """Let the server know its tables, as its autovacuum does in daily life."""
        from gaung.warehouse.connect import connect

        with self.here(), closing(connect("admin", autocommit=True)) as session:
            session.cursor().execute("vacuum (analyze)")

    def tick(self, number: int, paths: list[Path]) -> Tick | None:
        """One measured tick; None when the quarter of an hour brought nothing."""
        from gaung import pipeline
        from gaung.ingest import ingest_files
        from gaung.warehouse import builds

        if self.is_behind:
            self.settle()
        with self.here():
            found = Tick(number, 0)
            with _step(found, "ingest"):
                found.records = ingest_files(paths).total("received")
            with _step(found, "begin"):
                begun = builds.begin(holder="gaung bench", holder_kind="process", mode="incremental")
            if begun is None:
                return None
            for name in pipeline.STAGES:
                with _step(found, name):
                    pipeline.run_stage(name, begun.build_id, begun.token)
            builds.release(begun.build_id)
        self.ticks.append(found)
        return found


@contextmanager
def _step(tick: Tick, name: str) -> Iterator[None]:
    before = _read()
    with cost() as spent:
        yield
    rows, pages = (now - then for now, then in zip(_read(), before, strict=True))
    tick.steps[name] = Step(spent, rows, pages)


def _read() -> tuple[int, int]:
    """Rows and pages that the server read in this database so far."""
    from gaung.warehouse.connect import connect

    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cur:
        cur.execute(
            "select tup_returned + tup_fetched, blks_read + blks_hit "
            "from pg_stat_database where datname = current_database()"
        )
        rows, pages = cur.fetchone() or (0, 0)
        return int(rows), int(pages)


def measure(plan: Plan, told: Told) -> Ticks:
    """The ticks of a plan, in databases that are gone afterwards; ``told`` is given what is being done."""
    found = Ticks(plan)
    with tempfile.TemporaryDirectory(prefix="gaung-bench-") as name:
        root = Path(name)
        worlds = [World(multiple, root) for multiple in plan.multiples]
        try:
            _fill(worlds, plan, root, told)
            _run(worlds, plan, root, found, told)
        finally:
            for world in worlds:
                drop(world.database)
    return found


def _fill(worlds: list[World], plan: Plan, root: Path, told: Told) -> None:
    """Give each world its history."""
    from gaung.demo.generator import history

    for world in worlds:
        told(f"{world.multiple}x: an empty warehouse")
        world.begin()
    longest = max(plan.multiples)
    for number, folder in enumerate(history(root / "history", longest, size=plan.size)):
        earlier = longest - 1 - number
        told(f"history: {earlier} of {longest - 1} to go")
        for world in worlds:
            if world.multiple > earlier:
                world.ingest(folder)
        shutil.rmtree(folder)
    for world in worlds:
        if world.multiple > 1:
            told(f"{world.multiple}x: build the history")
            world.settle()


def _run(worlds: list[World], plan: Plan, root: Path, found: Ticks, told: Told) -> None:
    """Run the demo's quarters of an hour: the compared ones in every world, the others in the first."""
    from gaung.bench import queries
    from gaung.demo.generator import windows

    folders = [one.files[0].parent if one.files else None for one in windows(root / "days", size=plan.size)]
    first = _fullest([_weight(folder) for folder in folders], plan.peak)
    shared = range(first, first + plan.compared)
    lonely = range(shared.stop, first + plan.peak)
    for number, folder in enumerate(folders):
        if folder is None or (number >= lonely.stop and not plan.every):
            continue
        if number == shared.start:
            for world in worlds:
                told(f"{world.multiple}x: build what came before the peak")
                world.settle()
                world.clean()
        is_sampled = bool(plan.every) and number % plan.every == 0
        here = worlds if number < shared.stop else worlds[:1]
        if number in shared or number in lonely or is_sampled:
            for world in here if number in shared else worlds[:1]:
                told(f"tick {number} at {world.multiple}x")
                world.tick(number, [folder])
            here = [world for world in here if number not in shared and world is not worlds[0]]
        for world in here:
            world.ingest(folder)
        if number == shared.stop - 1:
            for world in worlds:
                told(f"{world.multiple}x: queries")
                with world.here():
                    found.queries[world.multiple] = queries.measure()
    found.worlds = {world.multiple: world.ticks for world in worlds}


def _weight(folder: Path | None) -> int:
    return sum(file.stat().st_size for file in folder.iterdir()) if folder else 0


def _fullest(weights: Sequence[int], length: int) -> int:
    """Where the heaviest run of so many windows begins."""
    return max(range(len(weights) - length + 1), key=lambda at: sum(weights[at : at + length]))
