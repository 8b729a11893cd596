"""What sentences are planted to mean is what the engines hear, and what the truth says of them."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from gaung.demo import customers, sellers, words
from gaung.demo.meanings import Meanings, of_world
from gaung.demo.posts import Post
from gaung.demo.world import World, make

FILLINGS = 40
"""How many times each sentence is filled, each time with other words."""


@pytest.fixture(scope="module")
def world() -> World:
    return make(7, "tiny")


@pytest.fixture(scope="module")
def planted(world: World) -> Meanings:
    return of_world(world)


def sayings() -> dict[str, tuple[customers.Saying, ...]]:
    """Everything that is said of each brand."""
    said: dict[str, tuple[customers.Saying, ...]] = {}
    for brand, _, _, talk in customers.TALK:
        said[brand] = (*said.get(brand, ()), *talk)
    for brand in words.CUSTOMER_BRANDS:
        said[brand] += customers.QUESTIONS[brand] + customers.COMPLAINTS[brand]
        said[brand] += customers.SHOWN + customers.ANSWERS + customers.STRANGER
    return said


def test_engines_hear_what_customers_mean() -> None:
    from gaung.text import batch, reasons

    rng = Random(1)
    meant = [
        (saying, customers.fill(saying, brand, rng))
        for brand, said in sayings().items()
        for saying in dict.fromkeys(said)
        for _ in range(FILLINGS)
    ]
    heard = reasons.find(batch.as_batch([text for _, text in meant])).to_pylist()
    wrong = {
        text: (one["intents"], aspects(one))
        for (saying, text), one in zip(meant, heard, strict=True)
        if (*one["intents"],) != saying.meaning.intents or aspects(one) != sorted(saying.meaning.aspects)
    }
    assert wrong == {}
    assert len(meant) > 40 * FILLINGS


def aspects(heard: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted(
        (one["aspect"], value, one["mood"])
        for one in heard["aspects"]
        for value in [named["value"] for named in one["values"]] or ["unnamed"]
    )


def test_engines_hear_what_small_businesses_do() -> None:
    from gaung.text import batch, business

    rng = Random(1)
    meant = [
        (trade, activity, sellers.fill(text, trade, rng))
        for trade in sellers.TRADES
        for activity, _, _ in trade.posts
        for text in sellers.SAYINGS[activity]
        for _ in range(FILLINGS)
    ]
    heard = business.classify(batch.as_batch([text for *_, text in meant])).to_pylist()
    wrong = {
        text: (one["industry"], one["activity"])
        for (trade, activity, text), one in zip(meant, heard, strict=True)
        if (one["industry"], one["activity"]) != (trade.industry, activity)
    }
    assert wrong == {}


def test_profiles_say_what_makes_an_account_a_small_business() -> None:
    from gaung.text import batch, business

    everyone = sellers.everyone()
    profiles = [f"{one.author.name}\n{one.author.bio}" for one in everyone]
    heard = business.classify(batch.as_batch(profiles)).to_pylist()
    told = [(one.evidence == "profile", one.trade.industry) for one in everyone]
    assert Counter(one.evidence for one in everyone) == {"profile": 21, "posts": 2}
    for profile, (is_told, industry), one in zip(profiles, told, heard, strict=True):
        wanted = ("msme", industry) if is_told else ("other", None)
        assert (one["relevance"], one["industry"]) == wanted, profile


def test_posts_that_are_the_only_evidence_are_of_small_businesses_by_their_text(world: World) -> None:
    from gaung.text import batch, business

    silent = {one.author.author_id for one in world.businesses if one.evidence == "posts"}
    texts = [post.content.text for post in world.posts if post.author.author_id in silent]
    found = business.classify(batch.as_batch(texts)).column("relevance").to_pylist()
    assert found == ["msme"] * 6


def test_the_two_brands_stand_in_no_other_post(world: World) -> None:
    own = words.CUSTOMER_BRANDS.keys()
    for post in world.posts:
        if post.stream != "customers":
            assert not post.counted_as.brands & own
            assert not any(words.EVERY_BRAND[brand][0] in post.content.text.lower() for brand in own)


def test_the_two_brands_are_declared_as_the_truth_takes_them() -> None:
    from gaung import brands
    from gaung.settings import PROJECT_ROOT

    book = brands.load(PROJECT_ROOT / "brands.yml")
    for brand in words.CUSTOMER_BRANDS:
        declared = book.brand(brand)
        assert declared.timezone == customers.ZONES[brand]
        assert tuple(declared.targets) == customers.TARGETS[brand]
        assert declared.handles["youtube"] == declared.handles["x"]


@pytest.mark.parametrize("size", ["tiny", "small"])
@pytest.mark.parametrize("seed", [7, 8])
def test_every_seed_and_size_plants_the_same_counts(seed: int, size: str) -> None:
    planted = of_world(make(seed, size))
    days = [
        (one.brand, one.local_date, one.asked, one.answered, one.open, one.minutes_median)
        for one in planted.response_days
    ]
    assert days == [
        ("kedai_lereng", "2025-11-07", 12, 5, 7, 25.0),
        ("kedai_lereng", "2025-11-08", 20, 5, 15, 15.0),
        ("kedai_lereng", "2025-11-09", 5, 1, 4, 180.0),
        ("tenun_rimba", "2025-11-07", 9, 3, 6, 45.0),
        ("tenun_rimba", "2025-11-08", 4, 3, 1, 50.0),
        ("tenun_rimba", "2025-11-09", 15, 0, 15, None),
    ]
    enough = {
        (one.brand, one.local_date, one.aspect, one.value, one.positive, one.neutral, one.negative)
        for one in planted.aspect_days
        if one.evidence == "enough"
    }
    assert enough == {
        ("kedai_lereng", "2025-11-08", "price", "mahal", 0, 0, 13),
        ("tenun_rimba", "2025-11-08", "colour", "merah", 14, 0, 0),
        ("tenun_rimba", "2025-11-09", "size", "XL", 0, 0, 12),
    }
    assert [(one.spelling, one.post_count, one.unmatched_post_count) for one in planted.suggestions] == [
        ("kedai lerang", 7, 4),
        ("kopi sneja", 6, 6),
    ]
    assert sum(one.account_count for one in planted.businesses) == 23
    hidden = {(one.province_code, one.activity) for one in planted.activity_weeks if one.is_suppressed}
    assert hidden == {("13", "hiring"), ("18", "promotion"), ("64", "order_shipping")}


def test_a_stranger_s_reply_is_no_answer(world: World, planted: Meanings) -> None:
    own = {account.handle for account in world.brand_accounts.values()}
    replied_to = {
        post.refers_to.post_id
        for post in world.posts
        if post.stream == "customers" and post.refers_to is not None and is_by_a_stranger(post, own)
    }
    open_ones = {one.post_id for one in planted.questions if one.minutes is None}
    assert len(replied_to & open_ones) >= 10


def is_by_a_stranger(post: Post, own: set[str]) -> bool:
    return post.refers_to is not None and post.refers_to.kind == "reply" and post.author.handle not in own


def test_earlier_days_plant_nothing() -> None:
    planted = of_world(make(7, "tiny", 1))
    assert (planted.questions, planted.aspect_days, planted.seller_posts) == ((), (), ())
