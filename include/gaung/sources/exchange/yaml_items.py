"""The entries of one list in a YAML file, one at a time, in bounded memory."""

import base64
import binascii
import itertools
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import yaml

LIST_NAMES = ("interactions", "http_interactions")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BINARY = "tag:yaml.org,2002:binary"

_START = re.compile(rf"^(?:{'|'.join(LIST_NAMES)}):[ \t]*\r?$", re.MULTILINE)


def is_recording(head: str) -> bool:
    """True if a text begins like a YAML file of recorded exchanges."""
    found = _START.search(head)
    return found is not None and "request:" in head[found.end() :]


class _Builder:
    """Values from YAML events: every scalar as text, ``!!binary`` as bytes, nulls as None.

    Anchors are kept, because recorders write equal lists once and refer to them.
    """

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.anchors: dict[str, Any] = {}

    def value(self, event: yaml.Event) -> Any:
        """The whole value that begins with an event."""
        if isinstance(event, yaml.AliasEvent):
            return self.anchors.get(str(event.anchor))
        if isinstance(event, yaml.ScalarEvent):
            return self._kept(event, _scalar(event))
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = self._kept(event, [])
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self.value(inner))
            return items
        mapping: dict[Any, Any] = self._kept(event, {})
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            key = self.value(inner)
            mapping[key if isinstance(key, str | bytes) else repr(key)] = self.value(next(self.events))
        return mapping

    def _kept(self, event: Any, value: Any) -> Any:
        if event.anchor:
            self.anchors[event.anchor] = value
        return value


def _scalar(event: yaml.ScalarEvent) -> Any:
    if event.tag == _BINARY:
        try:
            return base64.b64decode(event.value)
        except (binascii.Error, ValueError):
            return event.value
    if event.implicit[0] and event.style is None and event.value in _NULLS:
        return None
    return event.value


def entries(stream: BinaryIO) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each entry of the recorded list, with the file's own fields that stand before the list.

    Raises:
        yaml.YAMLError: the file breaks off or is no YAML; what came before has been given.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = yaml.parse(stream, Loader=loader)
    opening = itertools.dropwhile(lambda event: not isinstance(event, yaml.CollectionStartEvent), events)
    if not isinstance(next(opening, None), yaml.MappingStartEvent):
        return
    builder = _Builder(opening)
    shared: dict[str, Any] = {}
    while not isinstance(event := next(opening, None), yaml.MappingEndEvent | None):
        name = builder.value(event)
        event = next(opening)
        if name in LIST_NAMES and isinstance(event, yaml.SequenceStartEvent):
            while not isinstance(inner := next(opening), yaml.SequenceEndEvent):
                yield builder.value(inner), shared
        else:
            shared[str(name)] = builder.value(event)
