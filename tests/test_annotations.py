"""Labels by people: what is loaded, that corrections win for good, agreement, and measured quality."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaung import annotations, learn, pipeline
from gaung.cli import app
from gaung.errors import SettingsInvalid
from gaung.warehouse import builds, known
from tests.building import Shelf, ask, deliver, write_brands
from tests.fakes import LineFormat, lines_format

__all__ = ["lines_format"]

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
TEXTS = ("I love kopi uji so much", "kopi uji is terrible", "the table stands in the room", "I love it here")


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


@pytest.fixture
def shelf(warehouse: str, lines: LineFormat) -> Shelf:
    write_brands()
    deliver([post(number, text) for number, text in enumerate(TEXTS)])
    shelf = Shelf()
    shelf.build()
    return shelf


def key_of(text: str) -> str:
    found = ask(
        "select k.post_key from core.post_key as k join core.post as p using (platform, post_id) "
        "where p.text = %s order by 1",
        (text,),
    )
    return str(found[0][0])


def write(path: Path, *lines: tuple[str, str, str, str]) -> Path:
    body = "".join(",".join(line) + "\n" for line in lines)
    path.write_text("post_key,label,annotator,labelled_at\n" + body, encoding="utf-8")
    return path


def mood(shelf: Shelf, text: str) -> tuple[object, ...]:
    [row] = [row for row in shelf.rows["fct_post"].values() if row["text"] == text]
    return row["sentiment_label"], row["sentiment_compound"], row["sentiment_source"], row["unscored_reason"]


def test_a_correction_wins_now_after_a_full_rebuild_and_for_later_posts(shelf: Shelf, tmp_path: Path) -> None:
    loved = TEXTS[0]
    assert mood(shelf, loved)[0] == "positive"
    path = write(tmp_path / "labels.csv", (key_of(loved), "negative", "rani", "2026-03-05T08:00:00+07:00"))
    assert not builds.work_waiting()
    result = CliRunner().invoke(app, ["text", "annotate", str(path), "--correct"])
    assert result.exit_code == 0, result.output
    assert "received 1 = loaded 1" in result.output
    assert builds.work_waiting()
    shelf.build()
    assert mood(shelf, loved) == ("negative", None, "correction", None)
    [hour] = [row for row in shelf.rows["brand_sentiment_hourly"].values() if row["brand_id"] == "kopi"]
    assert (hour["negative_count"], hour["positive_count"]) == (2, 0)
    before = shelf.without_lineage()
    shelf.build("full")
    assert shelf.without_lineage() == before
    deliver([post(9, loved)], name="later.ndjson")
    shelf.build()
    assert [r["sentiment_label"] for r in shelf.rows["fct_post"].values() if r["text"] == loved] == [
        "negative",
        "negative",
    ]


def test_the_newest_correction_decides_whatever_is_loaded_last(shelf: Shelf, tmp_path: Path) -> None:
    key = key_of(TEXTS[2])
    newer = write(tmp_path / "new.csv", (key, "positive", "rani", "2026-03-06T08:00:00+07:00"))
    older = write(tmp_path / "old.csv", (key, "negative", "budi", "2026-03-05T08:00:00+07:00"))
    for path in (newer, older):
        annotations.load_file(path, task="sentiment", kind="correction")
    shelf.build()
    assert mood(shelf, TEXTS[2])[0] == "positive"


def test_an_annotation_measures_and_changes_no_score(shelf: Shelf, tmp_path: Path) -> None:
    path = write(tmp_path / "labels.csv", (key_of(TEXTS[0]), "negative", "rani", ""))
    report = annotations.load_file(path, task="sentiment", labelled_at=NOON)
    assert (report.loaded, report.posts_touched) == (1, 0)
    assert not builds.work_waiting()


def test_bad_lines_are_kept_with_their_reason_and_the_same_file_changes_nothing(
    shelf: Shelf, tmp_path: Path
) -> None:
    key = key_of(TEXTS[1])
    path = write(
        tmp_path / "labels.csv",
        (key, "negative", "rani", "2026-03-05T08:00:00+07:00"),
        (key, "meh", "rani", "2026-03-05T08:00:00+07:00"),
        ("nobody", "negative", "rani", "2026-03-05T08:00:00+07:00"),
        (key, "negative", "", "2026-03-05T08:00:00+07:00"),
        (key, "negative", "rani", "2026-03-05T08:00:00"),
        (key, "negative", "rani", ""),
        (key, "", "", ""),
    )
    first = annotations.load_file(path, task="sentiment")
    assert (first.received, first.loaded, first.unchanged) == (6, 1, 0)
    again = annotations.load_file(path, task="sentiment")
    assert (again.received, again.loaded, again.unchanged) == (6, 0, 1)
    kept = ask("select line_number, reason from app.annotation_quarantine order by 1", role="admin")
    assert [number for number, _ in kept] == [3, 4, 5, 6, 7]
    for (_, reason), part in zip(
        kept, ("'meh' is not one of", "no post", "annotator", "no time zone", "is empty"), strict=True
    ):
        assert part in reason


@pytest.mark.parametrize(
    ("header", "task", "kind", "message"),
    [
        ("post_key,label", "sentiment", "annotation", "lacks the columns annotator"),
        ("post_key,label,annotator", "colour", "annotation", "unknown task"),
        (
            "post_key,label,annotator",
            "language",
            "correction",
            "language cannot be corrected; what can: sentim",
        ),
    ],
)
def test_what_cannot_be_a_file_of_labels_is_refused(
    warehouse: str, tmp_path: Path, header: str, task: str, kind: annotations.Kind, message: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(header + "\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=message):
        annotations.load_file(path, task=task, kind=kind)


@pytest.mark.parametrize(
    ("task", "label", "kept"),
    [
        ("aspect", " quality:positive, price:negative ", "price:negative,quality:positive"),
        ("intent", "complains,asks_price", "asks_price,complains"),
        ("intent", "none", "none"),
        ("relevance", "other", "other"),
        ("activity", "hiring", "hiring"),
    ],
)
def test_a_label_is_kept_in_one_way(task: str, label: str, kept: str) -> None:
    assert annotations.canonical(label, task) == kept


@pytest.mark.parametrize(
    ("task", "label", "message"),
    [
        ("aspect", "price", "price needs its mood, as in price:neutral"),
        ("aspect", "price:bad", "mood that is not one of positive, negative, neutral"),
        ("aspect", "price:", "mood that is not one of"),
        ("aspect", "price:negative,price:positive", "price is said twice"),
        ("aspect", "smell:negative", "'smell' is not one of price, quality"),
        ("intent", "asks_price:negative", "mood that is not for intent"),
        ("intent", "asks_price;complains", "'asks_price;complains' is not one of asks_price"),
        ("intent", "none,complains", "none stands alone"),
        ("intent", "complains,", "'' is not one of"),
        ("activity", "hiring,event", "a text has exactly one activity"),
        ("industry", "none", "a text has exactly one industry"),
        ("sentiment", "meh", "'meh' is not one of negative"),
    ],
)
def test_a_label_that_is_none_says_why(task: str, label: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        annotations.canonical(label, task)


SALE = "Diskon 20% semua kue kopi uji, UMKM Bandung"
SPOKEN = "kuenya mahal, ongkir juga"


@pytest.fixture
def market(warehouse: str, lines: LineFormat) -> str:
    """Two accounts with one text, the second with words spoken in its video; the key of one post."""
    write_brands()
    sales = [
        {"platform": "x", "post_id": f"s{number}", "author_id": f"a{number}", "text": SALE}
        | {"post_type": "post", "created_at": "2026-03-01T04:30:00+00:00", "is_collected": True}
        for number in (1, 2)
    ]
    spoken = {"platform": "x", "post_id": "s2", "part": "transcript", "text": SPOKEN}
    authors = [{"platform": "x", "author_id": name, "handle": name} for name in ("a1", "a2")]
    rows = {"posts": sales, "post_text_parts": [spoken], "authors": authors}
    deliver([{"rows": rows, "observed_at": "2026-03-01T05:00:00+00:00"}])
    assert pipeline.build(holder="test").status == "published"
    return key_of(SALE)


def correct(folder: Path, post_key: str, day: int, **labels: str) -> None:
    """Load a correction by task, then build, gate and publish."""
    for task, label in labels.items():
        line = (post_key, f'"{label}"', "rani", f"2026-03-{day:02d}T08:00:00+07:00")
        path = write(folder / f"{task}{day}.csv", line)
        report = annotations.load_file(path, task=task, kind="correction")
        assert (report.loaded, report.posts_touched) == (1, 2), report.quarantined
    assert pipeline.build(holder="test").status == "published"


def shown(columns: str, mart: str) -> list[tuple[object, ...]]:
    """Distinct rows of a mart as readers see it, each with its number."""
    query = f"select {columns}, count(*) from marts.{mart} group by {columns} order by {columns}"
    return ask(query, role="bi_reader")


ASPECT = "aspect, attribute_value, mood, words, aspect_source, text_part"
CLASS = "relevance, relevance_source, industry, industry_source, activity, activity_source"


def test_corrections_win_over_the_rules_for_each_post_with_the_text(market: str, tmp_path: Path) -> None:
    by_engine = shown(ASPECT, "fct_post_aspect")
    assert {row[4] for row in by_engine} == {"engine"}
    assert ("taste", "unnamed", "positive", "Diskon, kue, kopi", "engine", "caption", 2) in by_engine
    assert shown(CLASS, "msme_post_class") == [("msme", "text", "culinary", "text", "discount", "text", 2)]
    labels = {"aspect": "delivery:positive,size:neutral", "intent": "asks_price"}
    correct(tmp_path, market, 5, **labels, activity="hiring", industry="crafts")
    of_transcript = ("price", "mahal", "negative", "mahal, ongkir", "engine", "transcript", 1)
    assert [row for row in shown(ASPECT, "fct_post_aspect") if row[5] == "caption"] == [
        ("delivery", "unnamed", "positive", None, "correction", "caption", 2),
        ("size", "unnamed", "neutral", None, "correction", "caption", 2),
    ]
    assert of_transcript in shown(ASPECT, "fct_post_aspect")
    intents = shown("intent, intent_source, text_part", "fct_post_intent")
    assert ("asks_price", "correction", "caption", 2) in intents
    assert shown("intents, is_question", "customer_question") == [("asks_price", True, 2)]
    moods = shown("aspect, attribute_value, post_count, positive_count", "aspect_value_sentiment")
    assert ("delivery", "unnamed", 2, 2, 1) in moods
    assert shown(CLASS, "msme_post_class") == [
        ("msme", "text", "crafts", "correction", "hiring", "correction", 2)
    ]
    assert shown("industry, activity", "msme_activity_weekly") == [("crafts", "hiring", 1)]
    assert pipeline.build(holder="test", full=True).status == "unchanged"


def test_the_newest_correction_of_a_text_replaces_the_former(market: str, tmp_path: Path) -> None:
    correct(tmp_path, market, 6, aspect="price:positive", relevance="other")
    prices = [row for row in shown(ASPECT, "fct_post_aspect") if row[0] == "price"]
    assert prices == [("price", "unnamed", "positive", None, "correction", "caption", 2)]
    assert shown(CLASS, "msme_post_class") == [
        ("other", "correction", "culinary", "text", "discount", "text", 2)
    ]
    assert shown("industry, activity", "msme_activity_weekly") == []
    moment = ask("select clock_timestamp()")[0][0]
    correct(tmp_path, market, 5, activity="event", relevance="msme")  # of relevance an older word
    assert shown(CLASS, "msme_post_class") == [
        ("other", "correction", "culinary", "text", "event", "correction", 2)
    ]
    correct(tmp_path, market, 7, aspect="none", relevance="msme")
    prices = [row for row in shown(ASPECT, "fct_post_aspect") if row[0] == "price"]
    assert prices == [("price", "mahal", "negative", "mahal, ongkir", "engine", "transcript", 1)]
    assert shown("relevance, relevance_source, activity", "msme_post_class") == [
        ("msme", "correction", "event", 2)
    ]
    with known.at(moment):
        assert shown("aspect, mood", "fct_post_aspect")[0] == ("price", "positive", 2)
        assert shown("relevance, activity_source", "msme_post_class") == [("other", "text", 2)]
    assert pipeline.build(holder="test", full=True).status == "unchanged"


def test_a_label_with_commas_that_is_not_quoted_is_kept_whole(shelf: Shelf, tmp_path: Path) -> None:
    at = "2026-03-05T08:00:00+07:00"
    path = write(tmp_path / "labels.csv", (key_of(TEXTS[0]), "price:negative,taste:positive", "rani", at))
    report = annotations.load_file(path, task="aspect")
    assert report.quarantined == [(2, "has 1 cells more than the header; quote a label with commas in it")]
    [(line,)] = ask("select line from app.annotation_quarantine", role="admin")
    assert line == f"{key_of(TEXTS[0])},price:negative,taste:positive,rani,{at}"


def test_samples_of_every_task_say_what_the_engine_says(market: str) -> None:
    said = {task: annotations.sample(task, None, 10, seed=1)["said"].to_list() for task in annotations.TASKS}
    assert said == {
        "sentiment": ["positive"],
        "language": ["id"],
        "intent": ["none"],
        "aspect": ["price:positive,taste:positive"],
        "relevance": ["msme"],
        "industry": ["culinary"],
        "activity": ["discount"],
    }


def test_agreement_on_any_number_of_classes_is_by_class(shelf: Shelf, tmp_path: Path) -> None:
    at = "2026-03-05T08:00:00+07:00"
    given = {
        "rani": ("price:negative", "price:positive,taste:neutral", "none", "price:negative"),
        "budi": ("price:negative", "price:negative,taste:neutral", "none", "none"),
    }
    lines = [
        (key_of(text), f'"{label}"', name, at)
        for name, labels in given.items()
        for text, label in zip(TEXTS, labels, strict=True)
    ]
    annotations.load_file(write(tmp_path / "labels.csv", *lines), task="aspect")
    found = annotations.agreements_by_class("aspect")
    assert found["budi", "rani", "taste"].kappa == 1
    assert found["budi", "rani", "price"].kappa == pytest.approx(1 / 5)
    assert found["budi", "rani", "trust"].kappa is None
    told = CliRunner().invoke(app, ["text", "agreement", "--task", "aspect"]).output
    assert "budi and rani, price: 4 texts, kappa 0.2000" in told
    assert "budi and rani, trust: 4 texts, kappa none (annotator 1 gave one label only: no)" in told


def test_a_sample_repeats_by_its_seed_and_leaves_out_what_is_labelled(shelf: Shelf, tmp_path: Path) -> None:
    first = annotations.sample("sentiment", "en", 10, seed=3)
    assert first.equals(annotations.sample("sentiment", "en", 10, seed=3))
    assert set(first["text"]) <= set(TEXTS)
    assert len(first) >= 3
    path = tmp_path / "sample.csv"
    result = CliRunner().invoke(app, ["text", "sample", str(path), "--lang", "en", "--count", "2"])
    assert result.exit_code == 0, result.output
    lines = path.read_text("utf-8").splitlines()
    filled = [line.removesuffix(",,") + "positive,rani,2026-03-05T08:00:00+07:00" for line in lines[1:]]
    path.write_text("\n".join([lines[0], *filled]) + "\n", "utf-8")
    assert annotations.load_file(path, task="sentiment").loaded == 2
    assert len(annotations.sample("sentiment", "en", 10, seed=3)) == len(first) - 2


def test_agreement_of_two_annotators(shelf: Shelf, tmp_path: Path) -> None:
    at = "2026-03-05T08:00:00+07:00"
    rani, budi = (
        ("positive", "negative", "neutral", "positive"),
        (
            "positive",
            "negative",
            "positive",
            "positive",
        ),
    )
    lines = [
        (key_of(text), label, name, at)
        for name, labels in (("rani", rani), ("budi", budi), ("tono", ("neutral",) * 4))
        for text, label in zip(TEXTS, labels, strict=True)
    ]
    annotations.load_file(write(tmp_path / "labels.csv", *lines), task="sentiment")
    found = annotations.agreements("sentiment")
    assert found["budi", "rani"].kappa == pytest.approx(5 / 9)
    assert found["rani", "tono"].kappa is None
    told = CliRunner().invoke(app, ["text", "agreement"]).output
    assert "budi and rani: 4 texts, kappa 0.5556" in told
    assert "tono: 4 texts, kappa none (annotator 2 gave one label only: neutral)" in told


def test_quality_is_measured_by_lists_and_annotations_and_published(shelf: Shelf, tmp_path: Path) -> None:
    at = "2026-03-05T08:00:00+07:00"
    labels = ("positive", "negative", "positive", "positive")
    lines = [(key_of(text), label, "rani", at) for text, label in zip(TEXTS, labels, strict=True)]
    lines.append((key_of(TEXTS[1]), "positive", "budi", at))  # split: left out
    annotations.load_file(write(tmp_path / "labels.csv", *lines), task="sentiment")
    result = CliRunner().invoke(app, ["learn"])
    assert result.exit_code == 0, result.output
    again = learn.measure_all()
    assert f"{again} rows" in result.output
    assert builds.work_waiting()
    shelf.build()
    rows = {
        (r["task"], r["dataset"], r["class"]): r
        for r in shelf.rows["model_quality"].values()
        if r["is_active"]
    }
    assert len(rows) == again
    assert rows["intent", "list:intent", "asks_price"]["precision_pct"] >= 85
    assert rows["relevance", "list:relevance", "*"]["unscored_pct"] > 0
    whole = rows["sentiment", "annotations", "*"]
    assert (whole["text_count"], float(whole["accuracy_pct"])) == (3, pytest.approx(66.67))
    assert whole["accuracy_low_pct"] < whole["accuracy_pct"] < whole["accuracy_high_pct"]
    assert whole["precision_pct"] is None
    assert rows["sentiment", "annotations", "positive"]["recall_pct"] == Decimal("66.6667")
    slang = rows["language", "list:language_slang", "*"]
    assert slang["text_count"] == 200
    assert slang["accuracy_pct"] >= 90
    assert not builds.work_waiting()


def test_labels_of_rules_are_measured_by_language_and_class_with_what_is_confused(
    shelf: Shelf, tmp_path: Path
) -> None:
    at = "2026-03-05T08:00:00+07:00"
    labels = {
        "aspect": ("none", "price:negative", "none", "none"),
        "activity": ("other", "hiring", "other", "other"),
        "industry": ("culinary", "culinary", "crafts", "other"),
    }
    for task, given in labels.items():
        lines = [(key_of(text), label, "rani", at) for text, label in zip(TEXTS, given, strict=True)]
        annotations.load_file(write(tmp_path / f"{task}.csv", *lines), task=task)
    assert learn.measure_all() == learn.measure_all()
    shelf.build()
    rows = {
        (r["task"], r["class"]): r
        for r in shelf.rows["model_quality"].values()
        if r["dataset"] == "annotations" and r["is_active"] and r["language"] == "en"
    }
    assert {task for task, _ in rows} == set(labels)
    whole = rows["activity", "*"]
    assert (whole["text_count"], whole["answered_count"], whole["accuracy_pct"]) == (4, 4, 75)
    assert whole["macro_f1_low_pct"] <= whole["macro_f1_pct"] <= whole["macro_f1_high_pct"]
    assert (rows["activity", "hiring"]["recall_pct"], rows["aspect", "price"]["recall_pct"]) == (0, 0)
    cells = {
        (r["task"], r["true_class"], r["said_class"]): (r["text_count"], r["true_share_pct"])
        for r in shelf.rows["model_confusion"].values()
        if r["dataset"] == "annotations"
    }
    assert {task for task, _, _ in cells} == {"activity", "industry"}
    assert cells["activity", "hiring", "other"] == (1, 100)
    assert cells["industry", "culinary", "culinary"] == (2, 100)
    assert cells["industry", "crafts", "other"] == (1, 100)
    lists = {
        (r["task"], r["dataset"])
        for r in shelf.rows["model_confusion"].values()
        if r["dataset"] != "annotations"
    }
    assert lists == {
        *((task, f"list:{task}") for task in ("activity", "relevance", "industry")),
        ("language", "list:language_slang"),
    }


def test_the_part_that_speaks_most_strongly_decides_and_is_named(shelf: Shelf) -> None:
    spoken = "I hate it, this is horrible and sad"
    parts = [
        {
            "platform": "x",
            "post_id": "2",
            "part": "transcript",
            "text": spoken,
        },
        {"platform": "x", "post_id": "1", "part": "on_screen", "text": "nice"},
        {
            "platform": "x",
            "post_id": "0",
            "part": "translation",
            "text": spoken,
        },
    ]
    row = {"rows": {"post_text_parts": parts}, "observed_at": "2026-03-01T06:00:00+00:00"}
    deliver([row], name="parts.ndjson")
    shelf.build()
    found = {r["text"]: (r["sentiment_label"], r["sentiment_part"]) for r in shelf.rows["fct_post"].values()}
    assert found[TEXTS[2]] == ("negative", "transcript")
    assert found[TEXTS[1]] == ("negative", "caption")
    assert found[TEXTS[0]] == ("positive", "caption")
    before = shelf.without_lineage()
    shelf.build("full")
    assert shelf.without_lineage() == before
