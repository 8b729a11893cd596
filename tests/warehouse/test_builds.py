"""One build at a time: the lock, fencing, take-over, and the input that a build freezes."""

from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from gaung import pipeline
from gaung.errors import BuildBusy, BuildFenced, GateFailed, GaungError, ModelFailed, ServerUnavailable
from gaung.settings import get_settings
from gaung.warehouse import builds
from gaung.warehouse.connect import connect
from tests.warehouse.publishing import Things

pytestmark = pytest.mark.usefixtures("open_gate")

BATCH = """
insert into ops.batch (batch_key, source, format, landing_path, manifest, record_count, is_synthetic)
values (%s, 'files', 'x', '/', '{}', 1, false)
"""


def add_batch(things: Things, key: str) -> None:
    things.run(BATCH, key, role="loader")


def batches_of(things: Things, build: builds.Build) -> list[str]:
    statement = "select batch_key from ops.build_batch join ops.batch using (batch_id) where build_id = %s"
    rows = things.run(f"{statement} order by 1", build.build_id)
    return [key for (key,) in rows]


def statuses(things: Things) -> list[str]:
    return [status for (status,) in things.run("select status from ops.build order by build_id")]


def test_nothing_waits_in_an_empty_warehouse(things: Things) -> None:
    assert not builds.work_waiting()
    assert builds.begin(holder="test", holder_kind="process") is None
    assert statuses(things) == []


def test_second_build_ends_at_once_and_says_who_builds(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    build = things.begin()

    with pytest.raises(BuildBusy) as caught:
        builds.begin(holder="someone else", holder_kind="process")

    said = str(caught.value)
    assert f"build {build.build_id} is running since {build.started_at:%H:%M} UTC by test" in said
    assert caught.value.retryable
    assert statuses(things) == ["running"]


def test_build_of_a_dead_process_is_taken_over_with_its_input(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    add_batch(things, "one")
    dead = things.begin()
    builds.release(dead.build_id)
    add_batch(things, "two")

    build = things.begin()

    assert statuses(things) == ["abandoned", "running"]
    assert batches_of(things, build) == ["one", "two"]
    assert build.pending_post_count == 1
    with pytest.raises(BuildFenced, match=f"build {build.build_id} took over from build {dead.build_id}"):
        pipeline.run_stage("models", dead.build_id, dead.token)


@pytest.mark.parametrize(("silent_s", "is_gone"), [(0, False), (899, False), (901, True)])
def test_dag_build_between_tasks_is_gone_after_its_time(things: Things, silent_s: int, is_gone: bool) -> None:
    things.put(("p1", "a", 0.5))
    first = builds.begin(holder="dag run 1", holder_kind="dag")
    assert first is not None
    things.run("update ops.build set heartbeat_at = clock_timestamp() - make_interval(secs => %s)", silent_s)

    if is_gone:
        assert things.begin().build_id > first.build_id
        assert statuses(things) == ["abandoned", "running"]
    else:
        with pytest.raises(BuildBusy, match="by dag run 1"):
            things.begin()


def test_second_copy_of_a_task_ends_at_once(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    build = builds.begin(holder="dag run 1", holder_kind="dag")
    assert build is not None

    with (
        builds.stage(build.build_id, build.token, "models"),
        pytest.raises(BuildBusy, match=f"stage models of build {build.build_id} cannot start"),
    ):
        pipeline.run_stage("models", build.build_id, build.token)

    pipeline.run_stage("models", build.build_id, build.token)
    assert statuses(things) == ["running"]


def test_batch_that_commits_after_the_freeze_is_in_the_next_build(things: Things) -> None:
    with closing(connect("loader")) as late, late.cursor() as cur:
        cur.execute(BATCH, ("late",))
        cur.execute(
            "insert into core.dirty_entity (entity, platform, entity_id, cause) "
            "values ('post', 'x', 'p2', 'load')"
        )
        things.put(("p1", "a", 0.5))
        add_batch(things, "early")
        first = things.begin()
        late.commit()

    assert batches_of(things, first) == ["early"]
    assert first.pending_post_count == 1
    for name in pipeline.STAGES:
        pipeline.run_stage(name, first.build_id, first.token)
    builds.release(first.build_id)
    assert builds.work_waiting()
    second = things.begin()
    assert batches_of(things, second) == ["late"]
    assert second.pending_post_count == 1


def test_input_of_a_failed_build_is_in_the_next(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    add_batch(things, "one")
    first = things.begin()
    builds.fail(first.build_id, first.token, ModelFailed("no"))

    second = things.begin()

    assert statuses(things) == ["failed", "running"]
    assert batches_of(things, second) == ["one"]
    assert second.pending_post_count == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (GateFailed("bad rows"), "blocked"),
        (ModelFailed("bad SQL"), "failed"),
        (ServerUnavailable("away"), "running"),
        (ValueError("a bug"), "running"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_error_of_a_task_ends_the_build_unless_it_may_be_tried_again(
    things: Things, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
) -> None:
    def work(build: builds.Build, token: str) -> None:
        raise error

    monkeypatch.setitem(pipeline.STAGES, "models", work)
    things.put(("p1", "a", 0.5))
    build = builds.begin(holder="dag run 1", holder_kind="dag")
    assert build is not None

    with pytest.raises(type(error)):
        pipeline.run_stage("models", build.build_id, build.token)

    assert statuses(things) == [status]
    recorded = things.run("select stage, error_message, ended_at is not null from ops.build_stage")
    assert recorded == [("models", f"{type(error).__name__}: {error}", True)]


def test_stage_records_its_rows_and_time(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    build = things.begin()

    with builds.stage(build.build_id, build.token, "enrich") as record:
        record.rows["texts_scored"] = 3

    rows: list[Any] = things.run("select stage, rows_written, ended_at >= started_at from ops.build_stage")
    assert rows == [("enrich", {"texts_scored": 3}, True)]
    assert things.run("select stage from ops.build") == [("enrich",)]


def test_fence_keeps_a_take_over_waiting_until_the_transaction_ends(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    build = things.begin()
    builds.release(build.build_id)
    with closing(connect("transformer")) as conn, conn, conn.cursor() as cur:
        builds.fence(cur, build.build_id, build.token)
        with closing(connect("transformer", autocommit=True)) as other, other.cursor() as other_cur:
            other_cur.execute("set lock_timeout = '100ms'")
            with pytest.raises(Exception, match="lock timeout"):
                builds._abandon_gone(other_cur)


@pytest.mark.parametrize("token", ["wrong", "over"])
def test_fence_refuses(things: Things, token: str) -> None:
    things.put(("p1", "a", 0.5))
    build = things.begin()
    if token == "over":
        builds.finish(build.build_id, build.token, "failed")
    given = build.token if token == "over" else "00000000-0000-0000-0000-000000000000"

    with closing(connect("transformer")) as conn, pytest.raises(BuildFenced):
        builds.fence(conn, build.build_id, given)


def test_changed_brands_file_wakes_a_build(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()
    assert not builds.work_waiting()

    get_settings().brands_file.write_text("brands: []")

    assert builds.work_waiting()
    assert things.begin().mode == "incremental"


def test_changed_models_rebuild_everything(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    things.put(("p1", "a", 0.5))
    things.build()
    known = builds.input_fingerprint()
    monkeypatch.setattr(builds, "input_fingerprint", lambda: {**known, "models": "other"})

    assert builds.work_waiting()
    assert things.begin().mode == "full"


def test_full_build_takes_every_entity_of_raw(things: Things) -> None:
    things.run(
        "insert into raw.post_metrics (platform, post_id, observed_at, loaded_at, content_hash, batch_id, "
        "source, payload_ref, is_synthetic) values ('x', 'old', now(), now(), 'h', 1, 's', 'r', false)",
        role="loader",
    )

    build = things.begin(mode="full")

    assert things.run("select post_id from core.pending_post") == [("old",)]
    assert build.pending_post_count == 1


def test_get_gives_the_build_that_begin_gave(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    add_batch(things, "one")
    build = things.begin()

    assert builds.get(build.build_id) == build
    assert isinstance(build.started_at, datetime)
    with pytest.raises(GaungError, match="no build 999"):
        builds.get(999)
