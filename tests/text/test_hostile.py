"""Every engine and public function over texts, on texts that break what was written for tidy ones."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from gaung import scores
from gaung.brands.config import load
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.text import (
    business,
    gloss,
    indonesian,
    industry,
    language,
    mask,
    names,
    places,
    reasons,
    registry,
    runs,
    sentiment,
    spelling,
    terms,
)
from gaung.text.batch import as_batch

HOSTILE = {
    "null": None,
    "empty": "",
    "whitespace": " \n\t\u00a0 ",
    "emoji": "😀😭🔥❤️👍🏽",
    "link": "https://contoh.id/harga?a=b#mahal",
    "one long word": "a" * 100_000,
    "long text": ("kopi senja enak banget tapi mahal, @kopi di Bandung! " * 2_000)[:100_000],
    "long handles": ("@kopi" * 20_000)[:100_000],
    "long number": "1" * 100_000,
    "right to left": "مرحبا كيف \u202eالحال\u202c kopi",
    "nul": "harga\0mahal",
    "lone surrogates": "\ud800 enak \udc00\ud83d",
    "exclamations": "!" * 1_000,
    "questions": "?" * 1_000,
    "accents": "e" + "\u0301" * 500,
    "quotes": "\"'{}[]\\\\,;:|\t<number> %s $1 ${1}",
}
KNOWN = [names.Name("brand", "kopi", "Kopi Senja"), names.Name("brand", "x", "X")]

FUNCTIONS: dict[str, Callable[[pa.RecordBatch], pa.RecordBatch]] = {
    "language.detect": language.detect,
    "runs.find": runs.find,
    "sentiment.vader": sentiment.vader,
    "indonesian.score": indonesian.score,
    "mask.hide": mask.hide,
    "terms.extract": terms.extract,
    "reasons.find": reasons.find,
    "reasons.intents": reasons.intents,
    "reasons.aspects": reasons.aspects,
    "business.classify": business.classify,
    "business.relevance": business.relevance,
    "business.activity": business.activity,
    "industry.classify": industry.classify,
    "spelling.suggest": lambda batch: spelling.suggest(batch, KNOWN, ["kopi"]),
    "places.locate": places.locate,
    "places.mentioned": places.mentioned,
    "names.named": lambda batch: names.named(batch, KNOWN),
    "names.held": lambda batch: names.held(batch, ["kopi", "enak banget"]),
    "names.near": lambda batch: names.near(batch.rename_columns(["term"]), KNOWN),
    "gloss.make": gloss.make,
}
ROWS_OF_THEIR_OWN = {"names.near"}
"""Functions that do not give one row per text."""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_answers(name: str, text: str | None) -> None:
    found = FUNCTIONS[name](as_batch([text]))
    found.validate(full=True)
    assert name in ROWS_OF_THEIR_OWN or found.num_rows == 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_text_is_answered_the_same_among_others(name: str) -> None:
    together = FUNCTIONS[name](as_batch(["kopi enak", *HOSTILE.values()])).to_pylist()
    if name not in ROWS_OF_THEIR_OWN:
        assert together == [
            FUNCTIONS[name](as_batch([text])).to_pylist()[0] for text in ("kopi enak", *HOSTILE.values())
        ]
    assert FUNCTIONS[name](as_batch([])).num_rows == 0


@pytest.mark.parametrize("lang", ["id", "en", "und", None])
def test_sentiment_gives_a_score_or_a_reason(lang: str | None) -> None:
    found = sentiment.score(as_batch(list(HOSTILE.values()), lang=[lang] * len(HOSTILE)))
    assert all((row["compound"] is None) != (row["unscored_reason"] is None) for row in found.to_pylist())


@pytest.mark.parametrize("task", registry.TASKS)
def test_every_registered_engine_is_among_them(task: registry.Task) -> None:
    for engine in registry.engines(task).values():
        found = engine.function(as_batch(list(HOSTILE.values()), lang=["id"] * len(HOSTILE)))
        assert found.num_rows == len(HOSTILE)


@pytest.mark.parametrize("task", scores.TASKS, ids=lambda task: task.name)
def test_every_task_of_enrichment_gives_one_row_each(
    task: scores.TextTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    import polars as pl

    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(PROJECT_ROOT / "brands.yml"))
    get_settings.cache_clear()
    held = as_batch(list(HOSTILE.values())).column("text").to_pylist()
    frame = pl.DataFrame({"text_hash": list(HOSTILE), "text": held, "lang": ["id"] * len(held)})
    found = task.rows(scores.Texts(frame), load(), "1")
    assert found["text_hash"].to_list() == list(HOSTILE)
    assert found.columns == ["text_hash", task.version_column, *task.columns]
