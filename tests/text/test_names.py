"""Names: where they stand, who is mentioned, what may be a name misspelt."""

import pytest

from gaung.text import names
from gaung.text.batch import as_batch
from gaung.text.names import Name

NAMES = [
    Name("brand", "senja", "Kopi Senja"),
    Name("brand", "senja", "Senja"),
    Name("product", "susu", "es kopi susu"),
    Name("brand", "arum", "Batik Arum"),
]
OWNED = [Name("product", "susu", "es kopi susu", "senja"), Name("product", "aren", "susu aren", "senja")]


def found(text: str | None) -> list[tuple[str, str, str]]:
    [row] = names.named(as_batch([text]), NAMES).column("entities").to_pylist()
    return [(one["kind"], one["id"], (text or "")[one["start"] : one["end"]]) for one in row]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("👍🏽 kopi senja, enak", [("brand", "senja", "kopi senja")]),
        ("Es Kopi  Susu di Senja", [("product", "susu", "Es Kopi  Susu"), ("brand", "senja", "Senja")]),
        ("kopi. senja", [("brand", "senja", "senja")]),
        ("@KopiSenja a@senja.id https://senja.id", [("person", "kopisenja", "@KopiSenja")]),
        ("batikarum", []),
        ("", []),
        (None, []),
    ],
    ids=str,
)
def test_names_stand_where_they_say(text: str | None, expected: list[tuple[str, str, str]]) -> None:
    assert found(text) == expected


def test_of_overlapping_names_of_one_owner_the_first_counts() -> None:
    [row] = names.named(as_batch(["es kopi susu aren, susu aren"]), OWNED).column("entities").to_pylist()
    assert [(one["id"], one["start"]) for one in row] == [("susu", 0), ("aren", 19)]


def test_people_are_found_in_the_texts_that_mention_them() -> None:
    batch = as_batch(["👍 @A.b dan ＠cd di Senja", None, "senja", "@e", "mail a@senja.id"])
    rows = names.named(batch, NAMES).column("entities").to_pylist()
    assert [[(one["kind"], one["id"], one["start"], one["end"]) for one in row] for row in rows] == [
        [("person", "a.b", 2, 6), ("person", "cd", 11, 14), ("brand", "senja", 18, 23)],
        [],
        [("brand", "senja", 0, 5)],
        [("person", "e", 0, 2)],
        [],
    ]


def test_target_terms_that_a_text_holds() -> None:
    batch = as_batch(["harganya murah, murah!", "enak", None])
    assert names.held(batch, ["enak", "murah", "harga"]).column("targets").to_pylist() == [
        ["murah", "harga"],
        ["enak"],
        [],
    ]
    numbers = names.held(as_batch(["beli 2 gratis 1", "beli 3 gratis 1"]), ["beli 2 gratis 1"])
    assert numbers.column("targets").to_pylist() == [["beli 2 gratis 1"], []]
    assert names.held(batch, []).column("targets").to_pylist() == [[], [], []]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("senja", "senja", 0),
        ("snja", "senja", 1),
        ("sejna", "senja", 1),
        ("senjaa", "senja", 1),
        ("", "abc", 3),
        ("ca", "abc", 3),
    ],
)
def test_distance_counts_a_swap_as_one(one: str, other: str, expected: int) -> None:
    assert names.distance(one, other) == names.distance(other, one) == expected


def test_misspelt_names_are_suggested_and_ordinary_words_are_not() -> None:
    import pyarrow as pa

    terms = [
        "kopi snja",
        "senja",
        "kopisenja",
        "sanja",
        "seja",
        "benja",
        "batik arun",
        "batik ayam",
        "sen",
        None,
    ]
    batch = pa.RecordBatch.from_pydict({"term": pa.array(terms, pa.string())})
    rows = names.near(batch, NAMES, ordinary=["benja"]).to_pylist()
    assert [(row["term"], row["name"], row["distance"]) for row in rows] == [
        ("batik arun", "Batik Arum", 1),
        ("kopi snja", "Kopi Senja", 1),
        ("sanja", "Senja", 1),
        ("seja", "Senja", 1),
    ]
    assert names.near(batch, []).num_rows == 0


@pytest.mark.parametrize(
    "text", ["   ", "@" * 1_000, "a" * 100_000, "\0@x", "مرحبا @علي", "!" * 1_000], ids=lambda t: repr(t[:6])
)
def test_hostile_texts(text: str) -> None:
    assert names.named(as_batch([text]), NAMES).num_rows == 1
