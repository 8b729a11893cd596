"""Any order, cut and repetition of the same deliveries gives the same marts as one full rebuild."""

import os
import time
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
from gaung.warehouse import marts, setup
from gaung.warehouse.connect import connect
from tests.truth.worlds import (
    DELIVERY_BOUND,
    Piece,
    Tick,
    checksums,
    pieces,
    recut,
    shuffled,
    ticks,
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


def _deliver(order: list[Piece], builds_after: int) -> None:
    """Load by concurrent loaders, build after every few files."""
    with ThreadPoolExecutor(LOADERS) as loaders:
        for start in range(0, len(order), builds_after):
            list(loaders.map(Piece.ingest, order[start : start + builds_after]))
            pipeline.build(holder="test")


def _shuffle_equals_rebuild(
    files: list[Piece], folder: Path, seed: int, keep: float
) -> tuple[dict[str, str], list[Tick]]:
    """Checksums after steps in shuffled order, seen to be a full rebuild's, and what each step wrote."""
    rng = Random(seed)
    order = shuffled(recut(files, folder / f"cut{seed}", rng, keep=keep), rng)
    _deliver(order, builds_after=max(6, len(order) // 4))
    step_by_step = checksums()
    found = ticks()
    _assert_rows_follow_keys(found, f"seed {seed}")
    pipeline.build(holder="test", full=True)
    assert checksums() == step_by_step, f"seed {seed}: steps and full rebuild differ"
    return step_by_step, found


def _assert_rows_follow_keys(found: list[Tick], told: str) -> None:
    """Each tick wrote what its touched keys hold, and no later one anything near the whole."""
    assert len(found) > 2, told
    for tick in found:
        for mart in marts.load():
            keys, rows = tick.dirty.get(mart.kind), tick.candidate_rows[mart.name]
            replaced = tick.replaced[mart.name]
            if keys is None:
                continue
            assert replaced <= keys, (
                f"{told}, build {tick.build_id}: {mart.name} replaced {replaced} of {keys}"
            )
            if mart.key_columns == mart.primary_key:
                assert rows <= keys, (
                    f"{told}, build {tick.build_id}: {mart.name} wrote {rows} for {keys} keys"
                )
        assert tick.latest_posts <= tick.touched_posts, f"{told}, build {tick.build_id}: {tick}"
        assert tick.dirty["post"] <= tick.touched_posts, f"{told}, build {tick.build_id}: {tick}"


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
    shuffled_sums, _ = _shuffle_equals_rebuild(files, tmp_path, SEED, keep=0.15)

    assert _without_deliveries(shuffled_sums) == expected


@pytest.mark.prove
@pytest.mark.timeout(10_800)
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
    told = []
    for seed in range(SEED, SEED + 20):
        fresh_warehouse()
        started = time.monotonic()
        sums, steps = _shuffle_equals_rebuild(files, tmp_path, seed, keep=1.0)
        assert _without_deliveries(sums) == expected, f"seed {seed}"
        told.append(
            {"seed": seed, "seconds": round(time.monotonic() - started), "ticks": list(map(_told, steps))}
        )
        record_figures("order", shuffles=told, loaders=LOADERS, checksums=expected)


def _told(tick: Tick) -> dict[str, int]:
    return {
        "touched_posts": tick.touched_posts,
        "dirty_keys": sum(tick.dirty.values()),
        "rows_built": sum(tick.candidate_rows.values()),
        "partitions_replaced": sum(tick.replaced.values()),
    }


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
