"""YouTube's resources as contract rows."""

import html
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
    Given,
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
    real,
    take,
    text,
    time_iso,
    word,
)

Shared = Mapping[str, Any]
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_UNIT_SECONDS = (604_800, 86_400, 3_600, 60, 1)
DELETED_TITLE, PRIVATE_TITLE = "Deleted video", "Private video"


def duration(value: Any, path: str) -> float:
    """Seconds of an ISO 8601 duration such as ``PT21M7S``."""
    found = _DURATION.fullmatch(text(value, path))
    if found is None:
        raise MappingError("field_retyped", path, f"{path}: {value!r} is no ISO 8601 duration")
    return sum(float(part or 0) * unit for part, unit in zip(found.groups(), _UNIT_SECONDS, strict=True))


def _titled(payload: Any, given: Shared) -> str:
    title = take(payload, "snippet.title", text)
    if title is None:
        raise MappingError("field_missing", "snippet.title", "snippet.title is missing or null")
    description = (take(payload, "snippet.description", text) or "").strip()
    words = f"{title}\n\n{description}" if description else str(title)
    return html.unescape(words) if given.get("is_escaped") else words


def _video_visibility(payload: Any, given: Shared) -> str | None:
    found: str | None = take(payload, "status.privacyStatus", text)
    if found in ("public", "unlisted", None):
        return found
    raise MappingError(
        "not_public",
        "status.privacyStatus",
        f"privacyStatus is {found}: only public and unlisted videos are loaded; nothing to do",
    )


def _of_text(find: Any) -> Derive:
    return Derive(
        lambda payload, given: find(_titled(payload, given)),
        "snippet.title, snippet.description",
        "written in title and description",
    )


def _watch(way: str) -> Derive:
    def derive(payload: Any, given: Shared) -> str:
        return f"https://www.youtube.com/watch?v={take(payload, way, id_text)}"

    return Derive(derive, way, "made from the id")


_NOT_A_REPLY = absent(
    "a video answers and repeats nothing",
    "parent_post_id",
    "root_post_id",
    "reposted_post_id",
    "quoted_post_id",
)
_NO_PLACE = absent("this form does not report it", "place_name", "lat", "lon")
_TITLED = Derive(_titled, "snippet.title, snippet.description", "title, blank line, description")

VIDEOS = mapping(
    "posts",
    "video",
    platform=Const("youtube"),
    post_id=Take("id", id_text, required=True),
    author_id=Take("snippet.channelId", id_text),
    created_at=Take("snippet.publishedAt", time_iso, required=True),
    text=_TITLED,
    lang_reported=Take("snippet.defaultLanguage", language),
    url=_watch("id"),
    post_type=Const("video"),
    **_NOT_A_REPLY,
    hashtags=_of_text(textual.hashtags),
    mentions=_of_text(textual.mentions),
    urls=_of_text(textual.urls),
    media_type=Const("video"),
    duration_s=Take("contentDetails.duration", duration),
    place_name=Take("recordingDetails.locationDescription", word),
    lat=Take("recordingDetails.location.latitude", real),
    lon=Take("recordingDetails.location.longitude", real),
    visibility=Derive(_video_visibility, "status.privacyStatus", "private videos are quarantined"),
    is_paid_partnership=Take("paidProductPlacementDetails.hasPaidProductPlacement", flag),
    is_collected=Const(True),
    is_deleted=Const(False, "(a deleted video is missing from the answer)"),
)

FOUND_VIDEOS = mapping(
    "posts",
    "search result",
    platform=Const("youtube"),
    post_id=Take("id.videoId", id_text, required=True),
    author_id=Take("snippet.channelId", id_text),
    created_at=Take("snippet.publishedAt", time_iso, required=True),
    text=Derive(
        _titled,
        "snippet.title, snippet.description",
        "title, blank line, description, which a search cuts; HTML escapes undone",
    ),
    lang_reported=Absent("a search does not report it"),
    url=_watch("id.videoId"),
    post_type=Const("video"),
    **_NOT_A_REPLY,
    hashtags=_of_text(textual.hashtags),
    mentions=_of_text(textual.mentions),
    urls=Absent("a search cuts the description, and with it addresses"),
    media_type=Const("video"),
    duration_s=Absent("a search does not report it"),
    **_NO_PLACE,
    visibility=Absent("a search does not report it"),
    is_paid_partnership=Absent("a search does not report it"),
    is_collected=Const(True),
    is_deleted=Const(False),
)


def _is_deleted_item(payload: Any) -> bool:
    return (
        get(payload, "snippet.title") == DELETED_TITLE and get(payload, "snippet.videoOwnerChannelId") is None
    )


def _item_visibility(payload: Any, given: Shared) -> str | None:
    if get(payload, "snippet.title") == PRIVATE_TITLE and get(payload, "status.privacyStatus") is None:
        if get(payload, "snippet.videoOwnerChannelId") is None:
            raise MappingError("not_public", "snippet.title", "a private video in a playlist; nothing to do")
        return None
    return None if _is_deleted_item(payload) else _video_visibility(payload, given)


PLAYLIST_VIDEOS = mapping(
    "posts",
    "playlist item",
    platform=Const("youtube"),
    post_id=Take("snippet.resourceId.videoId", id_text, required=True),
    author_id=Take(
        "snippet.videoOwnerChannelId", id_text, note="`snippet.channelId` is who owns the playlist"
    ),
    created_at=Take(
        "contentDetails.videoPublishedAt", time_iso, note="`snippet.publishedAt` is when it was added"
    ),
    text=Derive(
        lambda payload, given: None if _is_deleted_item(payload) else _titled(payload, given),
        "snippet.title, snippet.description",
        "title, blank line, description; NULL for a deleted video",
    ),
    lang_reported=Absent("a playlist does not report it"),
    url=_watch("snippet.resourceId.videoId"),
    post_type=Const("video"),
    **_NOT_A_REPLY,
    hashtags=_of_text(textual.hashtags),
    mentions=_of_text(textual.mentions),
    urls=_of_text(textual.urls),
    media_type=Const("video"),
    duration_s=Absent("a playlist does not report it"),
    **_NO_PLACE,
    visibility=Derive(
        _item_visibility, "status.privacyStatus, snippet.title", "private videos are quarantined"
    ),
    is_paid_partnership=Absent("a playlist does not report it"),
    is_collected=Const(True),
    is_deleted=Derive(
        lambda payload, given: _is_deleted_item(payload),
        "snippet.title, snippet.videoOwnerChannelId",
        "true for the entry that a deleted video leaves",
    ),
)

VIDEO_METRICS = mapping(
    "post_metrics",
    "video",
    platform=Const("youtube"),
    post_id=Take("id", id_text, required=True),
    likes=Take("statistics.likeCount", count),
    dislikes=Take("statistics.dislikeCount", count, only="for the owner only, since 2021-12-13"),
    comments=Take("statistics.commentCount", count),
    views=Take("statistics.viewCount", count),
    **absent(
        "the Data API does not report it",
        "reactions",
        "reposts",
        "shares",
        "quotes",
        "saves",
        "clicks",
        "impressions",
        "reach",
        "score",
    ),
)


def _comment_text(payload: Any, given: Shared) -> str:
    original = take(payload, "snippet.textOriginal", text)
    if original is not None:
        return str(original)
    shown = take(payload, "snippet.textDisplay", text)
    if shown is None:
        raise MappingError("field_missing", "snippet.textDisplay", "a comment without text")
    return textual.html_text(shown)


def _comment_visibility(payload: Any, given: Shared) -> str:
    status = take(payload, "snippet.moderationStatus", text)
    if status not in (None, "published"):
        raise MappingError(
            "not_public",
            "snippet.moderationStatus",
            f"the comment is {status}, not published; nothing to do",
        )
    if given["is_public"] is False:
        raise MappingError(
            "not_public", "snippet.isPublic", "the comment's thread is not public; nothing to do"
        )
    return "public"


COMMENTS = mapping(
    "posts",
    "comment",
    platform=Const("youtube"),
    post_id=Take("id", id_text, required=True),
    author_id=Take("snippet.authorChannelId.value", id_text, note="absent for accounts that are gone"),
    created_at=Take("snippet.publishedAt", time_iso, required=True),
    text=Derive(
        _comment_text,
        "snippet.textOriginal, snippet.textDisplay",
        "the original, else plain text of the HTML",
    ),
    lang_reported=Absent("comments have none"),
    url=Derive(
        lambda payload, given: (
            f"https://www.youtube.com/watch?v={given['video_id']}&lc={payload['id']}"
            if given["video_id"]
            else None
        ),
        "id, snippet.videoId",
        "made from the ids",
    ),
    post_type=Const("comment"),
    parent_post_id=Derive(
        lambda payload, given: take(payload, "snippet.parentId", id_text) or given["video_id"],
        "snippet.parentId, snippet.videoId",
        "the comment that it answers, else the video",
    ),
    root_post_id=Given("video_id", "the video, if the answer names it", "snippet.videoId"),
    **absent("comments repeat nothing", "reposted_post_id", "quoted_post_id"),
    hashtags=Derive(
        lambda payload, given: textual.hashtags(_comment_text(payload, given)), "snippet.textOriginal"
    ),
    mentions=Derive(
        lambda payload, given: textual.mentions(_comment_text(payload, given)), "snippet.textOriginal"
    ),
    urls=Derive(lambda payload, given: textual.urls(_comment_text(payload, given)), "snippet.textOriginal"),
    media_type=Absent("comments are text"),
    duration_s=Absent("comments are text"),
    **_NO_PLACE,
    visibility=Derive(
        _comment_visibility, "snippet.moderationStatus", "held and rejected ones are quarantined"
    ),
    is_paid_partnership=Absent("comments have none"),
    is_collected=Const(True),
    is_deleted=Const(False, "(a deleted comment is missing from the answer)"),
)

COMMENT_METRICS = mapping(
    "post_metrics",
    "comment",
    platform=Const("youtube"),
    post_id=Take("id", id_text, required=True),
    likes=Take("snippet.likeCount", count),
    comments=Given("reply_count", "`totalReplyCount` of its thread, for top-level comments"),
    **absent(
        "the Data API does not report it",
        "reactions",
        "dislikes",
        "reposts",
        "shares",
        "quotes",
        "saves",
        "clicks",
        "views",
        "impressions",
        "reach",
        "score",
    ),
)

_NO_AUTHOR_KIND = absent("the Data API does not report it", "is_verified", "is_business", "category")


def _handle(payload: Any, given: Shared) -> str | None:
    name = take(payload, "snippet.authorDisplayName", word)
    return name if name is not None and name.startswith("@") else None


COMMENTERS = mapping(
    "authors",
    "author of a comment",
    platform=Const("youtube"),
    author_id=Take("snippet.authorChannelId.value", id_text, required=True),
    handle=Derive(_handle, "snippet.authorDisplayName", "since 2023 the name shown is the handle"),
    display_name=Take("snippet.authorDisplayName", word),
    url=Take("snippet.authorChannelUrl", word),
    **absent("a comment does not report it", "bio", "location_text", "created_at"),
    **_NO_AUTHOR_KIND,
)


def _uploader(label: str, channel: str, title: str) -> EntityMapping:
    return mapping(
        "authors",
        label,
        platform=Const("youtube"),
        author_id=Take(channel, id_text, required=True),
        display_name=Take(title, word),
        url=Derive(
            lambda payload, given: f"https://www.youtube.com/channel/{take(payload, channel, id_text)}",
            channel,
        ),
        **absent("a video does not report it", "handle", "bio", "location_text", "created_at"),
        **_NO_AUTHOR_KIND,
    )


UPLOADERS = _uploader("channel of a video", "snippet.channelId", "snippet.channelTitle")
OWNERS = _uploader(
    "channel of a playlist's video", "snippet.videoOwnerChannelId", "snippet.videoOwnerChannelTitle"
)

CHANNELS = mapping(
    "authors",
    "channel",
    platform=Const("youtube"),
    author_id=Take(("id.channelId", "id"), id_text, required=True),
    handle=Take("snippet.customUrl", word),
    display_name=Take("snippet.title", word),
    bio=Take("snippet.description", word),
    location_text=Take("snippet.country", word),
    url=Derive(
        lambda payload, given: (
            "https://www.youtube.com/channel/" + str(get(payload, "id.channelId") or payload["id"])
        ),
        "id",
    ),
    created_at=Take("snippet.publishedAt", time_iso),
    **_NO_AUTHOR_KIND,
)


def _followers(payload: Any, given: Shared) -> int | None:
    found = take(payload, "statistics.subscriberCount", count)
    return None if get(payload, "statistics.hiddenSubscriberCount") else found


CHANNEL_METRICS = mapping(
    "author_metrics",
    "channel",
    platform=Const("youtube"),
    author_id=Take("id", id_text, required=True),
    followers=Derive(
        _followers,
        "statistics.subscriberCount, statistics.hiddenSubscriberCount",
        "rounded by YouTube to three figures; NULL where the channel hides it",
    ),
    following=Absent("YouTube does not report it"),
    posts=Take("statistics.videoCount", count),
    listed=Absent("YouTube does not report it"),
    likes_received=Absent("YouTube does not report it"),
)

TABLES = (
    VIDEOS,
    FOUND_VIDEOS,
    PLAYLIST_VIDEOS,
    VIDEO_METRICS,
    COMMENTS,
    COMMENT_METRICS,
    COMMENTERS,
    UPLOADERS,
    OWNERS,
    CHANNELS,
    CHANNEL_METRICS,
)


def _metrics(rows: Rows, table: EntityMapping, payload: Any, given: Shared | None = None) -> Rows:
    observed = apply(table, payload, given)
    if has_values(table, observed):
        rows[table.entity.name] = [observed]
    return rows


def video_rows(item: Item) -> Rows:
    """Rows of a video; its metrics alone where the answer has no ``snippet``."""
    rows: Rows = {}
    _video_visibility(item.payload, {})
    if get(item.payload, "snippet") is not None:
        rows["posts"] = [apply(VIDEOS, item.payload)]
        if get(item.payload, "snippet.channelId") is not None:
            rows["authors"] = [apply(UPLOADERS, item.payload)]
    return _metrics(rows, VIDEO_METRICS, item.payload)


def found_video_rows(item: Item) -> Rows:
    """Rows of a video that a search found."""
    rows: Rows = {"posts": [apply(FOUND_VIDEOS, item.payload, {"is_escaped": True})]}
    if get(item.payload, "snippet.channelId") is not None:
        rows["authors"] = [apply(UPLOADERS, item.payload)]
    return rows


def playlist_video_rows(item: Item) -> Rows:
    """Rows of a video in a playlist."""
    rows: Rows = {"posts": [apply(PLAYLIST_VIDEOS, item.payload)]}
    if get(item.payload, "snippet.videoOwnerChannelId") is not None:
        rows["authors"] = [apply(OWNERS, item.payload)]
    return rows


def comment_rows(item: Item) -> Rows:
    """Rows of a comment."""
    payload = item.payload
    video = take(payload, "snippet.videoId", id_text) or item.given.get("video_id")
    given = {
        "video_id": video,
        "is_public": item.given.get("is_public"),
        "reply_count": item.given.get("reply_count"),
    }
    rows: Rows = {"posts": [apply(COMMENTS, payload, given)]}
    if get(payload, "snippet.authorChannelId.value") is not None:
        rows["authors"] = [apply(COMMENTERS, payload)]
    return _metrics(rows, COMMENT_METRICS, payload, given)


def channel_rows(item: Item) -> Rows:
    """Rows of a channel; its metrics alone where the answer has no ``snippet``."""
    rows: Rows = {}
    if get(item.payload, "snippet") is not None:
        rows["authors"] = [apply(CHANNELS, item.payload)]
    if isinstance(item.payload.get("id"), str):
        _metrics(rows, CHANNEL_METRICS, item.payload)
    return rows
