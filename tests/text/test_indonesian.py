"""The Indonesian engine: additive scoring, abstention, what it learnt from, and its measured quality."""

import json
import re
from decimal import Decimal
from importlib import resources
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from gaung.cli import app
from gaung.errors import SettingsInvalid
from gaung.text import evaluate, indonesian, labelled, linear, normalise, registry, sentiment, train
from gaung.text.batch import as_batch


def words(text: str) -> list[str]:
    return normalise.tokens(pl.DataFrame({"row": [0], "text": [text]}))["word"].to_list()


def shipped() -> linear.Model:
    with resources.as_file(resources.files("gaung.text").joinpath("data/gaung_id.npz")) as path:
        return linear.Model.read(path)


# --- normalising ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bagusss BANGETTT!!!", ["bagus", "banget", "!!!"]),
        ("gpp kok", ["tidak", "apa", "apa", "kok"]),
        ("yg bagus2", ["yang", "bagus"]),
        ("brg udh sampe, mksh", ["barang", "sudah", "sampai", ",", "terima", "kasih"]),
        ("lumayan 100rb 😍", ["lumayan", "100", "rb", "😍"]),
        ("", []),
        ("   ", []),
    ],
)
def test_slang_elongation_and_reduplication_are_written_out(text: str, expected: list[str]) -> None:
    assert [word for word in words(text) if word] == expected


def test_spans_lead_back_to_the_original() -> None:
    text = "Gak_enak,  gpp BAGUS2 😍 e\u0301"
    found = normalise.spans(text)
    assert [text[one["start"] : one["end"]] for one in found] == [one["written"] for one in found]
    assert [one["normal"] for one in found][:4] == ["tidak", "enak", ",", "tidak apa apa"]


def test_no_slang_leads_to_slang() -> None:
    table = normalise.slang(english_as_is=False)
    known = set(table["word"])
    again = {part for parts in table["normal"].to_list() for part in parts} & known
    assert again == set()


# --- scoring --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("enak banget kopinya, pelayanannya ramah", "positive"),
        ("gak enak, kapok beli di sini", "negative"),
        ("barang rusak, kecewa berat!", "negative"),
        ("ga nyesel beli disini", "positive"),
        ("😍😍 mantul", "positive"),
        ("pelayanan lambat tapi makanannya enak", "unscored"),
    ],
)
def test_labels_of_plain_opinions(text: str, label: str) -> None:
    assert indonesian.score(as_batch([text])).column("label").to_pylist() == [label]


def test_a_label_never_contradicts_its_compound_and_the_uncertain_have_none() -> None:
    texts = [
        f"{a} {b}"
        for a in ("enak", "kurang", "mahal", "biasa", "buka")
        for b in ("sekali", "tapi bagus", "jam 8")
    ]
    for row in indonesian.score(as_batch(texts)).to_pylist():
        if row["label"] == "unscored":
            assert (row["compound"], row["unscored_reason"]) == (None, "uncertain")
        else:
            assert sentiment.label_of(float(row["compound"])) == row["label"]
            assert isinstance(row["compound"], Decimal)


def test_a_negator_reaches_three_words_and_no_further_than_a_sign() -> None:
    tokens = linear.read_tokens(pl.Series(["tidak a b c d", "tidak a , b", "bagus", "x tidak"]))
    spoken = [tokens.words[code] for code in tokens.code]
    assert [word for word, negated in zip(spoken, tokens.negated, strict=True) if negated] == [
        "a",
        "b",
        "c",
        "a",
    ]


def test_a_contrast_marks_what_follows_in_its_text_only() -> None:
    tokens = linear.read_tokens(pl.Series(["a tapi b c", "d", "tapi e"]))
    spoken = [tokens.words[code] for code in tokens.code]
    assert [word for word, after in zip(spoken, tokens.contrasted, strict=True) if after] == ["b", "c", "e"]


def test_logits_are_the_sums_of_the_weights_of_the_features() -> None:
    model = shipped()
    named = {name: model.feature_weights[at] for at, name in enumerate(model.features)}
    paired = {name: model.pair_weights[at] for at, name in enumerate(model.pairs)}
    letters = {name: model.gram_weights[at] for at, name in enumerate(model.grams)}
    texts = ["makanannya tidak enak tapi tempatnya bagus !", "enak", "qqqq"]
    tokens = linear.read_tokens(pl.Series(texts))
    features, pairs, grams = train._names(tokens)
    for at, row in enumerate(linear.Scorer(model).logits(tokens)):
        found = [named.get(f) for f in features[at]] + [paired.get(p) for p in pairs[at]]
        found += [letters.get(g) for g in grams[at]]
        total = sum((weights for weights in found if weights is not None), np.zeros(3))
        expected = model.bias + total / np.sqrt((tokens.row == at).sum())
        assert np.allclose(row, expected, atol=1e-8)


def test_a_text_scores_the_same_alone_and_in_company() -> None:
    texts = ["enak sekali", "", "tidak enak", "!!!", "harga murah kualitas bagus"]
    together = indonesian.judge(pl.Series("text", texts)).frame
    alone = pl.concat([indonesian.judge(pl.Series("text", [text])).frame for text in texts])
    assert together.drop("probability").equals(alone.drop("probability"))


def test_it_is_the_engine_of_indonesian() -> None:
    engine = registry.engine("sentiment", "id")
    assert engine is not None
    assert engine.name == "gaung-id"
    assert sentiment.score(as_batch(["enak banget"], lang=["id"])).column("label").to_pylist() == ["positive"]


# --- training -------------------------------------------------------------------------------------


def labelled_file(path: Path) -> Path:
    things = ("kopi", "teh", "roti", "warung", "tempat")
    said = {
        "positive": [
            f"{word} {thing} sekali" for word in ("enak", "bagus", "murah", "ramah") for thing in things
        ],
        "negative": [
            f"{word} {thing} sekali" for word in ("jelek", "mahal", "kotor", "lambat") for thing in things
        ],
        "neutral": [
            f"{thing} buka jam {hour}" for thing in things for hour in ("satu", "dua", "tiga", "lima")
        ],
    }
    lines = [f"{text}\t{label}" for label, texts in said.items() for text in texts]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_training_learns_leaves_out_held_out_texts_and_repeats(tmp_path: Path) -> None:
    data = labelled_file(tmp_path / "train.tsv")
    held_out = tmp_path / "valid.tsv"
    held_out.write_text("ENAK kopi sekaliii\tpositive\n", encoding="utf-8")
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    for output in (first, second):
        flags = ["text", "train", str(data), "--held-out", str(held_out), "--output", str(output)]
        result = CliRunner().invoke(app, flags)
        assert result.exit_code == 0, result.output
        assert result.output.startswith("59 texts, 1 left out")
    model, again = linear.Model.read(first), linear.Model.read(second)
    assert model.features == again.features
    assert np.array_equal(model.feature_weights, again.feature_weights)
    assert set(model.trained_on).isdisjoint(train.fingerprints(["enak kopi sekali"]))
    judged = indonesian.judge(
        pl.Series("text", ["roti enak", "roti kotor", "roti buka jam dua"]), first
    ).frame
    assert judged["label"].to_list() == ["positive", "negative", "neutral"]


def test_a_broken_line_of_labelled_data_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.tsv"
    path.write_text("enak\tpositive\nbagus\tgood\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"data\.tsv, line 2: needs a text, a tab"):
        labelled.read(path, evaluate.SENTIMENTS)


# --- evaluation -----------------------------------------------------------------------------------


def test_scores_of_a_small_confusion() -> None:
    pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]
    assert evaluate.accuracy(pairs) == 0.75
    assert evaluate.macro_f1(pairs) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert evaluate.calibration_error([0.9, 0.9, 0.9, 0.5], [True, True, False, True]) == pytest.approx(0.3)


def test_evaluate_prints_scores_and_matrix(tmp_path: Path) -> None:
    path = tmp_path / "data.tsv"
    path.write_text(
        "enak banget\tpositive\njelek, kapok\tnegative\nmahal dan kotor\tpositive\n", encoding="utf-8"
    )
    result = CliRunner().invoke(app, ["text", "evaluate", str(path), "--lang", "id", "--json"])
    report = json.loads(result.output)
    assert (report["n"], report["classes"], report["confusion"]) == (
        3,
        ["negative", "positive"],
        [[1, 0], [1, 1]],
    )
    assert report["accuracy_all"] == pytest.approx(0.6667)
    plain = CliRunner().invoke(app, ["text", "evaluate", str(path), "--lang", "id"])
    assert "macro_f1_answered" in plain.output


def test_a_language_without_engine_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.tsv"
    path.write_text("teruk\tnegative\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["text", "evaluate", str(path), "--lang", "ms"])
    assert isinstance(result.exception, SettingsInvalid)
    assert "known: en, id" in str(result.exception)


def test_the_card_names_the_shipped_version_and_sizes() -> None:
    card = resources.files("gaung.text").joinpath("data/gaung_id.md").read_text(encoding="utf-8")
    model = shipped()
    assert model.version == indonesian.VERSION
    assert card.startswith(f"# Model card: gaung-id {model.version}")
    for size in (len(model.features), len(model.pairs), len(model.grams), len(model.trained_on)):
        assert re.search(rf"\b{size:,}\b", card), size


# --- real data ------------------------------------------------------------------------------------


def test_quality_on_texts_that_were_not_learnt(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = test_data / "sentiment" / "smsa" / "valid_preprocess.tsv"
    report = evaluate.evaluate(labelled.read(path, evaluate.SENTIMENTS), "sentiment", "id")
    with capsys.disabled():
        print(f"\nSmSA valid: {report.as_dict()}")
    assert report.macro_f1_all >= 0.87
    assert report.answered_share >= 0.85
    assert report.macro_f1_answered is not None
    assert report.macro_f1_answered >= 0.91
    assert report.calibration_error is not None
    assert report.calibration_error <= 0.05


def test_no_held_out_text_was_learnt(test_data: Path) -> None:
    folder = test_data / "sentiment"
    files = [folder / "smsa" / "valid_preprocess.tsv", *sorted((folder / "nusax").glob("*/*.csv"))]
    texts = [text for path in files for text in labelled.read_texts(path)]
    learnt = set(shipped().trained_on)
    assert len(texts) > 3_000
    assert learnt.isdisjoint(train.fingerprints(texts))
    own = labelled.read(folder / "smsa" / "train_preprocess.tsv", evaluate.SENTIMENTS)
    assert learnt <= set(train.fingerprints(own.texts))
    kept, _ = train.without_held_out(own, texts)
    assert learnt == set(train.fingerprints(kept.texts))


@pytest.mark.prove
def test_no_learnt_text_is_nearly_a_text_of_a_valid_or_test_set(test_data: Path) -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    folder = test_data / "sentiment"
    held_out = labelled.read_texts(folder / "smsa" / "valid_preprocess.tsv")
    for path in sorted((folder / "nusax").glob("*/*.csv")):
        held_out += labelled.read_texts(path)
    for name, column in (("casa", "sentence"), ("hoasa", "review")):
        path = test_data / "aspects" / name / "valid_preprocess.csv"
        held_out += pl.read_csv(path)[column].to_list()
    learnt = set(shipped().trained_on)
    own = labelled.read_texts(folder / "smsa" / "train_preprocess.tsv")
    mine = [text for text, name in zip(own, train.fingerprints(own), strict=True) if name in learnt]
    rows = pl.DataFrame({"text": [*mine, *held_out]}).with_row_index("row")
    spoken = normalise.tokens(rows).drop_nulls("word").group_by("row").agg("word").sort("row")
    assert len(spoken) == len(rows)
    counted = CountVectorizer(analyzer=list, binary=True, dtype=np.int32).fit_transform(
        spoken["word"].to_list()
    )
    sizes = np.asarray(counted.sum(axis=1)).ravel()
    common = (counted[: len(mine)] @ counted[len(mine) :].T).tocoo()
    union = sizes[common.row] + sizes[len(mine) + common.col] - common.data
    assert len(mine) > 10_000
    assert len(held_out) > 3_900
    assert (common.data / union).max() < train.NEAR_DUPLICATE


def test_the_known_failures_of_the_card_are_as_it_says() -> None:
    card = resources.files("gaung.text").joinpath("data/gaung_id.md").read_text(encoding="utf-8")
    table = card.split("### Sarcasm and mixed texts", 1)[1]
    rows = re.findall(r"^\| (.+?) \| (\w+) \| (\w+) \|$", table, re.M)
    assert len(rows) >= 12
    said = indonesian.score(as_batch([text for text, *_ in rows])).column("label").to_pylist()
    assert said == [label if label != "uncertain" else "unscored" for *_, label in rows]
    assert all(meant != label for _, meant, label in rows)
