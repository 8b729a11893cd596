"""Lines of a side file as contract rows."""

from typing import Any

from gaung.contract import METRICS
from gaung.sources.base import Context, Mapped, MappingError, Record, Rows
from gaung.sources.mapping import (
    KnownFields,
    Source,
    Take,
    apply,
    count,
    get,
    has_values,
    id_text,
    integer,
    language,
    mapping,
    take,
    text,
    time_iso,
    word,
)

_KEYS: dict[str, Source] = {
    "platform": Take("platform", word, required=True),
    "post_id": Take("post_id", id_text, required=True),
}

PARTS = mapping(
    "post_text_parts",
    part=Take("part", word, required=True),
    text=Take("text", text, required=True),
    lang=Take("lang", language),
    method=Take("method", word, note="who made it: platform, file, or the engine's name"),
    **_KEYS,
)

_COUNTS: dict[str, Source] = {
    name: Take(f"metrics.{name}", integer if name == "score" else count) for name in METRICS
}
OBSERVATIONS = mapping("post_metrics", **_COUNTS, **_KEYS)

TABLES = (PARTS, OBSERVATIONS)
_KNOWN = KnownFields.of(PARTS, OBSERVATIONS, ("observed_at",))


def map_record(record: Record, context: Context) -> Mapped:
    """A text part, an observation of metrics, or both; MappingError if the line has neither."""
    line: Any = record.payload
    rows: Rows = {}
    if get(line, "part") is not None or get(line, "text") is not None:
        rows["post_text_parts"] = [apply(PARTS, line)]
    observed = apply(OBSERVATIONS, line)
    if has_values(OBSERVATIONS, observed):
        rows["post_metrics"] = [observed]
    if not rows:
        raise MappingError("field_missing", "part", "neither a text part (part, text) nor a metric in it")
    moment = take(line, "observed_at", time_iso)
    if moment is not None:
        for found in rows.values():
            found[0]["observed_at"] = moment
    return Mapped(rows=rows, unknown_fields=_KNOWN.unknown(line))
