"""A transformer from a local folder: a tiny real model, made here, loaded and run by onnxruntime."""

import json
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gaung.cli import app
from gaung.errors import SettingsInvalid
from gaung.settings import get_settings
from gaung.text import registry, sentiment
from gaung.text.batch import as_batch

WORDS = {"[UNK]": (0, 0, 0), "enak": (-2, 0, 3), "jelek": (3, 0, -2), "buka": (0, 2, 0), "kopi": (0, 0.5, 0)}
"""Logits per word: negative, neutral, positive; a text's are their sum."""


# --- a model in the ONNX format, written field by field (onnx.proto) ---------------------------------


def varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name: str, kind: int, dims: list[int], data: bytes) -> bytes:
    return b"".join(field(1, size) for size in dims) + field(2, kind) + field(8, name) + field(9, data)


def value_info(name: str, kind: int, dims: list[str | int]) -> bytes:
    shape = b"".join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def attribute(name: str, value: int) -> bytes:
    return field(1, name) + field(3, value) + field(20, 2)


def node(kind: str, given: list[str], made: str, *attributes: bytes) -> bytes:
    parts = [field(1, name) for name in given] + [field(2, made), field(4, kind)]
    return b"".join(parts + [field(5, one) for one in attributes])


def tiny_model(*, extra_input: str | None = None) -> bytes:
    """Gather the words' logits, mask, sum."""
    float32, int64 = 1, 7
    table = struct.pack(f"<{3 * len(WORDS)}f", *(number for row in WORDS.values() for number in row))
    graph = [
        field(1, node("Gather", ["table", "input_ids"], "looked_up")),
        field(1, node("Cast", ["attention_mask"], "mask", attribute("to", float32))),
        field(1, node("Unsqueeze", ["mask", "last"], "wide")),
        field(1, node("Mul", ["looked_up", "wide"], "masked")),
        field(1, node("ReduceSum", ["masked", "middle"], "logits", attribute("keepdims", 0))),
        field(2, "tiny"),
        field(5, tensor("table", float32, [len(WORDS), 3], table)),
        field(5, tensor("last", int64, [1], struct.pack("<q", 2))),
        field(5, tensor("middle", int64, [1], struct.pack("<q", 1))),
        *(
            field(11, value_info(name, int64, ["n", "length"]))
            for name in ("input_ids", "attention_mask", *([extra_input] if extra_input else []))
        ),
        field(12, value_info("logits", float32, ["n", 3])),
    ]
    return field(1, 8) + field(7, b"".join(graph)) + field(8, field(2, 13))


def write_folder(folder: Path, *, own: dict[str, Any] | None = None, names: tuple[str, ...] = ()) -> Path:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "model.onnx").write_bytes(tiny_model())
    labels = names or ("negatif", "netral", "positif")
    (folder / "config.json").write_text(json.dumps({"id2label": dict(enumerate(labels))}), "utf-8")
    if own is not None:
        (folder / "gaung.json").write_text(json.dumps(own), "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path, settings_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("onnxruntime", reason="needs the extra: requirements/transformer.txt")
    pytest.importorskip("tokenizers", reason="needs the extra: requirements/transformer.txt")
    made = write_folder(tmp_path / "tiny", own={"threshold": 0.6})
    use(monkeypatch, made)
    return made


def use(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("GAUNG_SENTIMENT_MODELS", json.dumps({"id": str(folder)}))
    get_settings.cache_clear()


def scores(*texts: str | None) -> list[tuple[Any, ...]]:
    found = sentiment.score(as_batch(texts, lang=["id"] * len(texts))).to_pylist()
    return [(row["compound"], row["label"], row["unscored_reason"]) for row in found]


# --- scoring --------------------------------------------------------------------------------------


def test_it_takes_the_place_of_the_languages_engine(folder: Path) -> None:
    engine = registry.engines("sentiment")["id"]
    assert (engine.name, engine.languages) == ("tiny", ("id",))
    assert f"id=tiny-{engine.version}" in sentiment.engine_version()
    assert registry.engines("sentiment")["en"].name == "vader"


def test_scores_are_the_models(folder: Path) -> None:
    assert scores("Enak kopi!", "jelek", "buka", "enak jelek", "", None) == [
        (Decimal("0.9122"), "positive", None),
        (Decimal("-0.9401"), "negative", None),
        (Decimal("0.0000"), "neutral", None),
        (None, "unscored", "uncertain"),
        (None, "unscored", "no_text"),
        (None, "unscored", "no_text"),
    ]


def test_a_text_scores_the_same_alone_and_in_company(folder: Path) -> None:
    texts = ["enak", "kopi " * 300 + "enak", "@jelek enak", "enak https://jelek.id", "x\0y", "jelek", "enak"]
    assert scores(*texts) == [scores(text)[0] for text in texts]
    assert scores("@jelek enak") == scores("enak")
    assert sentiment.score(as_batch([], lang=[])).num_rows == 0


def test_evaluation_counts_the_would_be_label_of_what_it_leaves(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "data.tsv"
    path.write_text("enak\tpositive\njelek\tnegative\njelek enak enak\tpositive\nbuka\tneutral\n", "utf-8")
    result = CliRunner().invoke(app, ["text", "evaluate", str(path), "--lang", "id", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    assert report["engine"].startswith("tiny-")
    assert (report["n"], report["accuracy_all"]) == (4, 1.0)
    assert report["calibration_error"] is not None


# --- declaring ------------------------------------------------------------------------------------


def test_other_files_are_another_version(folder: Path) -> None:
    first = registry.engines("sentiment")["id"].version
    assert registry.engines("sentiment")["id"].version == first
    (folder / "gaung.json").write_text('{"threshold": 0.5, "name": "small"}', "utf-8")
    second = registry.engines("sentiment")["id"]
    assert second.version != first
    assert second.name == "small"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("config.json", '{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}', "names that begin like negative"),
        ("config.json", '{"id2label": {"0": "pos", "1": "positive"}}', "one class each"),
        ("config.json", "{}", "id2label"),
        ("gaung.json", "not json", "cannot be used"),
        ("gaung.json", '{"temperature": 0}', "temperature > 0"),
        ("tokenizer.json", None, "holds no tokenizer.json"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(
    folder: Path, file: str, content: str | None, said: str
) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content, "utf-8")
    with pytest.raises(SettingsInvalid, match=said):
        registry.engines("sentiment")


def test_an_unknown_input_of_the_model_is_named(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(tiny_model(extra_input="position_ids"))
    with pytest.raises(SettingsInvalid, match=r"asks for .'position_ids'."):
        scores("enak")


def test_without_the_extra_the_setting_says_what_to_install(
    tmp_path: Path, settings_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gaung.text.transformer.find_spec", lambda name: None)
    use(monkeypatch, tmp_path)
    with pytest.raises(SettingsInvalid, match=r"onnxruntime and tokenizers: .*requirements/transformer\.txt"):
        registry.engines("sentiment")
