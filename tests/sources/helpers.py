"""Files through a format without landing or database: what every record comes to."""

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gaung.contract import ENTITIES
from gaung.sources import files, registry
from gaung.sources.base import Context, Mapped, Record
from gaung.sources.files import InputFile

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)


@dataclass
class Outcome:
    """What a file came to."""

    format: str
    records: list[tuple[Record, Mapped]] = field(default_factory=list)

    def rows(self, entity: str) -> list[dict[str, Any]]:
        return [row for _, mapped in self.records for row in mapped.rows.get(entity, [])]

    def problems(self) -> list[tuple[str, str]]:
        return [(found.problem.reason, found.problem.path) for _, found in self.records if found.problem]

    def counts(self) -> dict[str, int]:
        """received, loaded, and one entry per ignored kind and quarantine reason."""
        found: Counter[str] = Counter(received=len(self.records))
        for _, mapped in self.records:
            found[_kind(mapped)] += 1
        return dict(found)


def _kind(mapped: Mapped) -> str:
    outcomes = [bool(mapped.rows), mapped.ignored is not None, mapped.problem is not None]
    assert sum(outcomes) == 1, mapped
    if mapped.problem is not None:
        assert mapped.problem.message, mapped.problem
        return f"quarantined:{mapped.problem.reason}"
    return f"ignored:{mapped.ignored}" if mapped.ignored is not None else "loaded"


def input_file(data: bytes, name: str = "file") -> InputFile:
    return InputFile(name, lambda: io.BytesIO(data), len(data))


def read(data: bytes, column_map: Mapping[str, Any] | None = None, name: str = "file") -> Outcome:
    """A file's outcome; every row is checked against the contract's columns and types."""
    file = input_file(data, name)
    context = Context(name, AS_OF, column_map, file.sha256)
    sample = files.sample(file)
    assert len(registry.matching(sample, context)) <= 1
    format = registry.detect(sample, context)
    outcome = Outcome(format.name)
    with file.open() as stream:
        for record in format.records(stream, context):
            outcome.records.append((record, registry.map_record(format, record, context)))
    assert [record.ordinal for record, _ in outcome.records] == list(range(len(outcome.records)))
    for entity in ENTITIES.values():
        for row in outcome.rows(entity.name):
            assert set(row) - {"observed_at"} == set(entity.content.names), entity.name
            _check_types(entity.content, row)
    return outcome


def _check_types(schema: Any, row: Mapping[str, Any]) -> None:
    import pyarrow as pa

    pa.Table.from_pylist([{name: row[name] for name in schema.names}], schema=schema)
    assert all(row[item.name] is not None for item in schema if not item.nullable), row


def sparse(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without NULLs and false flags that every row has, times in ISO form."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None and (name, value) not in (("is_deleted", False), ("is_text_altered", False))
    }
