"""Whatever happens to a file: each record has exactly one outcome, and whole ones keep theirs."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gaung.errors import SettingsInvalid, UnknownFormat
from gaung.sources.table import load_map
from tests.sources.helpers import Outcome, read
from tests.sources.samples import SAMPLES, Sample

LINES = [sample for sample in SAMPLES if sample.file.endswith((".ndjson", ".tsv"))]
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _read(sample: Sample, data: bytes) -> Outcome | None:
    """None if nothing is left that tells the format."""
    try:
        return read(data, load_map(sample.map) if sample.map else None, sample.file)
    except (UnknownFormat, SettingsInvalid):
        return None


def _rows(outcome: Outcome) -> Counter[str]:
    """Rows as a multiset, in any order."""
    return Counter(json.dumps(mapped.rows, sort_keys=True, default=str) for _, mapped in outcome.records)


def _lines(sample: Sample) -> list[bytes]:
    return [line for line in sample.data.replace(b"\r\n", b"\n").split(b"\n") if line.strip()]


@pytest.mark.parametrize("sample", LINES, ids=lambda sample: sample.file)
@quick
@given(data=st.data())
def test_permuted_and_duplicated_lines(sample: Sample, data: st.DataObject) -> None:
    lines = _lines(sample)
    twice = data.draw(st.lists(st.sampled_from(lines), max_size=3))
    shuffled = data.draw(st.permutations([*lines, *twice]))
    per_line = {line: _rows(found) for line in lines if (found := _read(sample, line)) is not None}

    outcome = _read(sample, b"\n".join(shuffled))

    assert outcome is not None
    counts = outcome.counts()
    assert counts["received"] == sum(number for name, number in counts.items() if name != "received")
    expected: Counter[str] = sum((per_line.get(line, Counter(["{}"])) for line in shuffled), Counter())
    assert _rows(outcome) == expected


def _whole(parts: list[Any]) -> bytes:
    return json.dumps(parts).encode()


def _parts(sample: Sample) -> tuple[list[Any], Callable[[list[Any]], bytes]]:
    """What a file that is no list of lines consists of, and how such parts make a file again."""
    encoding = "latin-1" if sample.file == "instagram_insights.csv" else "utf-8-sig"
    words = sample.data.decode(encoding)
    if sample.file.endswith(".js"):
        head, _, body = words.partition("=")
        return json.loads(body), lambda parts: f"{head}= ".encode() + _whole(parts)
    if sample.file.endswith(".csv"):
        dialect = csv.Sniffer().sniff(words.splitlines()[0], ",;")
        first, *rows = csv.reader(io.StringIO(words, newline=""), delimiter=dialect.delimiter)
        return rows, lambda parts: _table([first, *parts], dialect.delimiter)
    document = yaml.safe_load(words) if sample.file.endswith(".yaml") else json.loads(words)
    if isinstance(document, list):
        return document, _whole
    name = next(key for key in ("http_interactions", "interactions", "data") if key in document)
    if sample.file.endswith(".yaml"):
        return document[name], lambda parts: yaml.safe_dump({**document, name: parts}).encode()
    return document[name], lambda parts: json.dumps({**document, name: parts}).encode()


def _table(rows: list[list[str]], delimiter: str) -> bytes:
    words = io.StringIO()
    csv.writer(words, delimiter=delimiter).writerows(rows)
    return words.getvalue().encode()


@pytest.mark.parametrize(
    "sample", [sample for sample in SAMPLES if sample not in LINES], ids=lambda sample: sample.file
)
@quick
@given(data=st.data())
def test_permuted_and_duplicated_parts(sample: Sample, data: st.DataObject) -> None:
    parts, made = _parts(sample)
    order = list(range(len(parts)))
    twice = data.draw(st.lists(st.sampled_from(order), max_size=3))
    shuffled = data.draw(st.permutations([*order, *twice]))
    per_part = [outcome.counts() if (outcome := _read(sample, made([part]))) else {} for part in parts]

    outcome = _read(sample, made([parts[number] for number in shuffled]))

    assert outcome is not None
    counts = outcome.counts()
    assert counts["received"] == sum(number for name, number in counts.items() if name != "received")
    if not sample.file.startswith("x_api_v2"):  # posts of a page share what else it includes
        expected = sum((Counter(per_part[number]) for number in shuffled), Counter())
        assert counts == dict(expected)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
@quick
@given(data=st.data())
def test_truncated_files(sample: Sample, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(sample.data)))
    whole = _read(sample, sample.data)
    assert whole is not None

    outcome = _read(sample, sample.data[:cut])

    if outcome is None:
        return
    counts = outcome.counts()
    assert counts["received"] == sum(number for name, number in counts.items() if name != "received")
    before = [mapped for _, mapped in whole.records]
    kept = [mapped for _, mapped in outcome.records[:-1]]
    is_page = sample.file.endswith("page.json")
    assert is_page or kept == before[: len(kept)] or sample.format == "table"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
@quick
@given(position=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_one_wrong_byte(sample: Sample, position: float, byte: int) -> None:
    damaged = bytearray(sample.data)
    damaged[int(position * len(damaged))] = byte

    outcome = _read(sample, bytes(damaged))

    if outcome is not None:
        counts = outcome.counts()
        assert counts["received"] == sum(number for name, number in counts.items() if name != "received")


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "sample", [one for one in SAMPLES if "json" in one.file], ids=lambda sample: sample.file
)
@quick
@given(data=st.data())
def test_any_value_in_any_field(sample: Sample, data: st.DataObject) -> None:
    lines = [sample.data] if sample.file.endswith(".json") else _lines(sample)
    objects = []
    for line in lines:
        try:
            objects.append(json.loads(line))
        except ValueError:
            continue
    places = [place for number, one in enumerate(objects) for place in _places(one, (number,))]
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        _replace(objects, place, data.draw(values))

    outcome = _read(sample, "\n".join(map(json.dumps, objects)).encode())

    if outcome is not None:
        counts = outcome.counts()
        assert counts["received"] == sum(number for name, number in counts.items() if name != "received")


def _places(value: Any, above: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in [(*above, key), *_places(inner, (*above, key))]]


def _replace(value: Any, place: tuple[Any, ...], new: Any) -> None:
    *way, last = place
    try:
        for step in way:
            value = value[step]
        value[last] = new
    except (KeyError, IndexError, TypeError):
        return  # an earlier replacement took the place away
