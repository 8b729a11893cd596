"""Publishing: one transaction or nothing, versions, rollback, hold, running totals."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from typing import Any

import psycopg2.extensions
import pytest

from gaung import pipeline
from gaung.errors import BuildBusy, BuildFenced, GateFailed, GaungError, PublishingHeld
from gaung.settings import get_settings
from gaung.warehouse import builds, diff, publisher
from gaung.warehouse.connect import connect
from tests.warehouse.publishing import HOUR, Things, column, ready

pytestmark = pytest.mark.usefixtures("open_gate")


EVERYTHING = """
select
    (select version from ops.live),
    (select jsonb_agg(t order by thing_id) from marts.dim_thing as t),
    (select jsonb_agg(t order by post_key) from marts.fct_thing as t),
    (select jsonb_agg(t order by hour_at) from marts.thing_hourly as t),
    (select jsonb_agg(t order by mart, measure, grain_value) from ops.mart_total as t),
    (select count(*) from ops.before_image),
    (select jsonb_agg(t order by post_key) from core.dirty__post as t),
    (select jsonb_agg(t order by post_id) from core.pending_post as t)
"""
"""All that a publication changes, in one row."""


def test_first_build_creates_and_fills_the_marts(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", None))

    report = things.build()

    assert (report.status, report.version) == ("published", 1)
    assert things.live() == {
        "dim_thing": [("a", "A"), ("b", "B")],
        "fct_thing": [("p1", "a", Decimal("0.5000")), ("p2", "b", None)],
        "thing_hourly": [("b", HOUR, 2)],
    }
    assert things.totals() == {
        ("dim_thing", "rows", "all"): 2,
        ("fct_thing", "rows", "all"): 2,
        ("fct_thing", "posts", "a"): 1,
        ("fct_thing", "posts", "b"): 1,
        ("thing_hourly", "rows", "all"): 1,
    }


def test_second_build_replaces_only_what_differs(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", None), ("p3", "b", 0.1))
    things.build()

    things.put(("p1", "a", 0.5), ("p2", "c", -0.2))
    things.remove("p3")
    report = things.build()

    assert report.partitions_by_mart == {"dim_thing": 2, "fct_thing": 2, "thing_hourly": 1}
    assert things.live() == {
        "dim_thing": [("a", "A"), ("c", "C")],
        "fct_thing": [("p1", "a", Decimal("0.5000")), ("p2", "c", Decimal("-0.2000"))],
        "thing_hourly": [("b", HOUR, 2)],
    }
    assert things.totals() == {
        ("dim_thing", "rows", "all"): 2,
        ("fct_thing", "rows", "all"): 2,
        ("fct_thing", "posts", "a"): 1,
        ("fct_thing", "posts", "c"): 1,
        ("thing_hourly", "rows", "all"): 1,
    }


def test_build_that_changes_nothing_makes_no_version_and_consumes_its_input(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()

    things.put(("p1", "a", 0.5))
    report = things.build()

    assert (report.status, report.version) == ("unchanged", 1)
    assert things.run("select version from ops.publication") == [(1,)]
    assert things.run("select status from ops.build order by build_id") == [("published",)] * 2
    assert pipeline.build(holder="test").status == "nothing_to_do"


def test_full_rebuild_equals_what_is_live(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", None))
    things.build()
    before = things.live(), things.totals()
    things.run("insert into core.dirty__post select post_key from core.thing")

    report = things.build(full=True)

    assert (report.mode, report.status) == ("full", "unchanged")
    assert (things.live(), things.totals()) == before


def test_full_rebuild_removes_rows_that_nothing_accounts_for(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()
    things.run("insert into marts.fct_thing values ('ghost', 'a', 0, false, now())", role="publisher")
    things.run("update ops.mart_total set total = 2 where mart = 'fct_thing'", role="publisher")
    things.run("insert into core.pending_post select 'x', post_key from core.thing")
    build = things.begin(mode="full")
    publisher.mark_live_dirty(build.build_id, build.token)

    for name in pipeline.STAGES:
        pipeline.run_stage(name, build.build_id, build.token)

    assert [row[0] for row in things.live()["fct_thing"]] == ["p1"]
    assert things.totals()["fct_thing", "rows", "all"] == 1


@contextmanager
def cut_after(statements: int, patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A publisher whose session is lost before its n-th statement; gives the statements it made."""
    made: list[str] = []

    class Cut(psycopg2.extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:  # type: ignore[override]
            if len(made) == statements:
                super().execute("select pg_terminate_backend(pg_backend_pid())")
            made.append(query if isinstance(query, str) else query.as_string(self.connection))
            super().execute(query, vars)

    @contextmanager
    def session(name: str) -> Iterator[Any]:
        with closing(connect("publisher", application_name=name)) as conn:
            conn.cursor_factory = Cut
            yield conn

    with patch.context() as inner:
        inner.setattr(publisher, "_session", session)
        yield made


def test_publisher_lost_between_any_two_statements_leaves_the_old_version(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", None))
    things.build()
    things.put(("p1", "c", -0.5), ("p3", "b", 0.3))
    build = ready(things)
    before = things.run(EVERYTHING, role="publisher")

    cuts = 0
    while things.run("select version from ops.live") == [(1,)]:
        assert things.run(EVERYTHING, role="publisher") == before
        with cut_after(cuts, monkeypatch), suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
            publisher.publish(build.build_id, build.token)
        cuts += 1

    assert cuts > 40
    assert [row[:2] for row in things.live()["fct_thing"]] == [("p1", "c"), ("p2", "b"), ("p3", "b")]
    assert things.run("select count(*) from core.pending_post") == [(0,)]


def test_candidate_that_breaks_a_reference_is_refused(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()
    before = things.live()
    things.put(("p2", "b", 0.1))
    build = ready(things)
    things.run("delete from marts__build.dim_thing where thing_id = 'b'")

    with pytest.raises(GateFailed, match="fct_thing_thing_id_fkey"):
        publisher.publish(build.build_id, build.token)

    assert things.live() == before


@pytest.mark.parametrize("change", ["judged never", "taken over", "other base", "held", "wrong token"])
def test_build_that_may_not_publish_is_refused(things: Things, change: str) -> None:
    things.put(("p1", "a", 0.5))
    build = ready(things)
    token = build.token
    error: type[GaungError] = BuildFenced
    if change == "judged never":
        things.run("delete from ops.gate_run", role="publisher")
        error = GateFailed
    elif change == "taken over":
        builds.release(build.build_id)
        things.begin()
    elif change == "other base":
        things.run("update ops.live set version = 7", role="publisher")
    elif change == "held":
        things.run("update ops.live set is_held = true, hold_reason = 'x'", role="publisher")
        error = PublishingHeld
    else:
        token = "00000000-0000-0000-0000-000000000000"

    with pytest.raises(error):
        publisher.publish(build.build_id, token)

    assert things.run("select count(*) from ops.publication") == [(0,)]
    assert things.run("select to_regclass('marts.fct_thing') is null", role="publisher") == [(True,)]


def test_rollback_holds_and_resume_catches_up(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()
    first = things.live(), things.totals()
    things.put(("p1", "b", -0.5), ("p2", "c", 0.1))
    things.build()
    second = things.live(), things.totals()

    publication = publisher.rollback(reason="wrong mood")

    assert (publication.version, publication.restores_version) == (3, 1)
    assert (things.live(), things.totals()) == first
    with pytest.raises(PublishingHeld, match="wrong mood"):
        things.build()
    assert not builds.work_waiting()
    assert publisher.resume()
    assert not publisher.resume()
    assert builds.work_waiting()

    report = things.build()

    assert report.version == 4
    assert (things.live(), things.totals()) == second
    kinds = things.run("select kind, restores_version from ops.publication order by version")
    assert kinds == [("publish", None), ("publish", None), ("rollback", 1), ("publish", None)]


def test_rollback_over_several_versions_and_back_again(things: Things) -> None:
    states = {}
    for number in range(1, 5):
        things.put((f"p{number}", "ab"[number % 2], number / 10), ("p0", "a", -number / 10))
        things.build()
        states[number] = things.live(), things.totals()

    publisher.rollback(1, reason="far back")
    assert (things.live(), things.totals()) == states[1]
    publisher.rollback(3, reason="not so far")
    assert (things.live(), things.totals()) == states[3]
    publisher.rollback(reason="one before that")
    assert (things.live(), things.totals()) == states[2]


@pytest.mark.parametrize(
    ("to", "said"),
    [(2, "no version 2"), (-1, "no version -1"), (None, "no version before"), (1, "no version 1 before")],
)
def test_rollback_to_what_never_was_is_refused(things: Things, to: int | None, said: str) -> None:
    things.put(("p1", "a", 0.5))
    things.build()

    with pytest.raises(GaungError, match=said):
        publisher.rollback(to, reason="x")


def test_rollback_waits_for_no_build_and_says_so(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()
    things.put(("p2", "a", 0.5))
    build = things.begin()

    with pytest.raises(BuildBusy, match=f"build {build.build_id} is running since .* by test"):
        publisher.rollback(0, reason="x")


def test_before_images_are_kept_for_as_many_versions_as_set(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUNG_KEEP_PUBLICATIONS", "2")
    get_settings.cache_clear()
    for number in range(5):
        things.put(("p1", "a", number / 10))
        things.build()

    assert things.run("select distinct version from ops.before_image order by 1") == [(4,), (5,)]
    with pytest.raises(GaungError, match="kept for 2 publications, back to version 3"):
        publisher.rollback(2, reason="x")
    publisher.rollback(3, reason="x")
    assert things.live()["fct_thing"] == [("p1", "a", Decimal("0.2000"))]


def test_diff_says_per_partition_what_changed(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "a", 0.1))
    things.build()
    things.put(("p1", "a", -0.5))
    things.build()
    things.put(("p3", "a", 0.3))
    things.remove("p2")
    things.build()

    def found(first: int, second: int) -> list[tuple[Any, ...]]:
        return [
            (entry.mart, *entry.key.values(), entry.added, entry.removed, entry.altered, *entry.columns)
            for entry in diff.between(first, second)
            if entry.mart == "fct_thing"
        ]

    assert found(1, 2) == [("fct_thing", "p1", 0, 0, 1, "mood_score")]
    assert found(2, 3) == [("fct_thing", "p2", 0, 1, 0), ("fct_thing", "p3", 1, 0, 0)]
    assert found(3, 1) == [*found(1, 2), *found(2, 3)]
    assert found(3, 3) == []
    with pytest.raises(GaungError, match="from 0 to 3"):
        diff.between(1, 4)


def test_columns_are_added_dropped_and_retyped_in_the_publication(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", 0.1))
    things.build()
    fact = things.models[1]
    fact["columns"] = [entry for entry in fact["columns"] if entry["name"] != "mood_score"]
    wanted = column("mood_pct", "integer")
    wanted["constraints"] = [{"type": "not_null"}]
    fact["columns"].append(wanted)
    things.models[2]["columns"][2]["data_type"] = "numeric"
    things.write()
    things.run("insert into core.dirty__post select post_key from core.thing")
    build = things.begin()
    things.candidate(build, build.token)
    things.run("alter table marts__build.fct_thing drop column mood_score, add column mood_pct integer")
    things.run("update marts__build.fct_thing set mood_pct = 7")
    things.run("alter table marts__build.thing_hourly alter column post_count type numeric")
    pipeline.run_stage("gate", build.build_id, build.token)

    publisher.publish(build.build_id, build.token)

    assert things.run("select post_key, mood_pct from marts.fct_thing order by 1", role="bi_reader") == [
        ("p1", 7),
        ("p2", 7),
    ]
    nullable = things.run(
        "select is_nullable from information_schema.columns "
        "where column_name = 'mood_pct' and table_schema = 'marts'",
        role="bi_reader",
    )
    assert nullable == [("NO",)]
    changes = things.run("select schema_changes from ops.publication where version = 2")[0][0]
    assert sorted((entry["mart"], entry["kind"]) for entry in changes) == [
        ("fct_thing", "add"),
        ("fct_thing", "drop"),
        ("thing_hourly", "alter"),
    ]
    builds.release(build.build_id)
    with pytest.raises(GaungError, match="changed columns of"):
        publisher.rollback(reason="x")


def test_change_of_columns_gives_way_to_a_long_reader(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(publisher, "LOCK_ATTEMPTS", 2)
    things.put(("p1", "a", 0.5))
    things.build()
    things.models[1]["columns"].append(column("extra", "integer"))
    things.write()
    things.put(("p2", "a", 0.5))
    build = things.begin()
    things.candidate(build, build.token)
    things.run("alter table marts__build.fct_thing add column extra integer")
    pipeline.run_stage("gate", build.build_id, build.token)

    with closing(connect("bi_reader")) as reader:
        reader.cursor().execute("select * from marts.fct_thing")
        with pytest.raises(BuildBusy, match="long queries"):
            publisher.publish(build.build_id, build.token)
    assert publisher.publish(build.build_id, build.token).version == 2


def test_readers_find_keys_comments_and_references(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()

    keys = things.run(
        "select table_name from information_schema.table_constraints "
        "where table_schema = 'marts' and constraint_type = 'PRIMARY KEY' order by 1",
        role="bi_reader",
    )
    assert keys == [("dim_thing",), ("fct_thing",), ("thing_hourly",)]
    assert things.run(
        "select confrelid::regclass::text, condeferrable from pg_constraint "
        "where contype = 'f' and conrelid = 'marts.fct_thing'::regclass",
        role="bi_reader",
    ) == [("dim_thing", True)]
    comments = dict(
        things.run(
            "select a.attname, col_description(a.attrelid, a.attnum) from pg_attribute as a "
            "where a.attrelid = 'marts.fct_thing'::regclass and a.attnum > 0",
            role="bi_reader",
        )
    )
    assert comments["mood_score"] == (
        "The mood_score. ID: Kolom mood_score. Unit: −1 to 1. Formula: compound. NULL: unscored."
    )
    assert things.run("select obj_description('marts.fct_thing'::regclass)", role="bi_reader") == [
        ("Posts about things. One row per post. ID: Kiriman. Satu baris per kiriman.",)
    ]


def test_comment_says_that_synthetic_data_is_contained(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    build = ready(things)
    things.run("update marts__build.fct_thing set is_synthetic = true")

    publisher.publish(build.build_id, build.token)

    fact, dimension = things.run(
        "select obj_description('marts.fct_thing'::regclass), obj_description('marts.dim_thing'::regclass)",
        role="bi_reader",
    )[0]
    assert "SYNTHETIC" in fact
    assert "SYNTHETIC" not in dimension
    assert things.run("select has_synthetic_data from marts.trust_badge", role="bi_reader") == [(True,)]


def test_publishing_a_tick_takes_less_than_a_second(things: Things) -> None:
    things.put(*((f"p{number}", f"t{number % 50}", 0.5) for number in range(10_000)))
    things.build()
    things.put(*((f"p{number}", "t1", -0.5) for number in range(200)))
    build = ready(things)

    started = time.perf_counter()
    publication = publisher.publish(build.build_id, build.token)

    assert publication.partitions_by_mart["fct_thing"] == 200
    assert time.perf_counter() - started < 1
