"""Which bodies are Meta's, and the objects in them.

Graph objects do not name their type, so it is read off their fields. An object with only ``id`` and
``name`` is a page or user of Facebook, unless its id has the form of an Instagram hashtag's.
"""

import re
from collections.abc import Iterator
from typing import Any

from gaung.sources.bodies import UNKNOWN, Item, ItemKind, Platform, field_names, top_fields
from gaung.sources.mapping import get
from gaung.sources.meta import facebook, insights, instagram

IGNORED = {
    "empty_page": "a list without entries",
    "empty_body": "an answer without content",
    "api_error": "an error message",
    "access_token": "a token, or what is known about one",
    "managed_account": "a page or app that the asking account manages, with its token",
    "account_insights": "insights of a whole account, by day",
    "other_insights": "insights without a metric of the contract",
    "album": "an album of photos",
    "photo": "a photo without its post",
    "picture": "a profile picture",
    "live_video": "a broadcast, whose recording is a video of its own",
    "event": "an event",
    "group": "a group's own page",
    "business": "a business's registration",
    "application": "an app's registration",
    "conversation": "a private conversation",
    "private_message": "a private message",
    "liker": "a person who reacted",
    "hashtag": "a hashtag without posts",
    "container": "an upload that is not published yet",
    "publish_result": "the id that a publication got",
    "publish_limit": "how much may still be published",
    "product": "a product of a shop",
}

_HASHTAG_ID = re.compile(r"17\d{15}")
_THREADS_TYPES = ("TEXT_POST", "REPOST_FACADE", "AUDIO")
_THREADS_FIELDS = {
    "is_quote_post",
    "reply_audience",
    "topic_tag",
    "link_attachment_url",
    "root_post",
    "replied_to",
}
_WRAPPERS = ("business_discovery", "mentioned_media", "mentioned_comment")


def _is_threads(value: dict[str, Any], address: str) -> bool:
    permalink = str(get(value, "permalink") or "")
    return (
        value.get("media_product_type") == "THREADS"
        or value.get("media_type") in _THREADS_TYPES
        or bool(_THREADS_FIELDS & value.keys())
        or "threads.net/" in permalink
        or "threads.com/" in permalink
        or "graph.threads." in address
    )


def _ignored_kind(value: dict[str, Any], names: set[str]) -> str | None:
    """The ignored kind that the fields tell, None if they tell none."""
    identity = str(value.get("id", ""))
    tests = (
        ("api_error", isinstance(value.get("error"), dict)),
        ("managed_account", "access_token" in names and bool(names & {"tasks", "login_url"})),
        ("access_token", "access_token" in names or {"app_id", "is_valid"} <= names),
        ("product", bool(names & {"product_id", "catalog_id"})),
        ("publish_limit", "quota_usage" in names),
        ("container", {"id", "status_code"} <= names),
        ("publish_result", names == {"id"}),
        ("picture", {"url", "is_silhouette"} <= names),
        ("liker", "profile_type" in names),
        ("conversation", "message_count" in names or (identity.startswith("t_") and "updated_time" in names)),
        ("private_message", {"from", "to", "created_time"} <= names or identity.startswith("m_")),
        ("group", "member_count" in names),
        ("event", "start_time" in names),
        ("live_video", _is_live(value, names)),
        ("photo", bool(names & {"images", "webp_images", "page_story_id"})),
        ("business", {"verification_status", "created_time", "name"} <= names),
        (
            "album",
            {"created_time", "name"} <= names and not names & {"message", "story", "description", "from"},
        ),
        ("album", {"can_upload", "name"} <= names),
        ("application", _is_application(value, names)),
        ("hashtag", names == {"id", "name"} and _HASHTAG_ID.fullmatch(identity) is not None),
    )
    return next((kind for kind, is_it in tests if is_it), None)


def _is_live(value: dict[str, Any], names: set[str]) -> bool:
    is_embedded = "embed_html" in names and isinstance(value.get("status"), str)
    return is_embedded or bool(names & {"live_views", "creation_time", "stream_url"})


def _is_application(value: dict[str, Any], names: set[str]) -> bool:
    link = str(value.get("link") or "")
    return {"name", "link"} <= names and "created_time" not in names and "facebook.com" not in link


def _facebook_kind(value: dict[str, Any], names: set[str]) -> str | None:
    is_comment = bool(names & {"comment_count", "can_remove", "can_reply_privately"}) or (
        "comment_id=" in str(value.get("permalink_url") or "")
    )
    if is_comment and names & {"message", "created_time", "comment_count"}:
        return "facebook_comment"
    if names & {"length", "content_category"} or (
        names & {"description", "title"} and names & {"created_time", "updated_time"}
    ):
        return "facebook_video"
    identity = str(value.get("id", ""))
    if "_" in identity and names & {
        "created_time",
        "message",
        "story",
        "reactions",
        "shares",
        "permalink_url",
    }:
        return "facebook_post"
    if "created_time" in names:
        return "facebook_post" if names & {"message", "story"} else "photo"
    if {"id", "name"} <= names or "fan_count" in names:
        return "facebook_profile"
    return None


def _instagram_kind(value: dict[str, Any], names: set[str], address: str) -> str | None:
    if "id" not in names:
        return None
    if {"threads_profile_picture_url", "threads_biography"} & names:
        return "threads_profile"
    if _is_threads(value, address) and names & {"media_type", "text", "timestamp", "permalink"}:
        return "threads_post"
    if "media_type" in names or {"caption", "permalink"} <= names:
        return "instagram_media"
    if "text" in names and names & {"timestamp", "username", "like_count"}:
        return "instagram_comment"
    is_page = names & {"fan_count", "category", "about", "link"}
    if "username" in names and not is_page and not names & {"message", "created_time"}:
        return "instagram_profile"
    return None


def kind_of(value: Any, address: str = "") -> str | None:
    """The kind of one object by its fields, None if it is none of Meta's."""
    if not isinstance(value, dict) or not value:
        return None
    names = set(value)
    return (
        _ignored_kind(value, names)
        or _instagram_kind(value, names, address)
        or (_facebook_kind(value, names) if names & {"id", "permalink_url", "fan_count"} else None)
    )


def _is_keyed(body: dict[str, Any]) -> bool:
    """True for ``{"<id>": {…}, …}``, the answer for several ids at once."""
    return bool(body) and all(
        isinstance(value, dict)
        and re.fullmatch(r"(?:[tm]_)?[\w-]*\d[\w-]*", key) is not None
        and (str(value.get("id", "")) == key or set(value) == {"data"})
        for key, value in body.items()
    )


def recognises(body: Any) -> bool:
    """True for Graph objects, lists of them (``data`` with or without ``paging``) and errors."""
    if isinstance(body, list):
        return bool(body) and recognises(body[0])
    if not isinstance(body, dict) or not body:
        return False
    if any(name in body for name in _WRAPPERS) or insights.is_insight(body):
        return True
    if "data" in body and body.keys() <= {"data", "paging", "summary", "error"}:
        data = body["data"]
        if isinstance(data, list):
            return "paging" in body if not data else insights.is_insight(data[0]) or _is_ours(data[0])
        return _is_ours(data)
    if _is_keyed(body):
        return True
    if isinstance(body.get("error"), dict):
        return bool({"type", "code"} <= body["error"].keys())
    return _is_ours(body)


def _is_ours(value: Any) -> bool:
    """True if the fields alone tell that an object is Meta's, and not another platform's."""
    kind = kind_of(value)
    if kind is None or kind == UNKNOWN:
        return False
    if kind == "facebook_profile":
        return set(value) <= set(_PROFILE_FIELDS)
    if kind == "instagram_comment":
        return "timestamp" in value
    if kind == "instagram_profile":
        return set(value) <= set(_ACCOUNT_FIELDS)
    if kind in ("event", "conversation", "group", "access_token"):
        return set(value).isdisjoint({"tweet", "nav_index", "acct"})
    return True


def split(body: Any, address: str) -> Iterator[Item]:
    """The objects of a body in order, with the comments and media inside them."""
    if isinstance(body, list):
        if not body:
            yield Item("empty_page", body)
        for part in body:
            yield from split(part, address)
    elif not isinstance(body, dict):
        yield Item(UNKNOWN, body)
    elif not body:
        yield Item("empty_body", body)
    elif insights.is_insight(body):
        yield from insights.split([body], address)
    elif "data" in body and "id" not in body:
        yield from _page(body["data"], address)
    elif any(name in body for name in _WRAPPERS):
        yield from _wrapped(body, address)
    elif _is_keyed(body):
        for part in body.values():
            yield from split(part, address)
    else:
        yield from _object(body, address, {})


def _page(data: Any, address: str) -> Iterator[Item]:
    if data and isinstance(data, list) and insights.is_insight(data[0]):
        yield from insights.split([metric for metric in data if insights.is_insight(metric)], address)
    else:
        yield from split(data if isinstance(data, dict) or data else [], address)


def _wrapped(body: dict[str, Any], address: str) -> Iterator[Item]:
    for name in _WRAPPERS:
        found = body.get(name)
        if not isinstance(found, dict):
            continue
        media = get(found, "media.data")
        if name != "business_discovery" or media is None:
            yield from _object(found, address, {})
            continue
        if found.keys() & {"username", "name", "followers_count"}:
            yield Item("instagram_profile", {key: value for key, value in found.items() if key != "media"})
        owner = found.get("id")
        given = {"owner_id": owner} if isinstance(owner, str) and owner.isdigit() else {}
        if not media:
            yield Item("empty_page", found)
        for part in media:
            yield from _object(part, address, given)


def _id_above(found: Any) -> str | None:
    """The id of the object around another one; None where it is no id (then that object is quarantined)."""
    is_id = isinstance(found, str | int) and not isinstance(found, bool)
    return str(found).strip() or None if is_id else None


def _object(value: Any, address: str, given: dict[str, Any]) -> Iterator[Item]:
    kind = kind_of(value, address) or UNKNOWN
    yield Item(kind, value, given)
    if kind == "facebook_post":
        for comment in get(value, "comments.data") or []:
            yield Item("facebook_comment", comment, {"post_id": _id_above(value.get("id"))})
    elif kind == "instagram_media":
        for comment in get(value, "comments.data") or []:
            yield from _object(comment, address, {"media_id": _id_above(value.get("id"))})
    elif kind == "instagram_comment":
        media = _id_above(get(value, "media.id")) or given.get("media_id")
        parent = _id_above(value.get("id"))
        for reply in get(value, "replies.data") or []:
            yield Item("instagram_comment", reply, {"media_id": media, "parent_id": parent})
    if kind in ("facebook_post", "instagram_media") and get(value, "insights.data"):
        yield from insights.split(
            [one for one in get(value, "insights.data") if insights.is_insight(one)], address
        )


_REACTIONS = "reactions like love wow haha sad angry thankful pride care none"
_POST_FIELDS = field_names(
    "id attachments created_time updated_time full_picture picture icon message message_tags story "
    "story_tags permalink_url shares status_type comments from to place privacy properties "
    "child_attachments is_hidden is_published is_popular is_expired is_eligible_for_promotion "
    "is_instagram_eligible is_spherical parent_id actions admin_creator via width height "
    "timeline_visibility insights " + _REACTIONS
)
_COMMENT_FIELDS = field_names(
    "id attachment can_comment can_hide can_like can_remove can_reply_privately comment_count "
    "created_time from is_hidden is_private like_count message message_tags object parent permalink_url "
    "private_reply_conversation user_likes comments likes " + _REACTIONS
)
_VIDEO_FIELDS = field_names(
    "id ad_breaks backdated_time backdated_time_granularity content_category content_tags copyright "
    "created_time custom_labels description embed_html embeddable event format from icon "
    "is_crosspost_video is_crossposting_eligible is_episode is_instagram_eligible is_reference_only "
    "length live_status permalink_url picture place post_views premiere_living_room_status privacy "
    "published scheduled_publish_time source status title universal_video_id updated_time views comments "
    "likes " + _REACTIONS
)
_PROFILE_FIELDS = field_names(
    "id about can_checkin category category_list checkins cover description description_html "
    "display_subtext emails engagement fan_count followers_count founded general_info "
    "global_brand_page_name global_brand_root_id link location mission name name_format first_name "
    "last_name middle_name short_name overall_star_rating rating_count phone picture products "
    "single_line_address start_info talking_about_count username verification_status website "
    "were_here_count is_verified has_added_app has_whatsapp_number is_always_open is_chain "
    "is_community_page is_owned is_permanently_closed is_published is_unclaimed is_webhooks_subscribed "
    "leadgen_tos_accepted new_like_count promotion_eligible voip_info whatsapp_number company_overview "
    "contact_address country_page_likes impressum hours parking payment_options price_range can_post "
    "can_search members app_id differently_open_offerings is_messenger_bot_get_started_enabled "
    "is_messenger_platform_bot merchant_review_status messenger_ads_default_icebreakers "
    "messenger_ads_default_quick_replies messenger_ads_quick_replies_type page_token parent_page "
    "pickup_options place_type temporary_status supports_donate_button_in_live_video "
    "supports_instant_articles store_number unread_message_count unread_notif_count unseen_message_count "
    "bio birthday affiliation artists_we_like attire awards band_interests band_members best_page "
    "booking_agent built culinary_team current_location directed_by features general_manager genre "
    "hometown influences instagram_business_account connected_instagram_account keywords network "
    "personal_info personal_interests pharma_safety_info plot_outline press_contact produced_by "
    "public_transit record_label release_date restaurant_services restaurant_specialties schedule "
    "screenplay_by season starring studio written_by"
)
_MEDIA_FIELDS = field_names(
    "id ig_id alt_text caption children comments comments_count copyright_check_information "
    "is_comment_enabled is_shared_to_feed is_paid_partnership like_count media_product_type media_type "
    "media_url owner permalink shortcode thumbnail_url timestamp username insights boost_ads_list "
    "boost_eligibility_info collaborators product_tags"
)
_IG_COMMENT_FIELDS = field_names(
    "id from hidden like_count media parent_id replies text timestamp user username"
)
_ACCOUNT_FIELDS = field_names(
    "id ig_id account_type biography followers_count follows_count media_count name profile_picture_url "
    "username website is_verified has_profile_pic is_published legacy_instagram_user_id user_id media "
    "stories"
)
_THREADS_POST_FIELDS = field_names(
    "id media_product_type media_type media_url gif_url permalink owner username text timestamp shortcode "
    "thumbnail_url children is_quote_post quoted_post reposted_post alt_text link_attachment_url "
    "has_replies is_reply is_reply_owned_by_me root_post replied_to hide_status reply_audience "
    "poll_attachment topic_tag is_spoiler_media text_entities text_attachment location_id location "
    "is_verified profile_picture_url reply_approval_status ghost_post_status "
    "ghost_post_expiration_timestamp allowlisted_country_codes"
)
_THREADS_PROFILE_FIELDS = field_names(
    "id username name threads_profile_picture_url threads_biography is_verified "
    "is_eligible_for_geo_gating recently_searched_keywords"
)

_INSIGHT_NAMES = field_names(
    "engagement follows navigation profile_activity profile_visits replies total_interactions "
    "ig_reels_avg_watch_time ig_reels_video_view_total_time carousel_album_engagement "
    "carousel_album_impressions carousel_album_reach carousel_album_saved exits taps_forward taps_back "
    "post_engaged_users post_negative_feedback post_activity post_reactions_by_type_total "
    "post_reactions_love_total post_reactions_wow_total post_reactions_haha_total post_reactions_sorry_total "
    "post_reactions_anger_total post_clicks_by_type post_impressions_organic post_impressions_paid"
)

PLATFORM = Platform(
    name="Meta",
    hosts=("graph.facebook.com", "graph.instagram.com", "graph.threads.net", "graph.threads.com"),
    recognises=recognises,
    split=split,
    kinds={
        "facebook_post": ItemKind(facebook.post_rows, top_fields(_POST_FIELDS)),
        "facebook_video": ItemKind(facebook.video_rows, top_fields(_VIDEO_FIELDS)),
        "facebook_comment": ItemKind(facebook.comment_rows, top_fields(_COMMENT_FIELDS)),
        "facebook_profile": ItemKind(facebook.profile_rows, top_fields(_PROFILE_FIELDS)),
        "instagram_media": ItemKind(instagram.media_rows, top_fields(_MEDIA_FIELDS)),
        "instagram_comment": ItemKind(instagram.comment_rows, top_fields(_IG_COMMENT_FIELDS)),
        "instagram_profile": ItemKind(instagram.profile_rows, top_fields(_ACCOUNT_FIELDS)),
        "threads_post": ItemKind(instagram.threads_rows, top_fields(_THREADS_POST_FIELDS)),
        "threads_profile": ItemKind(instagram.threads_profile_rows, top_fields(_THREADS_PROFILE_FIELDS)),
        "insights": ItemKind(insights.rows, top_fields(*insights.TABLES, _INSIGHT_NAMES)),
    },
    ignored=IGNORED,
    mappings=(*facebook.TABLES, *instagram.TABLES, *insights.TABLES),
)
