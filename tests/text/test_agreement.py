"""Cohen's kappa against scikit-learn's, and where there is none."""

import random

import pytest
from sklearn.metrics import cohen_kappa_score

from gaung.text.agreement import cohen_kappa


@pytest.mark.parametrize("seed", range(5))
def test_it_equals_scikit_learns(seed: int) -> None:
    rng = random.Random(seed)
    first = [rng.choice("abc") for _ in range(100)]
    second = [label if rng.random() < 0.7 else rng.choice("abc") for label in first]
    found = cohen_kappa(first, second)
    assert found.kappa == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert (found.n, found.reason) == (100, None)


def test_a_constant_rater_has_no_kappa_and_the_reason() -> None:
    found = cohen_kappa(["a", "b", "a"], ["a", "a", "a"])
    assert (found.kappa, found.reason) == (None, "annotator 2 gave one label only: a")
    assert found.observed == pytest.approx(2 / 3)


def test_nothing_in_common_has_no_kappa() -> None:
    assert cohen_kappa([], []).reason == "no text was labelled by both"


def test_lists_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="1 and 2 texts"):
        cohen_kappa(["a"], ["a", "b"])
