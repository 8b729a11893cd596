"""Platforms of API bodies, and the file format that any of them gives."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any, BinaryIO

import orjson

from gaung.sources import jsonio
from gaung.sources.base import Context, Mapped, MappingError, Record, Rows, Sample
from gaung.sources.fileformat import FileFormat
from gaung.sources.mapping import EntityMapping, KnownFields

PLATFORMS: tuple[str, ...] = (
    "gaung.sources.reddit:PLATFORM",
    "gaung.sources.youtube:PLATFORM",
    "gaung.sources.bluesky:PLATFORM",
    "gaung.sources.mastodon:PLATFORM",
    "gaung.sources.meta:PLATFORM",
)
"""Asked in this order; the first that recognises a body has it."""

UNKNOWN = "unknown_kind"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a body: a post, a comment, an account, or something of an ignored kind.

    Attributes:
        kind: a key of the platform's ``kinds`` or ``ignored``, else :data:`UNKNOWN`.
        payload: the platform's object.
        given: what its body or address tells about it.
    """

    kind: str
    payload: Any
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ItemKind:
    """How items of one kind become rows.

    Attributes:
        rows: gives the contract rows; may raise MappingError.
        known: the fields that are known, so that others are reported once.
    """

    rows: Callable[[Item], Rows]
    known: KnownFields


IgnoredKind = str
"""Why items of a kind are no posts, authors or metrics."""


@dataclass(frozen=True)
class Platform:
    """One platform's API bodies.

    Attributes:
        name: for messages.
        hosts: what the host of a recorded address ends with.
        recognises: True for a body of this platform, judged by its own content.
        split: the items of a body, with its address if it is known.
        kinds: item kinds that become rows.
        ignored: item kinds that do not, each with the reason.
        mappings: the mapping tables, for documentation and tests.
    """

    name: str
    hosts: tuple[str, ...]
    recognises: Callable[[Any], bool]
    split: Callable[[Any, str], Iterator[Item]]
    kinds: Mapping[str, ItemKind]
    ignored: Mapping[str, IgnoredKind]
    mappings: tuple[EntityMapping, ...]

    def map(self, item: Item) -> Mapped:
        """The outcome of one item; raises MappingError for what cannot be read."""
        if item.kind in self.ignored:
            return Mapped(ignored=item.kind)
        kind = self.kinds.get(item.kind)
        if kind is None:
            raise MappingError(
                UNKNOWN,
                "",
                f"a {self.name} object that is not known: {_named(item.payload)}; "
                "if it holds posts, please report it with this excerpt",
            )
        return Mapped(rows=kind.rows(item), unknown_fields=kind.known.unknown(item.payload))


def _named(payload: Any) -> str:
    if isinstance(payload, dict):
        return "keys " + ", ".join(sorted(map(str, payload))[:8])
    return type(payload).__name__


def field_names(words: str) -> tuple[str, ...]:
    """Field names from words separated by blanks."""
    return tuple(words.split())


def top_fields(*groups: Iterable[str] | EntityMapping) -> KnownFields:
    """Known fields down to the first level only: whatever is below a known field is known."""
    paths = (
        path for group in groups for path in (group.reads if isinstance(group, EntityMapping) else group)
    )
    return KnownFields.of({re.split(r"[.\[]", path)[0] for path in paths})


@lru_cache(maxsize=1)
def platforms() -> tuple[Platform, ...]:
    """All platforms of API bodies, in the order in which they are asked."""
    return tuple(_load(line) for line in PLATFORMS)


def _load(line: str) -> Platform:
    module, _, name = line.partition(":")
    found: Platform = getattr(import_module(module), name)
    return found


def platform_of(body: Any) -> Platform | None:
    """The platform whose body it is by content, None if none knows it."""
    return next((platform for platform in platforms() if platform.recognises(body)), None)


def item_excerpt(item: Item) -> str:
    """The item's object as JSON, cut for quarantine."""
    try:
        words = orjson.dumps(item.payload).decode("utf-8")
    except (TypeError, ValueError):  # integers beyond 64 bit, lone surrogates
        words = repr(item.payload)
    return words[: jsonio.EXCERPT_CHARS]


def items(platform: Platform, body: Any, address: str) -> Iterator[Item]:
    """The items of a body; where its form breaks, what is left of it is one item of no known kind."""
    try:
        yield from platform.split(body, address)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError):
        yield Item(UNKNOWN, body)


def body_format(name: str, title: str, platforms_filled: tuple[str, ...], platform: Platform) -> FileFormat:
    """The format of files of one platform's bodies: one body, a list of them, or one a line.

    Args:
        name: snake case, for ``source``.
        title: for people.
        platforms_filled: platforms of the contract that its rows name.
        platform: whose bodies.
    """

    def detect(sample: Sample, context: Context) -> bool:
        return platform_of(sample.first) is platform

    def records(stream: BinaryIO, context: Context) -> Iterator[Record]:
        ordinal = 0
        for document in jsonio.documents(stream):
            if document.problem is not None:
                yield Record(ordinal, None, document.excerpt, problem=document.problem)
                ordinal += 1
                continue
            for item in items(platform, document.value, ""):
                yield Record(ordinal, item, item_excerpt(item))
                ordinal += 1

    return FileFormat(
        name=name,
        title=title,
        platforms=platforms_filled,
        tables=platform.mappings,
        ignored=platform.ignored,
        detector=detect,
        reader=records,
        mapper=lambda record, context: platform.map(record.payload),
    )
