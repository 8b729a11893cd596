"""Which bodies are YouTube's, and the resources in them."""

from collections.abc import Iterator
from typing import Any

from gaung.sources.bodies import UNKNOWN, Item, ItemKind, Platform
from gaung.sources.bodies.platform import field_names
from gaung.sources.mapping import KnownFields, count, get, take
from gaung.sources.youtube import mapping
from gaung.sources.youtube.fragments import is_fragment

_OTHERS = {
    "youtube#activity": "activity",
    "youtube#caption": "caption_track",
    "youtube#channelBannerResource": "channel_banner",
    "youtube#channelSection": "channel_section",
    "youtube#guideCategory": "category",
    "youtube#videoCategory": "category",
    "youtube#i18nLanguage": "language",
    "youtube#i18nRegion": "region",
    "youtube#member": "member",
    "youtube#membershipsLevel": "memberships_level",
    "youtube#playlist": "playlist",
    "youtube#subscription": "subscription",
    "youtube#videoAbuseReportReason": "abuse_reason",
    "youtube#videoGetRatingResponse": "own_rating",
}

IGNORED = {
    "empty_page": "a list without entries",
    "empty_body": "an answer without content",
    "api_error": "an error message",
    "access_token": "a token of the client that asked",
    "client_secret": "a client's registration",
    "user_profile": "the account that asked",
    "fragment": "a part of a resource without the id that it belongs to",
    "partial_resource": "a resource with neither `snippet` nor `statistics`",
    "activity": "an entry of a channel's activity list",
    "caption_track": "a caption track without its text",
    "channel_banner": "an uploaded banner",
    "channel_section": "a part of a channel's page",
    "category": "a category of videos or channels",
    "language": "a language of the site",
    "region": "a region of the site",
    "member": "a paying member of a channel",
    "memberships_level": "a level of paid membership",
    "playlist": "a playlist's own page",
    "subscription": "whom an account follows",
    "abuse_reason": "a reason for reporting a video",
    "own_rating": "how the account that asked rated a video",
}


def recognises(body: Any) -> bool:
    """True for resources and lists whose ``kind`` begins with ``youtube#``, Google's errors and fragments."""
    if isinstance(body, list):
        return bool(body) and recognises(body[0])
    if not isinstance(body, dict):
        return False
    if isinstance(body.get("kind"), str):
        return str(body["kind"]).startswith("youtube#")
    if body.keys() == {"comments"}:
        return bool(get(body, "comments.0.kind") == "youtube#comment")
    return _kind_without_name(body) is not None


def _kind_without_name(body: dict[str, Any]) -> str | None:
    names = body.keys()
    if isinstance(get(body, "error.errors"), list):
        return "api_error"
    if names == {"error"} and isinstance(body["error"], str):
        return "api_error"
    if len(names) == 1 and isinstance(get(next(iter(body.values())), "client_id"), str):
        return "client_secret"
    if {"access_token", "expires_in"} <= names and ({"id_token", "refresh_token"} & names):
        return "access_token"
    if {"id", "given_name", "picture"} <= names:
        return "user_profile"
    return "fragment" if is_fragment(body) else None


def split(body: Any, address: str) -> Iterator[Item]:
    """The resources of a body in order, comment threads with their replies."""
    if isinstance(body, list):
        if not body:
            yield Item("empty_page", body)
        for part in body:
            yield from split(part, address)
    elif not isinstance(body, dict):
        yield Item(UNKNOWN, body)
    elif not body:
        yield Item("empty_body", body)
    elif not isinstance(body.get("kind"), str):
        yield from _unnamed(body)
    elif isinstance(body.get("items"), list) and body["kind"] not in _OTHERS:
        if not body["items"]:
            yield Item("empty_page", body)
        for part in body["items"]:
            yield from split(part, address)
    elif body["kind"].endswith("ListResponse") and "items" not in body:
        yield Item("empty_page", body)
    else:
        yield from _resource(body)


def _unnamed(body: dict[str, Any]) -> Iterator[Item]:
    comments = body.get("comments")
    if isinstance(comments, list) and body.keys() == {"comments"}:
        for comment in comments:
            yield from split(comment, "")
        return
    yield Item(_kind_without_name(body) or UNKNOWN, body)


def _resource(body: dict[str, Any]) -> Iterator[Item]:
    kind = body["kind"]
    if kind in _OTHERS:
        yield Item(_OTHERS[kind], body)
    elif kind == "youtube#commentThread":
        yield from _thread(body)
    elif kind == "youtube#comment":
        yield Item("comment" if "snippet" in body else "partial_resource", body)
    elif kind == "youtube#video":
        yield Item("video" if body.keys() & {"snippet", "statistics"} else "partial_resource", body)
    elif kind == "youtube#channel":
        yield Item("channel" if _says_something(body) else "partial_resource", body)
    elif kind == "youtube#playlistItem":
        is_video = get(body, "snippet.resourceId.videoId") is not None
        yield Item("playlist_video" if is_video else "partial_resource", body)
    elif kind == "youtube#searchResult":
        yield Item(_found(body), body)
    else:
        yield Item(UNKNOWN, body)


def _says_something(channel: dict[str, Any]) -> bool:
    if "snippet" in channel:
        return True
    shown = channel.get("statistics")
    if not isinstance(shown, dict):
        return False
    followers = None if shown.get("hiddenSubscriberCount") else shown.get("subscriberCount")
    return followers is not None or shown.get("videoCount") is not None


def _found(body: dict[str, Any]) -> str:
    if get(body, "snippet") is None:
        return "partial_resource"
    if get(body, "id.videoId") is not None:
        return "found_video"
    if get(body, "id.channelId") is not None:
        return "channel"
    return "playlist" if get(body, "id.playlistId") is not None else UNKNOWN


def _thread(body: dict[str, Any]) -> Iterator[Item]:
    top = get(body, "snippet.topLevelComment")
    replies = get(body, "replies.comments") or []
    given = {"video_id": get(body, "snippet.videoId"), "is_public": get(body, "snippet.isPublic")}
    if top is None and not replies:
        yield Item("partial_resource", body)
    if top is not None:
        replied = take(body, "snippet.totalReplyCount", count) if _is_count(body) else None
        yield Item("comment", top, {**given, "reply_count": replied})
    for reply in replies:
        yield Item("comment", reply, given)


def _is_count(body: dict[str, Any]) -> bool:
    found = get(body, "snippet.totalReplyCount")
    return isinstance(found, int) and not isinstance(found, bool) and found >= 0


_RESOURCE = field_names("kind etag id")
_VIDEO = field_names(
    "snippet.publishedAt snippet.channelId snippet.title snippet.description snippet.thumbnails "
    "snippet.channelTitle snippet.tags snippet.categoryId snippet.liveBroadcastContent snippet.localized "
    "snippet.defaultLanguage snippet.defaultAudioLanguage contentDetails status statistics.viewCount "
    "statistics.likeCount statistics.dislikeCount statistics.favoriteCount statistics.commentCount player "
    "topicDetails recordingDetails fileDetails processingDetails suggestions liveStreamingDetails "
    "localizations paidProductPlacementDetails ageGating monetizationDetails projectDetails"
)
_FOUND = field_names(
    "snippet.publishedAt snippet.channelId snippet.title snippet.description snippet.thumbnails "
    "snippet.channelTitle snippet.liveBroadcastContent snippet.publishTime"
)
_PLAYLIST = field_names(
    "snippet.publishedAt snippet.channelId snippet.title snippet.description snippet.thumbnails "
    "snippet.channelTitle snippet.playlistId snippet.position snippet.resourceId "
    "snippet.videoOwnerChannelTitle snippet.videoOwnerChannelId contentDetails status"
)
_COMMENT = field_names(
    "snippet.authorDisplayName snippet.authorProfileImageUrl snippet.authorChannelUrl "
    "snippet.authorChannelId snippet.channelId snippet.videoId snippet.textDisplay snippet.textOriginal "
    "snippet.parentId snippet.canRate snippet.viewerRating snippet.likeCount snippet.moderationStatus "
    "snippet.publishedAt snippet.updatedAt"
)
_CHANNEL = field_names(
    "snippet contentDetails statistics.viewCount statistics.commentCount statistics.subscriberCount "
    "statistics.hiddenSubscriberCount statistics.videoCount topicDetails status brandingSettings "
    "auditDetails contentOwnerDetails localizations invideoPromotion conversionPings"
)

PLATFORM = Platform(
    name="YouTube",
    hosts=("googleapis.com", "accounts.google.com"),
    recognises=recognises,
    split=split,
    kinds={
        "video": ItemKind(mapping.video_rows, KnownFields.of(_RESOURCE, _VIDEO)),
        "found_video": ItemKind(mapping.found_video_rows, KnownFields.of(_RESOURCE, _FOUND)),
        "playlist_video": ItemKind(mapping.playlist_video_rows, KnownFields.of(_RESOURCE, _PLAYLIST)),
        "comment": ItemKind(mapping.comment_rows, KnownFields.of(_RESOURCE, _COMMENT)),
        "channel": ItemKind(mapping.channel_rows, KnownFields.of(_RESOURCE, _CHANNEL)),
    },
    ignored=IGNORED,
    mappings=mapping.TABLES,
)
