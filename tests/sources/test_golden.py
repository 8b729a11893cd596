"""Golden files: every row that each sample must give, whole, and what every record comes to."""

import json
from typing import Any

import pytest

from gaung.contract import ENTITIES
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
