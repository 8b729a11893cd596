"""TikTok's web objects as rows of the contract."""

from collections.abc import Mapping
from typing import Any

from gaung.sources.base import Mapped, MappingError, Rows
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    KnownFields,
    Take,
    apply,
    count,
    flag,
    get,
    has_values,
    id_text,
    language,
    mapping,
    optional_id,
    real,
    take,
    text,
    texts,
    time_epoch_s,
    word,
)


def _metric(name: str) -> Take:
    """``statsV2`` holds exact numbers as strings, ``stats`` the same, at times rounded."""
    return Take((f"statsV2.{name}", f"stats.{name}"), count)


def _handle(item: Mapping[str, Any]) -> str | None:
    found: str | None = take(item, "author.uniqueId", word)
    return found


def _url(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    handle = _handle(item)
    return None if handle is None else f"https://www.tiktok.com/@{handle}/video/{id_text(item['id'], 'id')}"


def _hashtags(item: Mapping[str, Any], given: Mapping[str, Any]) -> list[str] | None:
    paths = ("challenges[].title", "textExtra[].hashtagName")
    found = [take(item, path, texts) for path in paths]
    known = [names for names in found if names is not None]
    return list(dict.fromkeys(name for names in known for name in names)) if known else None


def _stickers(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    lists = get(item, "stickersOnItem[].stickerText", [])
    words = [words for found in lists for words in (found if isinstance(found, list) else [found])]
    return "\n".join(dict.fromkeys(text(one, "stickersOnItem") for one in words if one)) or None


def _visibility(item: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    if item.get("privateItem") is True or item.get("secret") is True:
        return "private"
    return "friends" if item.get("forFriend") is True else "public"


POSTS = mapping(
    "posts",
    "of TikTok",
    platform=Const("tiktok"),
    post_id=Take("id", id_text, required=True),
    author_id=Take(("author.id", "authorId"), optional_id),
    created_at=Take("createTime", time_epoch_s, required=True),
    text=Take("desc", text),
    lang_reported=Take("textLanguage", language),
    url=Derive(_url, "author.uniqueId, id", "made from handle and id"),
    post_type=Derive(
        lambda item, given: "video" if item.get("imagePost") is None else "post",
        "imagePost",
        "post for picture posts, else video",
    ),
    parent_post_id=Absent("captures hold videos, not comments"),
    root_post_id=Absent("captures hold videos, not comments"),
    reposted_post_id=Absent("not in TikTok's object"),
    quoted_post_id=Take(
        "duetInfo.duetFromId", lambda value, path: None if value == "0" else optional_id(value, path)
    ),
    hashtags=Derive(_hashtags, "challenges, textExtra", "`challenges[].title` and `textExtra[].hashtagName`"),
    mentions=Take("textExtra[].userUniqueId", texts),
    urls=Absent("not in TikTok's object"),
    media_type=Derive(
        lambda item, given: "video" if item.get("imagePost") is None else "image", "imagePost", "as post_type"
    ),
    duration_s=Take("video.duration", real),
    place_name=Take(("poi.name", "locationCreated"), word, note="a place, else the country of creation"),
    lat=Absent("not in TikTok's object"),
    lon=Absent("not in TikTok's object"),
    visibility=Derive(_visibility, "privateItem, secret, forFriend", "not public: quarantined"),
    is_paid_partnership=Take("isAd", flag),
    is_collected=Const(True),
    is_deleted=Const(False),
)

POST_METRICS = mapping(
    "post_metrics",
    "of TikTok",
    platform=Const("tiktok"),
    post_id=Take("id", id_text, required=True),
    likes=_metric("diggCount"),
    reactions=Absent("TikTok has likes only"),
    dislikes=Absent("not reported by TikTok"),
    comments=_metric("commentCount"),
    reposts=Absent("a share is not a repost; `repostCount` is mostly 0 and not relied on"),
    shares=_metric("shareCount"),
    quotes=Absent("not reported by TikTok"),
    saves=_metric("collectCount"),
    clicks=Absent("not reported by TikTok"),
    views=_metric("playCount"),
    impressions=Absent("TikTok reports views"),
    reach=Absent("not reported by TikTok"),
    score=Absent("not reported by TikTok"),
)

ON_SCREEN = mapping(
    "post_text_parts",
    "of TikTok (text on stickers)",
    platform=Const("tiktok"),
    post_id=Take("id", id_text, required=True),
    part=Const("on_screen"),
    text=Derive(_stickers, "stickersOnItem", "`stickersOnItem[].stickerText[]`, one a line"),
    lang=Absent("not reported by TikTok"),
    method=Const("platform"),
)

AUTHORS = mapping(
    "authors",
    "of TikTok",
    platform=Const("tiktok"),
    author_id=Take("author.id", id_text, required=True),
    handle=Take("author.uniqueId", word),
    display_name=Take("author.nickname", text),
    bio=Take("author.signature", text),
    location_text=Absent("not in TikTok's object"),
    url=Take("author.bioLink.link", word),
    created_at=Absent("not in TikTok's object"),
    is_verified=Take("author.verified", flag),
    is_business=Take("author.commerceUserInfo.commerceUser", flag),
    category=Take("author.commerceUserInfo.category", word),
)

AUTHOR_METRICS = mapping(
    "author_metrics",
    "of TikTok",
    platform=Const("tiktok"),
    author_id=Take("author.id", id_text, required=True),
    followers=Take(("authorStatsV2.followerCount", "authorStats.followerCount"), count),
    following=Take(("authorStatsV2.followingCount", "authorStats.followingCount"), count),
    posts=Take(("authorStatsV2.videoCount", "authorStats.videoCount"), count),
    listed=Absent("TikTok has no lists"),
    likes_received=Take(
        (
            "authorStatsV2.heartCount",
            "authorStats.heartCount",
            "authorStatsV2.heart",
            "authorStats.heart",
        ),
        count,
        note="`diggCount` of an author counts likes given",
    ),
)

TABLES = (POSTS, POST_METRICS, ON_SCREEN, AUTHORS, AUTHOR_METRICS)

_FIELDS = KnownFields.of(
    *TABLES,
    (
        "AIGCDescription",
        "CategoryType",
        "IsAigc",
        "IsHDBitrate",
        "adAuthorization",
        "adLabelVersion",
        "aigcLabelType",
        "anchors",
        "author",
        "authorSecId",
        "authorStats",
        "authorStatsV2",
        "backendSourceEventTracking",
        "BAInfo",
        "brandOrganicType",
        "challenges",
        "channelTags",
        "collected",
        "contentLocation",
        "contents",
        "creatorAIComment",
        "digged",
        "diversificationId",
        "diversificationLabels",
        "duetDisplay",
        "duetEnabled",
        "duetInfo",
        "effectStickers",
        "event",
        "imagePost",
        "indexEnabled",
        "isActivityItem",
        "isPinnedItem",
        "isReviewing",
        "itemCommentStatus",
        "itemMute",
        "item_control",
        "maskType",
        "moderationAigcLabelType",
        "music",
        "nickname",
        "officalItem",
        "originalItem",
        "playlistId",
        "poi",
        "scheduleTime",
        "shareEnabled",
        "showNotPass",
        "stats",
        "statsV2",
        "stitchDisplay",
        "stitchEnabled",
        "suggestedWords",
        "takeDown",
        "textExtra",
        "textTranslatable",
        "titleLanguage",
        "titleTranslatable",
        "vl1",
        "video",
        "videoSuggestWordsList",
        "warnInfo",
    ),
)


def map_item(item: Mapping[str, Any]) -> Mapped:
    """Rows of one video."""
    whole = dict(item)
    if isinstance(whole.get("author"), str):
        # Some captures hold the author's handle where the object belongs.
        whole["author"] = {"uniqueId": whole["author"], "nickname": whole.get("nickname")}
        if whole.get("authorId") is not None:
            whole["author"]["id"] = whole["authorId"]
    post = apply(POSTS, whole)
    if post["visibility"] != "public":
        raise MappingError("not_public", "privateItem", "a private video; only public posts are loaded")
    rows: Rows = {"posts": [post]}
    for name, table in (("post_metrics", POST_METRICS), ("post_text_parts", ON_SCREEN)):
        row = apply(table, whole)
        if row["text"] is not None if name == "post_text_parts" else has_values(table, row):
            rows[name] = [row]
    if get(whole, "author.id") is not None:
        rows["authors"] = [apply(AUTHORS, whole)]
        metrics = apply(AUTHOR_METRICS, whole)
        if has_values(AUTHOR_METRICS, metrics):
            rows["author_metrics"] = [metrics]
    return Mapped(rows, unknown_fields=_FIELDS.unknown(item))
