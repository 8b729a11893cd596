"""Facebook's objects as contract rows."""

import re
from collections.abc import Mapping
from typing import Any

from gaung.sources.base import MappingError, Rows
from gaung.sources.bodies import Item, textual
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    EntityMapping,
    Take,
    absent,
    apply,
    count,
    get,
    has_values,
    id_text,
    mapping,
    real,
    take,
    text,
    texts,
    time_iso,
    word,
)

Shared = Mapping[str, Any]
SITE = "https://www.facebook.com"
_PLACE_IN_LINK = re.compile(
    r"facebook\.com/(?P<page>\d+)/posts/(?P<post>\d+)/?\?comment_id=(?P<comment>\d+)"
    r"(?:&reply_comment_id=(?P<reply>\d+))?"
)
_MEDIA_TYPES = {"photo": "image", "album": "carousel"}


def _not_public(path: str, why: str) -> MappingError:
    return MappingError("not_public", path, f"{why}: only public posts are loaded; nothing to do")


def _visibility(payload: Any, given: Shared) -> str | None:
    if get(payload, "is_private") is True:
        raise _not_public("is_private", "a private comment")
    if get(payload, "is_hidden") is True:
        raise _not_public("is_hidden", "hidden on the page")
    for field in ("is_published", "published"):
        if get(payload, field) is False:
            raise _not_public(field, "not published")
    audience = take(payload, "privacy.value", word)
    if audience not in (None, "EVERYONE"):
        raise _not_public("privacy.value", f"shown to {audience}")
    return None if audience is None else "public"


_VISIBILITY = Derive(
    _visibility,
    "privacy.value, is_private, is_hidden, is_published, published",
    "`public` where `privacy` says EVERYONE, NULL where the answer has none; others are quarantined",
)


def _written(payload: Any, given: Shared) -> str | None:
    found: str | None = take(payload, ("message", "story"), text)
    return found


def _post_urls(payload: Any, given: Shared) -> list[str]:
    attached = [
        found
        for one in get(payload, "attachments.data") or []
        if get(one, "media_type") == "link" and (found := take(one, ("unshimmed_url", "url"), word))
    ]
    return list(dict.fromkeys([*(textual.urls(_written(payload, given)) or []), *attached]))


def _media_type(path: str) -> Derive:
    def derive(payload: Any, given: Shared) -> str | None:
        found = take(payload, path, word)
        return None if found is None else _MEDIA_TYPES.get(found, found)

    return Derive(derive, path, "`photo` → `image`, `album` → `carousel`")


_COMMON = {
    "platform": Const("facebook"),
    "author_id": Take("from.id", id_text, note="not shown without the page's own token"),
    "lang_reported": Absent("the Graph API does not report it"),
    "visibility": _VISIBILITY,
    "is_paid_partnership": Absent("not in these bodies"),
    "is_collected": Const(True),
    "is_deleted": Const(False, "(a deleted object is missing from the answer)"),
    **absent("Facebook's shares are not objects of the API", "reposted_post_id", "quoted_post_id"),
}

POSTS = mapping(
    "posts",
    "Facebook post",
    **{
        **_COMMON,
        "post_id": Take("id", id_text, required=True),
        "created_at": Take("created_time", time_iso),
        "text": Derive(_written, "message, story", "the message, else the story"),
        "url": Take("permalink_url", word),
        "post_type": Const("post"),
        **absent("a post answers nothing", "parent_post_id", "root_post_id"),
        "hashtags": Derive(lambda p, given: textual.hashtags(_written(p, given)), "message, story", "in it"),
        "mentions": Take("message_tags[].name", texts, note="names: the API gives no handles"),
        "urls": Derive(_post_urls, "message, attachments.data[].unshimmed_url", "in it, and attached links"),
        "media_type": _media_type("attachments.data.0.media_type"),
        "duration_s": Absent("a post does not report it"),
        "place_name": Take("place.name", word),
        "lat": Take("place.location.latitude", real),
        "lon": Take("place.location.longitude", real),
    },
)


def _video_words(payload: Any, given: Shared) -> str | None:
    parts = [take(payload, name, word) for name in ("title", "description")]
    return "\n\n".join(part for part in parts if part) or None


def _video_link(payload: Any, given: Shared) -> str | None:
    way: str | None = take(payload, "permalink_url", word)
    return way if way is None or way.startswith("http") else SITE + way


VIDEOS = mapping(
    "posts",
    "Facebook video",
    **{
        **_COMMON,
        "post_id": Take("id", id_text, required=True),
        "created_at": Take("created_time", time_iso),
        "text": Derive(_video_words, "title, description", "title, blank line, description"),
        "url": Derive(_video_link, "permalink_url"),
        "post_type": Const("video"),
        **absent("a video answers nothing", "parent_post_id", "root_post_id"),
        "hashtags": Derive(lambda p, given: textual.hashtags(_video_words(p, given)), "description", "in it"),
        "mentions": Absent("a video names none"),
        "urls": Derive(lambda p, given: textual.urls(_video_words(p, given)), "description", "in it"),
        "media_type": Const("video"),
        "duration_s": Take("length", real),
        **absent("a video does not report it", "place_name", "lat", "lon"),
    },
)


def _in_link(payload: Any) -> dict[str, str | None]:
    found = _PLACE_IN_LINK.search(str(get(payload, "permalink_url") or ""))
    return found.groupdict() if found else {}


def comment_id(payload: Any, given: Shared | None = None) -> str:
    """The comment's id as post and comment; where the answer left it out, from its address."""
    own = take(payload, "id", id_text)
    if own is not None:
        # Inside a post the id begins with the page's; the same comment has none elsewhere.
        return "_".join(str(own).split("_")[-2:])
    place = _in_link(payload)
    if not place:
        raise MappingError("field_missing", "id", "neither id nor an address that names the comment")
    return f"{place['post']}_{place['reply'] or place['comment']}"


def _root(payload: Any, given: Shared) -> str | None:
    place = _in_link(payload)
    return f"{place['page']}_{place['post']}" if place else given.get("post_id")


def _parent(payload: Any, given: Shared) -> str | None:
    answered = take(payload, "parent.id", id_text)
    if answered is not None:
        return str(answered)
    place = _in_link(payload)
    if place.get("reply"):
        return f"{place['post']}_{place['comment']}"
    return _root(payload, given)


_COMMENT_ID = Derive(
    comment_id, "id, permalink_url", "post and comment; from the address where `id` was not asked for"
)

COMMENTS = mapping(
    "posts",
    "Facebook comment",
    **{
        **_COMMON,
        "post_id": _COMMENT_ID,
        "created_at": Take("created_time", time_iso, required=True),
        "text": Take("message", text),
        "url": Take("permalink_url", word),
        "post_type": Const("comment"),
        "parent_post_id": Derive(_parent, "parent.id, permalink_url", "the comment answered, else the post"),
        "root_post_id": Derive(_root, "permalink_url", "the post, from the address"),
        "hashtags": Derive(lambda p, given: textual.hashtags(get(p, "message")), "message", "in it"),
        "mentions": Take("message_tags[].name", texts, note="names: the API gives no handles"),
        "urls": Derive(lambda p, given: textual.urls(get(p, "message")), "message", "in it"),
        "media_type": _media_type("attachment.type"),
        "duration_s": Absent("a comment does not report it"),
        **absent("a comment does not report it", "place_name", "lat", "lon"),
    },
)

_NOT_IN_OBJECTS = absent("in insights only", "dislikes", "saves", "clicks", "views", "impressions", "reach")
_NEVER = absent("Facebook has none", "reposts", "quotes", "score")

POST_METRICS = mapping(
    "post_metrics",
    "Facebook post",
    platform=Const("facebook"),
    post_id=Take("id", id_text, required=True),
    likes=Take(
        ("like.summary.total_count", "likes.summary.total_count"),
        count,
        since="2009-02-09",
        note="like reactions",
    ),
    reactions=Take("reactions.summary.total_count", count, since="2016-02-24", note="all reactions"),
    comments=Take("comments.summary.total_count", count),
    shares=Take("shares.count", count, note="left out by the API where nobody shared"),
    **_NOT_IN_OBJECTS,
    **_NEVER,
)

COMMENT_METRICS = mapping(
    "post_metrics",
    "Facebook comment",
    platform=Const("facebook"),
    post_id=_COMMENT_ID,
    likes=Derive(
        lambda payload, given: take(
            payload,
            (
                "like_count",
                "likes" if isinstance(get(payload, "likes"), int) else "likes.summary.total_count",
            ),
            count,
        ),
        "like_count, likes, likes.summary.total_count",
    ),
    comments=Take("comment_count", count),
    reactions=Absent("not in these bodies"),
    shares=Absent("comments have none"),
    **_NOT_IN_OBJECTS,
    **_NEVER,
)


def _verified(payload: Any, given: Shared) -> bool | None:
    status = take(payload, "verification_status", word)
    return None if status is None else status in ("blue_verified", "gray_verified", "verified")


def _place(payload: Any, given: Shared) -> str | None:
    parts = [take(payload, f"location.{name}", word) for name in ("city", "country")]
    return ", ".join(part for part in parts if part) or None


PROFILES = mapping(
    "authors",
    "Facebook page or user",
    platform=Const("facebook"),
    author_id=Take("id", id_text, required=True),
    handle=Take("username", word),
    display_name=Take("name", word),
    bio=Take(("about", "description"), word),
    location_text=Derive(_place, "location.city, location.country"),
    url=Take("link", word),
    created_at=Absent("the Graph API does not report it"),
    is_verified=Derive(_verified, "verification_status", "true for blue and gray verification"),
    is_business=Absent("the Graph API does not report it"),
    category=Take("category", word),
)

PROFILE_METRICS = mapping(
    "author_metrics",
    "Facebook page",
    platform=Const("facebook"),
    author_id=Take("id", id_text, required=True),
    followers=Take("followers_count", count, note="`fan_count` counts likes of the page, not followers"),
    **absent("not in these bodies", "following", "posts", "listed", "likes_received"),
)

AUTHORS = mapping(
    "authors",
    "author of a Facebook post",
    platform=Const("facebook"),
    author_id=Take("from.id", id_text, required=True),
    handle=Take("from.username", word),
    display_name=Take("from.name", word),
    **absent(
        "a post names its author only",
        "bio",
        "location_text",
        "url",
        "created_at",
        "is_verified",
        "is_business",
        "category",
    ),
)

TABLES = (
    POSTS,
    VIDEOS,
    COMMENTS,
    POST_METRICS,
    COMMENT_METRICS,
    PROFILES,
    PROFILE_METRICS,
    AUTHORS,
)
_CONTENT = ("message", "story", "title", "description", "created_time", "permalink_url")


def _rows(item: Item, table: EntityMapping, metrics: EntityMapping) -> Rows:
    rows: Rows = {}
    observed = apply(metrics, item.payload, item.given)
    post = apply(table, item.payload, item.given)
    has_metrics = has_values(metrics, observed)
    # An answer of counts alone says nothing about the text, and must not empty it.
    if not has_metrics or any(get(item.payload, name) is not None for name in _CONTENT):
        rows["posts"] = [post]
    if has_metrics:
        rows["post_metrics"] = [observed]
    if get(item.payload, "from.id") is not None:
        rows["authors"] = [apply(AUTHORS, item.payload)]
    return rows


def post_rows(item: Item) -> Rows:
    """Rows of a post."""
    return _rows(item, POSTS, POST_METRICS)


def video_rows(item: Item) -> Rows:
    """Rows of a video."""
    return _rows(item, VIDEOS, POST_METRICS)


def comment_rows(item: Item) -> Rows:
    """Rows of a comment."""
    return _rows(item, COMMENTS, COMMENT_METRICS)


def profile_rows(item: Item) -> Rows:
    """Rows of a page or user."""
    rows: Rows = {"authors": [apply(PROFILES, item.payload)]}
    observed = apply(PROFILE_METRICS, item.payload)
    if has_values(PROFILE_METRICS, observed):
        rows["author_metrics"] = [observed]
    return rows
