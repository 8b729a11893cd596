"""The models on a real warehouse: formulas, incremental against full, what a mart shows."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gaung import models
from gaung.errors import BuildFenced, ModelFailed
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import marts
from gaung.warehouse.connect import connect
from tests.building import (
    BUILT_AT,
    Shelf,
    ask,
    candidate_rows,
    deliver,
    give_up,
    own_account_lines,
    prepare,
    random_lines,
    settle,
    write_brands,
)
from tests.fakes import LineFormat, at, line, lines_format, post

__all__ = ["lines_format"]

PUBLISHED = {
    "aspect_value_sentiment",
    "author_influence",
    "author_influence_top",
    "bridge_post_brand",
    "brand_growth_daily",
    "brand_name_suggestion",
    "brand_sentiment_daily",
    "brand_sentiment_hourly",
    "brand_word_cloud",
    "collection_coverage",
    "customer_question",
    "dim_author",
    "dim_brand",
    "dim_date",
    "entity_sentiment_daily",
    "fct_post",
    "fct_post_aspect",
    "fct_post_entity",
    "fct_post_intent",
    "fct_post_sentiment",
    "influence_norms",
    "influence_percentiles",
    "model_confusion",
    "model_quality",
    "msme_account",
    "msme_activity_weekly",
    "msme_engagement",
    "msme_post_class",
    "response_time_daily",
    "share_of_voice_daily",
    "target_term_coverage",
    "topic_trend_hourly",
    "word_cloud",
}
REPORTS = {
    "rpt_action_rule",
    "rpt_brand_day__contacts",
    "rpt_brand_day__conversations",
    "rpt_brand_day__hours",
    "rpt_brand_day__summary",
}


@pytest.fixture
def ready(warehouse: str, lines: LineFormat) -> Iterator[None]:
    write_brands()
    yield


def rows(name: str) -> list[dict[str, Any]]:
    return candidate_rows(marts.get(name))


def test_incremental_builds_equal_a_full_rebuild(ready: None) -> None:
    rng = random.Random(11)
    shelf = Shelf()
    for number in range(4):
        deliver(random_lines(rng, 40), f"{number}.ndjson")
        deliver(own_account_lines(4 - number, 10 * number), f"own{number}.ndjson")
        if number == 1:
            write_brands(kopi={"timezone": "Asia/Jayapura"}, teh={"keywords": ["nothing"]})
        if number == 2:
            give_up(prepare())
        shelf.build()
    incremental = shelf.without_lineage()
    assert [name for name, found in incremental.items() if not found] == ["model_confusion", "model_quality"]
    shelf.build("full")
    rebuilt = shelf.without_lineage()
    for name in rebuilt:
        assert incremental[name] == rebuilt[name], name


def test_every_formula_and_key_holds(ready: None) -> None:
    deliver(random_lines(random.Random(3), 60))
    shelf = Shelf()
    shelf.build()
    deliver(random_lines(random.Random(4), 10), "more.ndjson")
    build = prepare()
    models.run(build.build_id, build.token, version=2, built_at=BUILT_AT)
    results = models.unit_test()
    settle(build)
    assert set(results.values()) <= {"pass", "success"}
    units = {
        "engagements_need_every_reported_part",
        "unscored_is_a_state_with_a_reason",
        "brand_sentiment_hourly_formulas",
        "brand_sentiment_daily_formulas",
        "trend_looks_at_the_past_only",
        "coverage_is_null_when_unknown",
        "post_rates_and_what_is_shown",
        "local_date_is_of_the_brand_s_time_zone",
        "names_of_private_persons_are_not_shown",
        "followers_are_of_the_nearest_snapshot",
        "shares_of_voice_add_up",
        "growth_is_null_with_a_reason",
        "influence_adds_up_and_rises_with_followers",
        "ranks_share_places_and_have_a_range",
        "norms_are_means_and_deviations_of_what_is_known",
        "lists_are_at_most_five_in_one_order",
        "brand_clouds_count_posts_and_compare_moods",
        "coverage_is_of_posts_with_text",
        "businesses_do_and_abstain_with_reasons",
        "classes_of_what_is_judged",
        "few_accounts_show_no_numbers",
        "unreported_engagement_is_null_with_a_reason",
        "accounts_are_businesses_by_brand_profile_or_posts",
        "spellings_are_counted_with_what_an_alias_would_win",
        "aspects_show_words_that_the_masked_text_holds",
        "few_posts_are_not_enough_for_a_mood",
        "customers_wait_until_the_brand_replies",
        "response_times_are_of_answered_questions",
        "places_say_when_they_are_ambiguous",
        "moods_of_posts_that_name_an_entity",
    }
    assert units <= results.keys()


def test_what_counts(ready: None) -> None:
    deliver(
        [
            line(
                post("1", text="I love kopi uji", author_id="a"),
                post("2", text="I love kopi uji", author_id="b", post_type="repost"),
                post("3", text="kopi uji is terrible", author_id="c", is_collected=False),
                post("4", text="kopi uji", created_at=None),
                post("5", text="nothing of a brand", created_at=at(1)),
                observed=2,
            ),
            line({**post("6", text=None), "is_deleted": True}, post("7", text="kopi uji is bad"), observed=3),
            line({**post("7", text=None), "is_deleted": True}, observed=4),
        ]
    )
    build = prepare()
    counts = models.run(build.build_id, build.token, version=7, built_at=BUILT_AT)
    facts = {row["post_key"]: row for row in rows("fct_post")}
    assert len(facts) == counts["fct_post"] == 6
    assert sorted((f["is_dated"], f["is_deleted"], f["is_matched"]) for f in facts.values()) == [
        (False, False, True),
        (True, False, False),
        (True, False, True),
        (True, False, True),
        (True, True, False),
        (True, True, True),
    ]
    assert all(
        f["text"] is None and f["unscored_reason"] == "deleted" for f in facts.values() if f["is_deleted"]
    )
    assert {(f["version"], f["built_at"]) for f in facts.values()} == {(7, BUILT_AT)}
    [hour] = [row for row in rows("brand_sentiment_hourly") if row["brand_id"] == "kopi"]
    assert (hour["hour_at"], hour["post_count"], hour["repost_count"]) == (
        datetime(2026, 3, 1, 8, tzinfo=UTC),
        2,
        1,
    )
    assert len(rows("bridge_post_brand")) == 4
    assert len(rows("dim_author")) == 2
    settle(build)


def test_places_and_products_reach_the_marts(ready: None) -> None:
    write_brands(kopi={"products": [{"id": "susu", "name": "Es Kopi Susu"}]})
    deliver(
        [
            line(
                post("1", text="I love es kopi susu of kopi uji, es kopi susu in Bandung"),
                post("2", text="es kopi susu, Kota Bekasi dan Kabupaten Bekasi"),
                observed=2,
            )
        ]
    )
    build = prepare()
    models.run(build.build_id, build.token, version=1, built_at=BUILT_AT)

    columns = ("entity_type", "entity_id", "entity_name", "brand_id", "candidate_codes", "mention_count")
    assert sorted(tuple(row[name] or "" for name in columns) for row in rows("fct_post_entity")) == [
        ("brand", "kopi", "Kopi Uji", "kopi", "", 1),
        ("place", "32.16", "Kabupaten Bekasi", "", "", 1),
        ("place", "32.73", "Kota Bandung", "", "32.04, 32.73", 1),
        ("place", "32.75", "Kota Bekasi", "", "", 1),
        ("product", "susu", "Es Kopi Susu", "kopi", "", 2),
    ]
    assert {row["entity_id"]: row["is_ambiguous"] for row in rows("fct_post_entity")}["32.73"]
    counts = ("brand_id", "entity_id", "post_count", "ambiguous_count", "positive_count", "evidence")
    assert sorted(tuple(row[name] for name in counts) for row in rows("entity_sentiment_daily")) == [
        ("kopi", "32.73", 1, 1, 1, "not enough"),
        ("kopi", "susu", 1, 0, 1, "not enough"),
    ]
    settle(build)


def test_private_handles_appear_nowhere(ready: None) -> None:
    authors = [
        {"platform": "x", "author_id": "a", "handle": "rahasia", "display_name": "Rahasia Sekali"},
        {"platform": "x", "author_id": "b", "handle": "tokoh", "is_verified": True},
    ]
    text = "@rahasia says hello to @kopiuji"
    url = "https://example.com/rahasia/1"
    posts = [
        post("1", author_id="a", text=text, url=url),
        post("2", author_id="b", url="https://example.com/2"),
    ]
    deliver([line(*posts, observed=1, authors=authors)])
    build = prepare()
    models.run(build.build_id, build.token, version=1, built_at=BUILT_AT)
    shown = repr([rows(mart.name) for mart in marts.load()])
    assert "rahasia" not in shown.lower()
    assert "tokoh" in shown
    assert "@kopiuji" in shown
    assert "https://example.com/2" in shown
    settle(build)


def test_the_candidate_holds_dirty_partitions_only(ready: None) -> None:
    shelf = Shelf()
    deliver([line(*(post(str(n), text="kopi uji", created_at=at(n)) for n in range(5)), observed=9)])
    assert shelf.build()["fct_post"] == 5
    deliver([line(post("9", text="kopi uji", created_at=at(3)), observed=9)], "one.ndjson")
    counts = shelf.build()
    assert (counts["fct_post"], counts["brand_sentiment_hourly"]) == (1, 1)
    assert {row["post_count"] for row in shelf.rows["brand_sentiment_daily"].values()} == {6}
    assert {row["version"] for row in shelf.rows["fct_post"].values()} == {1, 2}


def test_a_broken_model_is_named(ready: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import shutil

    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT_ROOT / "dbt_project", project)
    broken = project / "models/marts/core/dim_brand.sql"
    broken.write_text(broken.read_text().replace("name as brand_name", "no_such_column as brand_name"))
    monkeypatch.setenv("GAUNG_DBT_PROJECT", str(project))
    get_settings.cache_clear()
    deliver([line(post(), observed=1)])
    build = prepare()
    with pytest.raises(ModelFailed, match=r"dim_brand.*no_such_column.*gaung build"):
        models.run(build.build_id, build.token, version=1, built_at=BUILT_AT)
    told = ask("select status from ops.dbt_result where node = 'model.gaung.dim_brand'")
    assert told == [("error",)]
    settle(build)


def test_a_taken_over_build_builds_nothing(ready: None) -> None:
    deliver([line(post(), observed=1)])
    build = prepare()
    with pytest.raises(BuildFenced):
        models.run(build.build_id, "00000000-0000-0000-0000-000000000000", version=1, built_at=BUILT_AT)
    assert ask("select count(*) from ops.dbt_result") == [(0,)]
    settle(build)


def test_the_publisher_reads_the_candidate_and_bi_readers_do_not(ready: None) -> None:
    from psycopg2.errors import InsufficientPrivilege

    deliver([line(post(), observed=1)])
    build = prepare()
    models.run(build.build_id, build.token, version=1, built_at=BUILT_AT)
    assert ask("select count(*) from marts__build.fct_post", role="publisher") == [(1,)]
    with (
        closing(connect("bi_reader")) as session,
        session.cursor() as cur,
        pytest.raises(InsufficientPrivilege),
    ):
        cur.execute("select * from marts__build.fct_post")
    settle(build)


def test_the_marts_are_the_declared_ones() -> None:
    assert {mart.name for mart in marts.load()} == PUBLISHED | REPORTS
    files = {path.stem for path in (PROJECT_ROOT / "dbt_project/models/marts").rglob("*.sql")}
    assert files == PUBLISHED
    assert {path.stem for path in (PROJECT_ROOT / "dbt_project/models/reports").rglob("*.sql")} == REPORTS


@pytest.mark.parametrize("mart", marts.load(), ids=lambda mart: mart.name)
def test_every_column_is_described_in_both_languages(mart: marts.Mart) -> None:
    assert "One row per" in mart.description
    assert "Satu baris per" in mart.description_id
    for column in mart.columns:
        where = f"{mart.name}.{column.name}"
        assert column.description, where
        assert column.description_id, where
        assert column.description != column.description_id, where
        if column.name.endswith("_pct"):
            assert column.unit, where
            assert column.formula, where
    assert {"built_at", "version"} <= set(mart.column_names)
    assert mart.primary_key


def test_nullable_columns_say_when_they_are_null() -> None:
    silent = [
        f"{mart.name}.{column.name}"
        for mart in marts.load()
        for column in mart.columns
        if not column.is_required and not column.null_rule and column.name not in ("batch_id", "payload_ref")
    ]
    assert silent == []
