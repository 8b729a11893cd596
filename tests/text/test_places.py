"""Places: official codes, ambiguity said aloud, ordinary words left alone."""

import csv
import os
from pathlib import Path

import pytest

from gaung.text import places
from gaung.text.batch import as_batch

DATA = Path(os.environ.get("GAUNG_TEST_DATA", "/nowhere"))


def located(text: str | None) -> dict[str, object]:
    [answer] = places.locate(as_batch([text])).to_pylist()
    return dict(answer)


@pytest.mark.parametrize(
    ("text", "code", "candidates"),
    [
        ("Kota Bekasi", "32.75", ["32.75"]),
        ("Kabupaten Bekasi", "32.16", ["32.16"]),
        ("Kab. Bekasi", "32.16", ["32.16"]),
        ("Bandung", "32.73", ["32.04", "32.73"]),
        ("Bandung, Jawa Barat", "32.73", ["32.04", "32.73"]),
        ("Banjar, Kalimantan Selatan", "63.03", ["63.03"]),
        ("Jakarta Selatan, DKI Jakarta, Indonesia", "31.74", ["31.74"]),
        ("Kota Administrasi Jakarta Barat ", "31.73", ["31.73"]),
        ("Palangkaraya", "62.71", ["62.71"]),
        ("jogja", "34.71", ["34", "34.71"]),
        ("West Java", "32", ["32"]),
        ("Surabaya City", "35.78", ["35.78"]),
        ("di mana mana 📍", None, []),
        ("", None, []),
        (None, None, []),
    ],
    ids=str,
)
def test_a_place_string(text: str | None, code: str | None, candidates: list[str]) -> None:
    answer = located(text)
    assert (answer["code"], answer["candidates"]) == (code, candidates)
    assert answer["is_ambiguous"] == (len(candidates) > 1)
    assert (answer["reason"] is None) == (code is not None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kirim ke Kab. Bandung ya", [("Kab. Bandung", "32.04", False)]),
        ("dari bandung barat", [("bandung barat", "32.17", False)]),
        ("toko di Bandung.", [("Bandung", "32.73", True)]),
        ("masakan padang, batu bata, pati rasa", []),
        ("cabang di Padang dan di Kota Batu", [("Padang", "13.71", False), ("Kota Batu", "35.79", False)]),
        ("https://kota.bandung.id @bandung", []),
    ],
    ids=str,
)
def test_places_in_running_text(text: str, found: list[tuple[str, str, bool]]) -> None:
    [listed] = places.mentioned(as_batch([text])).column("places").to_pylist()
    assert [(text[at["start"] : at["end"]], at["code"], at["is_ambiguous"]) for at in listed] == found


def test_the_gazetteer_is_whole() -> None:
    kinds = [place.kind for place in places.places().values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"province": 38, "regency": 416, "city": 98}
    assert all(place.province_code in places.places() for place in places.places().values())


def test_every_full_name_finds_its_code() -> None:
    lead = {"province": "Provinsi", "regency": "Kabupaten", "city": "Kota"}
    for place in places.places().values():
        assert located(f"{lead[place.kind]} {place.name}")["candidates"] == [place.code]


@pytest.mark.skipif(not (DATA / "geo").is_dir(), reason="needs GAUNG_TEST_DATA")
def test_codes_equal_an_independent_list() -> None:
    for file in ("regencies_514.csv", "provinces_38.csv"):
        with (DATA / "geo" / file).open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                lead = "" if "." in row["code"] else "Provinsi "
                assert located(lead + row["name"])["code"] == row["code"], row


@pytest.mark.skipif(not (DATA / "reviews").is_dir(), reason="needs GAUNG_TEST_DATA")
def test_sellers_places_are_found() -> None:
    [path] = (DATA / "reviews").glob("*.csv")
    with path.open(encoding="utf-8", errors="replace") as lines:
        strings = [row["Location"] for row in csv.DictReader(lines)]
    answers = places.locate(as_batch(strings)).to_pylist()
    assert sum(answer["code"] is not None for answer in answers) >= 0.99 * len(strings)
    assert {s for s, answer in zip(strings, answers, strict=True) if answer["is_ambiguous"]} == {
        "Bandung",
        "Bekasi",
        "Pekalongan",
    }
