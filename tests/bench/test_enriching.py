"""The measure of enrichment: both sides get the same texts, and no text twice."""

from pathlib import Path

import pytest

from gaung.bench import enriching
from gaung.settings import PROJECT_ROOT, get_settings


def test_texts_are_all_different_and_the_same_again() -> None:
    texts = enriching.invented(500, seed=3)

    assert len(set(texts)) == 500
    assert texts == enriching.invented(500, seed=3)


def test_steps_and_peer_are_measured_in_every_round(
    settings_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(PROJECT_ROOT / "brands.yml"))
    get_settings.cache_clear()
    found = enriching.measure(texts=50, rounds=2)

    assert {step: len(costs) for step, costs in found.costs.items()} == dict.fromkeys(
        ("language", "sentiment", "mask", "enrichment", "vaderSentiment"), 2
    )
    assert found.figures()["times_vadersentiment"] > 0
