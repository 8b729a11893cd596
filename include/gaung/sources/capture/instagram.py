"""Instagram's web objects as rows of the contract: the current form and the older GraphQL form."""

import re
from collections.abc import Mapping
from typing import Any

from gaung.sources.base import Mapped, MappingError, Rows
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    KnownFields,
    Take,
    absent,
    apply,
    closed,
    count,
    flag,
    get,
    has_values,
    id_text,
    integer,
    mapping,
    optional_id,
    real,
    take,
    text,
    time_epoch_s,
    word,
)

_HASHTAG = re.compile(r"(?<![\w#])#(\w+)")
_MENTION = re.compile(r"(?<![\w@.])@([\w.]*\w)")
_GRAPHQL_HIDDEN = frozenset({-1, 3})
_TYPES = {1: "image", 2: "video", 8: "carousel"}
_GRAPHQL_TYPES = {
    "GraphImage": "image",
    "GraphVideo": "video",
    "GraphSidecar": "carousel",
    "XDTGraphImage": "image",
    "XDTGraphVideo": "video",
    "XDTGraphSidecar": "carousel",
}
_CAPTION = ("caption.text", "edge_media_to_caption.edges.0.node.text")


def _found(pattern: re.Pattern[str], words: str | None) -> list[str]:
    return list(dict.fromkeys(pattern.findall(words or "")))


def _hashtags(item: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    return _found(_HASHTAG, take(item, _CAPTION, text))


def _mentions(tagged: str) -> Derive:
    """Handles in the caption, then those tagged in the picture."""

    def derive(item: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
        names = [str(name) for name in get(item, tagged, [])]
        return list(dict.fromkeys([*_found(_MENTION, take(item, _CAPTION, text)), *names]))

    return Derive(
        derive, f"caption, edge_media_to_caption, {tagged}", "handles in the caption and tagged ones"
    )


def _post_id(item: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """``pk``, else the part of ``id`` before the author's."""
    if item.get("pk") is not None:
        return id_text(item["pk"], "pk")
    if item.get("id") is None:
        raise MappingError("field_missing", "pk", "pk or id is missing or null")
    return id_text(item["id"], "id").split("_")[0]


def _url(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    code = take(item, ("code", "shortcode"), word)
    return None if code is None else f"https://www.instagram.com/p/{code}/"


def _are_hidden(item: Mapping[str, Any]) -> bool:
    return item.get("like_and_view_counts_disabled") is True


def _likes(path: tuple[str, ...], placeholders: frozenset[int]) -> Derive:
    """NULL where likes are hidden: the payload then holds a placeholder."""

    def derive(item: Mapping[str, Any], given: Mapping[str, Any]) -> int | None:
        found = take(item, path, integer)
        if found is None or _are_hidden(item) or found in placeholders:
            return None
        return count(found, path[0])

    shown = ", ".join(map(str, sorted(placeholders)))
    return Derive(
        derive,
        (*path, "like_and_view_counts_disabled"),
        f"NULL where counts are hidden (`like_and_view_counts_disabled`, or a placeholder: {shown})",
    )


def _views(*paths: str) -> Derive:
    def derive(item: Mapping[str, Any], given: Mapping[str, Any]) -> int | None:
        found = take(item, paths, integer)
        return None if found is None or found == -1 or _are_hidden(item) else count(found, paths[0])

    return Derive(derive, (*paths, "like_and_view_counts_disabled"), "the first known; NULL where hidden")


def _post_type(item: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    if item.get("product_type") == "story":
        return "story"
    is_video = (
        item.get("media_type") == 2 or item.get("is_video") is True or item.get("product_type") == "clips"
    )
    return "video" if is_video else "post"


_COMMON_ABSENT = absent(
    "captures hold posts, not comments or shares",
    "parent_post_id",
    "root_post_id",
    "reposted_post_id",
    "quoted_post_id",
)
_METRICS_ABSENT = {
    "reactions": Absent("Instagram has likes only"),
    **absent(
        "not shown to the public by Instagram", "dislikes", "saves", "clicks", "impressions", "reach", "score"
    ),
    **absent("not shown in captures", "reposts", "shares", "quotes"),
}

POSTS = mapping(
    "posts",
    "of Instagram",
    platform=Const("instagram"),
    post_id=Derive(_post_id, "pk, id", "`pk`, else the first part of `id`; required"),
    author_id=Take(("user.pk", "user.id", "owner.pk"), optional_id),
    created_at=Take("taken_at", time_epoch_s, required=True),
    text=Take("caption.text", text, note="a post may have no caption"),
    lang_reported=Absent("not in Instagram's object"),
    url=Derive(_url, "code", "made from the code"),
    post_type=Derive(_post_type, "product_type, media_type", "story, video (clips, media type 2) or post"),
    **_COMMON_ABSENT,
    hashtags=Derive(_hashtags, "caption.text", "words after # in the caption"),
    mentions=_mentions("usertags.in[].user.username"),
    urls=Absent("captions hold no links"),
    media_type=Take("media_type", closed(_TYPES, "other")),
    duration_s=Take("video_duration", real),
    place_name=Take("location.name", word),
    lat=Take("location.lat", real),
    lon=Take("location.lng", real),
    visibility=Const("public", "(posts of private accounts are quarantined as not_public)"),
    is_paid_partnership=Take("is_paid_partnership", flag),
    is_collected=Const(True),
    is_deleted=Const(False),
)

GRAPHQL_POSTS = mapping(
    "posts",
    "of Instagram (GraphQL form)",
    platform=Const("instagram"),
    post_id=Derive(_post_id, "id", "the first part of `id`; required"),
    author_id=Take("owner.id", optional_id),
    created_at=Take("taken_at_timestamp", time_epoch_s, required=True),
    text=Take("edge_media_to_caption.edges.0.node.text", text, note="a post may have no caption"),
    lang_reported=Absent("not in Instagram's object"),
    url=Derive(_url, "shortcode", "made from the shortcode"),
    post_type=Derive(_post_type, "product_type, is_video", "story, video or post"),
    **_COMMON_ABSENT,
    hashtags=Derive(_hashtags, "edge_media_to_caption", "words after # in the caption"),
    mentions=_mentions("edge_media_to_tagged_user.edges[].node.user.username"),
    urls=Absent("captions hold no links"),
    media_type=Take("__typename", closed(_GRAPHQL_TYPES, "other")),
    duration_s=Take("video_duration", real),
    place_name=Take("location.name", word),
    lat=Absent("not in this form"),
    lon=Absent("not in this form"),
    visibility=Const("public", "(posts of private accounts are quarantined as not_public)"),
    is_paid_partnership=Take("is_paid_partnership", flag),
    is_collected=Const(True),
    is_deleted=Const(False),
)

POST_METRICS = mapping(
    "post_metrics",
    "of Instagram",
    platform=Const("instagram"),
    post_id=Derive(_post_id, "pk, id", "as in posts"),
    likes=_likes(("like_count",), frozenset({-1})),
    comments=Take("comment_count", count),
    views=_views("play_count", "view_count"),
    **_METRICS_ABSENT,
)

GRAPHQL_METRICS = mapping(
    "post_metrics",
    "of Instagram (GraphQL form)",
    platform=Const("instagram"),
    post_id=Derive(_post_id, "id", "as in posts"),
    likes=_likes(("edge_media_preview_like.count", "edge_liked_by.count"), _GRAPHQL_HIDDEN),
    comments=Take(
        (
            "edge_media_to_comment.count",
            "edge_media_to_parent_comment.count",
            "edge_media_preview_comment.count",
        ),
        count,
    ),
    views=_views("video_view_count", "video_play_count"),
    **_METRICS_ABSENT,
)


def _alt(item: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    parts = [
        *(get(item, "carousel_media[].accessibility_caption", [])),
        *(get(item, "edge_sidecar_to_children.edges[].node.accessibility_caption", [])),
    ]
    own = take(item, "accessibility_caption", word)
    found = [str(words).strip() for words in ([own] if own else []) + parts]
    return "\n".join(dict.fromkeys(words for words in found if words)) or None


ALT_TEXTS = mapping(
    "post_text_parts",
    "of Instagram (descriptions of pictures)",
    platform=Const("instagram"),
    post_id=Derive(_post_id, "pk, id", "as in posts"),
    part=Const("alt"),
    text=Derive(
        _alt,
        "accessibility_caption, carousel_media, edge_sidecar_to_children",
        "`accessibility_caption` of the post and its pictures, one a line",
    ),
    lang=Absent("not in Instagram's object"),
    method=Const("platform"),
)

AUTHORS = mapping(
    "authors",
    "of Instagram",
    platform=Const("instagram"),
    author_id=Take(("user.pk", "user.id", "owner.pk", "owner.id"), id_text, required=True),
    handle=Take(("user.username", "owner.username"), word),
    display_name=Take(("user.full_name", "owner.full_name"), text),
    is_verified=Take(("user.is_verified", "owner.is_verified"), flag),
    is_business=Take(("user.is_business", "owner.is_business_account"), flag),
    category=Take(("user.category", "owner.category_name"), word),
    **absent("not in the object of a post", "bio", "location_text", "url", "created_at"),
)

TABLES = (POSTS, GRAPHQL_POSTS, POST_METRICS, GRAPHQL_METRICS, ALT_TEXTS, AUTHORS)
_GRAPHQL_FIELDS = KnownFields.of(
    GRAPHQL_POSTS,
    GRAPHQL_METRICS,
    ALT_TEXTS,
    AUTHORS,
    (
        "comments_disabled",
        "coauthor_producers",
        "dimensions",
        "display_resources",
        "display_url",
        "edge_liked_by",
        "edge_media_preview_comment",
        "edge_media_preview_like",
        "edge_media_to_caption",
        "edge_media_to_comment",
        "edge_media_to_parent_comment",
        "edge_media_to_sponsor_user",
        "edge_media_to_tagged_user",
        "fact_check_information",
        "fact_check_overall_rating",
        "gating_info",
        "has_audio",
        "location",
        "media_overlay_info",
        "media_preview",
        "owner",
        "sharing_friction_info",
        "thumbnail_resources",
        "thumbnail_src",
        "tracking_token",
        "video_url",
        "viewer_has_liked",
        "viewer_has_saved",
        "viewer_in_photo_of_you",
    ),
)


def _is_graphql(item: Mapping[str, Any]) -> bool:
    return (
        "taken_at_timestamp" in item or "edge_media_to_caption" in item or "edge_media_preview_like" in item
    )


def map_item(item: Mapping[str, Any]) -> Mapped:
    """Rows of one post in either form."""
    node = item.get("node")
    whole: Mapping[str, Any] = node if isinstance(node, Mapping) else item
    if isinstance(whole.get("media"), Mapping) and "pk" not in whole:
        whole = whole["media"]
    if get(whole, "user.is_private") is True or get(whole, "owner.is_private") is True:
        raise MappingError("not_public", "user.is_private", "a private account; only public posts are loaded")
    is_graphql = _is_graphql(whole)
    rows: Rows = {"posts": [apply(GRAPHQL_POSTS if is_graphql else POSTS, whole)]}
    table = GRAPHQL_METRICS if is_graphql else POST_METRICS
    metrics = apply(table, whole)
    if has_values(table, metrics):
        rows["post_metrics"] = [metrics]
    alt = apply(ALT_TEXTS, whole)
    if alt["text"] is not None:
        rows["post_text_parts"] = [alt]
    if rows["posts"][0]["author_id"] is not None:
        rows["authors"] = [apply(AUTHORS, whole)]
    unknown = _GRAPHQL_FIELDS.unknown(whole) if is_graphql else frozenset[str]()
    return Mapped(rows, unknown_fields=unknown)
