"""Checks of what the published hours must show: the Friday hashtag, viral and paid-like, the crisis.

Where a model decides (moods), a comparison is by stated tolerance; everything else is exact. The crisis is
looked for by a plain rule over hours, past only: enough negative posts, far more of them than before, and a
negative share far above the one before.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any

from gaung.demo import plan, words
from gaung.demo.check import Check, ask, compare
from gaung.demo.truth import Truth

if TYPE_CHECKING:
    from psycopg2.extensions import connection

PEAK_TOLERANCE = 0.05
"""Of "about 2,750 posts an hour"."""

MOOD_TOLERANCE = 0.15
"""Engines may miss this share of a topic's glad or angry posts (they abstain), and find none that are not."""

LEAST_POSTS = 300
"""Topics with fewer posts say nothing about engines."""

LEAST_SCORED = 20
"""Hours with fewer scored posts have no mean worth a word."""

LEAST_NEGATIVE, LEAST_PAST_HOURS, ALARM_Z = 20, 14, 4.0

HOLDS = "holds"


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a topic or brand, numbered from Friday 00:00 in Jakarta."""

    number: int
    post_count: int
    scored_count: int
    negative_count: int
    sentiment_mean: float | None


def checks(truth: Truth, marts: "connection", alerting: "connection") -> Iterator[Check]:
    """Every shape; a world of a few hundred posts shows few.

    Args:
        truth: what is planted.
        marts: reads as ``bi_reader``.
        alerting: reads as the role that opens alerts.
    """
    yield _moods(truth, marts)
    yield _load(truth, marts)
    if plan.SIZES[truth.size] >= plan.SIZES["small"]:
        yield friday(_topic(marts, plan.FRIDAY), plan.SIZES[truth.size] / plan.TOTAL)
        yield _quadrants(marts)
        yield _crisis(marts)
        yield _alerts(alerting)


def hour_number(moment: datetime) -> int:
    """Hours since the three days began."""
    return int((moment.astimezone(UTC) - plan.START) / timedelta(hours=1))


def _topic(marts: "connection", topic: str) -> list[Hour]:
    found = ask(
        marts,
        """
        select hour_at, post_count, scored_count, negative_count, sentiment_mean
        from topic_trend_hourly
        where is_synthetic and topic_type = 'hashtag' and lower(topic) = lower(%s) and hour_at >= %s
        order by hour_at
        """,
        topic,
        plan.START,
    )
    return [_hour(row) for row in found]


def _hour(row: Sequence[Any]) -> Hour:
    mean = None if row[4] is None else float(row[4])
    return Hour(hour_number(row[0]), row[1], row[2], row[3], mean)


# --------------------------------------------------------------------------------------------
# Friday Feeling
# --------------------------------------------------------------------------------------------


def friday(hours: Sequence[Hour], scale: float) -> Check:
    """The six facts of the hashtag, and no crisis; ``scale`` is the size of the world, 1 at full size."""
    count = dict.fromkeys(range(plan.HOURS), 0) | {hour.number: hour.post_count for hour in hours}
    before = _mean(hours, range(6, 14))
    peak = _mean(hours, range(18, plan.SATURDAY + 2))
    after = _mean(hours, range(plan.SATURDAY + 4, plan.SATURDAY + 10))
    most, expected = max(count.values()), 2_750 * scale
    sad = [
        f"hour {hour.number} has {hour.sentiment_mean}"
        for hour in hours
        if hour.scored_count >= LEAST_SCORED and (hour.sentiment_mean or 0) <= 0
    ]
    alarmed = alarms(hours)
    facts = {
        "rises from Friday 14:00": all(count[hour] < count[hour + 1] for hour in range(13, 21))
        and count[14] > 2 * max(count[hour] for hour in range(14)),
        f"about {expected:,.0f} posts an hour at the peak": abs(most - expected) <= PEAK_TOLERANCE * expected,
        "falls from 02:00": all(
            count[hour] < count[hour - 1] for hour in range(plan.SATURDAY + 2, plan.SATURDAY + 7)
        ),
        "mean sentiment positive throughout": not sad,
        "lower at the peak": peak < before,
        "higher after 04:00": after > max(before, peak),
        "no crisis": not alarmed,
    }
    told = (
        f"peak {most}, means {before:.3f} before, {peak:.3f} at the peak, {after:.3f} after; {sad} {alarmed}"
    )
    return compare(
        "Friday Feeling: six facts of the hourly mart, no crisis",
        dict.fromkeys(facts, HOLDS),
        {fact: HOLDS if is_true else f"not so ({told})" for fact, is_true in facts.items()},
    )


def _mean(hours: Sequence[Hour], span: range) -> float:
    """Mean sentiment of the scored posts of some hours."""
    chosen = [hour for hour in hours if hour.number in span and hour.sentiment_mean is not None]
    whole = sum(hour.scored_count for hour in chosen)
    return (
        sum((hour.sentiment_mean or 0) * hour.scored_count for hour in chosen) / whole if whole else math.nan
    )


# --------------------------------------------------------------------------------------------
# The crisis
# --------------------------------------------------------------------------------------------


def alarms(hours: Sequence[Hour]) -> list[int]:
    """Numbers of the hours that look like a crisis against all hours before them that do not."""
    found: list[int] = []
    past: list[Hour] = []
    for hour in hours:
        if len(past) >= LEAST_PAST_HOURS and _is_alarming(hour, past):
            found.append(hour.number)
        else:
            past.append(hour)
    return found


def _is_alarming(hour: Hour, past: Sequence[Hour]) -> bool:
    if hour.negative_count < LEAST_NEGATIVE:
        return False
    before = [one.negative_count for one in past]
    is_much = hour.negative_count > fmean(before) + ALARM_Z * max(pstdev(before), 1.0)
    negative, scored = sum(before), sum(one.scored_count for one in past)
    pooled = (negative + hour.negative_count) / (scored + hour.scored_count)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / scored + 1 / hour.scored_count)) if scored else 0.0
    rise = hour.negative_count / hour.scored_count - negative / scored if scored else 0.0
    return is_much and deviation > 0 and rise / deviation > ALARM_Z


def _crisis(marts: "connection") -> Check:
    """The planted crisis is seen in its first hour; no other brand and no other time has one."""
    found = ask(
        marts,
        """
        select brand_id, hour_at, post_count, scored_count, negative_count, sentiment_mean
        from brand_sentiment_hourly where is_synthetic and hour_at >= %s order by brand_id, hour_at
        """,
        plan.START,
    )
    by_brand: dict[str, list[Hour]] = {}
    for brand, *row in found:
        by_brand.setdefault(brand, []).append(_hour(row))
    planted: dict[str, str] = {}
    seen: dict[str, str] = {}
    for brand, hours in by_brand.items():
        alarmed = alarms(hours)
        first, last = plan.CRISIS_HOURS.start, plan.CRISIS_HOURS.stop
        planted[brand] = f"from hour {first}" if brand == plan.CRISIS_BRAND else "none"
        seen[brand] = f"from hour {alarmed[0]}" if alarmed else "none"
        if brand == plan.CRISIS_BRAND and any(not first <= hour <= last for hour in alarmed):
            seen[brand] = f"at hours {alarmed}"
    return compare("a crisis where it is planted, and nowhere else", planted, seen)


def _alerts(alerting: "connection") -> Check:
    """The rule that alerts go by, over all windows: opens within two of the crisis, and only there."""
    from gaung.alerts import rules, watch

    with alerting.cursor() as cursor:
        windows = watch.windows_until(cursor, plan.END, plan.WINDOWS)
    planted = dict.fromkeys(words.EVERY_BRAND, "none") | {plan.CRISIS_BRAND: "within two windows"}
    begins = plan.START + plan.CRISIS_HOURS.start * timedelta(hours=1)
    found: dict[str, str] = {}
    for brand in planted:
        opened = rules.of_windows("crisis", windows.get(brand, []), None)
        at = opened.window_at if opened else None
        is_soon = at is not None and begins <= at < begins + 2 * plan.WINDOW
        found[brand] = (
            "none" if at is None else "within two windows" if is_soon else f"at {at:%Y-%m-%d %H:%MZ}"
        )
    return compare("alerts open within two windows of the crisis, and nowhere else", planted, found)


# --------------------------------------------------------------------------------------------
# Viral and paid-like
# --------------------------------------------------------------------------------------------


def _quadrants(marts: "connection") -> Check:
    """Followers of the authors and reposts of the posts, against the mean of all posts of X."""
    found = ask(
        marts,
        """
        with posts as (
            select lower(text) as words, ln(1 + followers_at_post) as followers, ln(1 + reposts) as reposts
            from fct_post
            where is_synthetic and platform = 'x' and post_type <> 'repost' and created_at >= %s
                and followers_at_post is not null and reposts is not null
        )
        select tag, avg(p.followers) > max(o.followers), avg(p.reposts) > max(o.reposts)
        from unnest(%s) as tag
        inner join posts as p on strpos(p.words, '#' || tag) > 0
        cross join (select avg(followers) as followers, avg(reposts) as reposts from posts) as o
        group by tag
        """,
        plan.START,
        [plan.VIRAL.lower(), plan.PAID.lower()],
    )
    planted = {
        plan.VIRAL.lower(): "low followers, high reposts",
        plan.PAID.lower(): "high followers, low reposts",
    }
    told = {True: "high", False: "low"}
    return compare(
        "one hashtag viral, one paid-like",
        planted,
        {tag: f"{told[followers]} followers, {told[reposts]} reposts" for tag, followers, reposts in found},
    )


# --------------------------------------------------------------------------------------------
# Moods and load
# --------------------------------------------------------------------------------------------


def _moods(truth: Truth, marts: "connection") -> Check:
    """Glad and angry posts per topic as engines hear them, by tolerance."""
    planted: dict[tuple[str, str], int] = {}
    whole: dict[str, int] = {}
    for row in truth.topic_moods:
        whole[row.name] = whole.get(row.name, 0) + row.positive + row.neutral + row.negative
        for mood in ("positive", "negative"):
            key = row.name, mood
            planted[key] = planted.get(key, 0) + getattr(row, mood)
    found = ask(
        marts,
        """
        select lower(topic), sum(positive_count), sum(negative_count)
        from topic_trend_hourly where is_synthetic and topic_type = 'hashtag' group by 1
        """,
    )
    heard = {(row[0], mood): int(row[at]) for row in found for mood, at in (("positive", 1), ("negative", 2))}
    told = {key: _told(number, heard.get(key, 0)) for key, number in planted.items()}
    wanted = {key: HOLDS for key in planted if whole[key[0]] >= LEAST_POSTS} or dict.fromkeys(planted, HOLDS)
    shown: Mapping[Any, Any] = {key: told[key] for key in wanted}
    return compare(f"moods of topics as engines hear them, within {MOOD_TOLERANCE:.0%}", wanted, shown)


def _told(planted: int, heard: int) -> str:
    slack = max(MOOD_TOLERANCE * planted, 10)
    return HOLDS if abs(heard - planted) <= slack else f"{heard} heard, {planted} planted"


def _load(truth: Truth, marts: "connection") -> Check:
    """Posts in quarters of an hour: how many windows have any, and the fullest."""
    found = ask(
        marts,
        """
        select count(*), max(number), sum(number) from (
            select count(*) as number from fct_post
            where is_synthetic and created_at >= %s and created_at < %s
            group by date_bin('15 minutes', created_at, %s)
        ) as windows
        """,
        plan.START,
        plan.END,
        plan.START,
    )
    names = ("windows with posts", "posts in the fullest", "posts in all")
    return compare("posts per quarter of an hour", truth.windows, dict(zip(names, found[0], strict=True)))
