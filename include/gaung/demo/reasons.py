"""Checks of what posts mean, as published, against the planted truth: exact, since sentences are known.

Only the two brands of :mod:`gaung.demo.customers` and the small businesses of :mod:`gaung.demo.sellers` are
compared; what other sentences of the demo say beside their mood is not planted.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gaung.demo import sellers, words
from gaung.demo.check import Check, ask, compare
from gaung.demo.meanings import Meanings

if TYPE_CHECKING:
    from psycopg2.extensions import connection

BRANDS = list(words.CUSTOMER_BRANDS)


def checks(planted: Meanings, marts: "connection", inside: "connection") -> Iterator[Check]:
    """Every comparison; ``inside`` knows which key a private person's post has, which marts do not tell."""
    yield _questions(planted, marts, inside)
    yield _response_days(planted, marts)
    yield _post_aspects(planted, marts)
    yield _aspect_days(planted, marts)
    yield _intents(planted, marts)
    yield _targets(planted, marts)
    yield _suggestions(planted, marts)
    yield _businesses(planted, marts)
    yield _post_classes(planted, marts, inside)
    yield _activity_weeks(planted, marts)
    yield _media_weeks(planted, marts)


# --------------------------------------------------------------------------------------------
# Customers
# --------------------------------------------------------------------------------------------


def _keys(inside: "connection", posts: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Platform and id of posts by their key."""
    platforms, ids = zip(*posts, strict=True)
    rows = ask(
        inside,
        """
        select k.post_key, k.platform, k.post_id
        from core.post_key as k
        inner join unnest(%s::text[], %s::text[]) as p (platform, post_id) using (platform, post_id)
        """,
        list(platforms),
        list(ids),
    )
    return {row[0]: row[1:] for row in rows}


def _questions(planted: Meanings, marts: "connection", inside: "connection") -> Check:
    """Each question and complaint with its intents and the minutes until the brand answered."""
    rows = ask(
        marts,
        """
        select
            brand_id, post_key, local_date::text, coalesce(intents, ''), is_question, is_complaint,
            minutes_to_answer::float, is_open
        from customer_question where is_synthetic and brand_id = any(%s)
        """,
        BRANDS,
    )
    told = {
        (one.brand, one.platform, one.post_id): (
            *(one.local_date, one.intents, one.is_question, one.is_complaint),
            *(one.minutes, one.minutes is None),
        )
        for one in planted.questions
    }
    known = _keys(inside, (key[1:] for key in told))
    found = {(brand, *known.get(key, ("unknown", key))): tuple(rest) for brand, key, *rest in rows}
    return compare("questions and complaints, and their answers", told, found)


def _response_days(planted: Meanings, marts: "connection") -> Check:
    rows = ask(
        marts,
        """
        select
            brand_id, local_date::text, question_count, answered_question_count, open_question_count,
            minutes_to_answer_median::float
        from response_time_daily where is_synthetic and brand_id = any(%s)
        """,
        BRANDS,
    )
    told = {
        (one.brand, one.local_date): (one.asked, one.answered, one.open, one.minutes_median)
        for one in planted.response_days
    }
    return compare("response times by brand and day", told, _by(2, rows))


def _post_aspects(planted: Meanings, marts: "connection") -> Check:
    """Posts by brand, day, aspect, value and mood, counted post by post."""
    rows = ask(
        marts,
        """
        select b.brand_id, b.local_date::text, a.aspect, a.attribute_value, a.mood, count(*)
        from fct_post_aspect as a
        inner join bridge_post_brand as b using (post_key)
        where a.is_synthetic and b.brand_id = any(%s) group by 1, 2, 3, 4, 5
        """,
        BRANDS,
    )
    told = {
        (one.brand, one.local_date, one.aspect, one.value, mood): (getattr(one, mood),)
        for one in planted.aspect_days
        for mood in words.MOODS
        if getattr(one, mood)
    }
    return compare("aspects of posts by value and mood", told, _by(5, rows))


def _aspect_days(planted: Meanings, marts: "connection") -> Check:
    rows = ask(
        marts,
        """
        select
            brand_id, local_date::text, aspect, attribute_value,
            positive_count, neutral_count, negative_count, evidence
        from aspect_value_sentiment where is_synthetic and brand_id = any(%s)
        """,
        BRANDS,
    )
    told = {
        (one.brand, one.local_date, one.aspect, one.value): (
            *(one.positive, one.neutral, one.negative),
            one.evidence,
        )
        for one in planted.aspect_days
    }
    return compare("moods of aspects' values by day", told, _by(4, rows))


def _intents(planted: Meanings, marts: "connection") -> Check:
    rows = ask(
        marts,
        """
        select b.brand_id, b.local_date::text, i.intent, count(*)
        from fct_post_intent as i
        inner join bridge_post_brand as b using (post_key)
        where i.is_synthetic and b.brand_id = any(%s) group by 1, 2, 3
        """,
        BRANDS,
    )
    told = {(one.brand, one.local_date, one.intent): (one.post_count,) for one in planted.intent_days}
    return compare("intents of posts by brand and day", told, _by(3, rows))


def _targets(planted: Meanings, marts: "connection") -> Check:
    rows = ask(
        marts,
        """
        select brand_id, local_date::text, target_type, target, text_post_count, term_post_count
        from target_term_coverage where is_synthetic and brand_id = any(%s)
        """,
        BRANDS,
    )
    told = {
        (one.brand, one.local_date, one.target_type, one.target): (one.post_count, one.term_post_count)
        for one in planted.target_days
    }
    return compare("target terms in posts by day", told, _by(4, rows))


def _suggestions(planted: Meanings, marts: "connection") -> Check:
    """The planted spellings; of the two brands also that there is no other."""
    rows = ask(
        marts,
        """
        select brand_id, spelling, post_count, unmatched_post_count
        from brand_name_suggestion where is_synthetic and (brand_id = any(%s) or spelling = any(%s))
        """,
        BRANDS,
        [one.spelling for one in planted.suggestions],
    )
    told = {
        (one.brand, one.spelling): (one.post_count, one.unmatched_post_count) for one in planted.suggestions
    }
    return compare("misspelt names of brands", told, _by(2, rows))


# --------------------------------------------------------------------------------------------
# Small businesses
# --------------------------------------------------------------------------------------------


def _businesses(planted: Meanings, marts: "connection") -> Check:
    """Accounts of provinces where nobody but sellers lives."""
    rows = ask(
        marts,
        """
        select province_code, industry, evidence, count(*), sum(post_count)::int
        from msme_account where is_synthetic and province_code = any(%s) group by 1, 2, 3
        """,
        _provinces(planted),
    )
    told = {
        (one.province_code, one.industry, one.evidence): (one.account_count, one.post_count)
        for one in planted.businesses
    }
    return compare("small businesses by province and industry", told, _by(3, rows))


def _post_classes(planted: Meanings, marts: "connection", inside: "connection") -> Check:
    """Every post of the sellers is of a small business, of their industry, and shows its activity."""
    rows = ask(
        marts,
        """
        select
            week_date::text, province_code, industry, activity, count(distinct author_key), count(*)
        from msme_post_class
        where is_synthetic and relevance = 'msme' and post_key = any(%s) group by 1, 2, 3, 4
        """,
        list(_keys(inside, (("x", post_id) for post_id in planted.seller_posts))),
    )
    told = {
        (one.week_date, one.province_code, one.industry, one.activity): (one.account_count, one.post_count)
        for one in planted.activity_weeks
    }
    return compare("classes of small businesses' posts", told, _by(4, rows))


def _activity_weeks(planted: Meanings, marts: "connection") -> Check:
    """Cells with too few accounts are there and show no numbers."""
    rows = ask(
        marts,
        """
        select week_date::text, province_code, industry, activity, is_suppressed, account_count, post_count
        from msme_activity_weekly where is_synthetic and province_code = any(%s)
        """,
        _provinces(planted),
    )
    told = {
        (one.week_date, one.province_code, one.industry, one.activity): (True, None, None)
        if one.is_suppressed
        else (False, one.account_count, one.post_count)
        for one in planted.activity_weeks
    }
    return compare("small businesses' activities by week and province", told, _by(4, rows))


def _media_weeks(planted: Meanings, marts: "connection") -> Check:
    rows = ask(
        marts,
        """
        select
            week_date::text, industry, activity, media_type, is_suppressed, account_count, post_count,
            engagements
        from msme_engagement where is_synthetic and media_type = %s
        """,
        sellers.MEDIA_TYPE,
    )
    told = {
        (one.week_date, one.industry, one.activity, one.media_type): (True, None, None, None)
        if one.is_suppressed
        else (False, one.account_count, one.post_count, one.engagements)
        for one in planted.media_weeks
    }
    return compare("small businesses' engagement by week and media", told, _by(4, rows))


def _provinces(planted: Meanings) -> list[str]:
    return sorted({one.province_code for one in planted.businesses})


def _by(size: int, rows: list[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], tuple[Any, ...]]:
    """Rows by their first ``size`` columns."""
    return {row[:size]: row[size:] for row in rows}
