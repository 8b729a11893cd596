"""What a model with probabilities says of texts, and how it becomes a score: label, compound, abstention."""

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

CLASSES = ("negative", "neutral", "positive")
MIN_COMPOUND = 0.05
"""A label and its compound never contradict the ±0.05 convention."""


def judged(label: pl.Series, probability: pl.Series, compound: pl.Series, threshold: float) -> pl.DataFrame:
    """``label`` (the would-be one), ``probability`` (of it), ``compound, is_answered``; a row per text.

    ``compound`` is P(positive) − P(negative), kept on the label's side of the convention; a probability
    below ``threshold`` is no answer.
    """
    frame = pl.DataFrame(
        {"label": label, "probability": probability, "compound": compound},
        schema={"label": pl.String, "probability": pl.Float64, "compound": pl.Float64},
    )
    low, high = MIN_COMPOUND, MIN_COMPOUND - 0.0001
    bounded = (
        pl.when(pl.col("label") == "positive")
        .then(pl.col("compound").clip(low, 1))
        .when(pl.col("label") == "negative")
        .then(pl.col("compound").clip(-1, -low))
        .otherwise(pl.col("compound").clip(-high, high))
    )
    return frame.with_columns(compound=bounded.round(4), is_answered=pl.col("probability") >= threshold)


def as_scores(frame: pl.DataFrame) -> pa.RecordBatch:
    """:func:`judged` texts as ``compound, label, unscored_reason`` (``uncertain`` or NULL)."""
    answered = pl.col("is_answered")
    result = frame.select(
        compound=pl.when(answered).then(pl.col("compound")),
        label=pl.when(answered).then(pl.col("label")).otherwise(pl.lit("unscored")),
        unscored_reason=pl.when(~answered).then(pl.lit("uncertain")),
    )
    types = {"compound": pa.decimal128(5, 4), "label": pa.string(), "unscored_reason": pa.string()}
    return pa.RecordBatch.from_pydict(
        {name: pc.cast(result[name].to_arrow(), kind) for name, kind in types.items()}
    )
