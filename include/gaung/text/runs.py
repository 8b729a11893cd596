"""The languages inside one text: runs of words that speak one language, for code-mixed texts.

Token by token: listed words speak for their language, affixes of Indonesian and Malay for both;
words that these share, and words that no list knows, follow what stands around them. A lone borrowed
word that the lists do not hold as another language's own makes no run.
"""

from functools import lru_cache

import polars as pl
import pyarrow as pa

from gaung.text import language, normalise, spoken

MAX_CHARACTERS = language.MAX_CHARACTERS
"""Of a longer text the head is read, as for its language."""

ARCHIPELAGO = ("id", "ms", "jv", "su")
"""Languages whose common words, when a text holds them, are the text's own."""

SURE = 0.9
"""Least probability of a language by the spelling of one word; and a word beside it must say the same."""

RUN = pa.struct([("lang", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("words", pa.int64())])


def find(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → ``runs``: list of ``lang, start, end, words``; same rows, same order.

    ``start`` and ``end`` count characters of the original; ``words`` is the number of words between
    them: links, handles, numbers and signs are none, and a run may reach over them.
    The list is empty where the text as a whole has no language (``und``) and no listed word.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String)
    whole = language.detect(batch).column("lang").to_pylist()
    words = _words(texts.str.slice(0, MAX_CHARACTERS))
    main = pl.DataFrame(
        {"row": pl.int_range(len(texts), dtype=pl.UInt32, eager=True), "main": whole},
        schema_overrides={"main": pl.String},
    )
    told = _told(words.join(main, on="row", how="left", maintain_order="left"))
    is_new = (pl.col("row") != pl.col("row").shift(1)) | (pl.col("lang") != pl.col("lang").shift(1))
    spans = (
        told.with_columns(run=is_new.fill_null(True).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("row").first(),
            pl.col("lang").first(),
            pl.col("start").first(),
            pl.col("end").last(),
            words=pl.len().cast(pl.Int64),
        )
    )
    found: list[list[dict[str, object]]] = [[] for _ in range(len(texts))]
    for row, lang, start, end, count in spans.select("row", "lang", "start", "end", "words").iter_rows():
        found[row].append({"lang": lang, "start": start, "end": end, "words": count})
    return pa.RecordBatch.from_pydict({"runs": pa.array(found, pa.list_(RUN))})


def _words(texts: pl.Series) -> pl.DataFrame:
    """``row, start, end, clause, word`` of each written word, in order."""
    pieces = (
        spoken.words(texts)
        .filter(pl.col("word").str.contains(r"^\p{L}"))
        .unique(["row", "start"], keep="first", maintain_order=True)
    )
    heads = pl.DataFrame({"row": pl.int_range(len(texts), dtype=pl.UInt32, eager=True), "text": texts})
    written = pl.col("text").str.slice(pl.col("start"), pl.col("end") - pl.col("start"))
    return (
        pieces.join(heads, on="row", how="left", maintain_order="left")
        .with_columns(word=normalise.shortened(written.str.to_lowercase()))
        .select("row", "start", "end", "clause", "word")
    )


def _told(words: pl.DataFrame) -> pl.DataFrame:
    """Adds ``lang``: a word's own, or that of its surroundings; words of no language are dropped."""
    words = words.join(_spoken_for(words["word"].unique()), on="word", how="left", maintain_order="left")
    local = pl.when(pl.col("main").is_in(ARCHIPELAGO)).then("main").otherwise(pl.lit("id"))
    own, guess = (
        pl.when(pl.col(name) == "id_ms").then(local).otherwise(pl.col(name)) for name in ("own", "guess")
    )
    words = words.with_columns(own=own, guess=guess).with_columns(says=pl.coalesce("own", "guess"))
    beside = [
        (pl.col("says").shift(step) == pl.col("guess")) & (pl.col("row").shift(step) == pl.col("row"))
        for step in (1, -1)
    ]
    is_backed = pl.any_horizontal(*beside).fill_null(False)
    lang = pl.coalesce("own", pl.when(is_backed).then("guess"))
    words = words.with_columns(lang=lang)
    for places in (["row", "clause"], ["row"]):
        around = pl.col("lang").forward_fill().backward_fill().over(places)
        words = words.with_columns(lang=pl.coalesce("lang", around))
    main = pl.when(pl.col("main") != "und").then("main")
    return words.with_columns(lang=pl.coalesce("lang", main)).drop_nulls("lang")


def _spoken_for(words: pl.Series) -> pl.DataFrame:
    """``word, own, guess`` of distinct words: what the lists say, else what lingua is nearly sure of."""
    listed = language.listed(pl.DataFrame({"word": words})).select("word", own="lang")
    unknown = listed.filter(pl.col("own").is_null())["word"].to_list()
    frame = pl.DataFrame(
        {"word": unknown, "guess": [_guess(word) for word in unknown]},
        schema={"word": pl.String, "guess": pl.String},
    )
    return listed.join(frame, on="word", how="left")


@lru_cache(maxsize=100_000)
def _guess(word: str) -> str | None:
    """``en`` or ``id_ms`` when lingua is nearly sure of a single word; it is kept per word."""
    (chances,) = language.probabilities([word])
    if chances["en"] >= SURE:
        return "en"
    return "id_ms" if chances["id"] + chances["ms"] >= SURE else None
