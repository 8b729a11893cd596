"""A compact linear model over words, word pairs, negated words and character n-grams.

Additive by construction: a text's logits are the bias plus the sum of its tokens' weights, divided
by the root of the number of tokens. A word's own weight, those of its character n-grams and of its
polarity in the lexicon are added up once per distinct word, so whole columns cost a few lookups per
token. Needs numpy and polars only.
"""

import csv
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from gaung.text import clean, normalise

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

CLASSES = ("negative", "neutral", "positive")
NEGATORS = ("tidak", "bukan", "belum", "kurang", "jangan", "tanpa", "anti", "never", "not")
NEGATION_REACH = 3
CONTRASTS = ("tapi", "namun", "padahal", "sayangnya", "sayang", "cuma", "but", "meskipun", "walaupun")
GRAM_SIZES = (3, 4, 5)
NEGATED, AFTER_CONTRAST = "~", "^"
"""Prefixes of a word's feature where it stands after a negator or a contrast."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of many texts, one after another.

    Attributes:
        row: index of the text of each token.
        code: index into ``words`` of each token.
        words: the distinct words.
        negated: whether a negator stands shortly before, with nothing but words between.
        contrasted: whether a contrast stands somewhere before.
        size: number of texts.
    """

    row: Codes
    code: Codes
    words: list[str]
    negated: npt.NDArray[np.bool_]
    contrasted: npt.NDArray[np.bool_]
    size: int


def read_tokens(texts: pl.Series) -> Tokens:
    """The normal words of texts (cleaned of links, mentions and hash signs), with what stands before them."""
    rows = pl.DataFrame({"text": texts}).with_row_index("row")
    rows = rows.with_columns(clean.for_scoring(pl.col("text")).fill_null(""))
    long = normalise.tokens(rows).drop_nulls("word")
    words = long["word"].unique(maintain_order=True)
    index = pl.DataFrame({"word": words}).with_row_index("code")
    code = long.join(index, on="word", how="left", maintain_order="left")["code"].to_numpy().astype(np.int64)
    row = long["row"].to_numpy().astype(np.int64)
    known = words.to_list()
    is_word = words.str.contains(r"^\p{L}").to_numpy()[code] if known else np.zeros(0, bool)
    negator = words.is_in(NEGATORS).to_numpy()[code] if known else np.zeros(0, bool)
    contrast = words.is_in(CONTRASTS).to_numpy()[code] if known else np.zeros(0, bool)
    return Tokens(row, code, known, _negated(row, is_word, negator), _after(row, contrast), len(texts))


def _negated(
    row: Codes, is_word: npt.NDArray[np.bool_], negator: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    result = np.zeros(len(row), bool)
    unbroken = is_word.copy()
    for reach in range(1, NEGATION_REACH + 1):
        if len(row) <= reach:
            break
        result[reach:] |= unbroken[reach:] & negator[:-reach] & (row[reach:] == row[:-reach])
        unbroken[reach:] &= is_word[:-reach]
    return result


def _after(row: Codes, mark: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    if len(row) == 0:
        return mark.copy()
    total: Codes = np.cumsum(mark) - mark
    first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
    start: Codes = np.repeat(total[first], np.diff(np.r_[first, len(row)]))
    result: npt.NDArray[np.bool_] = total > start
    return result


def grams(word: str) -> list[str]:
    """The character n-grams of a word with its boundaries; none for signs and numbers."""
    if not word[:1].isalpha():
        return []
    padded = f" {word} "
    return [padded[at : at + size] for size in GRAM_SIZES for at in range(len(padded) - size + 1)]


def lexicon_feature(word: str) -> str | None:
    """The feature of a word's polarity in the lexicon, if it is listed."""
    polarity = _lexicon().get(word)
    return f"<{polarity}>" if polarity else None


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, str]:
    path = resources.files("gaung.text").joinpath("data/sentiment_words_id.csv")
    with path.open(encoding="utf-8") as file:
        return {row["word"]: row["polarity"] for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Model:
    """The trained weights.

    Attributes:
        features: names: a word, ``~word`` (negated), ``^word`` (after a contrast), lexicon features.
        feature_weights: one row per feature, one column per class.
        pairs: names of word pairs, joined by a space.
        pair_weights: as above.
        grams: character n-grams.
        gram_weights: as above.
        bias: per class.
        calibration: 3 × 4 matrix: calibrated logits = matrix · (logits, 1).
        threshold: below this calibrated probability of its label a text is ``uncertain``.
        trained_on: first 8 bytes of the sha256 of each training text's words.
        version: of weights and features.
    """

    features: list[str]
    feature_weights: Floats
    pairs: list[str]
    pair_weights: Floats
    grams: list[str]
    gram_weights: Floats
    bias: Floats
    calibration: Floats
    threshold: float
    trained_on: list[str]
    version: str

    def save(self, path: Path) -> None:
        """Write the model as one compressed file of half-precision weights."""
        arrays: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, list):
                arrays[item.name] = np.frombuffer("\n".join(value).encode(), np.uint8)
            elif item.name.endswith("weights"):
                arrays[item.name] = value.astype(np.float16)
            else:
                arrays[item.name] = np.asarray(value)
        np.savez_compressed(path, **arrays)

    @classmethod
    def read(cls, path: Path) -> "Model":
        """The model of a file; no pickled objects are read."""
        with np.load(path, allow_pickle=False) as stored:
            values: dict[str, Any] = {}
            for item in fields(cls):
                value = stored[item.name]
                if value.dtype == np.uint8:
                    values[item.name] = value.tobytes().decode().split("\n") if len(value) else []
                elif item.name == "version":
                    values[item.name] = str(value)
                else:
                    values[item.name] = float(value) if value.ndim == 0 else value.astype(np.float64)
        return cls(**values)


class Scorer:
    """A model ready to score: what it knows of each distinct word is looked up once and kept."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._feature = {name: at for at, name in enumerate(model.features)}
        self._gram = {name: at for at, name in enumerate(model.grams)}
        self._pairs = pl.DataFrame({"pair": model.pairs}, schema={"pair": pl.String}).with_row_index("at")

    def logits(self, tokens: Tokens) -> Floats:
        """Raw logits per text and class."""
        plain = np.array([self._plain(word) for word in tokens.words]).reshape(-1, len(CLASSES))
        negated = np.array([self._marked(NEGATED, word) for word in tokens.words]).reshape(-1, len(CLASSES))
        after = np.array([self._marked(AFTER_CONTRAST, word) for word in tokens.words]).reshape(
            -1, len(CLASSES)
        )
        weights = plain[tokens.code] + negated[tokens.code] * tokens.negated[:, None]
        weights += after[tokens.code] * tokens.contrasted[:, None]
        sums = _sum_by_row(tokens.row, weights, tokens.size) + self._pair_sums(tokens)
        counts = np.maximum(np.bincount(tokens.row, minlength=tokens.size), 1)
        # rounded, so that a text's result does not depend on how a batch's sums were arranged
        result: Floats = np.round(self.model.bias + sums / np.sqrt(counts)[:, None], 9)
        return result

    def probabilities(self, logits: Floats) -> Floats:
        """Calibrated probabilities per text and class."""
        matrix = self.model.calibration
        return softmax(logits @ matrix[:, :-1].T + matrix[:, -1])

    def _plain(self, word: str) -> Floats:
        total = self._weight(word) + self._weight(lexicon_feature(word))
        found = [self._gram[gram] for gram in grams(word) if gram in self._gram]
        if found:
            total = total + self.model.gram_weights[found].sum(axis=0)
        return total

    def _marked(self, mark: str, word: str) -> Floats:
        polarity = lexicon_feature(word)
        return self._weight(mark + word) + self._weight(mark + polarity if polarity else None)

    def _weight(self, name: str | None) -> Floats:
        at = self._feature.get(name) if name else None
        weight: Floats = np.zeros(len(CLASSES)) if at is None else self.model.feature_weights[at]
        return weight

    def _pair_sums(self, tokens: Tokens) -> Floats:
        same = tokens.row[1:] == tokens.row[:-1]
        words = pl.Series("word", tokens.words, dtype=pl.String)
        codes = pl.DataFrame(
            {"left": tokens.code[:-1][same], "right": tokens.code[1:][same], "row": tokens.row[1:][same]}
        )
        distinct = codes.select("left", "right").unique()
        named = distinct.with_columns(
            pair=words.gather(distinct["left"]) + " " + words.gather(distinct["right"])
        )
        found = codes.join(named.join(self._pairs, on="pair"), on=["left", "right"])
        at, row = found["at"].to_numpy().astype(np.int64), found["row"].to_numpy().astype(np.int64)
        return _sum_by_row(row, self.model.pair_weights[at].reshape(-1, len(CLASSES)), tokens.size)


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits, row by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return result


def _sum_by_row(row: Codes, weights: Floats, size: int) -> Floats:
    return np.stack([np.bincount(row, weights[:, at], minlength=size) for at in range(len(CLASSES))], axis=1)
