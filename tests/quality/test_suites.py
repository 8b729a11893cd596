"""The project's own suites: a good candidate passes, and bad rows fail each critical expectation."""

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import cursor

from gaung.quality import engine, gate, suites
from gaung.quality.verdict import Check
from gaung.warehouse import marts
from gaung.warehouse.connect import connect
from gaung.warehouse.marts import Mart

SUITES = suites.load()
MARTS = {mart.name: mart for mart in marts.load()}
CHECKS = {
    check.name: check
    for suite in SUITES.values()
    for check in (Check(suite.mart, expectation) for expectation in suite.expectations)
}
CRITICAL = [name for name, check in CHECKS.items() if check.expectation.severity == "critical"]

GOOD: dict[str, Any] = {
    "matched_by": "file",
    "entity_type": "product",
    "candidate_codes": None,
    "mention_count": 1,
    "is_public_voice": True,
    "panel_brand_count": 1,
    "share_of_voice_pct": 100,
    "share_of_voice_by_engagements_pct": 100,
    "share_of_voice_by_potential_reach_pct": 100,
    "followers_reason": None,
    "follower_growth_reason": None,
    "influence_index_reason": None,
    "relevance_reason": None,
    "industry_reason": None,
    "activity_reason": None,
    "province_reason": None,
    "suppressed_reason": None,
    "engagements_reason": None,
    "account_count": 5,
    "post_count": 5,
    "text_post_count": 1,
    "text_count": 1,
    "neutral_count": 5,
    "question_count": 1,
    "answered_question_count": 1,
    "is_question": True,
    "position": 1,
    "rank": 1,
    "rank_low": 1,
    "rank_high": 1,
}
BY_TYPE: dict[str, Any] = {
    "text": "x",
    "boolean": False,
    "integer": 1,
    "date": date(2026, 3, 1),
    "timestamptz": datetime(2026, 3, 1, 8, tzinfo=UTC),
}

PLANTED = {
    "fct_post.every_batch_is_in_a_build": """
        insert into ops.batch (batch_key, source, format, landing_path, manifest, record_count, is_synthetic,
            loaded_at) values ('lost', 'files', 'x', '/', '{}', 1, false, now() - interval '2 hours')
    """,
    "bridge_post_brand.matches_equal_posts_brand_count": """
        insert into ops.gate_total (build_id, mart, measure, grain_value, live_total, replaced_total,
            candidate_total) values (1, 'fct_post', 'brand_matches', 'all', 0, 0, 7)
    """,
    "brand_sentiment_hourly.posts_equal_daily": """
        insert into ops.gate_total (build_id, mart, measure, grain_value, live_total, replaced_total,
            candidate_total) values (1, 'brand_sentiment_daily', 'posts', 'b', 0, 0, 7)
    """,
    "brand_sentiment_hourly.scored_posts_equal_daily": """
        insert into ops.gate_total (build_id, mart, measure, grain_value, live_total, replaced_total,
            candidate_total) values (1, 'brand_sentiment_hourly', 'scored_posts', 'b', 0, 0, 7)
    """,
    "brand_sentiment_daily.posts_equal_bridge": """
        insert into ops.gate_total (build_id, mart, measure, grain_value, live_total, replaced_total,
            candidate_total) values (1, 'bridge_post_brand', 'dated_matches', 'b', 0, 0, 7)
    """,
    "dim_author.private_persons_are_not_named": "update marts__build.dim_author set is_public_voice = false",
    "model_confusion.texts_equal_model_quality": "update marts__build.model_confusion set text_count = 7",
    "model_quality.answered_is_a_part": "update marts__build.model_quality set answered_count = 7",
    "fct_post_sentiment.moods_equal_posts": (
        "update marts__build.fct_post_sentiment set sentiment_label = 'y'"
    ),
    "aspect_value_sentiment.moods_add_up": (
        "update marts__build.aspect_value_sentiment set negative_count = 7"
    ),
    "aspect_value_sentiment.few_posts_are_not_enough": (
        "update marts__build.aspect_value_sentiment set evidence = 'enough'"
    ),
    "fct_post_entity.what_is_ambiguous_names_its_candidates": (
        "update marts__build.fct_post_entity set is_ambiguous = true"
    ),
    "fct_post_entity.each_is_a_place_or_of_a_brand": (
        "update marts__build.fct_post_entity set brand_id = null"
    ),
    "entity_sentiment_daily.moods_add_up": (
        "update marts__build.entity_sentiment_daily set unscored_count = 7"
    ),
    "entity_sentiment_daily.ambiguous_is_a_part": (
        "update marts__build.entity_sentiment_daily set ambiguous_count = 7"
    ),
    "entity_sentiment_daily.few_posts_are_not_enough": (
        "update marts__build.entity_sentiment_daily set evidence = 'enough'"
    ),
    "customer_question.what_is_open_has_no_answer": (
        "update marts__build.customer_question set is_open = true"
    ),
    "customer_question.each_asks_or_complains": (
        "update marts__build.customer_question set is_question = false"
    ),
    "response_time_daily.parts_add_up": (
        "update marts__build.response_time_daily set open_question_count = 7"
    ),
    "response_time_daily.questions_equal_customer_question": (
        "update marts__build.response_time_daily set question_count = 7"
    ),
    "target_term_coverage.parts_are_no_more_than_the_whole": (
        "update marts__build.target_term_coverage set term_post_count = 7"
    ),
    "msme_post_class.what_is_unknown_has_a_reason": "update marts__build.msme_post_class set industry = null",
    "msme_account.parts_are_no_more_than_the_whole": (
        "update marts__build.msme_account set relevant_post_count = 7"
    ),
    "msme_account.what_is_unknown_has_a_reason": "update marts__build.msme_account set province_code = null",
    "msme_activity_weekly.few_accounts_show_no_numbers": (
        "update marts__build.msme_activity_weekly set account_count = 4"
    ),
    "msme_activity_weekly.accounts_are_no_more_than_posts": (
        "update marts__build.msme_activity_weekly set account_count = 7"
    ),
    "msme_engagement.few_accounts_show_no_numbers": (
        "update marts__build.msme_engagement set is_suppressed = true, post_count = null"
    ),
    "msme_engagement.what_is_unknown_has_a_reason": (
        "update marts__build.msme_engagement set engagements_per_post = null"
    ),
    "brand_name_suggestion.unmatched_is_a_part": (
        "update marts__build.brand_name_suggestion set unmatched_post_count = 7"
    ),
    "rpt_brand_day__summary.figures_equal_brand_sentiment_daily": (
        "update marts__build.rpt_brand_day__summary set negative_count = 7"
    ),
    "rpt_brand_day__conversations.effects_rest_on_the_day": (
        "update marts__build.rpt_brand_day__conversations set net_sentiment_effect_pct = 7"
    ),
    "rpt_brand_day__contacts.no_own_account": ("update marts__build.dim_author set is_brand_account = true"),
    "share_of_voice_daily.share_of_voice_adds_up": (
        "update marts__build.share_of_voice_daily set share_of_voice_pct = 99.9"
    ),
    "share_of_voice_daily.share_of_voice_by_engagements_adds_up": (
        "update marts__build.share_of_voice_daily set share_of_voice_by_engagements_pct = 60"
    ),
    "share_of_voice_daily.share_of_voice_by_potential_reach_adds_up": (
        "update marts__build.share_of_voice_daily set share_of_voice_by_potential_reach_pct = 0"
    ),
    "share_of_voice_daily.a_day_has_one_series": (
        "update marts__build.share_of_voice_daily set panel_brand_count = 2"
    ),
    "brand_growth_daily.what_is_unknown_has_a_reason": (
        "update marts__build.brand_growth_daily set follower_growth_pct = null"
    ),
    "author_influence.contributions_add_up": (
        "update marts__build.author_influence set likes_contribution = 0.000000002"
    ),
    "author_influence.what_is_unknown_has_a_reason": (
        "update marts__build.author_influence set influence_index_reason = 'no_norms'"
    ),
    "author_influence.ranks_lie_in_their_range": "update marts__build.author_influence set rank_low = 2",
    "author_influence_top.lists_have_no_gap": "update marts__build.author_influence_top set position = 2",
    "influence_percentiles.index_rises_with_the_percentile": """
        insert into marts__build.influence_percentiles (platform, span, norm_date, percentile, index_value)
        select platform, span, norm_date, percentile + 1, index_value - 1
        from marts__build.influence_percentiles
    """,
    "collection_coverage.records_are_accounted_for": (
        "update marts__build.collection_coverage set received_count = 5"
    ),
}
"""Bad rows for checks that are queries; the others' follow from type and arguments."""


@pytest.fixture
def good(warehouse: str) -> str:
    """One good row in each mart's candidate, as build 1."""
    with closing(connect("admin")) as conn, conn, conn.cursor() as cur:
        cur.execute(
            "insert into ops.build (mode, holder, holder_kind, base_version, started_at) "
            "values ('full', 'test', 'process', 0, now())"
        )
        for mart in MARTS.values():
            _create(cur, mart)
        for suite in SUITES.values():
            for total in suite.totals:
                if total.raw_sql:
                    cur.execute(
                        "insert into ops.gate_total (build_id, mart, measure, grain_value, live_total, "
                        "replaced_total, candidate_total, source_total) "
                        "values (1, %s, %s, 'all', 0, 0, 0, 0)",
                        (suite.mart, total.measure),
                    )
    return warehouse


def _create(cur: cursor, mart: Mart) -> None:
    table = sql.Identifier("marts__build", mart.name)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.data_type))
        for column in mart.columns
    )
    cur.execute(sql.SQL("create table {} ({})").format(table, columns))
    cur.execute(sql.SQL("grant select on {} to gaung_publisher").format(table))
    values = [GOOD.get(column.name, BY_TYPE.get(column.data_type, 0)) for column in mart.columns]
    cur.execute(sql.SQL("insert into {} values %s").format(table), (tuple(values),))


def plant(check: Check) -> None:
    """Bad rows for one check."""
    expectation = check.expectation
    table = sql.Identifier("marts__build", check.suite)
    statement: Any
    if expectation.target == "totals":
        statement = sql.SQL("update ops.gate_total set candidate_total = 3 where mart = {}").format(
            sql.Literal(check.suite)
        )
    elif expectation.target == "query":
        statement = PLANTED[check.name]
    else:
        kwargs = expectation.kwargs
        bad: Any = None
        if expectation.type == "expect_column_values_to_be_between":
            bad = kwargs["max_value"] + 1 if "max_value" in kwargs else kwargs["min_value"] - 1
        elif expectation.type == "expect_column_values_to_be_in_set":
            bad = "nonsense"
        statement = sql.SQL("update {} set {} = {}").format(
            table, sql.Identifier(kwargs["column"]), sql.Literal(bad)
        )
    with closing(connect("admin")) as conn, conn, conn.cursor() as cur:
        cur.execute(statement)
        assert cur.rowcount > 0


def test_good_rows_pass_every_expectation(good: str) -> None:
    results = engine.evaluate(1, list(CHECKS.values()), timeout_s=60)

    assert {result.name: result.status for result in results} == dict.fromkeys(CHECKS, "passed")


def test_bad_rows_fail_each_critical_expectation_and_pass_its_mutant(good: str, record_property: Any) -> None:
    """One at a time: rows are planted, the check and its mutant are evaluated, rows are restored.

    The mutant is the same check, always true: whoever weakens a check like this sees this test fail.
    """
    found, mutants = {}, {}
    for name in CRITICAL:
        check = CHECKS[name]
        _save(check)
        plant(check)
        result, mutant = engine.evaluate(1, [check, always_true(check)], timeout_s=60)
        found[name], mutants[name] = result.status, mutant.status
        _restore(check)

    record_property("planted", CRITICAL)
    print("\n".join(f"planted: {name} → {status}" for name, status in found.items()))
    assert found == dict.fromkeys(CRITICAL, "failed")
    assert mutants == dict.fromkeys(CRITICAL, "passed")


def always_true(check: Check) -> Check:
    """The same check, weakened so far that nothing fails it."""
    declared = check.expectation
    if declared.type.startswith("expect_column_values_"):
        return replace(check, expectation=replace(declared, kwargs={**declared.kwargs, "mostly": 0.0}))
    assert declared.type == "expect_table_row_count_to_equal", f"say how to weaken {declared.type}"
    query = f"select * from ({str(declared.query).strip().rstrip(';')}) as rows where false"
    return replace(check, expectation=replace(declared, query=query))


def test_bad_rows_are_planted_for_every_mart_and_across_marts() -> None:
    planted = {CHECKS[name].suite for name in CRITICAL}
    across = [
        name
        for name in CRITICAL
        for other in MARTS
        if other != CHECKS[name].suite and re.search(rf"\b{other}\b", CHECKS[name].expectation.query or "")
    ]

    assert planted == MARTS.keys()
    assert across != []


def test_an_emptied_suite_or_a_dropped_table_of_any_mart_blocks(good: str) -> None:
    with closing(connect("admin")) as conn, conn.cursor() as cur:
        for name, mart in MARTS.items():
            emptied = gate._suite_gap(mart, replace(SUITES[name], expectations=()))
            assert "no critical expectation" in str(emptied)
            cur.execute(sql.SQL("drop table {} cascade").format(sql.Identifier("marts__build", name)))
            results = gate._structure(cur, marts.load())
            conn.rollback()
            missing = {
                result.suite
                for result in results
                if result.status == "error" and result.expectation_id == "candidate_is_there"
            }
            assert missing == {name}


def _save(check: Check) -> None:
    with closing(connect("admin")) as conn, conn, conn.cursor() as cur:
        for schema, name in (("marts__build", check.suite), ("ops", "gate_total")):
            cur.execute(
                sql.SQL("create table {} as select * from {}").format(
                    sql.Identifier("public", f"saved_{name}"), sql.Identifier(schema, name)
                )
            )


def _restore(check: Check) -> None:
    columns = (
        "build_id, mart, measure, grain_value, live_total, replaced_total, candidate_total, source_total"
    )
    with closing(connect("admin")) as conn, conn, conn.cursor() as cur:
        mart = sql.Identifier("marts__build", check.suite)
        saved = sql.Identifier("public", f"saved_{check.suite}")
        cur.execute(sql.SQL("truncate {}").format(mart))
        cur.execute(sql.SQL("insert into {} select * from {}").format(mart, saved))
        cur.execute(sql.SQL("drop table {}").format(saved))
        cur.execute("delete from ops.gate_total")
        cur.execute(f"insert into ops.gate_total ({columns}) select {columns} from public.saved_gate_total")
        cur.execute("drop table public.saved_gate_total")
        cur.execute("delete from ops.batch")


def test_every_mart_has_a_suite_and_no_other() -> None:
    assert SUITES.keys() == MARTS.keys()


@pytest.mark.parametrize("name", sorted(MARTS))
def test_suite_covers_keys_ranges_and_totals_as_critical(name: str) -> None:
    mart, suite = MARTS[name], SUITES[name]
    critical = [entry for entry in suite.expectations if entry.severity == "critical"]
    known = {
        entry.kwargs["column"]
        for entry in critical
        if entry.type == "expect_column_values_to_not_be_null" and "mostly" not in entry.kwargs
    }
    ranged = {
        entry.kwargs["column"]
        for entry in critical
        if entry.type == "expect_column_values_to_be_between" and entry.target == "candidate"
    }
    scores = {
        column.name
        for column in mart.columns
        if column.name.endswith(("_pct", "_score", "_mean", "_compound", "_index"))
    }

    assert known >= set(mart.primary_key)
    assert ranged >= scores
    assert any(entry.target == "totals" for entry in critical)
    assert any(total.raw_sql for total in suite.totals)
    assert all(entry.if_fails.startswith("then ") for entry in suite.expectations)


def test_raw_statements_of_totals_run_as_the_transformer(warehouse: str) -> None:
    with closing(connect("transformer")) as conn, conn.cursor() as cur:
        for suite in SUITES.values():
            for total in suite.totals:
                if total.raw_sql:
                    cur.execute(total.raw_sql)
                    assert [column.name for column in cur.description or ()] == ["grain_value", "total"]


def test_loader_has_no_part_in_judging(warehouse: str) -> None:
    with closing(connect("loader")) as conn, conn.cursor() as cur, pytest.raises(psycopg2.Error):
        cur.execute("update ops.gate_result set status = 'passed'")
