"""Aspects, intents, relevance and activity: on examples, on the shipped lists, on hostile texts."""

import csv
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from typer.testing import CliRunner

from gaung.cli import app
from gaung.errors import SettingsInvalid
from gaung.text import business, classes, points, reasons, spoken
from gaung.text.batch import as_batch
from gaung.text.classes import ClassTask
from gaung.text.evaluate import macro_f1

DATA = Path(os.environ.get("GAUNG_TEST_DATA", "/nowhere")) / "aspects"
HOSTILE = [
    "",
    "   ",
    "😭😂❤️",
    "https://harga.id/mahal",
    "a" * 100_000,
    "kopi enak banget " * 6_000,
    "مرحبا كيف الحال",
    "harga\0mahal",
    "\ud800 enak",
    "!" * 1_000,
    "?" * 1_000,
    "\n\n",
    "e\u0301nak \u202emahal\u200b",
    None,
]


def aspects(text: str) -> dict[str, tuple[str, list[str], list[str]]]:
    """By aspect: mood, the words that say so, the values."""
    [row] = reasons.aspects(as_batch([text])).column("aspects").to_pylist()
    return {
        one["aspect"]: (
            one["mood"],
            [text[at["start"] : at["end"]] for at in one["words"]],
            [value["value"] for value in one["values"]],
        )
        for one in row
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Harganya gak mahal kok", {"price": ("positive", ["Harganya", "mahal"], ["mahal"])}),
        ("mahal bgt!", {"price": ("negative", ["mahal"], ["mahal"])}),
        (
            "pelayanannya lama tapi kopinya enak banget",
            {
                "service": ("negative", ["pelayanannya", "lama"], []),
                "taste": ("positive", ["kopinya", "enak", "enak banget"], []),
            },
        ),
        ("yg merah ada?", {"colour": ("neutral", ["yg merah"], ["merah"])}),
        ("👍🏽 warnanya kusam", {"colour": ("negative", ["warnanya", "kusam"], [])}),
        ("https://mahal.id @harga", {}),
        ("kualitas udara buruk", {}),
    ],
    ids=str,
)
def test_aspects_with_mood_words_and_values(text: str, expected: dict[str, Any]) -> None:
    assert aspects(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kak harganya brp?", ["asks_price"]),
        ("harganya mahal banget", ["complains"]),
        ("masih ada yg size L? pesan 2 ya kak", ["asks_stock", "orders"]),
        ("lokasinya dimana kak", ["asks_location"]),
        ("selamat pagi semua", []),
    ],
    ids=str,
)
def test_intents(text: str, expected: list[str]) -> None:
    assert reasons.intents(as_batch([text])).column("intents").to_pylist() == [expected]


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("Kedai kopi kami, pesan lewat wa ya kak", "msme", None),
        ("Presiden resmikan jalan tol", "other", None),
        ("kopi", None, "uncertain"),
        ("😀", None, "no_text"),
        (None, None, "no_text"),
    ],
    ids=str,
)
def test_relevance_abstains(text: str | None, label: str | None, reason: str | None) -> None:
    [row] = business.relevance(as_batch([text])).to_pylist()
    assert (row["relevance"], row["reason"]) == (label, reason)


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("Diskon 20% semua menu hari ini", "discount", None),
        ("Lowongan: barista, kirim CV", "hiring", None),
        ("kucingku tidur", "other", None),
        ("kami senang", None, "uncertain"),
        ("!!", None, "no_text"),
    ],
    ids=str,
)
def test_activity_abstains(text: str, label: str | None, reason: str | None) -> None:
    [row] = business.activity(as_batch([text])).to_pylist()
    assert (row["activity"], row["reason"]) == (label, reason)


POINTED: list[ClassTask] = ["intent", "aspect", "activity", "relevance"]
LISTED: list[ClassTask] = [*POINTED, "industry"]


@pytest.mark.parametrize("task", LISTED)
def test_each_class_of_the_shipped_lists(task: ClassTask) -> None:
    path = resources.files("gaung.text").joinpath(f"data/lists/{task}.tsv")
    with resources.as_file(path) as file:
        report = classes.evaluate(*classes.read(file, task), task)
    weak = {
        score.name: (score.precision, score.recall)
        for score in report.classes
        if (score.precision or 0) < 0.85 or (score.recall or 0) < 0.6
    }
    assert weak == {}
    assert all(score.n >= 27 for score in report.classes)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs GAUNG_TEST_DATA")
@pytest.mark.parametrize(
    ("file", "column", "aspect"),
    [("casa", "price", "price"), ("casa", "service", "service"), ("hoasa", "service", "service")],
)
def test_aspects_of_texts_that_no_rule_was_written_for(file: str, column: str, aspect: str) -> None:
    with (DATA / file / "valid_preprocess.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    words = {"pos": "positive", "neg": "negative", "neut": "neutral"}
    true = [words.get(row[column], row[column]) for row in rows]
    texts = [row.get("sentence") or row["review"] for row in rows]
    found = reasons.aspects(as_batch(texts)).column("aspects").to_pylist()
    said = [next((one["mood"] for one in row if one["aspect"] == aspect), "neutral") for row in found]
    most = max(set(true), key=true.count)
    assert macro_f1(list(zip(true, said, strict=True))) >= 0.2 + macro_f1([(one, most) for one in true])


@pytest.mark.skipif(not DATA.is_dir(), reason="needs GAUNG_TEST_DATA")
def test_intents_follow_the_stars_of_reviews() -> None:
    [path] = (DATA.parent / "reviews").glob("*.csv")
    with path.open(encoding="utf-8", errors="replace") as lines:
        rows = [row for row in csv.DictReader(lines) if row["Customer Rating"] in "15"]
    found = reasons.intents(as_batch([row["Customer Review"] for row in rows])).column("intents").to_pylist()
    share = {
        (stars, intent): pl.Series(
            [intent in said for row, said in zip(rows, found, strict=True) if row["Customer Rating"] == stars]
        ).mean()
        for stars in "15"
        for intent in ("complains", "praises")
    }
    assert share["1", "complains"] >= 0.6
    assert share["5", "praises"] >= 0.6
    assert share["5", "complains"] <= 0.1
    assert share["1", "praises"] <= 0.1


def test_hostile_texts_never_raise_and_spans_stay_inside() -> None:
    batch = as_batch(HOSTILE)
    for function in (reasons.intents, reasons.aspects, business.relevance, business.activity):
        assert function(batch).num_rows == len(HOSTILE)
        assert function(as_batch([])).num_rows == 0
    for text, row in zip(
        batch.column("text").to_pylist(), reasons.aspects(batch)["aspects"].to_pylist(), strict=True
    ):
        for one in row:
            assert all(0 <= at["start"] < at["end"] <= len(text) for at in one["words"])


def test_words_stand_where_they_say() -> None:
    texts = ["Yg  merah👍🏽, bagusss\nbgt?!", "a@b.id kopi_susu https://x.id/é dimana", "", "e\u0301nak"]
    words = spoken.words(pl.Series(texts))
    told = [
        (row, texts[row][start:end], word)
        for row, start, end, word in words.select("row", "start", "end", "word").iter_rows()
    ]
    assert [one for one in told if one[2][0].isalpha()] == [
        (0, "Yg", "yang"),
        (0, "merah", "merah"),
        (0, "bagusss", "bagus"),
        (0, "bgt", "banget"),
        (1, "kopi", "kopi"),
        (1, "susu", "susu"),
        (1, "dimana", "dimana"),
        (3, "e\u0301nak", "énak"),
    ]


@pytest.mark.parametrize("task", POINTED)
def test_rules_name_known_classes_in_normal_words(task: ClassTask) -> None:
    table = points.table(task)
    assert set(table["class"]) - {points.ANY} <= set(classes.names(task))
    assert table["phrase"].null_count() == 0
    assert set(get_args(ClassTask)) == set(LISTED)


def test_command_prints_each_class(tmp_path: Path) -> None:
    file = tmp_path / "some.tsv"
    file.write_text("text\tlabel\nharga brp kak?\tasks_price\nselamat pagi\tnone\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["text", "evaluate", str(file), "--task", "intent", "--json"])
    report = json.loads(result.stdout)
    assert (report["n"], report["exact_share"]) == (2, 1.0)
    assert next(one for one in report["classes"] if one["name"] == "asks_price")["recall"] == 1.0
    assert report["confusion"] == {"asks_price": {"asks_price": 1}, "none": {"none": 1}}
    shown = CliRunner().invoke(app, ["text", "evaluate", str(file), "--task", "intent"]).stdout
    assert "asks_price         asks_price 1" in shown


def test_confusion_counts_what_is_right_wrong_and_missing() -> None:
    true: list[dict[str, str]] = [{"a": "", "b": ""}, {"a": ""}, {"a": ""}, {}]
    said: list[dict[str, str]] = [{"a": "", "b": ""}, {"b": ""}, {}, {"b": ""}]
    assert classes._confusion(true, said) == {
        "a": {"a": 1, "b": 1, "none": 1},
        "b": {"b": 1},
        "none": {"b": 1},
    }


def test_unknown_labels_are_refused_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "some.tsv"
    file.write_text("harga brp\tasks_prise\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"line 1: .*is not one of asks_price"):
        classes.read(file, "intent")
