"""Entities: places, brands and products, where they stand, and what overlaps."""

import polars as pl
import pytest

from gaung.text import entities, spoken
from gaung.text.batch import as_batch
from gaung.text.entities import Declared

DECLARED = [
    Declared("brand", "senja", "senja", "Kopi Senja", ("Kopi Senja", "kopisenja")),
    Declared("product", "susu", "senja", "Es Kopi Susu", ("Es Kopi Susu", "es kopsus")),
    Declared("product", "aren", "senja", "Es Kopi Susu Aren", ("Es Kopi Susu Aren",)),
    Declared("product", "theirs", "pagi", "Es Susu", ("es kopi susu",)),
    Declared("product", "v60", "senja", "V60", ("V60", "kopi 3 in 1")),
]


def found(text: str | None) -> list[tuple[str, str, str]]:
    [row] = entities.find(as_batch([text]), DECLARED).column("entities").to_pylist()
    return [(one["type"], one["id"], (text or "")[one["start"] : one["end"]]) for one in row]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "👍🏽 Es Kopi  Susu Kopi Senja",
            [
                ("product", "susu", "Es Kopi  Susu"),
                ("product", "theirs", "Es Kopi  Susu"),
                ("brand", "senja", "Kopi Senja"),
            ],
        ),
        (
            "es kopi susu aren",
            [("product", "aren", "es kopi susu aren"), ("product", "theirs", "es kopi susu")],
        ),
        ("es kopsusnya #kopisenja", [("product", "susu", "es kopsusnya"), ("brand", "senja", "kopisenja")]),
        (
            "v60 bukan v61, kopi 3 in 1 bukan kopi 4 in 1",
            [("product", "v60", "v60"), ("product", "v60", "kopi 3 in 1")],
        ),
        ("@kopisenja https://kopisenja.id", []),
        ("", []),
        (None, []),
    ],
    ids=str,
)  # fmt: skip
def test_names_stand_where_they_say(text: str | None, expected: list[tuple[str, str, str]]) -> None:
    assert found(text) == expected


def test_kota_is_not_kabupaten_and_a_bare_name_is_ambiguous() -> None:
    [row] = (
        entities.find(as_batch(["Kota Bekasi, Kabupaten Bekasi, Bandung, Jawa Barat"]))
        .column("entities")
        .to_pylist()
    )
    assert [(one["id"], one["name"], one["is_ambiguous"], one["candidates"]) for one in row] == [
        ("32.75", "Kota Bekasi", False, []),
        ("32.16", "Kabupaten Bekasi", False, []),
        ("32.73", "Kota Bandung", True, ["32.04", "32.73"]),
        ("32", "Jawa Barat", False, []),
    ]
    assert {(one["type"], one["brand_id"]) for one in row} == {("place", None)}


def test_words_that_were_read_before_give_the_same() -> None:
    batch = as_batch(["es kopi susu", None, "di Bandung"])
    words = spoken.words(pl.Series(batch.column("text").to_pylist()))
    assert entities.find(batch, DECLARED, words) == entities.find(batch, DECLARED)


def test_other_declarations_are_another_version() -> None:
    first = entities.version(DECLARED)
    renamed = [*DECLARED[:-1], Declared("product", "v60", "senja", "Kopi V60", DECLARED[-1].spellings)]
    assert entities.version(DECLARED[::-1]) == first
    assert len({first, entities.version(renamed), entities.version(DECLARED[:-1])}) == 3
    assert {one.split("+")[0] for one in (first, entities.version([]))} == {"gaung-entities-places1.names1"}


@pytest.mark.parametrize(
    "text", ["   ", "@" * 1_000, "a" * 100_000, "\0", "مرحبا", "!" * 1_000], ids=lambda t: repr(t[:6])
)
def test_any_text_has_a_result(text: str) -> None:
    assert entities.find(as_batch([text]), DECLARED).column("entities").to_pylist() == [[]]
