"""How well an engine does on labelled texts: over all of them and over those it answers."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from gaung.errors import SettingsInvalid
from gaung.text.labelled import Labelled

SENTIMENTS = ("negative", "neutral", "positive")
EvaluatedTask = Literal["sentiment", "language"]


@dataclass(frozen=True)
class Report:
    """The scores of one engine on one file.

    Attributes:
        engine: name and version.
        n: texts.
        answered_share: share of texts that the engine answers.
        accuracy_all: over all texts, each abstained one under its would-be label.
        macro_f1_all: the same.
        accuracy_answered: over answered texts.
        macro_f1_answered: over answered texts.
        calibration_error: mean distance of probability and share of right answers; None without these.
        classes: names in the order of the matrix.
        confusion: rows = true class, columns = would-be label, counts over all texts.
        answered_by_class: answered texts of each true class.
    """

    engine: str
    n: int
    answered_share: float
    accuracy_all: float
    macro_f1_all: float
    accuracy_answered: float | None
    macro_f1_answered: float | None
    calibration_error: float | None
    classes: list[str]
    confusion: list[list[int]]
    answered_by_class: list[int]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def evaluate(
    labelled: Labelled, task: EvaluatedTask, language: str | None = None, model: Path | None = None
) -> Report:
    """The report of the engine in use (or of a trained model file) for a task and language.

    Raises:
        SettingsInvalid: no engine scores this language.
    """
    engine, said, answered, chances = _answers(labelled.texts, task, language, model)
    classes = sorted(set(labelled.labels) | set(said))
    pairs = list(zip(labelled.labels, said, strict=True))
    kept = [pair for pair, is_answered in zip(pairs, answered, strict=True) if is_answered]
    right = [true == guess for true, guess in pairs]
    return Report(
        engine=engine,
        n=len(pairs),
        answered_share=round(len(kept) / len(pairs), 4),
        accuracy_all=round(accuracy(pairs), 4),
        macro_f1_all=round(macro_f1(pairs), 4),
        accuracy_answered=round(accuracy(kept), 4) if kept else None,
        macro_f1_answered=round(macro_f1(kept), 4) if kept else None,
        calibration_error=round(calibration_error(chances, right), 4) if chances else None,
        classes=classes,
        confusion=[[pairs.count((true, guess)) for guess in classes] for true in classes],
        answered_by_class=[sum(true == name for true, _ in kept) for name in classes],
    )


def _answers(
    texts: list[str], task: EvaluatedTask, language: str | None, model: Path | None
) -> tuple[str, list[str], list[bool], list[float]]:
    """Engine, would-be labels, whether answered, probabilities (empty if the engine gives none)."""
    from gaung.text import indonesian, registry
    from gaung.text.batch import as_batch

    if task == "language":
        engine = registry.engine("language")
        assert engine is not None
        found = [str(code) for code in engine.function(as_batch(texts)).column("lang").to_pylist()]
        return engine.label, found, [code != "und" for code in found], []
    engine = registry.engine("sentiment", language or "")
    if engine is None:
        known = ", ".join(registry.engines("sentiment"))
        raise SettingsInvalid(f"no engine scores the sentiment of language {language!r}; known: {known}")
    column = pl.Series("text", texts, dtype=pl.String)
    frame = None
    if model is not None or engine.name == indonesian.NAME:
        frame = indonesian.judge(column, model).frame
    elif engine.judge is not None:
        frame = engine.judge(column)
    if frame is not None:
        label = engine.label if model is None else str(model)
        return label, frame["label"].to_list(), frame["is_answered"].to_list(), frame["probability"].to_list()
    result = engine.function(as_batch(texts, lang=[language] * len(texts)))
    found = [str(label) for label in result.column("label").to_pylist()]
    return (
        engine.label,
        ["neutral" if f == "unscored" else f for f in found],
        [f != "unscored" for f in found],
        [],
    )


def accuracy(pairs: Sequence[tuple[str, str]]) -> float:
    """Share of pairs (true, said) that agree."""
    return sum(true == said for true, said in pairs) / len(pairs)


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean F1 over the classes that are true or said at least once."""
    classes = sorted({name for pair in pairs for name in pair})
    scores = []
    for name in classes:
        hit = sum(true == said == name for true, said in pairs)
        wrong = sum((true == name) != (said == name) for true, said in pairs)
        scores.append(2 * hit / (2 * hit + wrong))
    return sum(scores) / len(scores)


def macro_f1_interval(
    confusion: Sequence[Sequence[int]], *, samples: int = 1_000, seed: int = 20261122
) -> tuple[float, float]:
    """The 95 % interval of macro-F1: percentiles over texts drawn anew with replacement, from one seed.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), percentile interval.
    """
    counts = np.asarray(confusion, float)
    size = len(counts)
    drawn = np.random.default_rng(seed).multinomial(
        int(counts.sum()), counts.ravel() / counts.sum(), size=samples
    )
    cells = drawn.reshape(samples, size, size)
    hit = cells[:, range(size), range(size)]
    met = cells.sum(axis=2) + cells.sum(axis=1)
    scores = np.divide(2.0 * hit, met, out=np.full(hit.shape, np.nan), where=met > 0)
    low, high = np.quantile(np.nanmean(scores, axis=1), [0.025, 0.975])
    return float(low), float(high)


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson 95 % interval of a share of ``n`` > 0 (Wilson, JASA 22, 1927)."""
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration_error(chances: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Mean distance of probability and share of right answers, over equal bins, weighted by size."""
    filled: dict[int, list[tuple[float, bool]]] = {}
    for chance, is_right in zip(chances, right, strict=True):
        filled.setdefault(min(int(chance * bins), bins - 1), []).append((chance, is_right))
    gaps = [abs(sum(c for c, _ in rows) - sum(r for _, r in rows)) for rows in filled.values()]
    return sum(gaps) / len(chances)
