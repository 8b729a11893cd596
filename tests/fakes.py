"""A tiny format for tests of landing, loader and ingest: one JSON object a line, rows as they stand.

A line is ``{"rows": {entity: [row, …]}}``, ``{"ignored": kind}`` or ``{"problem": reason}``, with an
optional ``observed_at``; times are ISO texts. A line that is no JSON is a record with a problem.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from gaung import landing
from gaung.sources import registry
from gaung.sources.base import Context, Mapped, MappingError, Problem, Record, Sample

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TIMES = ("created_at", "observed_at")


def at(hours: float) -> str:
    """The moment some hours after T0, as a line holds it."""
    return (T0 + timedelta(hours=hours)).isoformat()


class LineFormat:
    """See the module."""

    name = "lines"
    ignored_kinds = frozenset({"settings", "api_error"})

    def detect(self, sample: Sample, context: Context) -> bool:
        return isinstance(sample.first, dict) and bool(sample.first.keys() & {"rows", "ignored", "problem"})

    def records(self, stream: BinaryIO, context: Context) -> Iterator[Record]:
        for ordinal, line in enumerate(stream):
            words = line.decode("utf-8", "replace").rstrip("\n")
            try:
                payload = json.loads(words)
            except ValueError as error:
                problem = Problem("invalid_json", "", str(error))
                yield Record(ordinal, None, words[:2000], problem=problem)
                continue
            seen = payload.get("observed_at")
            yield Record(ordinal, payload, words[:2000], datetime.fromisoformat(seen) if seen else None)

    def map(self, record: Record, context: Context) -> Mapped:
        payload = record.payload
        if "ignored" in payload:
            return Mapped(ignored=payload["ignored"])
        if "problem" in payload:
            raise MappingError(payload["problem"], "some.path", "told to be wrong")
        rows = {name: [_revived(row) for row in rows] for name, rows in payload["rows"].items()}
        return Mapped(rows=rows, unknown_fields=frozenset(payload.get("unknown", [])))


def _revived(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in TIMES and isinstance(value, str) else value
        for name, value in row.items()
    }


@pytest.fixture(name="lines")
def lines_format(monkeypatch: pytest.MonkeyPatch) -> LineFormat:
    """The format, the only one that the registry knows."""
    format = LineFormat()
    monkeypatch.setattr(registry, "formats", lambda: (format,))
    return format


@dataclass(frozen=True)
class Memory:
    """A file in memory that can be landed."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


def encode(lines: list[Any]) -> bytes:
    """Lines of the format; a bytes element stands as it is."""
    return b"".join(
        line + b"\n" if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines
    )


def landed(lines: list[Any], name: str = "some.ndjson", **options: Any) -> landing.Landed:
    """A batch of these lines in the landing."""
    return landing.land(Memory(name, encode(lines)), format=LineFormat(), **options)


def post(post_id: Any = "1", **columns: Any) -> dict[str, Any]:
    """A collected post."""
    return {
        "platform": "x",
        "post_id": post_id,
        "text": f"text of {post_id}",
        "post_type": "post",
        "created_at": at(0),
        "is_collected": True,
        **columns,
    }


def line(
    *posts: dict[str, Any], observed: float | None = 1, **entities: list[dict[str, Any]]
) -> dict[str, Any]:
    """A line of posts and rows of other entities, observed some hours after T0."""
    rows: dict[str, Any] = dict(entities)
    if posts:
        rows["posts"] = list(posts)
    return {"rows": rows, **({} if observed is None else {"observed_at": at(observed)})}


def write(path: Path, lines: list[Any]) -> Path:
    """The lines as a file."""
    path.write_bytes(encode(lines))
    return path
