"""Agreement of two annotators beyond chance.

Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
Measurement 20 (1960).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """How far two annotators agree on the same texts.

    Attributes:
        n: texts that both labelled.
        observed: share of equal labels; None without texts.
        kappa: Cohen's kappa, (observed − expected) ÷ (1 − expected); None with the reason.
        reason: why there is no kappa.
    """

    n: int
    observed: float | None
    kappa: float | None
    reason: str | None


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """The agreement of two equally long lists of labels, one entry per text.

    An annotator who gave one label only carries no information: kappa is None then, not 0.
    """
    n = len(first)
    if n != len(second):
        raise ValueError(f"the annotators labelled {n} and {len(second)} texts; give the common ones")
    if n == 0:
        return Agreement(0, None, None, "no text was labelled by both")
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    said = Counter(first), Counter(second)
    for number, counts in enumerate(said, start=1):
        if len(counts) == 1:
            return Agreement(
                n, observed, None, f"annotator {number} gave one label only: {next(iter(counts))}"
            )
    expected = sum(count * said[1][label] for label, count in said[0].items()) / n**2
    return Agreement(n, observed, (observed - expected) / (1 - expected), None)
