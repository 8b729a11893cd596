"""Side files cut into lines: JSON objects, or a CSV with the contract's own column names."""

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from gaung.contract import METRICS
from gaung.sources import jsonio
from gaung.sources.base import Context, Problem, Record, Sample

IGNORED: dict[str, str] = {}
_KEYS = {"platform", "post_id"}
_DELIMITERS = (",", ";", "\t")


def detect(sample: Sample, context: Context) -> bool:
    """True for objects, or a CSV header, with platform, post_id and a text part or a metric."""
    if isinstance(sample.first, dict):
        return sample.first.keys() >= _KEYS and bool(sample.first.keys() & {"part", "metrics"})
    if sample.first is not None:
        return False
    words = jsonio.decode_head(sample.head)
    return has_parts(words) or (context.column_map is None and _first_header(words) is not None)


def has_parts(words: str) -> bool:
    """True if a text begins like a CSV of text parts, which no column map can name."""
    found = _first_header(words)
    return found is not None and "part" in found[1]


def _first_header(words: str) -> tuple[str, list[str]] | None:
    return _header(words.lstrip("\ufeff").split("\n", 1)[0])


def _header(line: str) -> tuple[str, list[str]] | None:
    """Delimiter and column names, None if the line is no header of a side file."""
    for delimiter in _DELIMITERS:
        names = [name.strip().strip('"') for name in line.rstrip("\r").split(delimiter)]
        if set(names) >= _KEYS and ("part" in names or set(names) & set(METRICS)):
            return delimiter, names
    return None


def records(stream: BinaryIO, context: Context) -> Iterator[Record]:
    """One record a line."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Raw(stream))
    if jsonio.looks_like_json(buffered.peek(4096)[:4096]):
        yield from jsonio.records(buffered)
        return
    reader = jsonio.text_reader(buffered)
    found = _header(reader.readline().lstrip("\ufeff").rstrip("\n"))
    if found is None:
        return
    delimiter, names = found
    for ordinal, cells in enumerate(_lines(csv.reader(reader, delimiter=delimiter))):
        yield _record(ordinal, names, cells) if isinstance(cells, list) else _unreadable(ordinal, cells)


def _lines(reader: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Cells of each line that is not empty, or why it cannot be cut into cells; the next line goes on."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error
        else:
            if cells:
                yield cells


def _unreadable(ordinal: int, error: csv.Error) -> Record:
    why = f"the line cannot be cut into cells ({error}); correct it and ingest the file again"
    return Record(ordinal, None, problem=Problem("bad_row", f"row {ordinal + 2}", why))


class _Raw(io.RawIOBase):
    """Any binary reader as a raw stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _record(ordinal: int, names: list[str], cells: list[str]) -> Record:
    words = ",".join(cells)[: jsonio.EXCERPT_CHARS]
    excerpt = words.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if excerpt != words:
        why = "bytes that are not UTF-8; save the file as UTF-8 and ingest it again"
        return Record(ordinal, None, excerpt, problem=Problem("bad_encoding", f"row {ordinal + 2}", why))
    if len(cells) != len(names):
        why = f"{len(cells)} cells where the header has {len(names)} columns"
        return Record(ordinal, None, excerpt, problem=Problem("bad_row", f"row {ordinal + 2}", why))
    line: dict[str, Any] = {"metrics": {}}
    for name, cell in zip(names, cells, strict=True):
        if cell.strip():
            (line["metrics"] if name in METRICS else line)[name] = cell
    return Record(ordinal, line, excerpt)
