"""A small world with a build that waits, to be disturbed and put back as often as a test likes."""

import itertools
import random
from contextlib import closing

from gaung import pipeline
from gaung.warehouse.connect import connect
from tests.building import ask, deliver, random_lines, write_brands
from tests.fakes import landed
from tests.truth import worlds
from tests.truth.workers import Worker, gaung, load

STAGES = ("latest", "enrich", "dirty", "models", "gate", "publish")
DISCONNECT = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'"


class World:
    """A published version, a delivery that waits for a build, and one that waits to be loaded."""

    def __init__(self, database: str, seed: int) -> None:
        """Build once, deliver twice more, keep what stands then, and see what an undisturbed build gives."""
        self.database = database
        rng = random.Random(seed)
        write_brands()
        deliver(random_lines(rng, 120), "first.ndjson")
        pipeline.build(holder="test")
        deliver(random_lines(rng, 60), "second.ndjson")
        self.third_lines = random_lines(rng, 300)
        self.third = landed(self.third_lines, "third.ndjson").path
        self.keep("delivered")
        loading = Worker(load, self.third)
        assert loading.end() == 0, loading.output
        self.keep("kept")
        self.again()  # a build then gives rights first, as each that is killed later does
        building = Worker(gaung, "build")
        assert building.end() == 0, building.output
        self.loading, self.building = loading.words, building.words
        self.wanted = worlds.checksums()

    @property
    def statements(self) -> dict[str, range]:
        """Numbers of the statements of an undisturbed load, and of each stage of an undisturbed build."""
        stages = {
            begun.word: range(begun.statements, ended.statements)
            for begun, ended in itertools.pairwise(self.building)
        }
        return {"load": range(self.loading[-1].statements), **stages}

    def keep(self, name: str) -> None:
        """Keep the database as it stands."""
        maintenance(
            DISCONNECT.format(self.database),
            f"create database {self.database}_{name} template {self.database}",
        )

    def again(self, name: str = "kept") -> None:
        """Everything as it was when it was kept.

        With a checkpoint: a copied sequence goes back in a crash until its page is written (PostgreSQL
        logs 32 values ahead and takes the copy for logged).
        """
        maintenance(
            f"drop database {self.database} with (force)",
            f"create database {self.database} template {self.database}_{name}",
            "checkpoint",
        )

    def assert_rebuilt(self) -> None:
        """A plain build after the disturbance gives the wanted numbers, in the version they had."""
        pipeline.build(holder="test")
        found = worlds.checksums()
        wrong = {
            mart: (digest, found.get(mart))
            for mart, digest in self.wanted.items()
            if found.get(mart) != digest
        }
        assert not wrong, f"wanted and found: {wrong}"
        assert ask("select version from ops.live") == [(2,)]
        assert pipeline.build(holder="test").status == "nothing_to_do"


def maintenance(*statements: str) -> None:
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        for statement in statements:
            session.cursor().execute(statement)
