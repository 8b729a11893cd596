"""What a format is: how its files are recognised, cut into records, and mapped to the contract.

A format knows nothing of Postgres. It gives, for every payload record, exactly one
:class:`Mapped`: rows, or *ignored* with a kind, or *quarantined* with a reason. The loader does
the accounting: received = loaded + unchanged + ignored(kind) + quarantined(reason).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any, BinaryIO, Protocol

Row = dict[str, Any]
Rows = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record is quarantined.

    Attributes:
        reason: closed, snake_case code, e.g. ``invalid_json``, ``field_missing``, ``field_retyped``,
            ``not_public``, ``bad_date``, ``float_id``, ``date_without_zone``.
        path: dotted path of the field, or ``row 17, column "Price"`` for tables; empty for a whole record.
        message: what is wrong and what to do, for people.
    """

    reason: str
    path: str
    message: str


class MappingError(Exception):
    """Raised inside a mapper; :func:`gaung.sources.registry.map_record` turns it into a quarantine."""

    def __init__(self, reason: str, path: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(reason, path, message)


@dataclass(slots=True)
class Record:
    """One payload record of a file.

    Attributes:
        ordinal: position in the file, from 0, stable over runs.
        payload: the parsed object (with what its page shares, e.g. X ``includes``), or None if unreadable.
        excerpt: the record's own text as received, cut to 2,000 characters, for quarantine.
        observed_at: time of the response or capture if the file tells it.
        problem: set by the reader when the record cannot even be read.
    """

    ordinal: int
    payload: Any
    excerpt: str = ""
    observed_at: datetime | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """The outcome of one record: exactly one of ``rows``, ``ignored``, ``problem`` says so.

    ``rows`` maps entity names of the contract to rows with content columns; a row may carry its own
    ``observed_at``, else the record's (then the batch's) counts.
    """

    rows: Rows = field(default_factory=dict)
    ignored: str | None = None
    problem: Problem | None = None
    unknown_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """What a whole file shares.

    Attributes:
        file_name: as the user named it.
        as_of: time of capture for files that do not tell it (``--as-of``).
        column_map: the parsed column map (``--map``) for tables.
        sha256: of the file's bytes; part of generated ids.
    """

    file_name: str
    as_of: datetime | None = None
    column_map: Mapping[str, Any] | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """The head of a file, for detection by content.

    Attributes:
        name: file name, only a tie-breaker.
        head: first 64 KiB, decompressed.
        first: the first JSON object (or the first element of a top-level list), parsed, if there is one.
        is_complete: ``head`` is the whole file.
    """

    name: PurePath
    head: bytes
    first: Any
    is_complete: bool


class Format(Protocol):
    """One file format of one platform (or several, as for tables)."""

    name: str
    """Snake case, e.g. ``x_api_v2``; written to ``source`` as ``files:<name>``."""

    ignored_kinds: frozenset[str]
    """Closed list of the record kinds that this format ignores."""

    def detect(self, sample: Sample, context: Context) -> bool:
        """True if the file is of this format, judged by content."""
        ...

    def records(self, stream: BinaryIO, context: Context) -> Iterator[Record]:
        """The file's records in order, in bounded memory."""
        ...

    def map(self, record: Record, context: Context) -> Mapped:
        """One readable record as contract rows; may raise :class:`MappingError`."""
        ...
