"""Sentiment by a transformer from a local folder, an optional extra (``requirements/transformer.txt``).

Nothing is downloaded. The folder holds ``model.onnx``, ``tokenizer.json`` (Hugging Face's format) and
``config.json`` with ``id2label``; ``gaung.json`` may add ``name, threshold, max_tokens, temperature``
(see :class:`Declared`). The version is the hash of these files, so other weights are another engine.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from gaung.errors import SettingsInvalid
from gaung.text import judged
from gaung.text.registry import Engine

MODEL, TOKENIZER, CONFIG, OWN = "model.onnx", "tokenizer.json", "config.json", "gaung.json"
BATCH = 32
"""Texts of equal length that are given to the model at once: none is padded, so none depends on others."""

FIRST_LETTERS = {"neg": "negative", "neu": "neutral", "net": "neutral", "pos": "positive"}
"""How the names of the model's classes begin, in English or Indonesian."""

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True)
class Declared:
    """What a folder says of its model.

    Attributes:
        name: of the engine; the folder's name unless ``gaung.json`` says another.
        version: first 12 hexadecimal digits of the sha256 of the folder's files.
        classes: negative, neutral or positive for each output of the model.
        threshold: below this probability of its label a text is ``uncertain``; 0: every text is answered.
        max_tokens: longer texts are cut.
        temperature: logits are divided by it; fit it on labelled texts, so that probabilities are honest.
    """

    name: str
    version: str
    classes: tuple[str, ...]
    threshold: float
    max_tokens: int
    temperature: float


def engine(folder: Path, language: str) -> Engine:
    """The engine of a folder for a language; it loads the model at its first batch.

    Raises:
        SettingsInvalid: the extra is not installed, or the folder cannot be used as it is.
    """
    missing = [name for name in ("onnxruntime", "tokenizers") if find_spec(name) is None]
    if missing:
        raise SettingsInvalid(
            f"GAUNG_SENTIMENT_MODELS needs {' and '.join(missing)}: "
            "pip install --require-hashes -r requirements/transformer.txt"
        )
    told = declared(folder)
    return Engine(
        "sentiment", told.name, told.version, partial(score, folder), (language,), partial(judge, folder)
    )


def score(folder: Path, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → compound, label, unscored_reason (``uncertain`` or NULL); same rows, same order."""
    return judged.as_scores(judge(folder, pl.Series("text", batch.column("text"), dtype=pl.String)))


def judge(folder: Path, texts: pl.Series) -> pl.DataFrame:
    """Of each text ``label, probability, compound, is_answered``; each distinct cleaned text is run once."""
    import numpy as np

    from gaung.text import clean
    from gaung.text.linear import softmax

    told = declared(folder)
    cleaned = (
        pl.DataFrame({"text": texts}).select(clean.for_scoring(pl.col("text")).fill_null("")).to_series()
    )
    distinct = cleaned.unique(maintain_order=True)
    logits = _loaded(folder, told).logits(distinct.to_list()) / told.temperature
    chances = np.zeros((len(distinct), len(judged.CLASSES)))
    places = [judged.CLASSES.index(name) for name in told.classes]
    chances[:, places] = np.round(softmax(logits), 6)
    place = {text: at for at, text in enumerate(distinct.to_list())}
    rows = chances[[place[text] for text in cleaned.to_list()]]
    said = rows.argmax(axis=1)
    return judged.judged(
        pl.Series([judged.CLASSES[at] for at in said.tolist()], dtype=pl.String),
        pl.Series(rows[range(len(said)), said], dtype=pl.Float64),
        pl.Series((rows[:, 2] - rows[:, 0]).round(4), dtype=pl.Float64),
        told.threshold,
    )


def declared(folder: Path) -> Declared:
    """What the folder says of its model; read again when one of its files changes.

    Raises:
        SettingsInvalid: a file is missing or cannot be read, or a class has no known name.
    """
    stamps = []
    for name in (MODEL, TOKENIZER, CONFIG, OWN):
        path = folder / name
        if path.is_file():
            stamps.append((name, path.stat().st_mtime_ns, path.stat().st_size))
        elif name != OWN:
            raise SettingsInvalid(
                f"{folder} holds no {name}; a transformer needs {MODEL}, {TOKENIZER}, {CONFIG}"
            )
    return _declared(folder, tuple(stamps))


@lru_cache(maxsize=4)
def _declared(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> Declared:
    names = [name for name, *_ in stamps]
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text("utf-8"))
        own: dict[str, Any] = json.loads((folder / OWN).read_text("utf-8")) if OWN in names else {}
        labels = sorted((int(at), str(name)) for at, name in config["id2label"].items())
        classes = tuple(FIRST_LETTERS[name[:3].lower()] for _, name in labels)
        told = Declared(
            name=str(own.get("name", folder.name)),
            version=_hash([folder / name for name in names]),
            classes=classes,
            threshold=float(own.get("threshold", 0.0)),
            max_tokens=int(own.get("max_tokens", 256)),
            temperature=float(own.get("temperature", 1.0)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsInvalid(
            f"{folder} cannot be used: {error!r}. {CONFIG} needs id2label with names that begin like "
            f"negative, neutral and positive; {OWN} takes name, threshold, max_tokens, temperature"
        ) from error
    if len(set(classes)) != len(classes) or not {"negative", "positive"} <= set(classes):
        raise SettingsInvalid(f"{folder}: needs one class each for negative and positive; found {classes}")
    if told.temperature <= 0 or told.max_tokens < 2 or not 0 <= told.threshold <= 1:
        raise SettingsInvalid(f"{folder}/{OWN}: temperature > 0, max_tokens > 1, threshold from 0 to 1")
    return told


def _hash(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:12]


class _Model:
    """A loaded model with its tokenizer."""

    def __init__(self, folder: Path, told: Declared) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(told.max_tokens)
        self.session = onnxruntime.InferenceSession(str(folder / MODEL), providers=["CPUExecutionProvider"])
        self.inputs = [one.name for one in self.session.get_inputs()]
        unknown = sorted(set(self.inputs) - set(INPUTS))
        if unknown:
            raise SettingsInvalid(f"{folder}/{MODEL} asks for {unknown}; known inputs: {', '.join(INPUTS)}")
        self.size = len(told.classes)

    def logits(self, texts: list[str]) -> Any:
        """Logits, one row per text, one column per class; texts of no token get zeros."""
        import numpy as np

        encoded = self.tokenizer.encode_batch(texts)
        by_length: dict[int, list[int]] = {}
        for at, one in enumerate(encoded):
            by_length.setdefault(len(one.ids), []).append(at)
        found = np.zeros((len(texts), self.size))
        for length, places in sorted(by_length.items()):
            for begin in range(0, len(places) if length else 0, BATCH):
                part = places[begin : begin + BATCH]
                columns = {
                    "input_ids": [encoded[at].ids for at in part],
                    "attention_mask": [encoded[at].attention_mask for at in part],
                    "token_type_ids": [encoded[at].type_ids for at in part],
                }
                given = {name: np.array(columns[name], np.int64) for name in self.inputs}
                found[part] = self.session.run(None, given)[0].reshape(len(part), -1)
        return found


@lru_cache(maxsize=2)
def _loaded(folder: Path, told: Declared) -> _Model:
    return _Model(folder, told)
