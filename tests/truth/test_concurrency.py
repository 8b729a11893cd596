"""Two of everything at once: one wins, the other says why, nobody deadlocks, the numbers are the same."""

import os
import random
import threading
from collections.abc import Callable

import pytest

from gaung.warehouse import loader
from tests.fakes import T0, landed, line, lines_format, post
from tests.truth import loads

__all__ = ["lines_format"]

SEED = int(os.environ.get("GAUNG_PROVE_SEED", "20261122"))


def overlapping_loads(rounds: int) -> None:
    """Three batches that share their records in other orders, loaded at once, then one by one."""
    generator = random.Random(SEED)
    for number in range(rounds):
        shared = loads.day(generator, 60)
        batches = []
        for side in range(3):
            content = [*shared, line(post("0", text=f"{number} {side}"))]
            generator.shuffle(content)
            batches.append(landed(content, as_of=T0).path)
        errors: list[BaseException] = []

        def run(path: str, errors: list[BaseException] = errors) -> None:
            try:
                loader.load(path)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=run, args=(path,)) for path in batches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        together = loads.checksums()
        loads.empty()
        for path in batches:
            loader.load(path)
        assert loads.checksums() == together
        loads.empty()


@pytest.mark.usefixtures("warehouse", "lines")
def test_three_loads_of_overlapping_batches() -> None:
    overlapping_loads(3)


@pytest.mark.prove
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("warehouse", "lines")
def test_a_hundred_rounds_of_overlapping_loads(record_figures: Callable[..., None]) -> None:
    overlapping_loads(100)
    record_figures("overlapping_loads", seed=SEED, rounds=100, loaders=3, deadlocks=0)
