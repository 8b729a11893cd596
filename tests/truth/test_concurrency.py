"""Two of everything at once: one wins, the other says why, nobody deadlocks, the numbers are the same."""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gaung import pipeline
from gaung.errors import BuildBusy, BuildFenced, GateFailed, GaungError, PublishingHeld
from gaung.settings import get_settings
from gaung.warehouse import builds, loader, publisher
from tests.building import ask
from tests.fakes import T0, encode, landed, line, lines_format, post
from tests.truth import loads, worlds
from tests.truth.disturbed import STAGES, World
from tests.truth.workers import Worker, gaung, task
from tests.warehouse.conftest import open_gate, things
from tests.warehouse.publishing import Things

__all__ = ["lines_format", "open_gate", "things"]

SEED = int(os.environ.get("GAUNG_PROVE_SEED", "20261122"))


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each gives or raises, all of them started together."""
    found: list[Any] = [None] * len(works)
    together = threading.Barrier(len(works))

    def run(number: int, work: Callable[[], Any]) -> None:
        together.wait()
        try:
            found[number] = work()
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def deadlocks() -> int:
    """Deadlocks that the server resolved in this database so far."""
    return int(loads.rows("select deadlocks from pg_stat_database where datname = current_database()")[0][0])


# -- loads -------------------------------------------------------------------------------------------


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
        outcomes = at_once(*(partial(loader.load, path) for path in batches))
        assert [outcome.status for outcome in outcomes] == ["succeeded"] * 3, outcomes
        together = loads.checksums()
        loads.empty()
        for path in batches:
            loader.load(path)
        assert loads.checksums() == together
        loads.empty()
    assert deadlocks() == 0


def same_batch(rounds: int, records: int = 60) -> Counter[str]:
    """Three loads of one batch at once; what became of them."""
    generator = random.Random(SEED)
    fates: Counter[str] = Counter()
    for _ in range(rounds):
        path = landed(loads.day(generator, records), as_of=T0).path
        outcomes = at_once(*[partial(loader.load, path)] * 3)
        said = [str(one) for one in outcomes if isinstance(one, Exception)]
        assert all("is being loaded by gaung loader" in one for one in said), said
        fates.update("busy" if isinstance(one, Exception) else one.status for one in outcomes)
        together = loads.checksums()
        loads.empty()
        loader.load(path)
        assert loads.checksums() == together
        loads.empty()
    assert fates["succeeded"] == rounds
    assert deadlocks() == 0
    return fates


@pytest.mark.usefixtures("warehouse", "lines")
def test_loads_at_once() -> None:
    overlapping_loads(3)
    same_batch(3)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("warehouse", "lines")
def test_a_hundred_rounds_of_loads(record_figures: Callable[..., None]) -> None:
    overlapping_loads(100)
    fates = same_batch(100)
    record_figures("loads_at_once", seed=SEED, rounds=100, loaders=3, same_batch=fates, deadlocks=0)


# -- builds and rollbacks ----------------------------------------------------------------------------

MAY_SAY = {
    BuildBusy: ("is running since", "lock is held since", "held the build lock a moment ago"),
    PublishingHeld: ("publishing is held at version",),
    GaungError: ("is what readers see already", "there is no version before"),
}
"""What the one that does not win may say."""


def outcome(found: Any) -> str:
    """A word for what became of a contender; an assertion if it lost and did not say why."""
    if isinstance(found, Exception):
        assert any(words in str(found) for words in MAY_SAY.get(type(found), ())), repr(found)
        return type(found).__name__
    return str(getattr(found, "kind", None) or found.status)


def after(seconds: float, work: Callable[[], Any]) -> Any:
    time.sleep(seconds)
    return work()


def builds_and_rollbacks(things: Things, rounds: int) -> Counter[str]:
    """Two builds and a rollback at once, again and again; what became of them."""
    rng = random.Random(SEED)
    fates: Counter[str] = Counter()
    things.put(("p0", "a", 0.1))
    things.build()
    for number in range(1, rounds + 1):
        things.put((f"p{rng.randrange(20)}", "abc"[number % 3], rng.randrange(-99, 99) / 100))

        rollback = partial(publisher.rollback, reason="somebody complained")
        contenders = [
            partial(after, rng.uniform(0, 0.1), one) for one in (things.build, things.build, rollback)
        ]
        fates.update(outcome(one) for one in at_once(*contenders))
        assert ask("select count(*) from ops.build where status = any(%s)", (list(builds.OPEN),)) == [(0,)]
        publisher.resume()
        things.build()
        steps = things.live(), things.totals()
        assert things.build(full=True).status == "unchanged"
        assert (things.live(), things.totals()) == steps
    assert deadlocks() == 0
    return fates


@pytest.mark.usefixtures("open_gate")
def test_builds_and_a_rollback_at_once(things: Things) -> None:
    fates = builds_and_rollbacks(things, 4)
    assert fates["publish"] + fates["published"] + fates["unchanged"] >= 1


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("open_gate")
def test_a_hundred_rounds_of_builds_and_rollbacks(
    things: Things, record_figures: Callable[..., None]
) -> None:
    fates = builds_and_rollbacks(things, 100)
    record_figures("builds_at_once", seed=SEED, rounds=100, fates=fates, deadlocks=0)
    assert fates["rollback"] >= 1
    assert fates["BuildBusy"] >= 1


def commands_at_once(world: World) -> list[tuple[int, str]]:
    """Exit code and output of two ``gaung build`` and of a ``gaung rollback`` while they work."""
    world.again()
    workers = [Worker(gaung, "build"), Worker(gaung, "build")]
    while not {"models", "end"} & {workers[0].phase, workers[1].phase}:
        for worker in workers:
            worker.listen(0.05)
    workers.append(Worker(gaung, "rollback", "--reason", "while a build runs", "--to", "0"))
    return [(worker.end(), worker.output) for worker in workers]


def assert_one_ingest_won(world: World, folder: Path) -> None:
    """Two ``gaung ingest files`` of one file: one loads it, the other says that, or finds it loaded."""
    world.again()
    wanted = loads.checksums()
    world.again("delivered")
    file = folder / "third.ndjson"
    file.write_bytes(encode(world.third_lines))
    workers = [Worker(gaung, "ingest", "files", str(file)) for _ in range(2)]
    ends = sorted((worker.end(), worker.output) for worker in workers)
    assert ends[0][0] == 0, ends[0][1]
    assert ends[1][0] == 0 or "is being loaded by gaung loader" in ends[1][1], ends[1][1]
    assert ask("select count(*) from ops.batch") == [(3,)]
    assert loads.checksums() == wanted


def assert_one_won(world: World) -> None:
    first, second, rollback = commands_at_once(world)
    winner, loser = sorted((first, second))
    assert winner[0] == 0 and "published as version 2" in winner[1], winner[1]
    assert loser[0] == 1, loser[1]
    for _, said in (loser, rollback):
        assert "BuildBusy: build 2 is running since" in said, said
        assert "its end can be seen with `gaung status`" in said
        assert "Traceback" not in said
    assert worlds.checksums() == world.wanted
    assert deadlocks() == 0


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_commands_and_tasks_of_a_dag_at_once(
    world: World, tmp_path: Path, record_figures: Callable[..., None]
) -> None:
    for _ in range(5):
        assert_one_ingest_won(world, tmp_path)
        assert_one_won(world)
    fates = [tasks_at_once(world, tmp_path) for _ in range(5)]
    record_figures("tasks_at_once", seed=SEED, rounds=5, fates=fates)


# -- a duplicate of each task ------------------------------------------------------------------------


def duplicates(folder: Path, operator: str, **options: Any) -> tuple[dict[str, Any], str]:
    """What the winner of two copies of a task hands on, and what the other says."""
    copies = [Worker(task, str(folder / f"airflow{n}"), operator, options) for n in range(2)]
    codes = [copy.end() for copy in copies]
    said = [copy.words[-2].word for copy in copies]
    assert 0 in codes, "\n".join(copy.output[-3000:] for copy in copies)
    winner = codes.index(0)
    handed_on: dict[str, Any] = json.loads(said[winner].removeprefix("done "))
    return handed_on, said[1 - winner]


def tasks_at_once(world: World, folder: Path) -> dict[str, str]:
    """Two copies of each task of both DAGs; what the one that did not win said."""
    fates = {}
    world.again("delivered")
    drop = get_settings().drop
    drop.mkdir(parents=True, exist_ok=True)
    (drop / "third.ndjson").write_bytes(encode(world.third_lines))
    for operator, options in (
        ("DropFolderPlanOperator", {}),
        ("FileIngestOperator", {"path": "third.ndjson"}),
    ):
        _, fates[operator] = duplicates(folder, operator, **options)
    assert "is being loaded by" in fates["FileIngestOperator"] or "done" in fates["FileIngestOperator"]
    assert not (drop / "third.ndjson").exists()
    build, fates["prepare"] = duplicates(folder, "BuildPrepareOperator")
    assert_lost(fates["prepare"])
    for name in (["models", "gate"], ["publish"]):
        build, said = duplicates(folder, "BuildStagesOperator", stages=name, build=build)
        fates["+".join(name)] = said
        assert_lost(said)
    wanted = {mart: digest for mart, digest in world.wanted.items() if mart not in worlds.DELIVERY_BOUND}
    assert worlds.checksums(without=worlds.DELIVERY_BOUND) == wanted
    assert ask("select version from ops.live") == [(2,)]
    assert pipeline.build(holder="test").status == "nothing_to_do"
    return fates


def assert_lost(said: str) -> None:
    """The other copy did the same again, found it done, or says who works."""
    ways = ("done ", "BuildBusy: ", "BuildFenced: ", "AirflowSkipException: nothing to do")
    assert said.startswith(ways), said


def test_a_candidate_built_again_after_the_gate_is_not_published(things: Things, open_gate: None) -> None:
    things.put(("p1", "a", 0.5))
    build = builds.begin(holder="DAG run 1", holder_kind="dag")
    assert build is not None
    for name in (*STAGES[:-1], "models"):
        pipeline.run_stage(name, build.build_id, build.token)

    with pytest.raises(GateFailed, match="built again after the gate had judged it"):
        pipeline.run_stage("publish", build.build_id, build.token)

    assert things.build().version == 1


def test_a_second_copy_of_a_task_leaves_the_build_of_the_first_alone(
    things: Things, open_gate: None, tmp_path: Path
) -> None:
    things.put(("p1", "a", 0.5))
    build = builds.begin(holder="DAG run 1", holder_kind="dag")
    assert build is not None
    handle = {"build_id": build.build_id, "token": build.token}
    with builds.stage(build.build_id, build.token, "models"):
        copy = Worker(task, str(tmp_path), "BuildStagesOperator", {"stages": ["models"], "build": handle})
        assert copy.end() == 1

    assert copy.words[-2].word.startswith(
        "BuildBusy: stage models of build 1 cannot start: build 1 is running"
    )
    assert ask("select status from ops.build") == [("running",)]


def test_a_newer_run_of_the_dag_takes_over_at_once_unless_a_task_works(
    things: Things, open_gate: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.put(("p1", "a", 0.5))
    first = builds.begin(holder="DAG run 1", holder_kind="dag")
    assert first is not None
    with builds.stage(first.build_id, first.token, "models"), pytest.raises(BuildBusy, match="DAG run 1"):
        builds.begin(holder="DAG run 2", holder_kind="dag")
    with pytest.raises(BuildBusy, match="DAG run 1"):
        builds.begin(holder="somebody", holder_kind="process")

    second = builds.begin(holder="DAG run 2", holder_kind="dag")

    assert second is not None
    assert ask("select status from ops.build order by build_id") == [("abandoned",), ("running",)]
    with pytest.raises(BuildFenced, match="took over"):
        pipeline.run_stage("models", first.build_id, first.token)
