"""How well the rules name classes: precision and recall of each, on texts that bear any number of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gaung.errors import SettingsInvalid
from gaung.text import versions

ClassTask = Literal["intent", "aspect", "activity", "relevance", "industry"]
NONE = "none"
MOODS = ("positive", "negative", "neutral")


@dataclass(frozen=True)
class ClassScore:
    """Of one class: texts with it, the answered ones of these, texts that were given it, and both."""

    name: str
    n: int
    answered: int
    said: int
    hit: int

    @property
    def precision(self) -> float | None:
        """Share of the texts with the class among those that were given it."""
        return self.hit / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        """Share of the texts that were given the class among those with it."""
        return self.hit / self.n if self.n else None

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return 2 * self.hit / (self.n + self.said) if self.n + self.said else 0.0


@dataclass(frozen=True)
class ClassReport:
    """The scores of one task's rules on one file.

    Attributes:
        engine: name and version.
        n: texts.
        answered_share: share of texts with an answer; for intents and aspects no class is one.
            An abstained text has no class, of industry its would-be one.
        exact_share: share of texts that were given exactly their classes.
        macro_f1: mean F1 of the classes.
        macro_f1_low: lower end of its 95 % interval, by texts drawn anew.
        macro_f1_high: upper end.
        macro_f1_answered: the same over answered texts; None without one.
        mood_accuracy: of aspects rightly named, the share with the right mood; None for other tasks.
        classes: the scores of each class, sorted by name.
        confusion: by true class (or ``none``) the number of texts that were given each class: the same one,
            a wrong one, or ``none``; what is never so is left out.
    """

    engine: str
    n: int
    answered_share: float
    exact_share: float
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float
    macro_f1_answered: float | None
    mood_accuracy: float | None
    classes: list[ClassScore]
    confusion: dict[str, dict[str, int]]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        values = asdict(self)
        values["classes"] = [
            {**asdict(score), "precision": score.precision, "recall": score.recall, "f1": score.f1}
            for score in self.classes
        ]
        return values


def names(task: ClassTask) -> tuple[str, ...]:
    """The classes of a task."""
    from gaung.text import business, industry, reasons

    known: dict[ClassTask, tuple[str, ...]] = {
        "intent": reasons.INTENTS,
        "aspect": reasons.ASPECTS,
        "activity": business.ACTIVITIES,
        "relevance": (business.MSME, business.OTHER),
        "industry": industry.INDUSTRIES,
    }
    return known[task]


def parse(label: str, task: ClassTask) -> dict[str, str]:
    """The classes of one label, with mood for aspects: ``price:negative,taste:positive``; ``none`` has none.

    Raises:
        ValueError: no such class or mood, or one said twice; the message says which and what is known.
    """
    found: dict[str, str] = {}
    parts = [part.strip() for part in label.split(",")]
    if parts == [NONE]:
        return found
    for part in parts:
        name, colon, mood = part.partition(":")
        if name == NONE:
            raise ValueError(f"{NONE} stands alone, and not beside classes")
        if name not in names(task):
            raise ValueError(f"{name[:40]!r} is not one of {', '.join(names(task))}")
        if colon and (task != "aspect" or mood not in MOODS):
            known = f"not one of {', '.join(MOODS)}" if task == "aspect" else f"not for {task}"
            raise ValueError(f"{part[:40]!r} has a mood that is {known}")
        if name in found:
            raise ValueError(f"{name} is said twice")
        found[name] = mood
    return found


def read(path: Path, task: ClassTask) -> tuple[list[str], list[dict[str, str]]]:
    """Texts, and per text its classes (with mood for aspects): a TSV of text and labels.

    Several labels are parted by commas; ``none`` stands for no class, ``price:negative`` for an aspect
    with its mood. A header ``text, label`` is left out.

    Raises:
        SettingsInvalid: a line without a tab, or with an unknown label.
    """
    texts: list[str] = []
    labels: list[dict[str, str]] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, start=1):
        text, tab, told = line.rpartition("\t")
        if number == 1 and told == "label":
            continue
        if not tab:
            raise SettingsInvalid(f"{path}, line {number}: needs a text, a tab and labels")
        try:
            labels.append(parse(told, task))
        except ValueError as error:
            raise SettingsInvalid(f"{path}, line {number}: {error}") from error
        texts.append(text)
    if not texts:
        raise SettingsInvalid(f"{path} holds no labelled text")
    return texts, labels


def evaluate(texts: Sequence[str], labels: Sequence[dict[str, str]], task: ClassTask) -> ClassReport:
    """The report of a task's rules on labelled texts."""
    said, answered = _said(texts, task)
    scores = [
        ClassScore(
            name,
            sum(name in true for true in labels),
            sum(name in true and is_answered for true, is_answered in zip(labels, answered, strict=True)),
            sum(name in told for told in said),
            sum(name in true and name in told for true, told in zip(labels, said, strict=True)),
        )
        for name in sorted(names(task))
    ]
    met = _Met.of(labels, said, sorted(names(task)))
    low, high = met.interval()
    kept = met.of_texts(answered)
    moods = [
        told[name] == mood
        for true, told in zip(labels, said, strict=True)
        for name, mood in true.items()
        if mood and name in told
    ]
    exact = sum(set(true) == set(told) for true, told in zip(labels, said, strict=True))
    return ClassReport(
        engine=f"gaung-{task}-{versions.RULES[task]}",
        n=len(texts),
        answered_share=round(sum(answered) / len(texts), 4),
        exact_share=round(exact / len(texts), 4),
        macro_f1=round(met.macro_f1(), 4),
        macro_f1_low=round(low, 4),
        macro_f1_high=round(high, 4),
        macro_f1_answered=round(kept.macro_f1(), 4) if any(answered) else None,
        mood_accuracy=round(sum(moods) / len(moods), 4) if moods else None,
        classes=scores,
        confusion=_confusion(labels, said),
    )


@dataclass(frozen=True)
class _Met:
    """By text (rows) and class (columns): whether it has the class, and whether it was given it."""

    true: "np.ndarray[Any, np.dtype[np.float64]]"
    said: "np.ndarray[Any, np.dtype[np.float64]]"

    @classmethod
    def of(
        cls, labels: Sequence[dict[str, str]], said: Sequence[dict[str, str]], classes: Sequence[str]
    ) -> "_Met":
        true, told = ([[name in row for name in classes] for row in rows] for rows in (labels, said))
        return cls(np.array(true, float), np.array(told, float))

    def of_texts(self, chosen: Sequence[bool]) -> "_Met":
        return _Met(self.true[list(chosen)], self.said[list(chosen)])

    def macro_f1(self) -> float:
        """Mean F1 of the classes that are true or given at least once; 0 where none is."""
        return float(self._mean_f1(np.ones((1, len(self.true))))[0])

    def interval(self, *, samples: int = 1_000, seed: int = 20261122) -> tuple[float, float]:
        """The 95 % interval of macro-F1: percentiles over texts drawn anew with replacement, from one seed.

        Source: as :func:`gaung.text.evaluate.macro_f1_interval`, whose matrix holds one class per text.
        """
        size = len(self.true)
        drawn = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), size=samples)
        low, high = np.quantile(self._mean_f1(drawn.astype(float)), [0.025, 0.975])
        return float(low), float(high)

    def _mean_f1(
        self, weights: "np.ndarray[Any, np.dtype[np.float64]]"
    ) -> "np.ndarray[Any, np.dtype[np.float64]]":
        hit = weights @ (self.true * self.said)
        met = weights @ (self.true + self.said)
        scores = np.divide(2.0 * hit, met, out=np.zeros(hit.shape), where=met > 0)
        present = (met > 0).sum(axis=1)
        means: np.ndarray[Any, np.dtype[np.float64]] = scores.sum(axis=1) / np.maximum(present, 1)
        return means


def _confusion(labels: Sequence[dict[str, str]], said: Sequence[dict[str, str]]) -> dict[str, dict[str, int]]:
    """Counts by true class and class given; a class that is also true of the text confuses nothing."""
    counts: dict[str, Counter[str]] = {}
    for true, told in zip(labels, said, strict=True):
        for name in true or {NONE: ""}:
            given = [one for one in told if one == name or one not in true]
            counts.setdefault(name, Counter()).update(given or [NONE])
    return {name: dict(sorted(counts[name].items())) for name in sorted(counts)}


def _said(texts: Sequence[str], task: ClassTask) -> tuple[list[dict[str, str]], list[bool]]:
    """Per text the classes given (with mood for aspects), and whether there is an answer."""
    from gaung.text import business, industry, reasons
    from gaung.text.batch import as_batch

    batch = as_batch(texts)
    if task == "intent":
        lists: list[list[str]] = reasons.intents(batch).to_pydict()["intents"]
        return [dict.fromkeys(found, "") for found in lists], [True] * len(texts)
    if task == "aspect":
        rows: list[list[dict[str, str]]] = reasons.aspects(batch).to_pydict()["aspects"]
        return [{one["aspect"]: one["mood"] for one in row} for row in rows], [True] * len(texts)
    if task == "industry":
        told = industry.classify(batch).to_pydict()
        return [{name: ""} for name in told["would_be"]], [name is not None for name in told["industry"]]
    function = business.activity if task == "activity" else business.relevance
    single = function(batch).column(task).to_pylist()
    return [{name: ""} if name else {} for name in single], [name is not None for name in single]
