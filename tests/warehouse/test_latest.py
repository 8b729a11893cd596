"""Latest tables against their defining views, and the partitions that a change dirties."""

import random
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gaung.settings import get_settings
from gaung.warehouse import latest
from tests.building import ask, deliver, dirty, give_up, prepare, random_lines, settle, write_brands
from tests.fakes import LineFormat, at, line, lines_format, post

__all__ = ["lines_format"]

ALL_TABLES = (*latest.POST_TABLES, *latest.AUTHOR_TABLES)


@pytest.fixture(autouse=True)
def with_brands(warehouse: str, lines: LineFormat) -> None:
    write_brands()


def hour(number: int, day: int = 1) -> datetime:
    return datetime(2026, 3, day, number, tzinfo=UTC)


def only(query: str) -> tuple[Any, ...]:
    rows = ask(query)
    assert len(rows) == 1, rows
    return rows[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tables_equal_their_views_after_any_operations(seed: int) -> None:
    rng = random.Random(seed)
    for number in range(4):
        deliver(random_lines(rng, 80), f"{seed}-{number}.ndjson")
        build = prepare()
        settle(build) if number % 2 else give_up(build)
        for table in ALL_TABLES:
            assert ask(f"select count(*) from core.{table}") != [(0,)]
            differing = f"""
                (select * from core.{table} except all select * from core.{table}_def)
                union all (select * from core.{table}_def except all select * from core.{table})
            """
            assert ask(differing) == [], table


def test_places_equal_a_full_rebuild_after_any_operations() -> None:
    rng = random.Random(7)
    for number in range(4):
        deliver(random_lines(rng, 30), f"{number}.ndjson")
        settle(prepare())
    tables = ("placed_brand", "placed_topic", "standing_author", "standing_topic", "topic_day")
    before = {table: sorted(ask(f"select * from core.{table}"), key=repr) for table in tables}
    assert all(before.values()), before
    for table in tables:
        ask(f"delete from core.{table}")
    settle(prepare("full"))
    assert {table: sorted(ask(f"select * from core.{table}"), key=repr) for table in tables} == before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)], ids=str)
def test_latest_is_the_greatest_observation_whatever_the_order(order: tuple[int, ...]) -> None:
    versions = [
        line(post(text="first", is_collected=True), observed=1),
        line(post(text="second", is_collected=False), observed=3),
        line(post(text="between", is_collected=False), observed=2),
    ]
    for number in order:
        deliver([versions[number]], f"{number}.ndjson")
        settle(prepare())
    query = "select text, is_collected, first_observed_at::text, observed_at::text from core.post"
    assert only(query) == ("second", True, "2026-03-01 09:00:00+00", "2026-03-01 11:00:00+00")


def test_a_tombstone_beats_its_equal_and_keeps_the_attributes_of_the_living() -> None:
    living = post(text="kopi uji", author_id="a", hashtags=["kopiuji"], url="https://example.com/1")
    deliver(
        [
            line(living, observed=2),
            line({**post(text=None), "is_deleted": True, "created_at": None}, observed=2),
        ]
    )
    settle(prepare())
    columns = "is_deleted, text, text_hash, url, urls, author_id, hashtags, created_at is not null"
    assert only(f"select {columns} from core.post") == (True, None, None, None, None, "a", ["kopiuji"], True)
    assert only("select text, is_deleted from core.post_living_text") == ("kopi uji", True)
    assert only("select brand_id from core.placed_brand") == ("kopi",)


def test_an_older_tombstone_does_not_delete_a_later_version() -> None:
    deliver([line({**post(text=None), "is_deleted": True}, observed=1), line(post(text="alive"), observed=2)])
    settle(prepare())
    assert only("select is_deleted, text from core.post") == (False, "alive")


def test_a_deleted_post_loses_its_parts() -> None:
    part = {"platform": "x", "post_id": "1", "part": "alt", "text": "a cup"}
    deliver([line(post(), observed=1, post_text_parts=[part])])
    settle(prepare())
    assert only("select text from core.post_text_part") == ("a cup",)
    deliver([line({**post(text=None), "is_deleted": True}, observed=2)], "gone.ndjson")
    settle(prepare())
    assert only("select text from core.post_text_part") == (None,)


def test_an_edit_dirties_where_the_post_stood_and_where_it_stands() -> None:
    deliver([line(post(text="kopi uji", created_at=at(0), author_id="a"), observed=1)])
    settle(prepare())
    deliver([line(post(text="teh uji", created_at=at(2), author_id="b"), observed=2)], "edit.ndjson")
    build = prepare()
    assert dirty("brand_hour") == {("kopi", hour(8)), ("teh", hour(10))}
    assert dirty("brand_date") == {("kopi", date(2026, 3, 1)), ("teh", date(2026, 3, 1))}
    assert dirty("topic_hour") == {("keyword", "kopi uji", hour(8)), ("keyword", "teh uji", hour(10))}
    assert len(dirty("post")) == 1
    assert len(dirty("author")) == 2
    settle(build)


def test_what_a_failed_build_noted_waits_for_the_next() -> None:
    deliver([line(post(text="kopi uji"), observed=1)])
    settle(prepare())
    deliver([line(post(text="teh uji"), observed=2)], "edit.ndjson")
    give_up(prepare())
    build = prepare()
    assert dirty("brand_hour") == {("kopi", hour(8)), ("teh", hour(8))}
    settle(build)


def test_a_change_dirties_the_following_hours_within_the_look_back_only() -> None:
    later = [post("2", text="kopi uji", created_at=at(5)), post("3", text="kopi uji", created_at=at(169))]
    first = post("0", text="kopi uji", created_at=at(-1))
    deliver([line(first, *later, observed=200)])
    settle(prepare())
    deliver([line(post("1", text="kopi uji", created_at=at(0)), observed=201)], "late.ndjson")
    build = prepare()
    assert {row[2] for row in dirty("topic_hour")} == {hour(8), hour(13)}
    settle(build)


def test_an_earlier_first_hour_dirties_all_hours_that_count_their_past_from_it() -> None:
    deliver(
        [line(*(post(str(n), text="kopi uji", created_at=at(n)) for n in (10, 100, 177, 179)), observed=200)]
    )
    settle(prepare())
    deliver([line(post("0", text="kopi uji", created_at=at(0)), observed=201)], "late.ndjson")
    build = prepare()
    expected = {datetime(2026, 3, 1, 8, tzinfo=UTC), hour(18), hour(12, 5), hour(17, 8)}
    assert {row[2] for row in dirty("topic_hour")} == expected
    settle(build)


def test_a_topic_that_qualifies_dirties_all_its_hours() -> None:
    def tagged(number: int, hours: float) -> dict[str, Any]:
        return post(str(number), hashtags=["ramai"], author_id=f"a{number % 5}", created_at=at(hours))

    deliver([line(*(tagged(n, n % 3) for n in range(19)), observed=20)])
    build = prepare()
    assert dirty("topic_hour") == set()
    settle(build)
    deliver([line(tagged(19, 5), observed=20)], "twentieth.ndjson")
    build = prepare()
    assert dirty("topic_hour") == {("hashtag", "ramai", hour(8 + n)) for n in (0, 1, 2, 5)}
    settle(build)
    deliver([line({**tagged(3, 0), "hashtags": []}, observed=21)], "edit.ndjson")
    build = prepare()
    assert dirty("topic_hour") == {("hashtag", "ramai", hour(8 + n)) for n in (0, 1, 2, 5)}
    assert only("select is_qualified from core.standing_topic where topic = 'ramai'") == (False,)
    settle(build)


def test_another_time_zone_moves_the_days() -> None:
    deliver([line(post(text="kopi uji", created_at="2026-03-01T17:30:00+00:00"), observed=30)])
    settle(prepare())
    assert only("select local_date from core.placed_brand") == (date(2026, 3, 2),)
    write_brands(kopi={"timezone": "UTC"})
    build = prepare()
    assert dirty("brand_date") == {("kopi", date(2026, 3, 1)), ("kopi", date(2026, 3, 2))}
    assert only("select local_date from core.placed_brand") == (date(2026, 3, 1),)
    settle(build)


def test_a_keyword_that_goes_takes_its_posts_out_of_their_hours() -> None:
    deliver([line(post(text="kopi uji"), post("2", text="teh uji"), observed=1)])
    settle(prepare())
    write_brands(kopi={"keywords": ["kopi lain"]})
    build = prepare()
    assert ("kopi", hour(8)) in dirty("brand_hour")
    assert ask("select brand_id from core.placed_brand") == [("teh",)]
    settle(build)


def test_an_author_who_becomes_a_public_voice_dirties_all_own_posts() -> None:
    figures = {"platform": "x", "author_id": "a", "followers": 10}
    posts = [post(str(n), author_id="a", created_at=at(n * 100)) for n in range(3)]
    deliver([line(*posts, post("9", author_id="b"), observed=1, author_metrics=[figures])])
    settle(prepare())
    assert only("select is_public_voice from core.standing_author where author_id = 'a'") == (False,)
    deliver([line(observed=900, author_metrics=[{**figures, "followers": 1000}])], "more.ndjson")
    build = prepare()
    assert len(dirty("post")) == 3
    assert only("select is_public_voice from core.standing_author where author_id = 'a'") == (True,)
    settle(build)


def test_another_minimum_of_followers_changes_who_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {"platform": "x", "author_id": "a", "followers": 500}
    deliver([line(post(author_id="a"), observed=1, author_metrics=[figures])])
    settle(prepare())
    monkeypatch.setenv("GAUNG_PUBLIC_VOICE_MIN_FOLLOWERS", "500")
    get_settings.cache_clear()
    deliver([line(post("2"), observed=1)], "other.ndjson")
    build = prepare()
    assert len(dirty("post")) == 2
    settle(build)


@pytest.mark.parametrize(("hours", "expected"), [(47, 1), (49, 0)])
def test_a_follower_snapshot_dirties_the_posts_near_it(hours: int, expected: int) -> None:
    deliver([line(post(author_id="a", created_at=at(0)), observed=1)])
    settle(prepare())
    figures = {"platform": "x", "author_id": "a", "followers": 10}
    deliver([line(observed=hours, author_metrics=[figures])], "snapshot.ndjson")
    build = prepare()
    assert len(dirty("post")) == expected
    settle(build)


def test_another_sentiment_engine_dirties_every_key() -> None:
    deliver([line(post(text="kopi uji"), post("2", text="teh uji", created_at=at(3)), observed=4)])
    settle(prepare())
    ask("update core.model_input set input_hash = 'other' where name = 'sentiment_engine'")
    deliver([line(post("3", text="nothing", created_at=at(9)), observed=10)], "next.ndjson")
    build = prepare()
    assert {("kopi", hour(8)), ("teh", hour(11))} <= dirty("brand_hour")
    assert len(dirty("post")) == 3
    settle(build)


def test_a_full_build_dirties_every_key_again() -> None:
    deliver([line(post(text="kopi uji", author_id="a"), observed=1)])
    build = prepare()
    kinds = ("post", "author", "brand_date", "brand_hour", "topic_hour", "source_hour")
    first = {kind: dirty(kind) for kind in kinds}
    assert all(first.values()), first
    settle(build)
    build = prepare("full")
    assert {kind: dirty(kind) for kind in kinds} == first
    settle(build)


def test_a_taken_over_build_writes_nothing() -> None:
    from gaung.errors import BuildFenced

    deliver([line(post(), observed=1)])
    build = prepare()
    with pytest.raises(BuildFenced):
        latest.refresh(build.build_id, "00000000-0000-0000-0000-000000000000")
    with pytest.raises(BuildFenced):
        latest.note_partitions(build.build_id, "00000000-0000-0000-0000-000000000000")
    settle(build)
