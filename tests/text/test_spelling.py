"""Misspelt names in texts: the sieve loses none that letter by letter comparison finds."""

import random

import pyarrow as pa
import pytest

from gaung.text import names, spelling
from gaung.text.names import Name

KNOWN = [
    Name("brand", "senja", "Kopi Senja"),
    Name("brand", "senja", "kopisenja"),
    Name("brand", "contoh", "Merek Contoh"),
    Name("brand", "tas", "tas"),
]


def suggest(*texts: str | None) -> list[list[tuple[str, str, int]]]:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string())})
    rows = spelling.suggest(batch, KNOWN, ["kopi"]).column("suggestions").to_pylist()
    return [[(one["id"], one["spelling"], one["distance"]) for one in row] for row in rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ngopi di Kopi Snja yuk", [("senja", "kopi snja", 1)]),
        ("#kopisenjaa rame", [("senja", "kopisenjaa", 1)]),
        ("Merk Cntoh bagus", [("contoh", "merk cntoh", 2)]),
        ("kopi senja, kopisenja, Kopi Senja", []),
        ("kopi saja sudah cukup", []),
        ("@kopisenjaa https://kopisenjaa.id", []),
        ("tos", []),
        ("", []),
        (None, []),
    ],
)
def test_what_may_be_a_name(text: str | None, found: list[tuple[str, str, int]]) -> None:
    assert suggest(text) == [found]


def test_a_term_stands_once_per_text_and_name() -> None:
    assert suggest("kopi snja! kopi snja", "biasa") == [[("senja", "kopi snja", 1)], []]


def test_the_sieve_loses_no_near_name() -> None:
    rng = random.Random(5)
    terms = sorted(
        {_misspelt(rng, name.spelling.lower().replace(" ", "")) for name in KNOWN for _ in range(400)}
    )
    batch = pa.RecordBatch.from_pydict({"term": pa.array(terms, pa.string())})
    near = names.near(batch, KNOWN)
    expected = set(zip(near.column("term").to_pylist(), near.column("id").to_pylist(), strict=True))
    found = {(one, brand_id) for row in suggest(*terms) for brand_id, one, _ in row if " " not in one}
    assert len(expected) > 300
    assert found == expected


def _misspelt(rng: random.Random, word: str) -> str:
    letters = list(word)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(letters) - 1)
        match rng.randrange(4):
            case 0:
                del letters[at]
            case 1:
                letters.insert(at, rng.choice("aeiknst"))
            case 2:
                letters[at] = rng.choice("aeiknst")
            case _:
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def test_other_names_are_another_version() -> None:
    assert spelling.version(KNOWN) == spelling.version(list(reversed(KNOWN)))
    assert spelling.version(KNOWN) != spelling.version(KNOWN[:2])


@pytest.mark.parametrize("text", [" ", "🙂🙂", "https://x.id", "a" * 100_000, "مرحبا", "!" * 1000])
def test_any_text_has_a_result(text: str) -> None:
    assert suggest(text) == [[]]
