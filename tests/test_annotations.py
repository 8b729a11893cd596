"""Labels by people: what is loaded, that corrections win for good, agreement, and measured quality."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaung import annotations, learn
from gaung.cli import app
from gaung.errors import SettingsInvalid
from gaung.warehouse import builds
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
        ("post_key,label,annotator", "language", "correction", "cannot be corrected"),
    ],
)
def test_what_cannot_be_a_file_of_labels_is_refused(
    warehouse: str, tmp_path: Path, header: str, task: str, kind: annotations.Kind, message: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(header + "\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=message):
        annotations.load_file(path, task=task, kind=kind)


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
        if r["is_active"] or r["task"] in learn.RULED
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
