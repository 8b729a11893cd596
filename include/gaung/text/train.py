"""Training of the Indonesian sentiment engine; needs scikit-learn, which scoring does not.

Reads two-column TSV files (text, label) that one has a right to. Every text that also stands, or
nearly stands, in a held-out file is left out. Choices are made by cross-validation on the training
texts alone.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from gaung.text import linear
from gaung.text.evaluate import calibration_error
from gaung.text.labelled import Labelled
from gaung.text.linear import AFTER_CONTRAST, CLASSES, NEGATED, Floats, Model, Tokens

SEED = 20261122
FOLDS = 5
MIN_FEATURE, MIN_PAIR, MIN_GRAM = 2, 2, 3
GRAM_SHARE = 0.3
"""Scale of character n-grams beside words."""

STRENGTHS = (("ratio", 1.0), ("rarity", 10.0))
"""Scale of the features and inverse regularisation of each member; their weights are averaged."""

RARITY_UNIT = 6.0
ANSWERED = 0.88
"""Share of the training texts (out of fold) that the threshold lets be answered."""

NEAR_DUPLICATE = 0.8
"""Overlap (Jaccard) of two texts' sets of words from which on they count as the same."""


def without_held_out(train: Labelled, held_out: Sequence[str]) -> tuple[Labelled, int]:
    """The training texts that no held-out text nearly equals, each text once; and how many were left out."""
    from scipy.sparse import csr_matrix

    tokens = linear.read_tokens(pl.Series("text", [*train.texts, *held_out], dtype=pl.String))
    shape = (tokens.size, len(tokens.words))
    sets = csr_matrix((np.ones(len(tokens.row), np.float32), (tokens.row, tokens.code)), shape)
    sets.data[:] = 1
    sizes = np.asarray(sets.sum(axis=1)).ravel()
    own, others = sets[: len(train.texts)], sets[len(train.texts) :]
    common = (own @ others.T).tocoo()
    union = sizes[common.row] + sizes[len(train.texts) + common.col] - common.data
    gone = set(common.row[common.data >= NEAR_DUPLICATE * union].tolist())
    gone |= {at for at, size in enumerate(sizes[: len(train.texts)]) if size == 0}
    seen: set[str] = set()
    kept = Labelled([], [])
    for at, name in enumerate(fingerprints(train.texts)):
        if at not in gone and name not in seen:
            seen.add(name)
            kept.texts.append(train.texts[at])
            kept.labels.append(train.labels[at])
    return kept, len(train.texts) - len(kept.texts)


def fingerprints(texts: Sequence[str]) -> list[str]:
    """The first 8 bytes of the sha256 of each text's normal words."""
    tokens = linear.read_tokens(pl.Series("text", list(texts), dtype=pl.String))
    words: list[list[str]] = [[] for _ in texts]
    for row, code in zip(tokens.row.tolist(), tokens.code.tolist(), strict=True):
        words[row].append(tokens.words[code])
    return [hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16] for parts in words]


def train(labelled: Labelled, version: str) -> tuple[Model, dict[str, Any]]:
    """The model, and what cross-validation on its training texts says of it."""
    from sklearn.model_selection import StratifiedKFold

    tokens = linear.read_tokens(pl.Series("text", labelled.texts, dtype=pl.String))
    features = _Features(tokens)
    labels = np.array([CLASSES.index(label) for label in labelled.labels])
    out_of_fold = np.zeros((tokens.size, len(CLASSES)))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for inside, outside in folds.split(out_of_fold, labels):
        weights, bias = _fit(features.matrix[inside], labels[inside], features)
        out_of_fold[outside] = features.matrix[outside] @ weights + bias
    calibration, threshold, report = _calibrate(out_of_fold, labels)
    weights, bias = _fit(features.matrix, labels, features)
    model = features.model(weights, bias, calibration, threshold, fingerprints(labelled.texts), version)
    return model, report


class _Features:
    """The features of the training texts as a matrix, scaled so that logits add up as in scoring."""

    def __init__(self, tokens: Tokens) -> None:
        from scipy.sparse import diags, hstack

        names = _names(tokens)
        parts = [
            _counted(rows, tokens.size, least)
            for rows, least in zip(names, (MIN_FEATURE, MIN_PAIR, MIN_GRAM), strict=True)
        ]
        self.names = [part[0] for part in parts]
        sizes = np.maximum(np.bincount(tokens.row, minlength=tokens.size), 1)
        self.matrix = (diags(1 / np.sqrt(sizes)) @ hstack([part[1] for part in parts])).tocsr()
        self.share = np.concatenate(
            [np.full(len(n), GRAM_SHARE if at == 2 else 1.0) for at, n in enumerate(self.names)]
        )

    def model(
        self,
        weights: Floats,
        bias: Floats,
        calibration: Floats,
        threshold: float,
        used: list[str],
        version: str,
    ) -> Model:
        """The model of these weights."""
        ends = np.cumsum([len(names) for names in self.names])
        feature, pair, gram = np.split(weights, ends[:-1])
        return Model(
            self.names[0],
            feature,
            self.names[1],
            pair,
            self.names[2],
            gram,
            bias,
            calibration,
            threshold,
            sorted(used),
            version,
        )


def _names(tokens: Tokens) -> tuple[list[list[str]], list[list[str]], list[list[str]]]:
    """Per text: features of words, pairs, character n-grams."""
    features: list[list[str]] = [[] for _ in range(tokens.size)]
    pairs: list[list[str]] = [[] for _ in range(tokens.size)]
    grams: list[list[str]] = [[] for _ in range(tokens.size)]
    before: tuple[int, str] = (-1, "")
    for at, row in enumerate(tokens.row.tolist()):
        word = tokens.words[tokens.code[at]]
        polarity = linear.lexicon_feature(word)
        names = [word, *([polarity] if polarity else [])]
        features[row] += names
        if tokens.negated[at]:
            features[row] += [NEGATED + name for name in names]
        if tokens.contrasted[at]:
            features[row] += [AFTER_CONTRAST + name for name in names]
        if before[0] == row:
            pairs[row].append(f"{before[1]} {word}")
        grams[row] += linear.grams(word)
        before = (row, word)
    return features, pairs, grams


def _counted(rows: list[list[str]], size: int, least: int) -> tuple[list[str], Any]:
    """Feature names that stand in at least ``least`` texts, sorted, and their counts per text."""
    from collections import Counter

    from scipy.sparse import csr_matrix

    spread = Counter(name for row in rows for name in set(row))
    names = sorted(name for name, count in spread.items() if count >= least)
    index = {name: at for at, name in enumerate(names)}
    found = [(row, index[name]) for row, listed in enumerate(rows) for name in listed if name in index]
    at, column = (np.array(part) for part in zip(*found, strict=True))
    return names, csr_matrix((np.ones(len(found)), (at, column)), (size, len(names)))


def _fit(matrix: Any, labels: Any, features: _Features) -> tuple[Floats, Floats]:
    """Weights and bias: the mean of the members of :data:`STRENGTHS`, each scaled in its own way."""
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((matrix.shape[1], len(CLASSES)))
    bias = np.zeros(len(CLASSES))
    for kind, strength in STRENGTHS:
        scale = (_ratio(matrix, labels) if kind == "ratio" else _rarity(matrix)) * features.share
        fitted = LogisticRegression(C=strength, max_iter=300, class_weight="balanced").fit(
            matrix @ diags(scale), labels
        )
        weights += fitted.coef_.T * scale[:, None] / len(STRENGTHS)
        bias += fitted.intercept_ / len(STRENGTHS)
    return weights, bias


def _ratio(matrix: Any, labels: Any) -> Floats:
    """How unevenly each feature is spread over the classes: the greatest absolute log ratio."""
    ratios = []
    for label in range(len(CLASSES)):
        inside = np.asarray((matrix[labels == label] > 0).sum(axis=0)).ravel() + 1.0
        outside = np.asarray((matrix[labels != label] > 0).sum(axis=0)).ravel() + 1.0
        ratios.append(np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum())))
    result: Floats = np.max(ratios, axis=0)
    return result


def _rarity(matrix: Any) -> Floats:
    """The usual inverse document frequency."""
    spread = np.asarray((matrix > 0).sum(axis=0)).ravel()
    result: Floats = (np.log((1 + matrix.shape[0]) / (1 + spread)) + 1) / RARITY_UNIT
    return result


def _calibrate(logits: Floats, labels: Any) -> tuple[Floats, float, dict[str, Any]]:
    """Calibration matrix and threshold from out-of-fold logits, with their scores."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    fitted = LogisticRegression(C=1e3, max_iter=1000).fit(logits, labels)
    matrix = np.column_stack([fitted.coef_, fitted.intercept_])
    chances = linear.softmax(logits @ matrix[:, :-1].T + matrix[:, -1])
    said = logits.argmax(axis=1)
    sure = chances[np.arange(len(said)), said]
    threshold = float(np.round(np.quantile(sure, 1 - ANSWERED), 4))
    answered = sure >= threshold
    report = {
        "texts": len(labels),
        "macro_f1_all": round(float(f1_score(labels, said, average="macro")), 4),
        "macro_f1_answered": round(float(f1_score(labels[answered], said[answered], average="macro")), 4),
        "answered_share": round(float(answered.mean()), 4),
        "calibration_error": round(calibration_error(sure.tolist(), (said == labels).tolist()), 4),
    }
    return matrix, threshold, report
