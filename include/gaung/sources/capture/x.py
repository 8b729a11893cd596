"""X's web objects as rows of the contract."""

from collections.abc import Mapping
from typing import Any

from gaung.sources.base import Mapped, MappingError, Row, Rows
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    Given,
    Take,
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
    take,
    text,
    texts,
    time_twitter,
    word,
)

_NOTE = "note_tweet.note_tweet_results.result"
_TEXTS = (f"{_NOTE}.text", "legacy.full_text")
_ANY_TEXT = Take(_TEXTS, text, required=True)
_ENTITIES = (f"{_NOTE}.entity_set", "legacy.entities")
_USER = "core.user_results.result"
_MEDIA = ("legacy.extended_entities.media", "legacy.entities.media")
_MEDIA_TYPES = {"photo": "image", "video": "video", "animated_gif": "gif"}
_ABSENT_OBJECTS = frozenset({"TweetTombstone", "TweetUnavailable"})


def unwrapped(item: Any) -> Mapping[str, Any] | None:
    """The post itself, without the layers that the client puts around it; None if there is none."""
    for _ in range(4):
        if not isinstance(item, Mapping) or item.get("__typename") in _ABSENT_OBJECTS:
            return None
        inner = item.get("tweet", item.get("result"))
        if not isinstance(inner, Mapping) or "legacy" in item:
            break
        item = inner
    return item if isinstance(item, Mapping) and item else None


def _original(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return unwrapped(get(item, "legacy.retweeted_status_result.result"))


def _quoted(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return unwrapped(
        get(item, "quoted_status_result.result") or get(item, "legacy.quoted_status_result.result")
    )


def _is_repost(item: Mapping[str, Any]) -> bool:
    return (
        get(item, "legacy.retweeted_status_result") is not None
        or get(item, "legacy.retweeted_status_id_str") is not None
    )


def _content(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return _original(item) or item


def _entities(below: str) -> Derive:
    paths = tuple(f"{name}.{below}" for name in _ENTITIES)
    return Derive(
        lambda item, given: take(_content(item), paths, texts),
        _ENTITIES,
        f"`{below}`, of a repost the original's",
    )


def _post_type(item: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    if _is_repost(item):
        return "repost"
    if get(item, "legacy.in_reply_to_status_id_str") is not None:
        return "reply"
    return "quote" if get(item, "legacy.quoted_status_id_str") is not None else "post"


def _root(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    root = take(item, "legacy.conversation_id_str", optional_id)
    return None if root in (None, take(item, ("rest_id", "legacy.id_str"), id_text)) else str(root)


def _media(item: Mapping[str, Any]) -> list[Any]:
    return next((found for path in _MEDIA if isinstance(found := get(item, path), list)), [])


def _media_type(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    kinds = {str(one.get("type")) for one in _media(item) if isinstance(one, Mapping)}
    if len(kinds) > 1:
        return "mixed"
    return next((_MEDIA_TYPES.get(kind, kind) for kind in kinds), None)


def _duration(item: Mapping[str, Any], given: Mapping[str, Any]) -> float | None:
    lengths = (take(one, "video_info.duration_millis", milliseconds) for one in _media(item))
    return next((length for length in lengths if length is not None), None)


def _reposted(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    original = _original(item)
    if original is not None:
        return str(take(original, ("rest_id", "legacy.id_str"), id_text))
    found: str | None = take(item, "legacy.retweeted_status_id_str", optional_id)
    return found


def _user(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    user = get(item, _USER)
    return user if isinstance(user, Mapping) and user.get("rest_id") is not None else None


POSTS = mapping(
    "posts",
    "of X's web client",
    platform=Const("x"),
    post_id=Take(("rest_id", "legacy.id_str"), id_text, required=True),
    author_id=Take((f"{_USER}.rest_id", "legacy.user_id_str"), optional_id),
    created_at=Take("legacy.created_at", time_twitter, required=True),
    text=Derive(
        lambda item, given: _ANY_TEXT.value(_content(item), given),
        _TEXTS,
        "required; long text, else text; of a repost the original's",
    ),
    lang_reported=Take("legacy.lang", language),
    url=Derive(
        lambda item, given: (
            "https://x.com/i/status/" + str(take(item, ("rest_id", "legacy.id_str"), id_text))
        ),
        "rest_id, legacy.id_str",
        "made from the id",
    ),
    post_type=Derive(
        _post_type,
        "legacy.retweeted_status_result, legacy.in_reply_to_status_id_str, legacy.quoted_status_id_str",
        "repost, else reply, else quote, else post",
    ),
    parent_post_id=Take("legacy.in_reply_to_status_id_str", optional_id),
    root_post_id=Derive(_root, "legacy.conversation_id_str", "NULL where it is the post itself"),
    reposted_post_id=Derive(
        _reposted, "legacy.retweeted_status_result, legacy.retweeted_status_id_str", "the original's id"
    ),
    quoted_post_id=Take("legacy.quoted_status_id_str", optional_id),
    hashtags=_entities("hashtags[].text"),
    mentions=_entities("user_mentions[].screen_name"),
    urls=_entities("urls[].expanded_url"),
    media_type=Derive(_media_type, _MEDIA, "`media[].type`; mixed if several"),
    duration_s=Derive(_duration, _MEDIA, "`media[].video_info.duration_millis` of the first that has one"),
    place_name=Take("legacy.place.full_name", word),
    lat=Absent("not in the web client's object"),
    lon=Absent("not in the web client's object"),
    visibility=Const("public", "(posts of protected accounts are quarantined as not_public)"),
    is_paid_partnership=Absent("not in the web client's object"),
    is_collected=Given("is_collected", "true for the post itself, false for the nested ones"),
    is_deleted=Const(False),
)

POST_METRICS = mapping(
    "post_metrics",
    "of X's web client (no row for a repost)",
    platform=Const("x"),
    post_id=Take(("rest_id", "legacy.id_str"), id_text, required=True),
    likes=Take("legacy.favorite_count", count),
    reactions=Absent("X has likes only"),
    dislikes=Absent("not reported by X"),
    comments=Take("legacy.reply_count", count),
    reposts=Take("legacy.retweet_count", count),
    shares=Absent("X counts reposts and quotes, not shares"),
    quotes=Take("legacy.quote_count", count, since="2015-04-06"),
    saves=Take("legacy.bookmark_count", count, since="2023-03-16"),
    clicks=Absent("not reported by X"),
    views=Absent("`views.count` of X counts impressions"),
    impressions=Take("views.count", count, since="2022-12-22"),
    reach=Absent("not reported by X"),
    score=Absent("not reported by X"),
)


def _alt_texts(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    found = (take(one, "ext_alt_text", word) for one in _media(item))
    return "\n".join(dict.fromkeys(words for words in found if words)) or None


ALT_TEXTS = mapping(
    "post_text_parts",
    "of X's web client (descriptions of pictures)",
    platform=Const("x"),
    post_id=Take(("rest_id", "legacy.id_str"), id_text, required=True),
    part=Const("alt"),
    text=Derive(_alt_texts, _MEDIA, "`media[].ext_alt_text`, one a line"),
    lang=Absent("not reported by X"),
    method=Const("platform"),
)

AUTHORS = mapping(
    "authors",
    "of X's web client",
    platform=Const("x"),
    author_id=Take("rest_id", id_text, required=True),
    handle=Take(("legacy.screen_name", "core.screen_name"), word),
    display_name=Take(("legacy.name", "core.name"), text),
    bio=Take(("legacy.description", "profile_bio.description"), text),
    location_text=Take(("legacy.location", "location.location"), word),
    url=Take(("legacy.entities.url.urls.0.expanded_url", "legacy.url"), word),
    created_at=Take(("legacy.created_at", "core.created_at"), time_twitter),
    is_verified=Take(("is_blue_verified", "legacy.verified", "verification.verified"), flag),
    is_business=Derive(
        lambda user, given: (
            None
            if (kind := take(user, ("verification.verified_type", "legacy.verified_type"), word)) is None
            else kind.lower() == "business"
        ),
        "verification.verified_type, legacy.verified_type",
        "true for the type Business",
    ),
    category=Take("professional.category.0.name", word),
)

AUTHOR_METRICS = mapping(
    "author_metrics",
    "of X's web client",
    platform=Const("x"),
    author_id=Take("rest_id", id_text, required=True),
    followers=Take("legacy.followers_count", count),
    following=Take("legacy.friends_count", count),
    posts=Take("legacy.statuses_count", count),
    listed=Take("legacy.listed_count", count),
    likes_received=Absent("`favourites_count` of a user counts likes given, not received"),
)

TABLES = (POSTS, POST_METRICS, ALT_TEXTS, AUTHORS, AUTHOR_METRICS)


def map_item(item: Mapping[str, Any]) -> Mapped:
    """Rows of one post, its author, and the posts nested in it."""
    post = unwrapped(item)
    if post is None:
        return Mapped(ignored="unavailable")
    rows: Rows = {}
    _add_post(rows, post, is_collected=True)
    return Mapped(rows)


def _add_post(rows: Rows, post: Mapping[str, Any], is_collected: bool) -> None:
    user = _user(post)
    if user is not None and _is_protected(user):
        raise MappingError(
            "not_public", f"{_USER}.legacy.protected", "a protected account; only public posts are loaded"
        )
    _add(rows, "posts", apply(POSTS, post, {"is_collected": is_collected}))
    metrics = apply(POST_METRICS, post)
    if not _is_repost(post) and has_values(POST_METRICS, metrics):
        _add(rows, "post_metrics", metrics)
    alt = apply(ALT_TEXTS, post)
    if alt["text"] is not None:
        _add(rows, "post_text_parts", alt)
    if user is not None:
        _add(rows, "authors", apply(AUTHORS, user))
        counts = apply(AUTHOR_METRICS, user)
        if has_values(AUTHOR_METRICS, counts):
            _add(rows, "author_metrics", counts)
    for nested in (_original(post), _quoted(post)):
        if nested is not None and "legacy" in nested and not _is_protected(_user(nested) or {}):
            _add_post(rows, nested, is_collected=False)


def _is_protected(user: Mapping[str, Any]) -> bool:
    return get(user, "legacy.protected") is True or get(user, "privacy.protected") is True


def _add(rows: Rows, entity: str, row: Row) -> None:
    rows.setdefault(entity, []).append(row)
