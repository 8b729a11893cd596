"""Sentiment by the engine of each text's language; what no engine scores is ``unscored`` with its reason.

English: vaderSentiment, called once per distinct cleaned text, label by the ±0.05 convention.
Indonesian: :mod:`gaung.text.indonesian`.
"""

from functools import lru_cache
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from gaung.text import clean, registry

COMPOUND = pa.decimal128(5, 4)
_NO_COMPOUND = pl.lit(None, dtype=pl.Decimal(5, 4))
THRESHOLD = 0.05
MAX_CHARACTERS = 10_000
"""Longer texts are left unscored: VADER's time grows with the square of the length."""

REASONS = ("no_text", "no_words", "text_too_long", "language_unknown", "language_not_supported", "uncertain")


def engine_version() -> str:
    """The version of all sentiment engines in use together with the language engine that feeds them."""
    return registry.sentiment_version()


def score(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Columns ``text, lang`` → ``compound, label, unscored_reason``; same rows, same order.

    Exactly one of ``compound`` and ``unscored_reason`` is NULL.
    """
    frame = _with_reasons(
        pl.DataFrame({name: pl.Series(batch.column(name), dtype=pl.String) for name in ("text", "lang")})
    ).with_row_index("row")
    unscored = frame.filter(pl.col("reason").is_not_null())
    parts = [
        unscored.select("row", compound=_NO_COMPOUND, label=pl.lit("unscored"), unscored_reason="reason")
    ]
    for language, engine in registry.engines("sentiment").items():
        rows = frame.filter(pl.col("reason").is_null() & (pl.col("lang") == language))
        if len(rows):
            part = pa.RecordBatch.from_pydict({name: rows[name].to_arrow() for name in ("text", "lang")})
            scored = pl.DataFrame(engine.function(part)).select("compound", "label", "unscored_reason")
            parts.append(rows.select("row").hstack(scored))
    whole = pl.concat(parts).sort("row")
    types = {"compound": COMPOUND, "label": pa.string(), "unscored_reason": pa.string()}
    return pa.RecordBatch.from_pydict(
        {name: pc.cast(whole[name].to_arrow(), kind) for name, kind in types.items()}
    )


def _with_reasons(frame: pl.DataFrame) -> pl.DataFrame:
    languages = list(registry.engines("sentiment"))
    cleaned = clean.for_scoring(pl.col("text"))
    return frame.with_columns(
        reason=pl.when(pl.col("text").is_null() | (pl.col("text").str.strip_chars() == ""))
        .then(pl.lit("no_text"))
        .when(pl.col("text").str.len_chars() > MAX_CHARACTERS)
        .then(pl.lit("text_too_long"))
        .when(~cleaned.str.contains(r"\p{L}"))
        .then(pl.lit("no_words"))
        .when(pl.col("lang").is_null() | (pl.col("lang") == "und"))
        .then(pl.lit("language_unknown"))
        .when(~pl.col("lang").is_in(languages))
        .then(pl.lit("language_not_supported"))
        .otherwise(pl.lit(None, dtype=pl.String))
    )


def vader(batch: pa.RecordBatch) -> pa.RecordBatch:
    """English texts → compound and label by vaderSentiment; each distinct cleaned text is scored once."""
    texts = pl.DataFrame({"text": pl.Series(batch.column("text"), dtype=pl.String)})
    cleaned = texts.select(clean.for_scoring(pl.col("text")).fill_null("")).to_series()
    analyser = _vader()
    scores = {
        text: round(analyser.polarity_scores(text)["compound"], 4) for text in cleaned.unique().to_list()
    }
    compound = [scores[text] for text in cleaned.to_list()]
    values = pc.cast(pa.array(compound, pa.float64()), COMPOUND)
    labels = [label_of(value) for value in compound]
    nothing = pa.nulls(len(compound), pa.string())
    return pa.RecordBatch.from_pydict(
        {"compound": values, "label": pa.array(labels, pa.string()), "unscored_reason": nothing}
    )


def label_of(compound: float) -> str:
    """Positive, neutral or negative by the ±0.05 convention."""
    if compound >= THRESHOLD:
        return "positive"
    return "negative" if compound <= -THRESHOLD else "neutral"


@lru_cache(maxsize=1)
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
