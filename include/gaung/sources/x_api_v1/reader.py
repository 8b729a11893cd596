"""X API v1.1 files cut into records: one for each status, user, notice and error."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from gaung.sources import jsonio
from gaung.sources.base import Context, Problem, Record, Sample

STATUS, USER, DELETION = "status", "user", "deletion"

IGNORED: dict[str, str] = {
    "api_error": "an error of the API",
    "empty_page": "a result without any object",
    "stream_notice": "a notice of the stream (limit, warning, disconnect, withheld, scrub_geo …)",
}

_NOTICES = frozenset(
    {
        "limit",
        "warning",
        "disconnect",
        "scrub_geo",
        "status_withheld",
        "user_withheld",
        "friends",
        "friends_str",
        "event",
    }
)
_STREAM_ONLY = ("limit", "warning", "disconnect", "scrub_geo", "status_withheld", "user_withheld")


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a file: the payload of a record."""

    kind: str | None
    object: Any


def detect(sample: Sample, context: Context) -> bool:
    """True for statuses and users with ``id_str``, search results of them, and notices of the stream."""
    first = sample.first
    if not isinstance(first, Mapping):
        return False
    for name in ("statuses", "users"):
        listed = first.get(name)
        if isinstance(listed, list) and ({"search_metadata", "next_cursor_str"} & set(first)):
            return not listed or kind_of(listed[0]) in (STATUS, USER)
    is_notice = any(isinstance(first.get(name), Mapping) for name in _STREAM_ONLY) and len(first) <= 2
    return is_notice or kind_of(first) in (STATUS, USER, DELETION)


def kind_of(item: Any) -> str | None:
    """What an object is, None for what nobody knows."""
    if not isinstance(item, Mapping):
        return None
    deleted = item.get("delete")
    if isinstance(deleted, Mapping):
        return DELETION if "status" in deleted else "stream_notice"
    if "screen_name" in item and ("id_str" in item or "followers_count" in item):
        return USER
    if ({"text", "full_text"} & set(item)) and (
        "id_str" in item or ("user" in item and "retweet_count" in item)
    ):
        return STATUS
    if set(item) <= {"errors", "error", "request"} and item:
        return "api_error"
    return "stream_notice" if len(item) <= 2 and set(item) & _NOTICES else None


def records(stream: BinaryIO, context: Context) -> Iterator[Record]:
    """One record for each object, in the order of the file."""
    ordinal = 0
    for document in jsonio.documents(stream):
        if document.problem is not None:
            yield Record(ordinal, None, document.excerpt, problem=document.problem)
            ordinal += 1
            continue
        for part in _parts(document.value):
            if part.kind is None:
                message = "neither a status, a user nor a notice of the X API v1.1"
                problem = Problem("unknown_object", "", message)
                yield Record(ordinal, None, document.excerpt, problem=problem)
            else:
                yield Record(ordinal, part)
            ordinal += 1


def _parts(value: Any) -> Iterator[Part]:
    items = [value]
    if isinstance(value, Mapping):
        for name in ("statuses", "users"):
            if isinstance(value.get(name), list):
                items = value[name]
                if not items:
                    yield Part("empty_page", value)
    for item in items:
        yield Part(kind_of(item), item)
