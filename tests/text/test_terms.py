"""Terms of texts: what counts, what does not, and that nothing raises."""

import pytest

from gaung.text import terms
from gaung.text.batch import as_batch


def found(*texts: str | None) -> list[tuple[list[str], list[str]]]:
    result = terms.extract(as_batch(texts))
    assert result.schema.names == ["words", "pairs"]
    return list(zip(result.column("words").to_pylist(), result.column("pairs").to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("text", "words", "pairs"),
    [
        ("Kopi susunya enak bgt, kopi!", ["kopi", "susu", "enak"], ["kopi susu", "susu enak"]),
        ("pelayanan gak ramah", ["pelayanan", "ramah"], ["tidak ramah"]),
        ("tidak yang ramah", ["ramah"], []),
        ("The cake isn't bad", ["cake", "bad"], []),
        ("@kopisenja https://kopi.id a@kopi.id 081234567890 wkwkwk", [], []),
        ("#KopiSenja enakkkk", ["kopisenja", "enak"], ["kopisenja enak"]),
        ("harganya bertanya", ["harga", "bertanya"], ["harga bertanya"]),
        ("enak enak", ["enak"], []),
        ("", [], []),
        (None, [], []),
    ],
    ids=str,
)
def test_terms_of_a_text(text: str | None, words: list[str], pairs: list[str]) -> None:
    assert found(text) == [(words, pairs)]


def test_rows_stay_apart_and_in_order() -> None:
    assert found("kopi", None, "susu kopi", "kopi") == [
        (["kopi"], []),
        ([], []),
        (["susu", "kopi"], ["susu kopi"]),
        (["kopi"], []),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "   ",
        "😭😭",
        "https://x.y",
        "a" * 100_000,
        "kopi " * 20_000,
        "مرحبا بالعالم",
        "a\0b",
        "\ud800",
        "!" * 1000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_texts_give_terms_without_signs(text: str) -> None:
    [(words, pairs)] = found(text)
    assert len(words) <= terms.MAX_TERMS
    assert all(letter.isalpha() or letter == " " for term in (*words, *pairs) for letter in term)


def test_stop_words_are_normal_words_of_both_languages() -> None:
    assert {"yang", "dan", "the", "with"} <= set(terms.stop_words())
    assert found(" ".join(terms.stop_words()))[0][0] == []
