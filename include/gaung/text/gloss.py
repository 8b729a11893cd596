"""A word glossary, Indonesian to English: the gist of a text for who cannot read it; never a translation.

Word by word, longest phrase first, by ``data/glossary_id_en.csv``, written for this project. What the
glossary does not know stays as written. A gloss is kept as a text part ``translation`` with the method
``glossary``; no engine reads it, so nothing is scored by it.
"""

import csv
from functools import lru_cache
from importlib import resources
from typing import Any

import polars as pl
import pyarrow as pa

from gaung.text import language, points, spoken

METHOD = "glossary"
"""The method of the text parts that hold a gloss."""

LEAST_KNOWN = 0.5
"""Share of a text's words that must be known, or English already; below it there is no gloss."""


def make(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text``, Indonesian, → ``gloss, known_share, reason``; same rows, same order.

    ``known_share`` (0 … 1) counts words of the glossary and English words; NULL without words. ``gloss``
    is NULL with the reason ``no_words`` or ``too_few_known``. Of a text longer than
    :data:`gaung.text.spoken.MAX_CHARACTERS` the head is glossed.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String).str.slice(0, spoken.MAX_CHARACTERS)
    words = spoken.words(texts)
    hits = _hits(words)
    shares = _known_shares(words, hits, len(texts))
    glossed: list[str | None] = []
    reasons: list[str | None] = []
    found: dict[int, list[tuple[int, int, str]]] = {}
    for row, start, end, english in hits.select("row", "start", "end", "english").iter_rows():
        found.setdefault(row, []).append((start, end, english))
    for row, (text, share) in enumerate(zip(texts.to_list(), shares, strict=True)):
        is_known = share is not None and share >= LEAST_KNOWN
        glossed.append(_replaced(text, found.get(row, [])) if is_known else None)
        reasons.append(None if is_known else "no_words" if share is None else "too_few_known")
    return pa.RecordBatch.from_pydict(
        {
            "gloss": pa.array(glossed, pa.string()),
            "known_share": pa.array(shares, pa.float64()),
            "reason": pa.array(reasons, pa.string()),
        }
    )


def _hits(words: pl.DataFrame) -> pl.DataFrame:
    """Phrases of the glossary in texts: the longest of each place, none over another.

    Columns: those of :func:`gaung.text.points.chains` with ``size, english``.
    """
    order = ["row", "at", "size", "phrase"]
    found = points.chains(words, _glossary()).sort(order, descending=[False, False, True, True])
    kept: list[int] = []
    last = -1
    for place, (at, size) in enumerate(found.select("at", "size").iter_rows()):
        if at > last:
            kept.append(place)
            last = at + size - 1
    return found[kept]


def _known_shares(words: pl.DataFrame, hits: pl.DataFrame, size: int) -> list[float | None]:
    """Per text the share of its words that a hit covers or that are English."""
    covered = hits.select(at=pl.int_ranges("at", pl.col("at") + pl.col("size"))).explode("at")["at"]
    spoken_words = words.filter(pl.col("word").str.contains(r"^\p{L}"))
    english = language.listed(spoken_words.select("word").unique()).filter(pl.col("lang") == "en")["word"]
    is_known = pl.col("at").is_in(covered.implode()) | pl.col("word").is_in(english.implode())
    shares = spoken_words.group_by("row").agg(is_known.mean().round(4).alias("share"))
    told: dict[int, float] = dict(shares.select("row", "share").iter_rows())
    return [told.get(row) for row in range(size)]


def _replaced(text: str, hits: list[tuple[int, int, str]]) -> str:
    """The text with each span in English; what stands between them stays. Spans come in order.

    One written word may stand for several ("gpp"): then spans are equal and their English is joined.
    """
    parts: list[str] = []
    done, before = 0, (-1, -1)
    for start, end, english in hits:
        if (start, end) == before:
            parts.append(f" {english}")
        elif start >= done:
            is_capital = text[start].isupper() and not text[start:end].isupper()
            parts += [text[done:start], english[:1].upper() + english[1:] if is_capital else english]
            done, before = end, (start, end)
    return "".join([*parts, text[done:]])


@lru_cache(maxsize=1)
def _glossary() -> pl.DataFrame:
    """``phrase, english, size``: the glossary."""
    path = resources.files("gaung.text").joinpath("data/glossary_id_en.csv")
    rows: list[tuple[Any, ...]] = []
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows.append((row["phrase"], row["english"], row["phrase"].count(" ") + 1))
    return pl.DataFrame(
        rows, schema={"phrase": pl.String, "english": pl.String, "size": pl.Int64}, orient="row"
    )
