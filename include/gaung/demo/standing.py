"""Checks of growth, share of voice and the lists of who has influence, against the planted truth."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gaung import brands
from gaung.demo import words
from gaung.demo.check import Check, ask, compare
from gaung.demo.truth import Truth

if TYPE_CHECKING:
    from psycopg2.extensions import connection

LISTED = 5
"""Authors in a list at most."""

SLACK = 1e-6
"""Shares have nine decimals."""


def checks(truth: Truth, marts: "connection") -> Iterator[Check]:
    """Every comparison; exact but for the rounding of shares."""
    yield _growth(truth, marts)
    yield _share_of_voice(marts)
    yield _top_lists(marts)


def _growth(truth: Truth, marts: "connection") -> Check:
    """Followers at the end of each day, and won or lost against the day before, where both were seen."""
    last = _last_of_days(truth)
    planted = {
        (brand, day): (followers, _difference(followers, last.get((brand, day - timedelta(days=1)))))
        for (brand, day), followers in last.items()
    }
    rows = ask(
        marts,
        """
        select brand_id, local_date, followers, followers_net from brand_growth_daily
        where is_synthetic and platform = 'x' and followers is not null and brand_id = any(%s)
        """,
        list(words.EVERY_BRAND),
    )
    published = {row[:2]: row[2:] for row in rows}
    return compare("followers and growth by day", planted, published)


def _last_of_days(truth: Truth) -> dict[tuple[str, date], int]:
    book = brands.load()
    zones = {brand: ZoneInfo(book.brand(brand).timezone) for brand in words.EVERY_BRAND}
    last: dict[tuple[str, date], int] = {}
    for one in sorted(truth.snapshots, key=lambda one: one.observed_at):
        if one.platform == "x" and one.followers is not None:
            last[one.brand, datetime.fromisoformat(one.observed_at).astimezone(zones[one.brand]).date()] = (
                one.followers
            )
    return last


def _difference(now: int, before: int | None) -> int | None:
    return None if before is None else now - before


def _share_of_voice(marts: "connection") -> Check:
    """Shares of each panel and day sum to 100, and every brand of the panel has one."""
    rows = ask(
        marts,
        """
        select
            panel_id, local_date, abs(sum(share_of_voice_pct) - 100) <= %s, count(*) = max(panel_brand_count)
        from share_of_voice_daily where is_synthetic and panel_mention_count > 0 group by 1, 2
        """,
        SLACK,
    )
    found = {row[:2]: row[2:] for row in rows}
    return compare("share of voice sums to 100 by panel and day", dict.fromkeys(found, (True, True)), found)


def _top_lists(marts: "connection") -> Check:
    """At most five authors per topic, span and mood, places without gaps, the greatest index first."""
    rows = ask(
        marts,
        """
        select topic_type, topic, span, sentiment_label,
            count(*) <= %s and max(position) = count(*) and count(distinct author_key) = count(*),
            array_agg(influence_index order by position)
                = array_agg(influence_index order by influence_index desc)
        from author_influence_top where is_synthetic group by 1, 2, 3, 4
        """,
        LISTED,
    )
    found = {row[:4]: row[4:] for row in rows}
    return compare(
        "at most five in each list of influence, in order", dict.fromkeys(found, (True, True)), found
    )
