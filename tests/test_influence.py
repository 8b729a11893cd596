"""Influence on a real warehouse: spans that follow the data, norms of the day, ranks, lists, any order."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gaung.warehouse import influence
from tests.building import Shelf, ask, deliver, dirty, give_up, prepare, settle, write_brands
from tests.fakes import LineFormat, at, line, lines_format, post

__all__ = ["lines_format"]

TOPIC = ("hashtag", "kopiuji")
WORDS = ("I love this so much", "this is terrible and sad", "the table stands in the room")


@pytest.fixture(autouse=True)
def ready(warehouse: str, lines: LineFormat) -> Iterator[None]:
    write_brands()
    yield


def spoken(number: int, hour: float, author: str, **figures: Any) -> dict[str, Any]:
    """A line with a post on the topic, its figures and its author's, observed half an hour later."""
    ids = {"platform": "x", "post_id": f"p{number}"}
    person = {"platform": "x", "author_id": author}
    counts = {name: figures.get(name) for name in ("likes", "reposts")}
    profile = {name: figures.get(name) for name in ("followers", "listed", "posts")}
    return line(
        post(
            ids["post_id"],
            author_id=author,
            created_at=at(hour),
            text=figures.get("text", WORDS[number % 3]),
            hashtags=["kopiuji"],
        ),
        observed=figures.get("observed", hour + 0.5),
        post_metrics=[{**ids, **counts}],
        author_metrics=[{**person, **profile}],
    )


def crowd(rng: random.Random, hours: range, authors: int = 40) -> list[dict[str, Any]]:
    """Posts of many authors in some hours; the same hour gives the same posts."""
    lines = []
    for hour in hours:
        for n in range(6):
            author = f"a{rng.randrange(authors)}"
            figures = {
                "likes": rng.choice([None, 0, 3, 50]),
                "reposts": rng.choice([0, 1, 20]),
                "followers": rng.choice([None, 0, 10, 5000]),
                "listed": rng.choice([None, 2]),
                "posts": 100 + hour,
            }
            lines.append(spoken(hour * 10 + n, hour, author, **figures))
    return lines


def row_of(shelf: Shelf, author: str, span: str = "7d") -> dict[str, Any]:
    """The row of an author on the topic."""
    [(key,)] = ask("select author_key from core.author_key where author_id = %s", (author,))
    return shelf.rows["author_influence"][(*TOPIC, span, key)]


def test_steps_in_any_order_equal_a_full_rebuild_and_one_delivery() -> None:
    lines = crowd(random.Random(1), range(0, 60))
    parts = [lines[:150], lines[200:300], lines[150:200], lines[300:]]
    shelf = Shelf()
    for number, part in enumerate(parts):
        deliver(part, f"{number}.ndjson")
        if number == 2:
            give_up(prepare())
        shelf.build()
    steps = shelf.without_lineage()
    assert not any(row["is_provisional"] for row in steps["influence_norms"].values())
    assert {row["norm_date"] for row in steps["influence_norms"].values()} == {datetime(2026, 3, 3).date()}
    shelf.build("full")
    rebuilt = shelf.without_lineage()
    for name in rebuilt:
        assert steps[name] == rebuilt[name], name


def test_a_span_follows_the_newest_post_and_authors_leave_it() -> None:
    shelf = Shelf()
    deliver([spoken(1, 0, "early", followers=10), spoken(2, 20, "late", followers=10)], "1.ndjson")
    shelf.build()
    assert {key[2:] for key in shelf.rows["author_influence"]} == {
        (span, key) for span in ("24h", "7d") for (key,) in ask("select author_key from core.author_key")
    }
    # a date after the observation moves nothing; a new hour lets what is older than a day leave
    deliver([spoken(3, 500, "wrong", observed=21), spoken(4, 25, "late", followers=10)], "2.ndjson")
    build = prepare()
    [(early,)] = ask("select author_key from core.author_key where author_id = 'early'")
    assert (*TOPIC, "24h", early) in dirty("topic_span_author")
    assert (*TOPIC, "7d", early) not in dirty("topic_span_author")
    give_up(build)
    shelf.build()
    assert (*TOPIC, "24h", early) not in shelf.rows["author_influence"]
    assert (*TOPIC, "7d", early) in shelf.rows["author_influence"]
    ends = {row["span_end_at"] for row in shelf.rows["influence_norms"].values()}
    assert ends == {datetime(2026, 3, 2, 10, tzinfo=UTC)}


def test_with_the_norms_of_the_day_a_tick_touches_its_authors_and_more_followers_do_not_harm() -> None:
    shelf = Shelf()
    deliver(
        [*crowd(random.Random(2), range(0, 40)), spoken(900, 41, "star", followers=10, reposts=2)], "1.ndjson"
    )
    shelf.build()
    norms = shelf.without_lineage()["influence_percentiles"]
    before = row_of(shelf, "star")
    deliver([spoken(900, 41, "star", followers=20, reposts=2, observed=42)], "2.ndjson")
    deliver([spoken(901, 41, "other", followers=20, reposts=2)], "3.ndjson")
    build = prepare()
    keys = ask("select author_key from core.author_key where author_id in ('star', 'other')")
    assert {key[3] for key in dirty("topic_span_author")} == {key for (key,) in keys}
    assert ask("select count(*) from core.influence_due") == [(0,)]
    give_up(build)
    shelf.build()
    after = row_of(shelf, "star")
    assert shelf.without_lineage()["influence_percentiles"] == norms
    assert after["followers"] == 20
    assert after["influence_index"] > before["influence_index"]
    assert after["influence_score"] >= before["influence_score"]
    assert after["rank_low"] <= after["rank"] <= after["rank_high"]
    # the same figures and posts again change nothing
    deliver(
        [spoken(901, 41, "other", followers=20, reposts=2), spoken(900, 41, "star", followers=20, reposts=2)]
    )
    same = shelf.without_lineage()
    shelf.build()
    assert shelf.without_lineage()["author_influence"] == same["author_influence"]


def test_a_late_post_of_the_days_before_makes_norms_due() -> None:
    deliver(crowd(random.Random(2), range(0, 40)), "1.ndjson")
    shelf = Shelf()
    shelf.build()
    deliver([spoken(950, 3, "late", followers=7, reposts=1, observed=39)], "2.ndjson")
    build = prepare()
    assert ask("select span, norm_date::text from core.influence_due order by span") == [
        ("24h", "2026-03-02"),
        ("7d", "2026-03-02"),
    ]
    settle(build)


def test_a_topic_that_lost_its_last_post_leaves_no_author_behind() -> None:
    shelf = Shelf()
    deliver([spoken(1, 0, "one", text="teh uji is terrible")], "1.ndjson")
    shelf.build()
    assert ("keyword", "teh uji") in {key[:2] for key in shelf.rows["author_influence"]}
    deliver([spoken(1, 0, "one", text="nothing of it", observed=3)], "2.ndjson")
    shelf.build()
    assert {key[:2] for key in shelf.rows["author_influence"]} == {TOPIC}
    assert ask("select distinct topic from core.standing_influence") == [(TOPIC[1],)]


def test_contributions_add_up_in_every_row() -> None:
    deliver(crowd(random.Random(3), range(0, 20)), "1.ndjson")
    shelf = Shelf()
    shelf.build()
    rows = [row for row in shelf.rows["author_influence"].values() if row["influence_index"] is not None]
    assert len(rows) > 20
    for row in rows:
        parts = [row[f"{name}_contribution"] for name in ("followers", "listed", "posts", "reposts", "likes")]
        assert sum((part for part in parts if part is not None), Decimal(0)) == row["influence_index"]
        assert row["reach_contribution"] + row["resonance_contribution"] == row["influence_index"]
    lists: dict[tuple[Any, ...], int] = {}
    for topic_type, topic, span, label, _ in shelf.rows["author_influence_top"]:
        lists[topic_type, topic, span, label] = lists.get((topic_type, topic, span, label), 0) + 1
    assert lists
    assert max(lists.values()) == 5


@pytest.mark.parametrize(
    ("before", "now", "gaps"),
    [
        ((0, 24), (1, 25), [(0, 1), (24, 25)]),
        ((1, 25), (0, 24), [(0, 1), (24, 25)]),
        ((0, 24), (0, 24), []),
        ((0, 24), (100, 124), [(0, 24), (100, 124)]),
        (None, (0, 24), [(0, 24)]),
        ((0, 24), None, [(0, 24)]),
    ],
)
def test_gaps_are_what_one_span_has_and_the_other_has_not(
    before: tuple[int, int] | None, now: tuple[int, int] | None, gaps: list[tuple[int, int]]
) -> None:
    def spans(hours: tuple[int, int] | None) -> list[influence.Span]:
        moments = [datetime.fromisoformat(at(hour)) for hour in hours or ()]
        return [influence.Span("24h", *moments)] if hours else []

    found = influence._gaps("24h", spans(before), spans(now))

    assert found == [
        ("24h", datetime.fromisoformat(at(first)), datetime.fromisoformat(at(last))) for first, last in gaps
    ]
