"""Which format a file is, what is said of unknown ones, and that one record never costs another."""

from dataclasses import replace
from typing import Any

import pytest

from gaung.errors import UnknownFormat
from gaung.sources import files, registry
from gaung.sources.base import Context, Mapped, Record
from gaung.sources.table import load_map
from tests.sources.helpers import input_file
from tests.sources.samples import SAMPLES, Sample


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
@pytest.mark.parametrize("always_map", [False, True], ids=["own map", "always a map"])
def test_exactly_one_format_claims_a_file(sample: Sample, always_map: bool) -> None:
    name = sample.map or ("dashboard_id" if always_map else None)
    context = Context(sample.file, column_map=load_map(name) if name else None)

    found = registry.matching(files.sample(input_file(sample.data)), context)

    assert [item.name for item in found] == [sample.format]


def test_names_are_unique_and_fit_the_database() -> None:
    names = [item.name for item in registry.formats()]

    assert len(names) == len(set(names)) >= 4
    assert all(name.islower() and name.isidentifier() for name in names)


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", "the file is empty"),
        (b" \n", "only blanks"),
        (b"<!DOCTYPE html><html><body>Log in", "an HTML page"),
        (b"<?xml version='1.0'?><a/>", "an XML document"),
        (b'{"b": 1, "a": 2}', "a JSON object with keys a, b"),
        (b'{"b": ', "begins like JSON, but"),
        (b"a;b\n1;2\n", "a table with semicolons"),
        (b"a,b\n1,2\n", "pass --map"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data"),
        (b"halo\n", "neither JSON nor a table"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else None,
)
def test_unknown_files_say_what_was_seen_and_what_is_known(data: bytes, seen: str) -> None:
    with pytest.raises(UnknownFormat) as caught:
        registry.detect(files.sample(input_file(data)), Context("data/x.json"))

    assert "data/x.json" in str(caught.value)
    assert seen in str(caught.value)
    assert "x_api_v2" in str(caught.value)


def test_two_claims_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    (page,) = (sample for sample in SAMPLES if sample.file == "x_api_v2_page.json")
    twin = replace(registry.formats()[0], name="twin")  # type: ignore[type-var]
    monkeypatch.setattr(registry, "formats", lambda: (registry_format, twin))
    registry_format = registry._load(registry.FORMATS[0])

    with pytest.raises(UnknownFormat, match="x_api_v2 and twin at once"):
        registry.detect(files.sample(input_file(page.data)), Context("f"))


def _mapped_by(function: Any) -> Mapped:
    format = replace(registry._load(registry.FORMATS[0]), mapper=function)  # type: ignore[type-var]
    record = Record(0, {"a": 1})
    found = registry.map_record(format, record, Context("f"))
    assert found.problem is None or record.excerpt == '{"a": 1}'
    return found


@pytest.mark.parametrize(
    "error", [KeyError("x"), TypeError("x"), ValueError("x"), AttributeError("x"), OverflowError()]
)
def test_a_mapper_that_fails_quarantines_its_record(error: Exception) -> None:
    def fail(record: Record, context: Context) -> Mapped:
        raise error

    found = _mapped_by(fail)

    assert found.problem is not None
    assert found.problem.reason == "unexpected_form"
    assert type(error).__name__ in found.problem.message


@pytest.mark.parametrize(
    "mapped",
    [Mapped(), Mapped(ignored="made up"), Mapped({"posts": [{}]}, ignored="api_error")],
    ids=["nothing", "undeclared kind", "two outcomes"],
)
def test_exactly_one_declared_outcome(mapped: Mapped) -> None:
    found = _mapped_by(lambda record, context: mapped)

    assert found.problem is not None
    assert found.problem.reason == "unexpected_form"
