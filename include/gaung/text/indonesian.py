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

from gaung.text import judged, versions

if TYPE_CHECKING:
    from gaung.text.linear import Scorer

NAME = "gaung-id"
VERSION = versions.INDONESIAN
"""Changes with the weights, the lexicon, the slang table and the rules."""


@dataclass(frozen=True)
class Judged:
    """What the model says of texts, before any abstention: one row per text in ``frame``.

    Columns: label (the would-be label), probability (calibrated, of the label), compound, is_answered.
    """

    frame: pl.DataFrame


def score(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Indonesian texts → compound, label, unscored_reason (``uncertain`` or NULL)."""
    return judged.as_scores(judge(pl.Series("text", batch.column("text"), dtype=pl.String)).frame)


def judge(texts: pl.Series, model: Path | None = None) -> Judged:
    """The would-be label, its probability and the score of each text, by the shipped or another model."""
    from gaung.text import linear

    scorer = _scorer(model)
    logits = scorer.logits(linear.read_tokens(texts))
    chances = scorer.probabilities(logits)
    said = logits.argmax(axis=1)
    frame = judged.judged(
        pl.Series([linear.CLASSES[at] for at in said.tolist()], dtype=pl.String),
        pl.Series(chances[range(len(said)), said], dtype=pl.Float64),
        pl.Series((chances[:, 2] - chances[:, 0]).round(4), dtype=pl.Float64),
        scorer.model.threshold,
    )
    return Judged(frame)


@lru_cache(maxsize=2)
def _scorer(model: Path | None) -> "Scorer":
    from gaung.text.linear import Model, Scorer

    with resources.as_file(resources.files("gaung.text").joinpath("data/gaung_id.npz")) as shipped:
        return Scorer(Model.read(model or shipped))
