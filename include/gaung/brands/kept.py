"""Brands and topics of posts, those whose words were erased included.

A deleted post still counts. While its words are there they are matched like any other's; before they
are erased, what they decide is kept (``raw.erased_text``) and stands in their place from then on, as far
as brands.yml still names the term. Terms that are added later cannot find words that are gone.
"""

import json
from collections.abc import Sequence

import polars as pl

from gaung.brands import matching
from gaung.brands.config import Brands
from gaung.brands.matching import KEY
from gaung.text import fold

POST = matching.POST | {"kept_brands": pl.String, "kept_topics": pl.String}
"""What is read of a post: what matching reads, and what is kept of erased words (JSON, else NULL)."""

_MATCH = ["brand_id", "matched_by", "matched_term"]
_TOPIC = ["topic_type", "topic"]


def match(posts: pl.DataFrame, brands: Brands, only: Sequence[str] | None = None) -> pl.DataFrame:
    """One row per post and brand, as :func:`gaung.brands.matching.match` gives it.

    Args:
        posts: columns :data:`POST`, one row per post.
        brands: the checked file.
        only: ids of the brands to look for; None for all.
    """
    is_kept = pl.col("kept_brands").is_not_null()
    kept = posts.filter(is_kept)
    found = matching.match(posts.filter(~is_kept), brands, only)
    if kept.is_empty():
        return found
    chosen = [brand for brand in brands.brands if only is None or brand.id in only]
    listed = pl.DataFrame(
        [(term.brand_id, term.term) for brand in chosen for term in matching.terms(brand)],
        {"brand_id": pl.String, "matched_term": pl.String},
        orient="row",
    ).unique()
    words = _rows(kept, "kept_brands", _MATCH).join(listed, on=["brand_id", "matched_term"], how="semi")
    return pl.concat([found, matching.first([matching.match(without_words(kept), brands, only), words])])


def topics(posts: pl.DataFrame, keywords: Sequence[str]) -> pl.DataFrame:
    """One row per post and topic, as :func:`gaung.brands.matching.topics` gives it."""
    is_kept = pl.col("kept_topics").is_not_null()
    found = matching.topics(posts.filter(~is_kept), keywords)
    kept = posts.filter(is_kept)
    if kept.is_empty():
        return found
    names = pl.DataFrame({"topic": list(keywords)}, schema={"topic": pl.String}).select(
        fold.topic(pl.col("topic"))
    )
    rows = _rows(kept, "kept_topics", _TOPIC)
    still = rows.filter((pl.col("topic_type") == "hashtag") | pl.col("topic").is_in(names["topic"].to_list()))
    return pl.concat([found, still]).unique().sort([*KEY, *_TOPIC])


def decided(posts: pl.DataFrame, brands: Brands) -> list[tuple[str, str, str, str]]:
    """What the words of each post decide: platform, post id, brands and topics as JSON."""
    plain = posts.with_columns(author_handle=pl.lit(None, pl.String), declared=pl.lit([], pl.List(pl.String)))
    found = _by_post(matching.match(plain, brands), _MATCH)
    named = _by_post(matching.topics(plain, brands.topic_keywords), _TOPIC)
    return [
        (*key, json.dumps(found.get(key, [])), json.dumps(named.get(key, [])))
        for key in posts.select(KEY).iter_rows()
    ]


def without_words(posts: pl.DataFrame) -> pl.DataFrame:
    """The posts as they match by file and author alone."""
    nothing = pl.lit([], pl.List(pl.String))
    return posts.with_columns(text=pl.lit(None, pl.String), hashtags=nothing, mentions=nothing)


def _by_post(rows: pl.DataFrame, columns: list[str]) -> dict[tuple[str, str], list[list[str]]]:
    found: dict[tuple[str, str], list[list[str]]] = {}
    for platform, post_id, *values in rows.select(*KEY, *columns).sort(pl.all()).iter_rows():
        found.setdefault((platform, post_id), []).append(values)
    return found


def _rows(posts: pl.DataFrame, column: str, names: list[str]) -> pl.DataFrame:
    rows = [
        (platform, post_id, *values)
        for platform, post_id, words in posts.select(*KEY, column).iter_rows()
        for values in json.loads(words)
    ]
    return pl.DataFrame(rows, dict.fromkeys([*KEY, *names], pl.String), orient="row")
