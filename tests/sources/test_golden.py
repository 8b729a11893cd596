"""Golden files: every row that each sample must give, whole, and what every record comes to."""

import json
from typing import Any

import pytest

from gaung.contract import ENTITIES
from gaung.sources.fileformat import FileFormat
from gaung.sources.mapping import Absent, Const, EntityMapping
from gaung.sources.registry import formats
from gaung.sources.table import load_map
from tests.sources.helpers import Outcome, read, sparse
from tests.sources.samples import GOLDEN, SAMPLES, Sample


def _as_json(outcome: Outcome) -> dict[str, Any]:
    unknown = sorted(set().union(*(mapped.unknown_fields for _, mapped in outcome.records)))
    rows = {name: [sparse(row) for row in outcome.rows(name)] for name in ENTITIES if outcome.rows(name)}
    problems = [list(problem) for problem in outcome.problems()]
    return {"counts": outcome.counts(), "problems": problems, "unknown_fields": unknown, **rows}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_file_gives_exactly_the_expected_rows(sample: Sample) -> None:
    expected = json.loads((GOLDEN / f"{sample.file}.expected.json").read_text("utf-8"))

    outcome = read(sample.data, load_map(sample.map) if sample.map else None, sample.file)

    assert outcome.format == sample.format
    assert _as_json(outcome) == expected


def test_every_golden_file_is_a_sample() -> None:
    files = {path.name for path in GOLDEN.iterdir() if not path.name.endswith(".expected.json")}

    assert files == {sample.file for sample in SAMPLES}


def test_every_registered_format_has_a_golden_file() -> None:
    assert {sample.format for sample in SAMPLES} == {item.name for item in formats()}


def _tables(item: FileFormat) -> dict[tuple[str, str], list[EntityMapping]]:
    """(entity, platform) → the mapping tables that may have given such a row."""
    found: dict[tuple[str, str], list[EntityMapping]] = {}
    for table in item.tables:
        platform = table.columns["platform"]
        names = (str(platform.constant),) if isinstance(platform, Const) else item.platforms
        for name in names:
            found.setdefault((table.entity.name, name), []).append(table)
    return found


def _agrees(row: dict[str, Any], table: EntityMapping) -> bool:
    """True if the table may have given the row: NULL where it says so, its constants, nothing else fixed."""
    absent = (name for name, one in table.columns.items() if isinstance(one, Absent))
    constant = ((name, one.constant) for name, one in table.columns.items() if isinstance(one, Const))
    return all(row[name] is None for name in absent) and all(row[name] == value for name, value in constant)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_rows_are_what_the_mapping_tables_say(sample: Sample) -> None:
    item = next(one for one in formats() if one.name == sample.format)
    assert isinstance(item, FileFormat)
    tables = _tables(item)
    outcome = read(sample.data, load_map(sample.map) if sample.map else None, sample.file)

    for name in ENTITIES if tables else ():
        for row in outcome.rows(name):
            known = tables[name, row["platform"]]
            assert any(_agrees(row, table) for table in known), (name, sparse(row))


def test_a_row_that_contradicts_its_table_is_seen() -> None:
    tables = [table for item in formats() if isinstance(item, FileFormat) for table in item.tables]
    row = dict.fromkeys(tables[0].entity.content.names, "anything")

    assert not _agrees(row, tables[0])
