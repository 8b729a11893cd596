"""Any order, cut and repetition of the same deliveries gives the same marts as one full rebuild."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from gaung import pipeline
from gaung.demo import generate
from gaung.demo.generator import DELIVERY
from gaung.settings import get_settings
from gaung.warehouse import setup
from gaung.warehouse.connect import connect
from tests.truth.worlds import (
    DELIVERY_BOUND,
    Piece,
    checksums,
    pieces,
    recut,
    shuffled,
    use_project_brands,
)

SEED = int(os.environ.get("GAUNG_PROVE_SEED", "20251107"))
LOADERS = 4


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Piece]:
    """The demo's files."""
    folder = tmp_path_factory.mktemp("demo")
    generate(folder)
    return pieces(folder / DELIVERY)


def _deliver(order: list[Piece], builds_after: int) -> list[dict[str, int]]:
    """Load by concurrent loaders, build after every few files; gives the partitions replaced per build."""
    written = []
    with ThreadPoolExecutor(LOADERS) as loaders:
        for start in range(0, len(order), builds_after):
            list(loaders.map(Piece.ingest, order[start : start + builds_after]))
            report = pipeline.build(holder="test")
            written.append(report.partitions_by_mart)
    return written


def _shuffle_equals_rebuild(files: list[Piece], folder: Path, seed: int, keep: float) -> dict[str, str]:
    rng = Random(seed)
    order = shuffled(recut(files, folder / f"cut{seed}", rng, keep=keep), rng)
    written = _deliver(order, builds_after=max(6, len(order) // 4))
    step_by_step = checksums()
    pipeline.build(holder="test", full=True)
    assert checksums() == step_by_step, f"seed {seed}: steps and full rebuild differ"
    total = int(step_by_step["fct_post"].split(":")[0])
    assert written[-1].get("fct_post", 0) < total, "the last build replaced more than its files touched"
    return step_by_step


def _without_deliveries(sums: dict[str, str]) -> dict[str, str]:
    return {mart: digest for mart, digest in sums.items() if mart not in DELIVERY_BOUND}


def test_a_shuffled_delivery_equals_a_full_rebuild_and_the_straight_one(
    warehouse: str, files: list[Piece], tmp_path: Path, fresh_warehouse: Callable[[], str]
) -> None:
    use_project_brands()
    straight = recut(files, tmp_path / "straight", Random(0), keep=0.15)
    for piece in straight:
        piece.ingest()
    pipeline.build(holder="test")
    expected = checksums(without=DELIVERY_BOUND)
    assert int(expected["fct_post"].split(":")[0]) > 1000

    fresh_warehouse()
    shuffled_sums = _shuffle_equals_rebuild(files, tmp_path, SEED, keep=0.15)

    assert _without_deliveries(shuffled_sums) == expected


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_twenty_shuffles_of_all_files(
    warehouse: str,
    files: list[Piece],
    tmp_path: Path,
    fresh_warehouse: Callable[[], str],
    record_figures: Callable[..., None],
) -> None:
    use_project_brands()
    for piece in files:
        piece.ingest()
    pipeline.build(holder="test", full=True)
    expected = checksums(without=DELIVERY_BOUND)
    for number in range(20):
        fresh_warehouse()
        sums = _shuffle_equals_rebuild(files, tmp_path, SEED + number, keep=1.0)
        assert _without_deliveries(sums) == expected, f"seed {SEED + number}"
    record_figures("order", seed=SEED, shuffles=20, loaders=LOADERS, checksums=expected)


@pytest.fixture
def fresh_warehouse(warehouse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """A function that empties the warehouse and gives it another landing."""
    number = iter(range(1000))

    def make() -> str:
        with closing(connect("admin", database="postgres", autocommit=True)) as session:
            session.cursor().execute(f"drop database {warehouse} with (force)")
            session.cursor().execute(f"create database {warehouse} template gaung_template")
        landing = tmp_path / f"landing{next(number)}"
        monkeypatch.setenv("GAUNG_LANDING_URL", landing.as_uri())
        get_settings.cache_clear()
        setup.ready()
        return warehouse

    return make
