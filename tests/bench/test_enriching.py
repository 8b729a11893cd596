"""The measure of enrichment: both sides get the same texts, and no text twice."""

from pathlib import Path

import pytest

from gaung import scores
from gaung.bench import enriching, tables
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
    found = enriching.measure(texts=50, rounds=2, many=60)

    steps = {"words", *(task.name for task in scores.TASKS), "sentiment of en alone", "sentiment of id alone"}
    assert {step: len(costs) for step, costs in found.costs.items()} == dict.fromkeys(
        (*steps, "enrichment", "vaderSentiment"), 2
    )
    assert found.figures()["times_vadersentiment"] > 0
    assert [found.counts[f"sentiment of {code} alone"] for code in ("en", "id")] != [[50, 50], [50, 50]]
    assert list(found.peaks) == [60]
    titles = [row[0] for row in tables._enriching(found.figures())[2]]
    assert "sentiment of id alone" in titles
    assert titles[-1] == "peak MiB after 60 texts"
