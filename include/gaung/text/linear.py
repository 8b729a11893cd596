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
MAX_SEEN_WORDS = 200_000
"""Words whose weights a scorer keeps; past it, it begins anew, so that memory stays bounded."""

PAIR_SLOTS = 1 << 20
"""Slots of a table that rules out most neighbours that are no known pair, before they are looked up."""

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
    long, words = normalise.coded(rows)
    code = long["code"].to_numpy().astype(np.int64)
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
        self._seen: dict[str, int] = {}
        self._weights = np.zeros((0, 3, len(CLASSES)))
        self._sides: Codes = np.zeros((0, 2), np.int64)
        halves = [pair.split(" ", 1) for pair in model.pairs]
        self._left = {word: at for at, word in enumerate(sorted({pair[0] for pair in halves}))}
        self._right = {word: at for at, word in enumerate(sorted({pair[1] for pair in halves}))}
        keys = np.array([self._pair_key(self._left[a], self._right[b]) for a, b in halves], np.int64)
        self._pair_order: Codes = np.argsort(keys)
        self._pair_keys: Codes = keys[self._pair_order]
        self._perhaps = np.zeros(PAIR_SLOTS, bool)
        self._perhaps[keys % PAIR_SLOTS] = True

    def logits(self, tokens: Tokens) -> Floats:
        """Raw logits per text and class."""
        places = self._places(tokens.words)
        known = self._weights[places]
        weights = known[:, 0][tokens.code]
        for marked, at in ((tokens.negated, 1), (tokens.contrasted, 2)):
            weights[marked] += known[:, at][tokens.code[marked]]
        sums = _sum_by_row(tokens.row, weights, tokens.size) + self._pair_sums(tokens, self._sides[places])
        counts = np.maximum(np.bincount(tokens.row, minlength=tokens.size), 1)
        # rounded, so that a text's result does not depend on how a batch's sums were arranged
        result: Floats = np.round(self.model.bias + sums / np.sqrt(counts)[:, None], 9)
        return result

    def probabilities(self, logits: Floats) -> Floats:
        """Calibrated probabilities per text and class."""
        matrix = self.model.calibration
        return softmax(logits @ matrix[:, :-1].T + matrix[:, -1])

    def _places(self, words: list[str]) -> Codes:
        """Where each distinct word's weights and sides stand among those kept; new ones are added."""
        if len(self._seen) + len(words) > MAX_SEEN_WORDS:
            self._seen, self._weights, self._sides = {}, self._weights[:0], self._sides[:0]
        new = [word for word in words if word not in self._seen]
        if new:
            self._seen |= {word: len(self._seen) + at for at, word in enumerate(new)}
            self._weights = np.concatenate([self._weights, self._weigh(new)])
            sides = [(self._left.get(word, -1), self._right.get(word, -1)) for word in new]
            self._sides = np.concatenate([self._sides, np.array(sides, np.int64)])
        return np.array([self._seen[word] for word in words], np.int64)

    def _weigh(self, words: list[str]) -> Floats:
        """Weights of words not seen before: by word; plain, when negated, after a contrast; by class."""
        found: tuple[list[int], list[int]] = ([], [])
        letters: tuple[list[int], list[int]] = ([], [])
        for at, word in enumerate(words):
            names = [name for name in (word, lexicon_feature(word)) if name]
            for place, mark in enumerate(("", NEGATED, AFTER_CONTRAST)):
                for name in names:
                    if (feature := self._feature.get(mark + name)) is not None:
                        found[0].append(at * 3 + place)
                        found[1].append(feature)
            for gram in grams(word):
                if (known := self._gram.get(gram)) is not None:
                    letters[0].append(at * 3)
                    letters[1].append(known)
        total = _sum_by_row(
            np.array(found[0], np.int64), self.model.feature_weights[found[1]], len(words) * 3
        ) + _sum_by_row(np.array(letters[0], np.int64), self.model.gram_weights[letters[1]], len(words) * 3)
        return total.reshape(-1, 3, len(CLASSES))

    def _pair_key(self, left: Any, right: Any) -> Any:
        """One whole number per pair of a word that stands left in pairs and one that stands right."""
        return left * len(self._right) + right

    def _pair_sums(self, tokens: Tokens, sides: Codes) -> Floats:
        """Sums of the weights of known pairs; ``sides``: of each word, its place left and right in pairs."""
        if not len(self._pair_keys):
            return np.zeros((tokens.size, len(CLASSES)))
        left, right = sides[:, 0][tokens.code[:-1]], sides[:, 1][tokens.code[1:]]
        key = self._pair_key(left, right)
        is_known = (left >= 0) & (right >= 0) & (tokens.row[1:] == tokens.row[:-1])
        near = np.flatnonzero(is_known & self._perhaps[key % PAIR_SLOTS])
        key = key[near]
        place = np.searchsorted(self._pair_keys, key).clip(max=len(self._pair_keys) - 1)
        hit = self._pair_keys[place] == key
        at, row = self._pair_order[place[hit]], tokens.row[1:][near[hit]]
        return _sum_by_row(row, self.model.pair_weights[at].reshape(-1, len(CLASSES)), tokens.size)


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits, row by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return result


def _sum_by_row(row: Codes, weights: Floats, size: int) -> Floats:
    return np.stack([np.bincount(row, weights[:, at], minlength=size) for at in range(len(CLASSES))], axis=1)
