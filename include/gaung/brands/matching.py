"""Which posts are of which brand, and why: over whole columns.

A post matches a brand by the file it came in (``file``), by its author (``author``), by a mentioned
handle (``handle``), a hashtag, or a keyword or alias between word boundaries, compared without case
and accents. Exclusions and missing context void words and hashtags, never handles. Of several
reasons the first of :data:`REASONS` is kept, with its alphabetically first term: the result does
not depend on the order of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gaung.brands.config import Brand, Brands
from gaung.text import clean, fold

REASONS = ("file", "author", "handle", "hashtag", "keyword")
RULE = pl.Enum(REASONS)
POST: dict[str, Any] = {
    "platform": pl.String,
    "post_id": pl.String,
    "text": pl.String,
    "hashtags": pl.List(pl.String),
    "mentions": pl.List(pl.String),
    "author_handle": pl.String,
    "declared": pl.List(pl.String),
}
"""What matching reads of a post; ``declared``: brands for which its file was ingested."""

KEY = ["platform", "post_id"]


@dataclass(frozen=True)
class Term:
    """One entry of a brand: what it is, how people wrote it, how it is compared."""

    brand_id: str
    kind: str
    term: str
    folded: str
    platform: str = ""


def terms(brand: Brand) -> list[Term]:
    """All entries of a brand; kinds keyword (aliases too), hashtag, target, handle, context, exclusion."""
    words = {
        **{"keyword": brand.phrases, "target": brand.targets},
        **{"context": brand.context, "exclusion": brand.exclusions},
    }
    listed = [
        Term(brand.id, kind, word, folded)
        for kind, values in words.items()
        for word, folded in zip(values, fold.all_words(list(values)), strict=True)
    ]
    tags = zip(brand.hashtags, fold.all_squeezed(list(brand.hashtags)), strict=True)
    listed += [Term(brand.id, "hashtag", tag, folded) for tag, folded in tags]
    for platform, handles in brand.handles.items():
        listed += [Term(brand.id, "handle", handle, handle.lower(), platform) for handle in handles]
    return listed


def match(posts: pl.DataFrame, brands: Brands, only: Sequence[str] | None = None) -> pl.DataFrame:
    """One row per post and matching brand: platform, post_id, brand_id, matched_by, matched_term.

    Args:
        posts: columns :data:`POST`, one row per post.
        brands: the checked file.
        only: ids of the brands to look for; None for all.
    """
    chosen = [brand for brand in brands.brands if only is None or brand.id in only]
    listed = [term for brand in chosen for term in terms(brand)]
    view = prepare(posts)
    parts = [
        _declared(view, [brand.id for brand in chosen]),
        _by_account(view, listed, "author"),
        _by_account(view, listed, "handle"),
        _allowed(_by_hashtag(view, listed), _voids(view, listed), has_context=set()),
        _allowed(_by_keyword(view, listed), _voids(view, listed), {b.id for b in chosen if b.context}),
    ]
    return first(parts)


def first(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The matches with the first reason and term of each post and brand only."""
    found = pl.concat(parts).with_columns(pl.col("matched_by").cast(RULE))
    kept = found.sort([*KEY, "brand_id", "matched_by", "matched_term"]).unique(
        [*KEY, "brand_id"], keep="first", maintain_order=True
    )
    return kept.with_columns(pl.col("matched_by").cast(pl.String))


def prepare(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts with folded words, and with hashtags and mentions of the columns and of the text together."""
    text = pl.col("text").fill_null("")
    tags = pl.concat_list(pl.col("hashtags").fill_null([]), clean.hashtags(text))
    accounts = pl.concat_list(pl.col("mentions").fill_null([]), clean.mentions(text))
    return posts.with_columns(
        words=fold.words(clean.without_mentions(clean.without_links(text))),
        tags=tags.list.unique(maintain_order=True),
        accounts=accounts.list.eval(pl.element().str.to_lowercase().str.strip_chars("@＠ ")).list.unique(
            maintain_order=True
        ),
    )


def topics(posts: pl.DataFrame, keywords: Sequence[str]) -> pl.DataFrame:
    """One row per post and topic: platform, post_id, topic_type (hashtag, keyword), topic."""
    view = prepare(posts)
    tags = (
        view.select(*KEY, topic=pl.col("tags"))
        .explode("topic")
        .drop_nulls("topic")
        .with_columns(pl.lit("hashtag").alias("topic_type"), fold.topic(pl.col("topic")))
    )
    names = pl.DataFrame({"term": list(keywords)}, schema={"term": pl.String}).with_columns(
        folded=fold.words(pl.col("term")), topic=fold.topic(pl.col("term"))
    )
    hits = _contained(view, names["folded"].unique(maintain_order=True).to_list())
    words = hits.join(names, on="folded").with_columns(pl.lit("keyword").alias("topic_type"))
    columns = [*KEY, "topic_type", "topic"]
    both = pl.concat([tags.select(columns), words.select(columns)])
    return both.filter(pl.col("topic") != "").unique().sort(columns)


def targets(posts: pl.DataFrame, brands: Brands, only: Sequence[str] | None = None) -> pl.DataFrame:
    """One row per post and target term that it holds: platform, post_id, brand_id, target_type, target.

    Keywords, aliases and hashtags are found as matching finds them; the words of ``targets`` in normal
    words, slang written out. Whether the post is of the brand is not asked.
    """
    listed = [term for brand in brands.brands if only is None or brand.id in only for term in terms(brand)]
    view = prepare(posts)
    columns = [*KEY, "brand_id", "target_type", "target"]
    tags = _by_hashtag(view, listed).with_columns(target_type=pl.lit("hashtag"))
    words = _by_keyword(view, listed).with_columns(target_type=pl.lit("keyword"))
    both = pl.concat([tags, words]).rename({"matched_term": "target"}).select(columns)
    wanted = [term for term in listed if term.kind == "target"]
    found = pl.concat([both, _held(posts, wanted).select(columns)])
    return found.with_columns(fold.topic(pl.col("target"))).unique().sort(columns)


def _held(posts: pl.DataFrame, wanted: list[Term]) -> pl.DataFrame:
    """The target terms that texts and their hashtags hold."""
    import pyarrow as pa

    from gaung.text import names

    tags = pl.col("hashtags").fill_null([]).list.eval("#" + pl.element()).list.join(" ")
    texts = posts.select(pl.concat_str(pl.col("text").fill_null(""), tags, separator=" ")).to_series()
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts.to_list(), pa.string())})
    spelt = sorted({term.term for term in wanted})
    lists = names.held(batch, spelt).column("targets").to_pylist() if spelt else [[]] * len(posts)
    found = posts.select(KEY).with_columns(term=pl.Series(lists, dtype=pl.List(pl.String)))
    hits = found.explode("term").drop_nulls("term").join(_table(wanted), on="term", suffix="_of_term")
    return hits.with_columns(target_type=pl.lit("target"), target=pl.col("term"))


def explain(text: str, brands: Brands, *, platform: str = "x", author: str | None = None) -> dict[str, Any]:
    """What matches a single text and why, what was voided and why, and its topics; lists of rows."""
    posts = single(text, platform=platform, author=author)
    found = match(posts, brands)
    without = brands.model_copy(update={"brands": [_unguarded(brand) for brand in brands.brands]})
    voided = match(posts, without).join(found, on=[*KEY, "brand_id"], how="anti")
    return {
        "matches": found.select("brand_id", "matched_by", "matched_term").to_dicts(),
        "voided": [
            row | {"because": _why_void(posts, brands.brand(row["brand_id"]))} for row in voided.to_dicts()
        ],
        "topics": topics(posts, brands.topic_keywords).select("topic_type", "topic").to_dicts(),
    }


def single(text: str, *, platform: str = "x", author: str | None = None) -> pl.DataFrame:
    """One post as :data:`POST`."""
    handle = author.lstrip("@") if author else None
    row = {"platform": platform, "post_id": "1", "text": text, "author_handle": handle}
    empty: dict[str, Any] = {"hashtags": [], "mentions": [], "declared": []}
    return pl.DataFrame([row | empty], schema=POST)


def near_misses(posts: pl.DataFrame, brands: Brands, brand: Brand) -> pl.DataFrame:
    """Posts that nearly match a brand: platform, post_id, text, because.

    The words stand there but inside other words or apart from each other, or an exclusion or the
    missing context voids them.
    """
    matched = match(posts, brands, only=[brand.id])
    rest = posts.join(matched, on=KEY, how="anti")
    unguarded = brands.model_copy(update={"brands": [_unguarded(brand)]})
    voided = match(rest, unguarded).select(
        *KEY, because=pl.lit(f"exclusion or missing context of {brand.id}")
    )
    squeezed = [s for s in fold.all_squeezed([*brand.phrases, *brand.hashtags]) if len(s) >= 4]
    inside = (
        rest.with_columns(squeezed=fold.squeezed(clean.without_links(pl.col("text").fill_null(""))))
        .filter(pl.col("squeezed").str.contains_any(squeezed) if squeezed else pl.lit(False))
        .select(*KEY, because=pl.lit("the words stand inside others, or with signs between them"))
    )
    found = pl.concat([voided, inside]).unique(KEY, keep="first", maintain_order=True)
    return posts.join(found, on=KEY).select(*KEY, "text", "because").sort(KEY)


def _unguarded(brand: Brand) -> Brand:
    return brand.model_copy(update={"exclusions": [], "context": []})


def _why_void(posts: pl.DataFrame, brand: Brand) -> str:
    voids = _voids(prepare(posts), terms(brand))
    excluded = voids.filter(pl.col("kind") == "exclusion")["term"].to_list()
    if excluded:
        return f"exclusion {excluded[0]!r}"
    return f"none of the context words: {', '.join(brand.context)}"


def _declared(view: pl.DataFrame, brand_ids: list[str]) -> pl.DataFrame:
    rows = view.select(*KEY, brand_id=pl.col("declared")).explode("brand_id").drop_nulls("brand_id")
    known = rows.filter(pl.col("brand_id").is_in(brand_ids))
    return known.with_columns(matched_by=pl.lit("file"), matched_term=pl.col("brand_id"))


def _by_account(view: pl.DataFrame, listed: list[Term], rule: str) -> pl.DataFrame:
    handles = _table([term for term in listed if term.kind == "handle"])
    if rule == "author":
        accounts = view.select(
            *KEY, folded=pl.col("author_handle").str.to_lowercase().str.strip_chars("@＠ ")
        )
    else:
        accounts = view.select(*KEY, folded=pl.col("accounts")).explode("folded")
    hits = accounts.drop_nulls("folded").join(handles, on=["platform", "folded"])
    return _as_match(hits, rule)


def _by_hashtag(view: pl.DataFrame, listed: list[Term]) -> pl.DataFrame:
    tags = _table([term for term in listed if term.kind == "hashtag"]).drop("platform")
    seen = view.select(*KEY, folded=pl.col("tags")).explode("folded").drop_nulls("folded")
    return _as_match(seen.with_columns(fold.squeezed(pl.col("folded"))).join(tags, on="folded"), "hashtag")


def _by_keyword(view: pl.DataFrame, listed: list[Term]) -> pl.DataFrame:
    return _as_match(_hits(view, [term for term in listed if term.kind == "keyword"]), "keyword")


def _voids(view: pl.DataFrame, listed: list[Term]) -> pl.DataFrame:
    return _hits(view, [term for term in listed if term.kind in ("exclusion", "context")])


def _allowed(found: pl.DataFrame, voids: pl.DataFrame, has_context: set[str]) -> pl.DataFrame:
    """Matches without those that an exclusion voids or that lack their brand's context."""
    on = [*KEY, "brand_id"]
    kept = found.join(voids.filter(pl.col("kind") == "exclusion"), on=on, how="anti")
    backed = kept.join(voids.filter(pl.col("kind") == "context"), on=on, how="semi")
    free = kept.filter(~pl.col("brand_id").is_in(sorted(has_context)))
    return pl.concat([free, backed]).unique(maintain_order=True) if has_context else kept


def _hits(view: pl.DataFrame, listed: list[Term]) -> pl.DataFrame:
    table = _table(listed).drop("platform")
    return _contained(view, table["folded"].unique(maintain_order=True).to_list()).join(table, on="folded")


def _contained(view: pl.DataFrame, patterns: list[str]) -> pl.DataFrame:
    """Which folded patterns stand in which post: platform, post_id, folded."""
    if not patterns:
        return view.select(KEY).clear().with_columns(folded=pl.lit("", dtype=pl.String))
    found = pl.col("words").str.extract_many(patterns, overlapping=True).list.unique(maintain_order=True)
    return view.select(*KEY, folded=found).explode("folded").drop_nulls("folded")


def _table(listed: list[Term]) -> pl.DataFrame:
    schema = dict.fromkeys(("brand_id", "kind", "term", "folded", "platform"), pl.String)
    return pl.DataFrame(
        [(t.brand_id, t.kind, t.term, t.folded, t.platform) for t in listed], schema, orient="row"
    )


def _as_match(hits: pl.DataFrame, rule: str) -> pl.DataFrame:
    return hits.select(*KEY, "brand_id", matched_by=pl.lit(rule), matched_term=pl.col("term"))
