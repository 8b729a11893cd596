"""The word glossary: what a gloss says, what it leaves, and that no score ever reads it."""

import csv
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaung.cli import app
from gaung.ingest import ingest_files
from gaung.sources import registry, side_file
from gaung.text import gloss, points
from gaung.text.batch import as_batch
from tests.building import Shelf, ask, deliver, write_brands
from tests.fakes import LineFormat, lines_format

__all__ = ["lines_format"]

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Barangnya bagus banget, pengiriman cepat!", "Goods very good, delivery fast!"),
        ("gpp kok", "never mind how come"),
        ("MAHAL tapi enak 😍 @budi https://x.id/enak", "expensive but tasty 😍 @budi https://x.id/enak"),
        ("Ongkos kirim berapa?", "Shipping cost how much?"),
        ("enak, recommended seller", "tasty, recommended seller"),
    ],
)
def test_a_gloss_goes_word_by_word_longest_phrase_first(text: str, expected: str) -> None:
    [row] = gloss.make(as_batch([text])).to_pylist()
    assert (row["gloss"], row["reason"]) == (expected, None)


@pytest.mark.parametrize(
    ("text", "reason", "share"),
    [
        (None, "no_words", None),
        ("", "no_words", None),
        ("😀 123 https://contoh.id/enak", "no_words", None),
        ("qwrt enak xqzv zxcv", "too_few_known", 0.25),
        ("الكلمات \u202eعربية", "too_few_known", 0.0),
    ],
)
def test_without_known_words_there_is_a_reason(text: str | None, reason: str, share: float | None) -> None:
    assert gloss.make(as_batch([text])).to_pylist() == [
        {"gloss": None, "known_share": share, "reason": reason}
    ]


def test_odd_texts_stay_in_their_rows() -> None:
    texts = ["enak", "a\0b \ud83d", "!" * 1_000, "enak " * 20_000, "MAHAL"]
    rows = gloss.make(as_batch(texts)).to_pylist()
    assert [rows[0]["gloss"], rows[-1]["gloss"]] == ["tasty", "expensive"]
    assert rows[3]["gloss"].startswith("tasty tasty ")
    assert gloss.make(as_batch([])).num_rows == 0


def test_the_glossary_is_written_in_normal_words_with_provenance() -> None:
    with resources.files("gaung.text").joinpath("data/glossary_id_en.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    phrases = [row["phrase"] for row in rows]
    assert len(rows) > 1_000
    assert len(set(phrases)) == len(phrases)
    assert points.normal(phrases) == phrases
    assert all(row["english"] and row["provenance"] == "gaung" for row in rows)
    assert max(len(phrase.split()) for phrase in phrases) <= points.LONGEST


def post(number: int, text: str) -> dict[str, object]:
    row = {
        "platform": "x",
        "post_id": str(number),
        "post_type": "post",
        "text": text,
        "created_at": "2026-03-01T04:30:00+00:00",
        "is_collected": True,
    }
    return {"rows": {"posts": [row]}, "observed_at": "2026-03-01T05:00:00+00:00"}


def parts() -> dict[str, tuple[str, str, str]]:
    found = ask("select post_id, part, text, method from core.post_text_part order by 1")
    return {post_id: (part, text, method) for post_id, part, text, method in found}


def test_glosses_come_in_as_translations_and_change_no_score(
    warehouse: str, lines: LineFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "formats", lambda: (lines, side_file.FORMAT))
    write_brands()
    texts = (
        "kopi uji enak banget, WA 081234567890",
        "I love kopi uji",
        "kopi uji xqzv zxcv qwrt",
        "kopi uji mahal",
    )
    deliver([post(number, text) for number, text in enumerate(texts)])
    by_hand = tmp_path / "translations.csv"
    by_hand.write_text(
        "platform,post_id,part,text,lang,method\nx,3,translation,This is horrible and sad,en,penerjemah\n",
        encoding="utf-8",
    )
    assert ingest_files([by_hand], as_of=AS_OF).total("loaded") == 1
    shelf = Shelf()
    shelf.build()
    before = shelf.without_lineage()
    before.pop("collection_coverage")  # counts files
    scored = ask("select * from core.text_sentiment order by 1, 2")

    target = tmp_path / "glosses.csv"
    said = CliRunner().invoke(app, ["text", "gloss", str(target)])
    assert said.exit_code == 0, said.output
    assert said.output.startswith("1 glosses in ")
    assert "081234567890" not in target.read_text("utf-8")
    assert ingest_files([target], as_of=AS_OF).total("loaded") == 1
    shelf.build()

    assert parts()["3"] == ("translation", "This is horrible and sad", "penerjemah")
    part, text, method = parts()["0"]
    assert (part, method) == ("translation", "glossary")
    assert text.startswith("coffee uji very tasty, ")
    after = shelf.without_lineage()
    after.pop("collection_coverage")
    assert after == before
    assert ask("select * from core.text_sentiment order by 1, 2") == scored
    assert CliRunner().invoke(app, ["text", "gloss", str(target)]).output.startswith("0 glosses")
    assert CliRunner().invoke(app, ["text", "gloss", str(target), "--again"]).output.startswith("1 glosses")


def test_explain_shows_what_the_engines_make_of_a_text() -> None:
    said = CliRunner().invoke(app, ["text", "explain", "barangnya bagus bgt, will buy again"]).output
    assert "id: barangnya bagus bgt | en: will buy again" in said
    assert "goods very good" in said
    assert "positive" in said
    assert CliRunner().invoke(app, ["text", "explain", ""]).exit_code == 0
