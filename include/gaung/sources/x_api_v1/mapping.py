"""Objects of the X API v1.1 as rows of the contract."""

from collections.abc import Mapping
from typing import Any

from gaung.sources.base import Context, Mapped, MappingError, Record, Row, Rows
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    Given,
    KnownFields,
    Take,
    absent,
    apply,
    count,
    flag,
    get,
    has_values,
    id_text,
    language,
    mapping,
    milliseconds,
    optional_id,
    real,
    take,
    text,
    texts,
    time_epoch_ms,
    time_twitter,
    word,
)
from gaung.sources.x_api_v1.reader import DELETION, STATUS, USER, Part

_TEXTS = ("full_text", "extended_tweet.full_text", "text")
_ANY_TEXT = Take(_TEXTS, text, required=True)
_ENTITIES = ("extended_tweet.entities", "entities")
_MEDIA = (
    "extended_tweet.extended_entities.media",
    "extended_entities.media",
    "extended_tweet.entities.media",
    "entities.media",
)
_MEDIA_TYPES = {"photo": "image", "video": "video", "animated_gif": "gif"}


def _content(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """The status whose text and entities count: the original of a repost, else itself."""
    original = status.get("retweeted_status")
    return original if isinstance(original, Mapping) else status


def _entities(below: str) -> Derive:
    paths = tuple(f"{name}.{below}" for name in _ENTITIES)
    return Derive(
        lambda status, given: take(_content(status), paths, texts),
        _ENTITIES,
        f"`{below}`, of a repost the original's",
    )


def _urls(status: Mapping[str, Any], given: Mapping[str, Any]) -> list[str] | None:
    entries = take(_content(status), tuple(f"{name}.urls" for name in _ENTITIES), lambda value, path: value)
    if not isinstance(entries, list):
        return None
    found = (take(entry, ("unwound.url", "expanded_url", "url"), word) for entry in entries)
    return list(dict.fromkeys(url for url in found if url))


def _post_type(status: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    if status.get("retweeted_status") is not None:
        return "repost"
    if status.get("in_reply_to_status_id_str") is not None or status.get("in_reply_to_status_id") is not None:
        return "reply"
    is_quote = status.get("quoted_status_id_str") is not None or status.get("is_quote_status") is True
    return "quote" if is_quote else "post"


def _media(status: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = next((items for path in _MEDIA if isinstance(items := get(status, path), list)), [])
    return found


def _media_type(status: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    kinds = {str(item.get("type")) for item in _media(status) if isinstance(item, Mapping)}
    if len(kinds) > 1:
        return "mixed"
    return next((_MEDIA_TYPES.get(kind, kind) for kind in kinds), None)


def _duration(status: Mapping[str, Any], given: Mapping[str, Any]) -> float | None:
    lengths = (take(item, "video_info.duration_millis", milliseconds) for item in _media(status))
    return next((length for length in lengths if length is not None), None)


def _coordinate(position: int) -> Derive:
    def derive(status: Mapping[str, Any], given: Mapping[str, Any]) -> float | None:
        point = get(status, "coordinates.coordinates")
        if not isinstance(point, list) or len(point) != 2:
            return None
        lon, lat = (real(value, f"coordinates.coordinates.{i}") for i, value in enumerate(point))
        return (lon, lat)[position] if abs(lon) <= 180 and abs(lat) <= 90 else None

    return Derive(derive, "coordinates", "NULL for an impossible point")


POSTS = mapping(
    "posts",
    platform=Const("x"),
    post_id=Take(("id_str", "id"), id_text, required=True),
    author_id=Take(("user.id_str", "user.id"), optional_id),
    created_at=Take("created_at", time_twitter, required=True),
    text=Derive(
        lambda status, given: _ANY_TEXT.value(_content(status), given),
        _TEXTS,
        "required; of a repost the original's; cut where `truncated` is true and no full text came",
    ),
    lang_reported=Take("lang", language),
    url=Derive(
        lambda status, given: "https://x.com/i/status/" + str(take(status, ("id_str", "id"), id_text)),
        "id_str, id",
        "made from the id",
    ),
    post_type=Derive(
        _post_type,
        "retweeted_status, in_reply_to_status_id_str, in_reply_to_status_id, quoted_status_id_str, "
        "is_quote_status",
        "repost, else reply, else quote, else post",
    ),
    parent_post_id=Take(("in_reply_to_status_id_str", "in_reply_to_status_id"), optional_id),
    root_post_id=Absent("not reported by the X API v1.1"),
    reposted_post_id=Take(("retweeted_status.id_str", "retweeted_status.id"), optional_id),
    quoted_post_id=Take(("quoted_status_id_str", "quoted_status_id"), optional_id),
    hashtags=_entities("hashtags[].text"),
    mentions=_entities("user_mentions[].screen_name"),
    urls=Derive(_urls, _ENTITIES, "`urls[].unwound.url`, else `expanded_url`, else `url`"),
    media_type=Derive(_media_type, _MEDIA, "`media[].type`; mixed if several"),
    duration_s=Derive(_duration, _MEDIA, "`media[].video_info.duration_millis` of the first that has one"),
    place_name=Take("place.full_name", word),
    lat=_coordinate(1),
    lon=_coordinate(0),
    visibility=Const("public", "(statuses of protected accounts are quarantined as not_public)"),
    is_paid_partnership=Absent("not reported by the X API v1.1"),
    is_collected=Given("is_collected", "true for the status itself, false for the nested ones"),
    is_deleted=Const(False),
)

TOMBSTONES = mapping(
    "posts",
    "(deletion notices of the stream)",
    **{
        **absent(
            "the notice names the status only; the last living version keeps its attributes",
            "created_at",
            "lang_reported",
            "url",
            "parent_post_id",
            "root_post_id",
            "reposted_post_id",
            "quoted_post_id",
            "hashtags",
            "mentions",
            "urls",
            "media_type",
            "duration_s",
            "place_name",
            "lat",
            "lon",
            "visibility",
            "is_paid_partnership",
        ),
        "platform": Const("x"),
        "post_id": Take(("delete.status.id_str", "delete.status.id"), id_text, required=True),
        "author_id": Take(("delete.status.user_id_str", "delete.status.user_id"), optional_id),
        "text": Absent("the status is deleted"),
        "post_type": Const("post"),
        "is_collected": Const(False),
        "is_deleted": Const(True),
    },
)

POST_METRICS = mapping(
    "post_metrics",
    "(no row for a repost: its numbers are the original's)",
    platform=Const("x"),
    post_id=Take(("id_str", "id"), id_text, required=True),
    likes=Take("favorite_count", count),
    reactions=Absent("X has likes only"),
    dislikes=Absent("not reported by X"),
    comments=Take("reply_count", count, only="premium and stream only"),
    reposts=Take("retweet_count", count),
    shares=Absent("X counts reposts and quotes, not shares"),
    quotes=Take("quote_count", count, only="premium and stream only"),
    saves=Absent("not reported by the X API v1.1"),
    clicks=Absent("not reported by the X API v1.1"),
    views=Absent("not reported by the X API v1.1"),
    impressions=Absent("not reported by the X API v1.1"),
    reach=Absent("not reported by X"),
    score=Absent("not reported by X"),
)


def _alt_texts(status: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    found = (take(item, "ext_alt_text", word) for item in _media(status))
    return "\n".join(dict.fromkeys(words for words in found if words)) or None


ALT_TEXTS = mapping(
    "post_text_parts",
    "(descriptions of pictures)",
    platform=Const("x"),
    post_id=Take(("id_str", "id"), id_text, required=True),
    part=Const("alt"),
    text=Derive(_alt_texts, _MEDIA, "`media[].ext_alt_text`, one a line"),
    lang=Absent("not reported by X"),
    method=Const("platform"),
)

AUTHORS = mapping(
    "authors",
    platform=Const("x"),
    author_id=Take(("id_str", "id"), id_text, required=True),
    handle=Take("screen_name", word),
    display_name=Take("name", text),
    bio=Take("description", text),
    location_text=Take("location", word),
    url=Take(("entities.url.urls.0.expanded_url", "url"), word),
    created_at=Take("created_at", time_twitter),
    is_verified=Take("verified", flag),
    is_business=Absent("not reported by the X API v1.1"),
    category=Absent("not reported by X"),
)

AUTHOR_METRICS = mapping(
    "author_metrics",
    platform=Const("x"),
    author_id=Take(("id_str", "id"), id_text, required=True),
    followers=Take("followers_count", count),
    following=Take("friends_count", count),
    posts=Take("statuses_count", count),
    listed=Take("listed_count", count),
    likes_received=Absent("`favourites_count` of a user counts likes given, not received"),
)

TABLES = (POSTS, TOMBSTONES, POST_METRICS, ALT_TEXTS, AUTHORS, AUTHOR_METRICS)

_FIELDS = KnownFields.of(
    POSTS,
    POST_METRICS,
    (
        "contributors",
        "coordinates",
        "current_user_retweet",
        "display_text_range",
        "entities",
        "extended_entities",
        "extended_tweet",
        "favorited",
        "filter_level",
        "geo",
        "in_reply_to_screen_name",
        "in_reply_to_user_id",
        "in_reply_to_user_id_str",
        "matching_rules",
        "metadata",
        "place",
        "possibly_sensitive",
        "possibly_sensitive_appealable",
        "quoted_status",
        "quoted_status_permalink",
        "retweeted",
        "scopes",
        "source",
        "supplemental_language",
        "timestamp_ms",
        "truncated",
        "user",
        "withheld_copyright",
        "withheld_in_countries",
        "withheld_scope",
    ),
)


def map_record(record: Record, context: Context) -> Mapped:
    """Rows of one object, or the kind under which it is passed over."""
    part: Part = record.payload
    if part.kind == STATUS:
        rows: Rows = {}
        _add_status(rows, part.object, is_collected=True)
        return Mapped(rows, unknown_fields=_FIELDS.unknown(part.object))
    if part.kind == USER:
        rows = {}
        _add_user(rows, part.object)
        status = part.object.get("status")
        if isinstance(status, Mapping):
            _add_status(rows, {**status, "user": {"id_str": rows["authors"][0]["author_id"]}}, False)
        return Mapped(rows)
    if part.kind == DELETION:
        row = apply(TOMBSTONES, part.object)
        noted_at = take(part.object, ("delete.timestamp_ms", "timestamp_ms"), time_epoch_ms)
        times = [time for time in (noted_at, context.as_of) if time is not None]
        return Mapped({"posts": [row | ({"observed_at": max(times)} if times else {})]})
    return Mapped(ignored=part.kind)


def _add_status(rows: Rows, status: Mapping[str, Any], is_collected: bool) -> None:
    """Rows of a status, of its author, and of the statuses nested in it."""
    if get(status, "user.protected") is True:
        raise MappingError(
            "not_public", "user.protected", "the author's account is protected; only public posts are loaded"
        )
    is_repost = status.get("retweeted_status") is not None
    _add(rows, "posts", apply(POSTS, status, {"is_collected": is_collected}))
    metrics = apply(POST_METRICS, status)
    if not is_repost and has_values(POST_METRICS, metrics):
        _add(rows, "post_metrics", metrics)
    alt = apply(ALT_TEXTS, status)
    if alt["text"] is not None:
        _add(rows, "post_text_parts", alt)
    user = status.get("user")
    if isinstance(user, Mapping) and len(user) > 2:
        _add_user(rows, user)
    for name in ("retweeted_status", "quoted_status"):
        nested = status.get(name)
        if isinstance(nested, Mapping) and nested and get(nested, "user.protected") is not True:
            _add_status(rows, nested, is_collected=False)


def _add_user(rows: Rows, user: Mapping[str, Any]) -> None:
    _add(rows, "authors", apply(AUTHORS, user))
    metrics = apply(AUTHOR_METRICS, user)
    if has_values(AUTHOR_METRICS, metrics):
        _add(rows, "author_metrics", metrics)


def _add(rows: Rows, entity: str, row: Row) -> None:
    rows.setdefault(entity, []).append(row)
