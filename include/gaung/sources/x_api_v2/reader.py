"""X API v2 files cut into records: one for each post, user, event and error of each body."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from gaung.sources import jsonio
from gaung.sources.base import Context, MappingError, Problem, Record, Sample
from gaung.sources.mapping import time_iso
from gaung.sources.x_api_v2 import kinds

_BODY_KEYS = frozenset(
    {"data", "includes", "errors", "meta", "matching_rules", "__twarc", "title", "detail", "type", "status"}
)
_X_INCLUDES = frozenset({"users", "tweets", "posts", "media", "places", "polls", "topics"})


@dataclass(slots=True)
class Page:
    """What the records of one body share.

    Attributes:
        posts, users, media, places: objects of ``includes`` and ``data`` by their id.
        observed_at: when the body was fetched, if it says so.
    """

    posts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    users: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    media: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    places: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a body: the payload of a record."""

    kind: str | None
    object: Any
    page: Page
    is_collected: bool = True


def detect(sample: Sample, context: Context) -> bool:
    """True for bodies, example files of bodies, and flattened posts or users."""
    first = sample.first
    if not isinstance(first, Mapping):
        return False
    if set(first) >= {"endpoint", "response"} and str(first["endpoint"]).startswith("/2/"):
        return True
    return _is_flat(first) or is_body(first)


def is_body(body: Any) -> bool:
    """True if an object is a response of the X API v2."""
    if not isinstance(body, Mapping) or not body or not set(body) <= _BODY_KEYS:
        return False
    if kinds.is_error_body(body):
        return True
    includes = body.get("includes")
    if isinstance(includes, Mapping) and includes and set(includes) <= _X_INCLUDES:
        return True
    errors = body.get("errors")
    if isinstance(errors, list) and errors and all(_is_problem(error) for error in errors):
        return True
    if "data" not in body:
        meta = body.get("meta")
        return isinstance(meta, Mapping) and "result_count" in meta
    data = body["data"]
    items = data if isinstance(data, list) else [data]
    return bool(items) and _is_x_object(items[0])


def _is_problem(error: Any) -> bool:
    return isinstance(error, Mapping) and {"title", "type"} <= set(error)


def _is_x_object(item: Any) -> bool:
    kind = kinds.kind_of(item)
    if kind == kinds.POST:
        return "id_str" not in item and (set(item) == {"id", "text"} or bool(set(item) & kinds.POST_MARKS))
    if kind == kinds.USER:
        return "id_str" not in item and {"id", "name", "username"} <= set(item) and "timestamp" not in item
    return kind is not None and kind not in ("named_item", "id_only")


def _is_flat(first: Mapping[str, Any]) -> bool:
    """A flattened post (or user) stands by itself on its line."""
    if "id_str" in first or "data" in first:
        return False
    metrics = first.get("public_metrics")
    counts = set(metrics) if isinstance(metrics, Mapping) else set()
    if "text" in first and "id" in first:
        marks = {"edit_history_tweet_ids", "edit_history_post_ids", "conversation_id", "author_id"}
        return bool(set(first) & marks or counts & {"retweet_count", "repost_count"})
    return "username" in first and "followers_count" in counts


# ---------------------------------------------------------------------------------------------
# Records
# ---------------------------------------------------------------------------------------------


def records(stream: BinaryIO, context: Context) -> Iterator[Record]:
    """One record for each object of each body, in the order of the file."""
    ordinal = 0
    for document in jsonio.documents(stream):
        if document.problem is not None:
            yield Record(ordinal, None, document.excerpt, problem=document.problem)
            ordinal += 1
            continue
        for part in _parts(document.value):
            if isinstance(part, Problem):
                yield Record(ordinal, None, document.excerpt, problem=part)
            else:
                yield Record(ordinal, part, observed_at=part.page.observed_at)
            ordinal += 1


def _parts(value: Any) -> Iterator[Part | Problem]:
    """The objects of one JSON value of a file."""
    if not isinstance(value, Mapping):
        yield Problem(
            "unexpected_form", "", f"expected an object of the X API v2, found {type(value).__name__}"
        )
        return
    body = value["response"] if "endpoint" in value and "response" in value else value
    try:
        observed_at = _observed_at(value)
    except MappingError as error:
        yield error.problem
        return
    if body == {}:
        yield Part("empty_page", body, Page(observed_at=observed_at))
    elif isinstance(body, Mapping) and (_is_flat(body) or not set(body) & _BODY_KEYS):
        yield Part(kinds.kind_of(body), body, _flat_page(body, observed_at))
    elif isinstance(body, Mapping):
        yield from _body_parts(body, observed_at)
    else:
        yield Problem("field_retyped", "response", "response: expected an object")


def _observed_at(value: Mapping[str, Any]) -> datetime | None:
    """When a body was fetched, from what collectors add to it."""
    collector = value.get("__twarc")
    retrieved = collector.get("retrieved_at") if isinstance(collector, Mapping) else None
    return None if retrieved is None else time_iso(retrieved, "__twarc.retrieved_at")


def _body_parts(body: Mapping[str, Any], observed_at: datetime | None) -> Iterator[Part]:
    page = _page(body, observed_at)
    if kinds.is_error_body(body):
        yield Part("api_error", body, page)
        return
    count = 0
    for part in _objects(body, page):
        count += 1
        yield part
    if not count:
        yield Part("empty_page", body, page)


def _objects(body: Mapping[str, Any], page: Page) -> Iterator[Part]:
    for item in _listed(body.get("data")):
        yield Part(kinds.kind_of(item), item, page)
    includes = body.get("includes")
    if isinstance(includes, Mapping):
        for name in ("tweets", "posts"):
            for item in _listed(includes.get(name)):
                yield Part(kinds.POST, item, page, is_collected=False)
        for item in _listed(includes.get("users")):
            yield Part(kinds.USER, item, page)
    for item in _listed(body.get("errors")):
        yield Part("api_error", item, page)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _page(body: Mapping[str, Any], observed_at: datetime | None) -> Page:
    """Index of a body's objects."""
    page = Page(observed_at=observed_at)
    includes = body.get("includes")
    shared: Mapping[str, Any] = includes if isinstance(includes, Mapping) else {}
    for item in _listed(body.get("data")):
        kind = kinds.kind_of(item)
        if kind == kinds.POST:
            _index(page.posts, [item], "id")
        elif kind == kinds.USER:
            _index(page.users, [item], "id")
    for name in ("tweets", "posts"):
        _index(page.posts, _listed(shared.get(name)), "id")
    _index(page.users, _listed(shared.get("users")), "id")
    _index(page.media, _listed(shared.get("media")), "media_key")
    _index(page.places, _listed(shared.get("places")), "id")
    return page


def _index(into: dict[str, Mapping[str, Any]], items: list[Any], key: str) -> None:
    for item in items:
        if isinstance(item, Mapping) and isinstance(item.get(key), str | int):
            into[str(item[key])] = item


def _flat_page(item: Mapping[str, Any], observed_at: datetime | None) -> Page:
    """Index of what a flattened post carries in itself."""
    page = Page(observed_at=observed_at)
    _index(page.posts, [item], "id")
    for name in ("referenced_tweets", "referenced_posts"):
        inlined = [
            other for other in _listed(item.get(name)) if isinstance(other, Mapping) and "text" in other
        ]
        _index(page.posts, inlined, "id")
    _index(page.users, _listed(item.get("author")), "id")
    attachments = item.get("attachments")
    if isinstance(attachments, Mapping):
        _index(page.media, _listed(attachments.get("media")), "media_key")
    geo = item.get("geo")
    if isinstance(geo, Mapping) and "full_name" in geo:
        place = {**geo, "id": geo.get("place_id", geo.get("id"))}
        _index(page.places, [place], "id")
    return page
