"""Instagram's and Threads' objects as contract rows."""

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
    flag,
    get,
    has_values,
    id_text,
    mapping,
    take,
    text,
    time_iso,
    word,
)

Shared = Mapping[str, Any]
_MEDIA_TYPES = {
    "IMAGE": "image",
    "VIDEO": "video",
    "CAROUSEL_ALBUM": "carousel",
    "BROADCAST": "video",
    "AUDIO": "audio",
    "GIF": "image",
    "TEXT_POST": "text",
}


def author_id(payload: Any, given: Shared) -> str | None:
    """The author's id; where the answer has only the name, ``@`` and the name."""
    own = take(payload, ("owner.id", "user.id", "from.id"), id_text) or given.get("owner_id")
    if own is not None:
        return str(own)
    name = take(payload, ("username", "from.username"), word)
    return None if name is None else f"@{name}"


_AUTHOR_ID = Derive(
    author_id,
    "owner.id, user.id, from.id, username",
    "the id; `@` and the name where the answer has only that",
)


def _visibility(payload: Any, given: Shared) -> None:
    if get(payload, "hidden") is True or get(payload, "hide_status") in ("HIDDEN", "BLOCKED"):
        raise MappingError(
            "not_public", "hidden", "a hidden comment: only public posts are loaded; nothing to do"
        )


_VISIBILITY = Derive(_visibility, "hidden, hide_status", "NULL: not reported; hidden ones are quarantined")


def _media_type(payload: Any, given: Shared) -> str | None:
    found = take(payload, "media_type", word)
    return None if found is None else _MEDIA_TYPES.get(found, found.lower())


def _media_post_type(payload: Any, given: Shared) -> str:
    if get(payload, "media_product_type") == "STORY":
        return "story"
    if "/stories/" in str(get(payload, "permalink") or ""):
        return "story"
    return "video" if get(payload, "media_type") in ("VIDEO", "BROADCAST") else "post"


def _found_in(field: str, find: Any) -> Derive:
    return Derive(lambda payload, given: find(take(payload, field, text)), field, "written in it")


_TELLS_NOTHING = absent(
    "the API does not report it", "lang_reported", "duration_s", "place_name", "lat", "lon"
)
_ALWAYS = {
    "author_id": _AUTHOR_ID,
    "visibility": _VISIBILITY,
    "is_paid_partnership": Absent("not in these bodies"),
    "is_collected": Const(True),
    "is_deleted": Const(False, "(a deleted object is missing from the answer)"),
    **_TELLS_NOTHING,
}

MEDIA = mapping(
    "posts",
    "Instagram media",
    **{
        **_ALWAYS,
        "platform": Const("instagram"),
        "post_id": Take("id", id_text, required=True),
        "created_at": Take("timestamp", time_iso),
        "text": Take("caption", text),
        "url": Take("permalink", word),
        "post_type": Derive(
            _media_post_type, "media_product_type, permalink, media_type", "story, video or post"
        ),
        **absent(
            "media answer and repeat nothing",
            "parent_post_id",
            "root_post_id",
            "reposted_post_id",
            "quoted_post_id",
        ),
        "hashtags": _found_in("caption", textual.hashtags),
        "mentions": _found_in("caption", textual.mentions),
        "urls": _found_in("caption", textual.urls),
        "media_type": Derive(_media_type, "media_type"),
        "is_paid_partnership": Take("is_paid_partnership", flag),
    },
)

COMMENTS = mapping(
    "posts",
    "Instagram comment",
    **{
        **_ALWAYS,
        "platform": Const("instagram"),
        "post_id": Take("id", id_text, required=True),
        "created_at": Take("timestamp", time_iso),
        "text": Take("text", text, required=True),
        "url": Absent("comments have no address"),
        "post_type": Const("comment"),
        "parent_post_id": Derive(
            lambda payload, given: (
                take(payload, "parent_id", id_text)
                or given.get("parent_id")
                or take(payload, "media.id", id_text)
                or given.get("media_id")
            ),
            "parent_id, media.id",
            "the comment answered, else the media, if the answer names them",
        ),
        "root_post_id": Derive(
            lambda payload, given: take(payload, "media.id", id_text) or given.get("media_id"),
            "media.id",
            "the media, if the answer names it",
        ),
        **absent("comments repeat nothing", "reposted_post_id", "quoted_post_id"),
        "hashtags": _found_in("text", textual.hashtags),
        "mentions": _found_in("text", textual.mentions),
        "urls": _found_in("text", textual.urls),
        "media_type": Absent("comments are text"),
    },
)

_INSIGHTS_ONLY = absent("in insights only", "shares", "saves", "views", "impressions", "reach", "clicks")
_NOT_INSTAGRAM = absent("Instagram has none", "reactions", "dislikes", "reposts", "quotes", "score")

MEDIA_METRICS = mapping(
    "post_metrics",
    "Instagram media",
    platform=Const("instagram"),
    post_id=Take("id", id_text, required=True),
    likes=Take("like_count", count, note="left out by the API where the owner hides it"),
    comments=Take("comments_count", count),
    **_INSIGHTS_ONLY,
    **_NOT_INSTAGRAM,
)

COMMENT_METRICS = mapping(
    "post_metrics",
    "Instagram comment",
    platform=Const("instagram"),
    post_id=Take("id", id_text, required=True),
    likes=Take("like_count", count),
    comments=Absent("the API does not report it"),
    **_INSIGHTS_ONLY,
    **_NOT_INSTAGRAM,
)


def _thread_type(payload: Any, given: Shared) -> str:
    if get(payload, "media_type") == "REPOST_FACADE":
        return "repost"
    if get(payload, "is_reply") or get(payload, "replied_to.id") is not None:
        return "reply"
    return "quote" if get(payload, "is_quote_post") or get(payload, "quoted_post.id") is not None else "post"


THREADS = mapping(
    "posts",
    "Threads post",
    **{
        **_ALWAYS,
        "platform": Const("threads"),
        "post_id": Take("id", id_text, required=True),
        "created_at": Take("timestamp", time_iso),
        "text": Take("text", text),
        "url": Take("permalink", word),
        "post_type": Derive(
            _thread_type, "media_type, is_quote_post, quoted_post, is_reply", "repost, reply, quote or post"
        ),
        "parent_post_id": Take("replied_to.id", id_text),
        "root_post_id": Take("root_post.id", id_text),
        "reposted_post_id": Take("reposted_post.id", id_text),
        "quoted_post_id": Take("quoted_post.id", id_text),
        "hashtags": Derive(
            lambda payload, given: list(
                dict.fromkeys(
                    [
                        *([tag] if (tag := take(payload, "topic_tag", word)) else []),
                        *(textual.hashtags(take(payload, "text", text)) or []),
                    ]
                )
            ),
            "topic_tag, text",
            "the topic, and those written in it",
        ),
        "mentions": _found_in("text", textual.mentions),
        "urls": _found_in("text", textual.urls),
        "media_type": Derive(_media_type, "media_type"),
        "place_name": Take("location.name", word),
    },
)

PROFILES = mapping(
    "authors",
    "Instagram account",
    platform=Const("instagram"),
    author_id=Take("id", id_text, required=True),
    handle=Take("username", word),
    display_name=Take("name", word),
    bio=Take("biography", word),
    location_text=Absent("the API does not report it"),
    url=Take("website", word),
    created_at=Absent("the API does not report it"),
    is_verified=Take("is_verified", flag),
    is_business=Derive(
        lambda payload, given: (
            None if get(payload, "account_type") is None else payload["account_type"] != "PERSONAL"
        ),
        "account_type",
        "true for business and creator accounts",
    ),
    category=Absent("the API does not report it"),
)

PROFILE_METRICS = mapping(
    "author_metrics",
    "Instagram account",
    platform=Const("instagram"),
    author_id=Take("id", id_text, required=True),
    followers=Take("followers_count", count),
    following=Take("follows_count", count),
    posts=Take("media_count", count),
    **absent("the API does not report it", "listed", "likes_received"),
)


def _author(platform: str, label: str) -> EntityMapping:
    return mapping(
        "authors",
        label,
        platform=Const(platform),
        author_id=_AUTHOR_ID,
        handle=Take(("username", "from.username"), word),
        **absent(
            "a post names its author only",
            "display_name",
            "bio",
            "location_text",
            "url",
            "created_at",
            "is_business",
            "category",
        ),
        is_verified=Take("is_verified", flag),
    )


AUTHORS = _author("instagram", "author of Instagram media or a comment")
THREADS_AUTHORS = _author("threads", "author of a Threads post")

THREADS_PROFILES = mapping(
    "authors",
    "Threads account",
    platform=Const("threads"),
    author_id=Take("id", id_text, required=True),
    handle=Take("username", word),
    display_name=Take("name", word),
    bio=Take("threads_biography", word),
    is_verified=Take("is_verified", flag),
    **absent("the API does not report it", "location_text", "url", "created_at", "is_business", "category"),
)

TABLES = (
    MEDIA,
    COMMENTS,
    THREADS,
    MEDIA_METRICS,
    COMMENT_METRICS,
    PROFILES,
    PROFILE_METRICS,
    AUTHORS,
    THREADS_AUTHORS,
    THREADS_PROFILES,
)
_CONTENT = ("caption", "text", "timestamp", "permalink")


def _rows(item: Item, table: EntityMapping, metrics: EntityMapping | None, authors: EntityMapping) -> Rows:
    payload, given = item.payload, item.given
    rows: Rows = {}
    post = apply(table, payload, given)
    observed = None if metrics is None else apply(metrics, payload)
    has_metrics = metrics is not None and observed is not None and has_values(metrics, observed)
    # An answer of counts alone says nothing about the text, and must not empty it.
    if not has_metrics or any(get(payload, name) is not None for name in _CONTENT):
        rows["posts"] = [post]
    if has_metrics and observed is not None:
        rows["post_metrics"] = [observed]
    if author_id(payload, given) is not None and get(payload, "username") is not None:
        rows["authors"] = [apply(authors, payload, given)]
    return rows


def media_rows(item: Item) -> Rows:
    """Rows of Instagram media."""
    return _rows(item, MEDIA, MEDIA_METRICS, AUTHORS)


def comment_rows(item: Item) -> Rows:
    """Rows of an Instagram comment."""
    return _rows(item, COMMENTS, COMMENT_METRICS, AUTHORS)


def threads_rows(item: Item) -> Rows:
    """Rows of a Threads post."""
    return _rows(item, THREADS, None, THREADS_AUTHORS)


def profile_rows(item: Item) -> Rows:
    """Rows of an Instagram account."""
    rows: Rows = {"authors": [apply(PROFILES, item.payload)]}
    observed = apply(PROFILE_METRICS, item.payload)
    if has_values(PROFILE_METRICS, observed):
        rows["author_metrics"] = [observed]
    return rows


def threads_profile_rows(item: Item) -> Rows:
    """Rows of a Threads account."""
    return {"authors": [apply(THREADS_PROFILES, item.payload)]}
