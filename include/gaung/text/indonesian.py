"""Indonesian sentiment (engine ``gaung-id``): a lexicon and a linear model, calibrated, abstaining.

Score: probability of positive minus probability of negative. Below the model's threshold a text is
``uncertain`` instead of mis-scored. Data, sizes, scores and known failures: ``data/gaung_id.md``.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from gaung.text import versions

if TYPE_CHECKING:
    from gaung.text.linear import Scorer

NAME = "gaung-id"
VERSION = versions.INDONESIAN
"""Changes with the weights, the lexicon, the slang table and the rules."""

MIN_COMPOUND = 0.05
"""A label and its compound never contradict the ±0.05 convention."""


@dataclass(frozen=True)
class Judged:
    """What the model says of texts, before any abstention: one row per text in ``frame``.

    Columns: label (the would-be label), probability (calibrated, of the label), compound, is_answered.
    """

    frame: pl.DataFrame


def score(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Indonesian texts → compound, label, unscored_reason (``uncertain`` or NULL)."""
    frame = judge(pl.Series("text", batch.column("text"), dtype=pl.String)).frame
    answered = pl.col("is_answered")
    result = frame.select(
        compound=pl.when(answered).then(pl.col("compound")),
        label=pl.when(answered).then(pl.col("label")).otherwise(pl.lit("unscored")),
        unscored_reason=pl.when(~answered).then(pl.lit("uncertain")),
    )
    compound = pc.cast(pa.array(result["compound"].to_list(), pa.float64()), pa.decimal128(5, 4))
    return pa.RecordBatch.from_pydict(
        {
            "compound": compound,
            "label": pa.array(result["label"].to_list(), pa.string()),
            "unscored_reason": pa.array(result["unscored_reason"].to_list(), pa.string()),
        }
    )


def judge(texts: pl.Series, model: Path | None = None) -> Judged:
    """The would-be label, its probability and the score of each text, by the shipped or another model."""
    from gaung.text import linear

    scorer = _scorer(model)
    logits = scorer.logits(linear.read_tokens(texts))
    chances = scorer.probabilities(logits)
    said = logits.argmax(axis=1)
    frame = pl.DataFrame(
        {
            "label": [linear.CLASSES[at] for at in said.tolist()],
            "probability": chances[range(len(said)), said],
            "compound": (chances[:, 2] - chances[:, 0]).round(4),
        },
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
    return Judged(
        frame.with_columns(
            compound=bounded.round(4), is_answered=pl.col("probability") >= scorer.model.threshold
        )
    )


@lru_cache(maxsize=2)
def _scorer(model: Path | None) -> "Scorer":
    from gaung.text.linear import Model, Scorer

    with resources.as_file(resources.files("gaung.text").joinpath("data/gaung_id.npz")) as shipped:
        return Scorer(Model.read(model or shipped))
