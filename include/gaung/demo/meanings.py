"""Planted truth of what posts mean: questions and answers, aspects, intents, target terms, small businesses.

Counted from the posts whose every word was chosen (:mod:`gaung.demo.customers`, :mod:`gaung.demo.sellers`).
Brands' days are those of their time zones, weeks are UTC weeks by their Monday.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from gaung.demo import customers, sellers, words
from gaung.demo.posts import Meaning, Post
from gaung.demo.words import MOODS
from gaung.demo.world import World

ENOUGH_POSTS = 10
"""From so many posts on, shares of a value are called enough evidence."""

FEWEST_ACCOUNTS = 5
"""Cells of fewer small businesses show no numbers."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question or complaint; ``minutes`` until a handle of the brand answered it, None: never."""

    brand: str
    platform: str
    post_id: str
    local_date: str
    intents: str
    is_question: bool
    is_complaint: bool
    minutes: float | None


@dataclass(frozen=True, slots=True)
class ResponseDay:
    """Questions and complaints of a brand's day, how many were answered, and after how long."""

    brand: str
    local_date: str
    asked: int
    answered: int
    open: int
    minutes_median: float | None


@dataclass(frozen=True, slots=True)
class AspectDay:
    """Posts of a brand's day that name a value of an aspect, by the mood that they were written in."""

    brand: str
    local_date: str
    aspect: str
    value: str
    positive: int
    neutral: int
    negative: int
    evidence: str


@dataclass(frozen=True, slots=True)
class IntentDay:
    """Posts of a brand's day with an intent."""

    brand: str
    local_date: str
    intent: str
    post_count: int


@dataclass(frozen=True, slots=True)
class TargetDay:
    """Of a brand's posts of a day, those that hold one of its terms."""

    brand: str
    local_date: str
    target_type: str
    target: str
    post_count: int
    term_post_count: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A misspelt name, and how many of the posts with it match the brand no other way."""

    brand: str
    spelling: str
    post_count: int
    unmatched_post_count: int


@dataclass(frozen=True, slots=True)
class Business:
    """Small businesses of a province and industry with the same evidence, and their posts."""

    province_code: str
    industry: str
    evidence: str
    account_count: int
    post_count: int


@dataclass(frozen=True, slots=True)
class ActivityWeek:
    """What small businesses of a province and industry did in a week, whether it may be shown or not."""

    week_date: str
    province_code: str
    industry: str
    activity: str
    account_count: int
    post_count: int
    is_suppressed: bool


@dataclass(frozen=True, slots=True)
class MediaWeek:
    """Engagement of small businesses' posts with one kind of media in a week."""

    week_date: str
    industry: str
    activity: str
    media_type: str
    account_count: int
    post_count: int
    engagements: int
    is_suppressed: bool


@dataclass(frozen=True, slots=True)
class Meanings:
    """All of it; ``seller_posts``: ids of the small businesses' posts, all of X."""

    questions: tuple[Question, ...]
    response_days: tuple[ResponseDay, ...]
    aspect_days: tuple[AspectDay, ...]
    intent_days: tuple[IntentDay, ...]
    target_days: tuple[TargetDay, ...]
    suggestions: tuple[Suggestion, ...]
    businesses: tuple[Business, ...]
    activity_weeks: tuple[ActivityWeek, ...]
    media_weeks: tuple[MediaWeek, ...]
    seller_posts: tuple[str, ...]

    @classmethod
    def read(cls, document: dict[str, Any]) -> "Meanings":
        """Meanings from what a JSON file says."""
        rows = {
            "questions": Question,
            "response_days": ResponseDay,
            "aspect_days": AspectDay,
            "intent_days": IntentDay,
            "target_days": TargetDay,
            "suggestions": Suggestion,
            "businesses": Business,
            "activity_weeks": ActivityWeek,
            "media_weeks": MediaWeek,
        }
        told = {name: tuple(row(**values) for values in document[name]) for name, row in rows.items()}
        return cls(**told, seller_posts=tuple(document["seller_posts"]))


def of_world(world: World) -> Meanings:
    """The meanings of a world's posts; none in days before the demo's own."""
    placed = [
        _Placed(brand, _local_date(post, brand), post, post.meaning)
        for post in world.posts
        if post.meaning is not None
        for brand in sorted(post.content.brands & words.CUSTOMER_BRANDS.keys())
    ]
    questions = tuple(_questions(placed, world))
    known = {seller.author.author_id: seller for seller in world.businesses}
    sold = [
        _Sold(known[post.author.author_id], post, post.meaning.activity)
        for post in world.posts
        if post.meaning is not None and post.meaning.activity is not None
    ]
    return Meanings(
        questions=questions,
        response_days=tuple(_response_days(questions)),
        aspect_days=tuple(_aspect_days(placed)),
        intent_days=tuple(_intent_days(placed)),
        target_days=tuple(_target_days(placed)),
        suggestions=tuple(_suggestions(world)),
        businesses=tuple(_businesses(sold)),
        activity_weeks=tuple(_activity_weeks(sold)),
        media_weeks=tuple(_media_weeks(sold)),
        seller_posts=tuple(sorted(one.post.post_id for one in sold)),
    )


# --------------------------------------------------------------------------------------------
# Customers
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Placed:
    """A post on a day of a brand that it counts for."""

    brand: str
    local_date: str
    post: Post
    meaning: Meaning


def _local_date(post: Post, brand: str) -> str:
    return post.created_at.astimezone(ZoneInfo(customers.ZONES[brand])).date().isoformat()


def _questions(placed: Iterable[_Placed], world: World) -> Iterator[Question]:
    """Who asks does so by words, or by a question mark under something; brands ask themselves nothing."""
    own = {account.handle for account in world.brand_accounts.values()}
    answered_at: dict[tuple[str, str], datetime] = {}
    for post in world.posts:
        if post.refers_to is not None and post.author.handle.removeprefix("@") in own:
            key = post.platform, post.refers_to.post_id
            answered_at[key] = min(post.created_at, answered_at.get(key, post.created_at))
    for one in placed:
        post, intents = one.post, one.meaning.intents
        is_under = post.kind in ("comment", "reply") and "?" in post.content.text
        is_question = is_under or any(intent.startswith("asks_") for intent in intents)
        is_complaint = "complains" in intents
        if post.author.handle.removeprefix("@") in own or not (is_question or is_complaint):
            continue
        answer = answered_at.get((post.platform, post.post_id))
        minutes = None if answer is None else (answer - post.created_at) / timedelta(minutes=1)
        yield Question(
            brand=one.brand,
            platform=post.platform,
            post_id=post.post_id,
            local_date=one.local_date,
            intents=", ".join(sorted(intents)),
            is_question=is_question,
            is_complaint=is_complaint,
            minutes=minutes,
        )


def _response_days(questions: Iterable[Question]) -> Iterator[ResponseDay]:
    ordered = sorted(questions, key=lambda one: (one.brand, one.local_date))
    for (brand, day), group in groupby(ordered, key=lambda one: (one.brand, one.local_date)):
        every = [one.minutes for one in group]
        known = [minutes for minutes in every if minutes is not None]
        yield ResponseDay(
            brand, day, len(every), len(known), len(every) - len(known), median(known) if known else None
        )


def _aspect_days(placed: Iterable[_Placed]) -> Iterator[AspectDay]:
    moods: dict[tuple[str, str, str, str], Counter[str]] = {}
    for one in placed:
        for aspect, value, mood in one.meaning.aspects:
            moods.setdefault((one.brand, one.local_date, aspect, value), Counter())[mood] += 1
    for key in sorted(moods):
        evidence = "enough" if moods[key].total() >= ENOUGH_POSTS else "not enough"
        positive, neutral, negative = (moods[key][mood] for mood in MOODS)
        yield AspectDay(*key, positive, neutral, negative, evidence)


def _intent_days(placed: Iterable[_Placed]) -> Iterator[IntentDay]:
    posts = Counter((one.brand, one.local_date, intent) for one in placed for intent in one.meaning.intents)
    for (brand, day, intent), number in sorted(posts.items()):
        yield IntentDay(brand, day, intent, number)


def _target_days(placed: Iterable[_Placed]) -> Iterator[TargetDay]:
    ordered = sorted(placed, key=lambda one: (one.brand, one.local_date))
    for (brand, day), group in groupby(ordered, key=lambda one: (one.brand, one.local_date)):
        posts = list(group)
        keyword, hashtag, _ = words.CUSTOMER_BRANDS[brand]
        held = {
            ("keyword", keyword): sum(brand in one.post.content.keywords for one in posts),
            ("hashtag", hashtag): sum(hashtag in one.post.content.hashtags for one in posts),
        }
        for target in customers.TARGETS[brand]:
            held["target", target] = sum(target in one.meaning.targets for one in posts)
        for (kind, term), number in sorted(held.items()):
            yield TargetDay(brand, day, kind, term, len(posts), number)


def _suggestions(world: World) -> Iterator[Suggestion]:
    posts: Counter[tuple[str, str]] = Counter()
    unmatched: Counter[tuple[str, str]] = Counter()
    for post in world.posts:
        if post.meaning is not None and post.meaning.misspelt is not None:
            posts[post.meaning.misspelt] += 1
            unmatched[post.meaning.misspelt] += post.meaning.misspelt[0] not in post.content.brands
    for (brand, spelling), number in sorted(posts.items()):
        yield Suggestion(brand, spelling, number, unmatched[brand, spelling])


# --------------------------------------------------------------------------------------------
# Small businesses
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sold:
    """A post of a small business."""

    seller: sellers.Seller
    post: Post
    activity: str

    @property
    def week_date(self) -> str:
        day = self.post.created_at.astimezone(UTC).date()
        return _monday(day).isoformat()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _accounts(sold: Iterable[_Sold]) -> int:
    return len({one.post.author.author_id for one in sold})


def _businesses(sold: Iterable[_Sold]) -> Iterator[Business]:
    def key(one: _Sold) -> tuple[str, str, str]:
        return one.seller.trade.province_code, one.seller.trade.industry, one.seller.evidence

    for name, group in groupby(sorted(sold, key=key), key=key):
        posts = list(group)
        yield Business(*name, _accounts(posts), len(posts))


def _activity_weeks(sold: Iterable[_Sold]) -> Iterator[ActivityWeek]:
    def key(one: _Sold) -> tuple[str, str, str, str]:
        return one.week_date, one.seller.trade.province_code, one.seller.trade.industry, one.activity

    for name, group in groupby(sorted(sold, key=key), key=key):
        posts = list(group)
        accounts = _accounts(posts)
        yield ActivityWeek(*name, accounts, len(posts), accounts < FEWEST_ACCOUNTS)


def _media_weeks(sold: Iterable[_Sold]) -> Iterator[MediaWeek]:
    def key(one: _Sold) -> tuple[str, str, str, str]:
        return one.week_date, one.seller.trade.industry, one.activity, sellers.MEDIA_TYPE

    for name, group in groupby(sorted(sold, key=key), key=key):
        posts = list(group)
        accounts = _accounts(posts)
        engagements = sum(_engagements(one.post) for one in posts)
        yield MediaWeek(*name, accounts, len(posts), engagements, accounts < FEWEST_ACCOUNTS)


def _engagements(post: Post) -> int:
    """Of a post of X."""
    return sum(post.counts[name] for name in ("likes", "comments", "reposts", "quotes", "saves"))
