"""What a tick costs, stage by stage: the fullest quarters of an hour of the demo, one after the other.

A tick is one quarter of an hour of the demo: its files are ingested, then one build goes from *begin* to
*publish*. The stages are the functions that the DAGs' operators call (:func:`gaung.ingest.ingest_files`,
:func:`gaung.warehouse.builds.begin`, :func:`gaung.pipeline.run_stage`), one after the other in one warm
process: the start of Airflow's task processes is not in the figures. Whether a tick's cost grows with
history is measured by :mod:`gaung.bench.history`.
"""

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
        size: of the demo whose fullest ticks are measured.
        peak: how many consecutive ones.
        every: of the other ticks one in so many is measured; 0: none.
        history_size: of the demo that histories are made of.
        multiples: how long the histories are, in demos; the first is 1.
        compared: how many ticks are run in every history.
    """

    size: str = "full"
    peak: int = 6
    every: int = 0
    history_size: str = "tiny"
    multiples: tuple[int, ...] = (1, 10)
    compared: int = 4


FULL = Plan(peak=24, every=12, history_size="small", multiples=(1, 10, 30), compared=12)
WINDOW_S = 900
"""How long a tick may take: then the next one is due."""


@dataclass
class Ticks:
    """The measured ticks: the fullest ones in a row, and some of the others."""

    plan: Plan
    peak: list[Tick] = field(default_factory=list)
    others: list[Tick] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """All figures, for JSON."""
        every = [*self.peak, *self.others]
        return {
            "tick_seconds": spread([tick.wall for tick in self.peak]),
            "tick_processor_seconds": spread([tick.processor for tick in self.peak]),
            "other_tick_seconds": spread([tick.wall for tick in self.others]) if self.others else None,
            "stage_seconds": {
                name: spread([tick.steps[name].cost.wall for tick in self.peak]) for name in STAGES
            },
            "records": spread([tick.records for tick in self.peak]),
            "ticks": len(every),
            "ticks_within_their_window": sum(tick.wall < WINDOW_S for tick in every),
            "each": [flat(tick) for tick in sorted(every, key=lambda tick: tick.number)],
        }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Number, median, 95th percentile (nearest rank) and greatest."""
    ordered = sorted(values)
    rank = -(-95 * len(ordered) // 100)
    found = {"p50": statistics.median(ordered), "p95": ordered[rank - 1], "max": ordered[-1]}
    return {"n": len(ordered)} | {name: round(value, 3) for name, value in found.items()}


def flat(tick: Tick) -> dict[str, Any]:
    """One tick's figures, for JSON."""
    steps = {
        name: step.cost.figures() | {"rows_read": step.rows_read, "pages": step.pages}
        for name, step in tick.steps.items()
    }
    return {"number": tick.number, "records": tick.records, "wall": round(tick.wall, 3), "steps": steps}


class World:
    """A warehouse with a history, in a database of its own.

    Attributes:
        ticks: those that were measured, in order.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.database = f"gaung_bench_{name}"
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
    """The ticks of a plan, in a database that is gone afterwards; ``told`` is given what is being done."""
    found = Ticks(plan)
    with tempfile.TemporaryDirectory(prefix="gaung-bench-") as name:
        world = World("peak", Path(name))
        try:
            told("an empty warehouse")
            world.begin()
            _run(world, plan, folders(Path(name) / "days", plan.size), found, told)
        finally:
            drop(world.database)
    return found


def _run(world: World, plan: Plan, places: list[Path | None], found: Ticks, told: Told) -> None:
    first = fullest(places, plan.peak)
    peak = range(first, first + plan.peak)
    for number, place in enumerate(places):
        if place is None or (number >= peak.stop and not plan.every):
            continue
        if number == peak.start:
            told("build what came before the peak")
            world.settle()
            world.clean()
        is_sampled = bool(plan.every) and number % plan.every == 0
        if number in peak or is_sampled:
            told(f"tick {number}")
            tick = world.tick(number, [place])
            if tick is not None:
                (found.peak if number in peak else found.others).append(tick)
        else:
            told(f"tick {number}: ingest")
            world.ingest(place)


def folders(root: Path, size: str) -> list[Path | None]:
    """The folder of files of each of the demo's quarters of an hour; None where nothing arrived."""
    from gaung.demo.generator import windows

    return [one.files[0].parent if one.files else None for one in windows(root, size=size)]


def fullest(places: Sequence[Path | None], length: int) -> int:
    """Where the heaviest run of so many quarters of an hour begins."""
    weights = [sum(file.stat().st_size for file in place.iterdir()) if place else 0 for place in places]
    return heaviest(weights, length)


def heaviest(weights: Sequence[int], length: int) -> int:
    """Where the heaviest run of so many begins."""
    return max(range(len(weights) - length + 1), key=lambda at: sum(weights[at : at + length]))
