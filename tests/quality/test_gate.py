"""The gate on invented marts: it passes what is right and fails closed in every other way."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from gaung import pipeline
from gaung.errors import GateFailed
from gaung.quality import engine
from gaung.quality.verdict import Result, Verdict
from gaung.settings import get_settings
from gaung.warehouse import publisher
from tests.warehouse.publishing import Things, expectation


@pytest.fixture
def published(things: Things) -> Things:
    """Version 1 is live, and a change waits."""
    things.put(("p1", "a", 0.5), ("p2", "b", None))
    assert things.build().version == 1
    things.put(("p3", "a", 0.1))
    return things


def spoil(things: Things, patch: pytest.MonkeyPatch, *statements: str) -> None:
    """Have the next candidates changed by statements after they are built."""

    def candidate(build: Any, token: str) -> None:
        things.candidate(build, token)
        for statement in statements:
            things.run(statement)

    patch.setitem(pipeline.STAGES, "models", candidate)


def blocked(things: Things) -> str:
    """What a build says that the gate blocks; readers keep what they had, and the badge says why."""
    before = things.live()
    with pytest.raises(GateFailed) as caught:
        things.build()
    assert things.live() == before
    assert things.run("select version from ops.live") == [(1,)]
    row = things.run(
        "select last_build_status, completeness_id, reason_id from marts.trust_badge", role="bi_reader"
    )[0]
    assert row == ("blocked", "belum cukup data", row[2])
    assert "tertahan" in row[2]
    return str(caught.value)


def test_right_candidate_passes(published: Things) -> None:
    report = published.build()

    assert (report.gate_status, report.gate_evaluated, report.version) == ("passed", 5, 2)
    results = published.run(
        "select suite, expectation_id, status from ops.gate_result where target <> 'gate'"
    )
    assert len(results) == 2 * 5
    assert {status for _, _, status in results} == {"passed"}


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("dim_thing.thing_id_known", "insert into marts__build.dim_thing values (null, 'x', false, now())"),
        ("fct_thing.mood_in_range", "update marts__build.fct_thing set mood_score = 1.0001"),
        ("fct_thing.posts_equal_source", "update marts__build.fct_thing set thing_id = 'b'"),
        ("thing_hourly.hours_sum_to_posts", "update marts__build.thing_hourly set post_count = 9"),
    ],
)
def test_critical_violation_blocks(
    published: Things, monkeypatch: pytest.MonkeyPatch, name: str, statement: str
) -> None:
    spoil(published, monkeypatch, statement)

    said = blocked(published)

    assert name in said
    assert f"then {name.split('.')[1]} is wrong" in said
    assert published.run("select failed_expectations from marts.trust_badge", role="bi_reader") == [([name],)]
    monkeypatch.setitem(pipeline.STAGES, "models", published.candidate)
    assert published.build().version == 2


def test_emptied_suite_blocks(published: Things) -> None:
    published.suites["fct_thing"]["expectations"] = []
    published.write()

    assert "fct_thing.suite_is_complete" in blocked(published)


def test_missing_suite_blocks(published: Things) -> None:
    del published.suites["dim_thing"]
    published.write()

    assert "there is no expectations/dim_thing.yml" in blocked(published)


def test_suite_of_an_unknown_mart_blocks(published: Things) -> None:
    published.suites["dim_thong"] = published.suites["dim_thing"]
    published.write()

    assert "expectations/dim_thong.yml is about a mart that is not declared" in blocked(published)


def test_mistyped_expectation_blocks(published: Things) -> None:
    published.suites["dim_thing"]["expectations"][0]["type"] = "expect_column_values_to_not_be_nul"
    published.write()

    assert "there is no expectation type 'expect_column_values_to_not_be_nul'" in blocked(published)


def test_mistyped_argument_blocks(published: Things) -> None:
    published.suites["dim_thing"]["expectations"][0]["kwargs"] = {"colum": "thing_id"}
    published.write()

    assert "does not take these arguments" in blocked(published)


def test_expectation_on_a_missing_column_blocks(published: Things) -> None:
    published.suites["dim_thing"]["expectations"][0]["kwargs"] = {"column": "nothing"}
    published.write()

    assert "1 checks could not be made" in blocked(published)


def test_broken_query_blocks(published: Things) -> None:
    published.suites["thing_hourly"]["expectations"][0]["query"] = "select nothing from nowhere"
    published.write()

    assert "hours_sum_to_posts" in blocked(published)


def test_totals_without_source_block(published: Things) -> None:
    del published.suites["fct_thing"]["totals"][0]["raw"]
    published.write()

    assert "judges totals but declares none with a raw statement" in blocked(published)


def test_missing_candidate_blocks(published: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(published, monkeypatch, "drop table marts__build.thing_hourly cascade")

    assert "there is no table marts__build.thing_hourly" in blocked(published)


def test_undeclared_column_blocks(published: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(published, monkeypatch, "alter table marts__build.thing_hourly add column extra integer")

    assert "not declared: extra" in blocked(published)


def test_rows_outside_dirty_partitions_block(published: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(
        published,
        monkeypatch,
        "insert into marts__build.fct_thing select 'p1', thing_id, mood_score, is_synthetic, built_at "
        "from marts__build.fct_thing",
    )

    assert "1 rows in partitions that are not dirty" in blocked(published)


def test_mart_emptied_while_its_source_has_rows_blocks(
    published: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    published.suites["fct_thing"]["expectations"] = [
        expectation("mood_in_range", "expect_column_values_to_not_be_null", column="post_key")
    ]
    published.write()
    published.run("insert into core.dirty__post values ('p1'), ('p2')")
    spoil(published, monkeypatch, "delete from marts__build.fct_thing")
    del published.suites["thing_hourly"]["expectations"][0]["query"]
    published.suites["thing_hourly"]["expectations"][0]["target"] = "candidate"
    published.suites["thing_hourly"]["expectations"][0]["kwargs"] = {"value": 1}
    published.write()

    assert "fct_thing.not_empty_while_source_has_rows" in blocked(published)


def test_exception_blocks(published: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(engine, "evaluate", broken)

    assert "RuntimeError: out of luck" in blocked(published)


def test_dropped_expectation_blocks(published: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = engine.evaluate
    monkeypatch.setattr(engine, "evaluate", lambda *args, **kwargs: whole(*args, **kwargs)[1:])

    said = blocked(published)

    assert "5 expectations are declared but 4 were evaluated; missing dim_thing.thing_id_known" in said


def test_time_out_blocks(published: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUNG_GATE_TIMEOUT_S", "0.5")
    get_settings.cache_clear()
    monkeypatch.setattr(engine, "evaluate", lambda *args, **kwargs: time.sleep(2))

    assert "the gate took longer than 0 s" in blocked(published)


def test_warning_publishes_and_is_on_the_badge(published: Things) -> None:
    published.put(("p4", "a", None), ("p5", "a", None))

    report = published.build()

    assert (report.gate_status, report.version) == ("warned", 2)
    assert [warning.split(" ")[0] for warning in report.warnings] == ["fct_thing.mood_is_mostly_known"]
    badge = published.run(
        "select gate_status, warning_expectations, failed_expectations from marts.trust_badge",
        role="bi_reader",
    )
    assert badge == [("warned", ["fct_thing.mood_is_mostly_known"], [])]


def test_accepted_expectation_publishes_and_is_shown(
    published: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(
        published,
        monkeypatch,
        "update marts__build.thing_hourly set post_count = 9",
        "update marts__build.fct_thing set mood_score = 2",
    )
    blocked(published)

    with pytest.raises(GateFailed, match=r"1 more critical expectations block build 2: fct_thing\.mood"):
        publisher.accept("hours_sum_to_posts", "the source counts twice", by="ana")
    with pytest.raises(GateFailed, match="0 failed expectations"):
        publisher.accept("no_such_check", "x")
    publication = publisher.accept("fct_thing.mood_in_range", "known", by="ana")

    assert publication.version == 2
    assert publication.accepted == (
        {"suite": "fct_thing", "expectation": "mood_in_range", "reason": "known", "by": "ana"},
        {
            "suite": "thing_hourly",
            "expectation": "hours_sum_to_posts",
            "reason": "the source counts twice",
            "by": "ana",
        },
    )
    badge = published.run(
        "select accepted_expectations, failed_expectations, last_build_status from marts.trust_badge",
        role="bi_reader",
    )
    assert badge == [
        (
            ["fct_thing.mood_in_range: known", "thing_hourly.hours_sum_to_posts: the source counts twice"],
            [],
            "published",
        )
    ]


def broken_structure(things: Things, patch: pytest.MonkeyPatch) -> None:
    spoil(things, patch, "drop table marts__build.thing_hourly cascade")


def newer_version(things: Things, patch: pytest.MonkeyPatch) -> None:
    spoil(things, patch, "update marts__build.thing_hourly set post_count = 9")


@pytest.mark.parametrize("prepare", [broken_structure, newer_version])
def test_what_cannot_be_accepted(
    published: Things,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Things, pytest.MonkeyPatch], None],
) -> None:
    prepare(published, monkeypatch)
    blocked(published)
    if prepare is newer_version:
        publisher.rollback(0, reason="x")
        publisher.resume()

    with pytest.raises(GateFailed):
        publisher.accept("thing_hourly.hours_sum_to_posts", "please")

    assert published.run("select count(*) from ops.build where status = 'judged'") == [(0,)]


def test_totals_are_judged_and_kept(published: Things) -> None:
    published.build()

    totals = published.run(
        "select grain_value, live_total, replaced_total, candidate_total, source_total, next_total, "
        "raw_total from ops.gate_total where build_id = 2 and measure = 'posts' order by 1"
    )
    assert [tuple(map(str, row)) for row in totals] == [
        ("a", "1", "0", "1", "1", "2", "2"),
        ("b", "1", "0", "0", "0", "1", "1"),
    ]
    identity = published.run(
        "select group_name, mart_total, raw_total, difference, is_equal from marts.reconciliation "
        "where measure_name = 'posts' order by 1",
        role="bi_reader",
    )
    assert [tuple(map(str, row)) for row in identity] == [
        ("a", "2", "2", "0", "True"),
        ("b", "1", "1", "0", "True"),
    ]


def test_sentence_of_a_verdict_names_what_failed_and_what_to_do() -> None:
    result = Result("m", "e", "critical", "failed", "candidate", "then x", {"observed_value": 3})
    verdict = Verdict(7, "failed", 2, 2, (result,))

    assert verdict.sentence == (
        "the gate blocks build 7: 1 critical of 2 expectations did not pass: m.e (observed_value: 3): "
        "if this fails, then x. Readers keep the last good version. Correct the cause and run `gaung build`"
    )
