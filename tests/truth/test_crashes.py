"""Loader, builder, publisher, server: killed at any moment, a plain re-run gives the same numbers."""

import itertools
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any

import psutil
import pytest

from gaung import pipeline
from gaung.contract import ENTITIES
from gaung.settings import get_settings
from gaung.warehouse import builds, loader, local, setup
from gaung.warehouse.connect import connect
from tests.building import ask, deliver, write_brands
from tests.fakes import T0, landed, line, lines_format, post
from tests.truth import loads, worlds
from tests.truth.disturbed import STAGES, World, maintenance
from tests.truth.workers import Said, Worker, gaung, load, stages

__all__ = ["lines_format"]

pytestmark = pytest.mark.usefixtures("warehouse", "lines")

SEED = int(os.environ.get("GAUNG_PROVE_SEED", "20261122"))
PHASES = ("parse", "copy", "merge", "commit", "after")
LINGER_S = 0.3


# -- the loader --------------------------------------------------------------------------------------


def durations(words: list[Said]) -> dict[str, float]:
    """Seconds that a worker spent in each phase it named."""
    spent: dict[str, float] = {}
    for begun, ended in itertools.pairwise(words):
        spent[begun.word] = spent.get(begun.word, 0.0) + ended.at - begun.at
    return spent


def undisturbed_load(path: str) -> dict[str, float]:
    worker = Worker(load, path, LINGER_S)
    assert worker.end() == 0, worker.output
    return durations(worker.words)


def assert_all_or_nothing(wanted: dict[str, Any]) -> bool:
    """Whether the batch is there; an assertion if it is there in part."""
    is_there = bool(loads.rows("select count(*) from ops.batch")[0][0])
    if is_there:
        assert loads.checksums() == wanted
    else:
        assert all(loads.rows(f"select count(*) from raw.{name}") == [(0,)] for name in ENTITIES)
        assert loads.rows("select count(*) from core.dirty_entity") == [(0,)]
        assert loads.rows("select count(*) from raw.quarantine") == [(0,)]
    return is_there


def wait_until_released() -> None:
    """The server notices a killed client when it next talks to it."""
    deadline = time.monotonic() + 10
    query = "select count(*) from pg_stat_activity where application_name like 'gaung loader%'"
    while loads.rows(query) != [(0,)]:
        assert time.monotonic() < deadline, "the killed loader still holds its batch"
        time.sleep(0.02)


def kill_load(path: str, phase: str, seconds: float) -> str:
    """Where a load into an empty warehouse was killed; one that ended before is tried again, sooner."""
    while True:
        loads.empty()
        worker = Worker(load, path, LINGER_S)
        where = worker.kill_in(phase, seconds)
        if worker.process.exitcode == -signal.SIGKILL:
            return where
        seconds /= 2


def kill_loaders(each: int, records: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Kill so many loads in each phase, at moments uniform over the phase, and load again each time."""
    generator = random.Random(SEED)
    monkeypatch.setenv("GAUNG_LOADER_CHUNK_RECORDS", str(records // 10))
    get_settings.cache_clear()
    path = landed(loads.day(generator, records), brand_id="contoh", as_of=T0).path
    spent = undisturbed_load(path)
    wanted = loads.checksums()
    struck: Counter[str] = Counter()
    kept = 0
    for phase in [phase for phase in PHASES for _ in range(each)]:
        where = kill_load(path, phase, generator.uniform(0, spent[phase]))
        struck[{"begin": "parse", "end": "after"}.get(where, where)] += 1
        wait_until_released()
        is_there = assert_all_or_nothing(wanted)
        kept += is_there
        assert loader.load(path).status == ("skipped" if is_there else "succeeded")
        assert loads.checksums() == wanted
    seconds = {phase: round(spent[phase], 4) for phase in PHASES}
    return {"seed": SEED, "killed_in": dict(struck), "committed": kept, "load_seconds": seconds}


def test_loader_killed_once_in_each_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = kill_loaders(1, 1000, monkeypatch)
    assert sum(figures["killed_in"].values()) == len(PHASES)
    assert figures["killed_in"].keys() >= {"parse", "copy", "merge", "after"}


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_loader_killed_at_sixty_moments(
    monkeypatch: pytest.MonkeyPatch, record_figures: Callable[..., None]
) -> None:
    figures = kill_loaders(12, 75_000, monkeypatch)
    record_figures("loader_kills", **figures)
    for phase in PHASES:
        print(f"{phase:>7} {figures['load_seconds'][phase]:8.3f} s  {'█' * figures['killed_in'][phase]}")
    assert sum(figures["load_seconds"][phase] for phase in PHASES[:-1]) >= 3
    assert all(figures["killed_in"].get(phase, 0) >= 5 for phase in PHASES)


# -- the builder -------------------------------------------------------------------------------------


def kill_builders(world: World, moments: list[int]) -> dict[str, int]:
    """Kill a build before each of these statements, and build again each time; how many in each stage."""
    struck: Counter[str] = Counter()
    for moment in moments:
        world.again()
        worker = Worker(gaung, "build", before=moment)
        assert worker.end() == -9, worker.output
        struck[worker.phase] += 1
        setup.ready()  # as every command does: the build may have died while it gave rights
        world.assert_rebuilt()
    return dict(struck)


@pytest.mark.timeout(900)
def test_a_build_that_is_killed_anywhere_is_caught_up_by_the_next(world: World) -> None:
    rng = random.Random(SEED)
    assert kill_builders(world, [rng.choice(world.statements["models"])]) == {"models": 1}
    crashed = crash_in(world, "publish", "everything", rng)
    assert crashed["struck"] != "survived"
    assert crashed["recovered_s"] <= RECOVERY_S


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_builder_killed_between_stages_and_at_drawn_statements(
    world: World, record_figures: Callable[..., None]
) -> None:
    rng = random.Random(SEED)
    between = [world.statements[stage].start for stage in STAGES]
    drawn = [rng.choice(world.statements[stage]) for stage in ("begin", *STAGES) for _ in range(8)]
    struck = kill_builders(world, [*between, *drawn])
    total = world.statements["publish"].stop
    record_figures(
        "builder_kills", seed=SEED, statements=total, kills=len(between) + len(drawn), killed_in=struck
    )
    assert all(struck[stage] >= 5 for stage in STAGES)


# -- the publisher -----------------------------------------------------------------------------------

PUBLISHED = """
select (select version from ops.live), (select count(*) from ops.publication),
    (select count(*) from ops.before_image), (select count(*) from core.pending_post),
    (select count(*) from core.dirty__post), (select sum(total) from ops.mart_total)
"""
"""What a publication changes beside the marts."""


def kill_publishers(world: World, *, every: int, again_every: int) -> dict[str, Any]:
    """Kill a publisher before every n-th of its statements: all of a version is live, or nothing of it."""
    world.again()
    build = builds.begin(holder="test", holder_kind="process")
    assert build is not None
    for stage in STAGES[:-1]:
        pipeline.run_stage(stage, build.build_id, build.token)
    builds.release(build.build_id)
    world.keep("judged")
    work = (stages, build.build_id, build.token, "publish")
    before = worlds.checksums(), ask(PUBLISHED, role="publisher")
    undisturbed = Worker(*work)
    assert undisturbed.end() == 0, undisturbed.output
    after = worlds.checksums(), ask(PUBLISHED, role="publisher")
    assert after[0] == world.wanted != before[0]
    statements = range(1, undisturbed.words[-1].statements, every)
    committed, is_fresh = 0, False
    for number, statement in enumerate(statements):
        if not is_fresh:
            world.again("judged")
        worker = Worker(*work, before=statement)
        assert worker.end() == -9, worker.output
        found = worlds.checksums(), ask(PUBLISHED, role="publisher")
        assert found in (before, after), f"half a version is live, killed before statement {statement}"
        committed += found == after
        is_fresh = found == before and number % again_every != 0
        if not is_fresh:
            world.assert_rebuilt()
    return {"kills": len(statements), "statements": statements.stop, "committed": committed}


@pytest.mark.prove
@pytest.mark.timeout(7200)
def test_publisher_killed_between_any_two_statements(
    world: World, record_figures: Callable[..., None]
) -> None:
    figures = kill_publishers(world, every=1, again_every=10)
    record_figures("publisher_kills", **figures)


# -- the server --------------------------------------------------------------------------------------

HOW = ("everything", "the postmaster", "one session")
RECOVERY_S = 10


@pytest.fixture
def durable() -> Iterator[None]:
    """The server as it is shipped: other tests do not wait for the disk."""
    maintenance("alter system reset fsync", "select pg_reload_conf()")
    yield
    maintenance("alter system set fsync = off", "select pg_reload_conf()")


def crash(how: str, database: str, delay_s: float) -> None:
    """SIGKILL after a moment to the whole tree of the server, to its first process or to a session."""
    threading.Timer(delay_s, _crash, (how, database)).start()


def _crash(how: str, database: str) -> None:
    postmaster = psutil.Process(local.status().pid)
    victims = [*postmaster.children(recursive=True), postmaster]
    if how == "the postmaster":
        victims = [postmaster]
    elif how == "one session":
        with closing(connect("admin", database="postgres")) as session, session.cursor() as cursor:
            cursor.execute("select max(pid) from pg_stat_activity where datname = %s", [database])
            found: Any = cursor.fetchone()
        victims = [psutil.Process(found[0])]
    for victim in reversed(victims):
        with suppress(psutil.NoSuchProcess):
            victim.kill()


def crash_in(world: World, stage: str, how: str, rng: random.Random) -> dict[str, Any]:
    """Crash the server while a load or a stage of a build is at work; then go on as anybody would."""
    world.again("delivered" if stage == "load" else "kept")
    deed = partial(crash, how, world.database, rng.uniform(0, 0.003))
    work = (load, world.third) if stage == "load" else (gaung, "build")
    worker = Worker(*work, before=rng.choice(world.statements[stage]), deed=deed)
    code = worker.end()
    begun = time.monotonic()
    setup.ready()
    recovered_s = time.monotonic() - begun
    if stage == "load":
        loader.load(world.third)
    else:
        assert "Traceback" not in worker.output, worker.output
    world.assert_rebuilt()
    phase = worker.words[-2].word if code else "survived"
    return {"stage": stage, "how": how, "struck": phase, "recovered_s": round(recovered_s, 2)}


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("durable")
def test_server_crashed_in_each_stage(world: World, record_figures: Callable[..., None]) -> None:
    rng = random.Random(SEED)
    crashes = [crash_in(world, stage, how, rng) for how in HOW for stage in ("load", *STAGES)]
    struck = Counter(one["struck"] for one in crashes)
    longest = max(one["recovered_s"] for one in crashes)
    record_figures("server_crashes", seed=SEED, recovered_s_max=longest, killed_in=struck, crashes=crashes)
    assert longest <= RECOVERY_S
    assert all(struck[stage] >= 2 for stage in STAGES)
    assert struck["survived"] <= 2


# -- late commits ------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_a_batch_that_commits_after_a_build_began_is_in_the_next_publication(
    warehouse: str, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_brands()
    deliver([line(post("early", text="kopi uji pagi"))], "early.ndjson")
    written, build_is_over = threading.Event(), threading.Event()
    genuine = loader._Load._write_outcome

    def held_back(self: Any, outcome: Any) -> None:
        genuine(self, outcome)
        if outcome.status == "succeeded":
            written.set()
            assert build_is_over.wait(120)

    late = landed([line(post("late", text="kopi uji malam"))], "late.ndjson").path
    with monkeypatch.context() as patch:
        patch.setattr(loader._Load, "_write_outcome", held_back)
        thread = threading.Thread(target=loader.load, args=(late,))
        thread.start()
        assert written.wait(30)
        first = pipeline.build(holder="test")
        build_is_over.set()
        thread.join()
    keys = "select count(*) from marts.fct_post where version = %s"

    second = pipeline.build(holder="test")

    assert (first.status, first.batch_count) == ("published", 1)
    assert (second.status, second.batch_count) == ("published", 1)
    assert [ask(keys, (version,), role="bi_reader") for version in (1, 2)] == [[(1,)], [(1,)]]
