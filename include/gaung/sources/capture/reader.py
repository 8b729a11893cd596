"""The envelope of a capture: what was seen where and when, around the platform's own object."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from gaung.sources import jsonio
from gaung.sources.base import Context, Mapped, MappingError, Record, Sample
from gaung.sources.capture import instagram, tiktok, x
from gaung.sources.mapping import KnownFields, take, time_epoch_ms

IGNORED: dict[str, str] = {
    "other_platform": "an object of a platform that is not read from captures",
    "unavailable": "a placeholder for a post that the platform did not show",
}

_MAPPERS: dict[str, Callable[[Any], Mapped]] = {
    "tiktok.com": tiktok.map_item,
    "instagram.com": instagram.map_item,
    "twitter.com": x.map_item,
    "x.com": x.map_item,
}
_ENVELOPE = KnownFields.of(
    (
        "id",
        "nav_index",
        "item_id",
        "timestamp_collected",
        "source_platform",
        "source_platform_url",
        "source_url",
        "user_agent",
        "data",
        "last_updated",
    )
)


def detect(sample: Sample, context: Context) -> bool:
    """True if the first line is an envelope around an object."""
    first = sample.first
    return isinstance(first, Mapping) and {"source_platform", "timestamp_collected", "data"} <= set(first)


def records(stream: BinaryIO, context: Context) -> Iterator[Record]:
    """One record a line, observed when it was collected."""
    for record in jsonio.records(stream):
        if record.problem is None:
            try:
                observed_at = take(record.payload, "timestamp_collected", time_epoch_ms)
                record = replace(record, observed_at=observed_at)
            except MappingError as error:
                record = replace(record, payload=None, problem=error.problem)
        yield record


def map_record(record: Record, context: Context) -> Mapped:
    """Rows of the object in the envelope, by the platform that it names."""
    envelope = record.payload
    platform = str(take(envelope, "source_platform", lambda value, path: value))
    item = envelope.get("data")
    if not isinstance(item, Mapping):
        raise MappingError("field_missing", "data", "data: the platform's object is missing")
    mapper = _MAPPERS.get(platform.lower().removeprefix("www."))
    if mapper is None:
        return Mapped(ignored="other_platform")
    mapped = mapper(item)
    return replace(mapped, unknown_fields=mapped.unknown_fields | _ENVELOPE.unknown(envelope))
