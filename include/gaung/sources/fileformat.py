"""The common shape of a file format: its tables, its closed list of ignored kinds, its functions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from gaung.sources.base import Context, Mapped, Record, Sample
from gaung.sources.mapping import EntityMapping


@dataclass(frozen=True)
class FileFormat:
    """A format as the registry wants it (:class:`gaung.sources.base.Format`), from plain functions.

    Attributes:
        name: snake case; written to ``source`` as ``files:<name>``.
        title: for people.
        platforms: platforms of the contract that it fills.
        tables: every mapping table that it applies, for READMEs and ``metric_coverage``.
        ignored: record kinds that it passes over, each with its meaning.
        detector, reader, mapper: see :class:`gaung.sources.base.Format`.
    """

    name: str
    title: str
    platforms: tuple[str, ...]
    tables: tuple[EntityMapping, ...]
    ignored: Mapping[str, str]
    detector: Callable[[Sample, Context], bool]
    reader: Callable[[BinaryIO, Context], Iterator[Record]]
    mapper: Callable[[Record, Context], Mapped]

    @property
    def ignored_kinds(self) -> frozenset[str]:
        """Closed list of the record kinds that this format ignores."""
        return frozenset(self.ignored)

    def detect(self, sample: Sample, context: Context) -> bool:
        """True if the file is of this format, judged by content."""
        return self.detector(sample, context)

    def records(self, stream: BinaryIO, context: Context) -> Iterator[Record]:
        """The file's records in order, in bounded memory."""
        return self.reader(stream, context)

    def map(self, record: Record, context: Context) -> Mapped:
        """One readable record as contract rows; may raise MappingError."""
        return self.mapper(record, context)
