"""What an object of an X API v2 body is, judged by its own keys."""

from collections.abc import Mapping
from typing import Any

POST, USER, COMPLIANCE = "post", "user", "compliance"

IGNORED: dict[str, str] = {
    "api_error": "an error of the API; the rest of its page is good",
    "empty_page": "a page without any object",
    "list": "a list of accounts",
    "named_item": "an id with a name only (a new list, a bookmark folder, a community)",
    "id_only": "a bare id",
    "space": "an audio space",
    "like": "a like event (who liked what)",
    "direct_message": "a private message",
    "compliance_event": "a compliance event that deletes no post (user, edit, withheld, undrop …)",
    "compliance_job": "the state of a compliance job",
    "stream_event": "a stream event with id and time only",
    "stream_rule": "a rule of a filtered stream, or its limits",
    "count_bucket": "a count of posts per period",
    "analytics": "increments per period for the account's owner, not totals",
    "trend": "a personalised or local trend",
    "news": "a news cluster",
    "community_note": "a community note",
    "activity": "an event of the activity stream",
    "usage": "consumption of the API plan",
    "webhook": "the state of a webhook",
    "media_upload": "the state of an upload",
    "write_result": "the answer to a write (liked, followed, hidden, deleted …)",
}

POST_MARKS = frozenset(
    {
        "author_id",
        "conversation_id",
        "edit_history_tweet_ids",
        "edit_history_post_ids",
        "public_metrics",
        "referenced_tweets",
        "referenced_posts",
        "context_annotations",
        "in_reply_to_user_id",
        "possibly_sensitive",
        "reply_settings",
        "created_at",
        "lang",
    }
)

_BY_ANY_KEY: tuple[tuple[str, frozenset[str]], ...] = (
    ("direct_message", frozenset({"dm_conversation_id", "dm_event_id", "sender_id"})),
    ("like", frozenset({"liked_tweet_id", "liked_post_id"})),
    ("compliance_job", frozenset({"upload_url", "download_url", "download_expires_at"})),
    ("space", frozenset({"host_ids", "creator_id", "speaker_ids", "is_ticketed"})),
    ("list", frozenset({"follower_count", "member_count", "owner_id", "private"})),
    ("analytics", frozenset({"timestamped_metrics"})),
    ("trend", frozenset({"trend_name"})),
    ("news", frozenset({"cluster_posts_results"})),
    ("community_note", frozenset({"note_info", "test_result", "note_id"})),
    ("activity", frozenset({"event_uuid"})),
    ("usage", frozenset({"project_usage", "daily_project_usage", "cap_reset_day"})),
    ("stream_rule", frozenset({"cap_per_project", "project_rules_count", "cap_per_client_app"})),
    ("webhook", frozenset({"links", "webhook_id", "application_name"})),
    ("media_upload", frozenset({"processing_info", "expires_after_secs"})),
)

_COMPLIANCE_KEYS = frozenset(
    f"{subject}{event}"
    for subject in ("", "tweet_", "post_", "user_")
    for event in (
        "delete",
        "undelete",
        "withheld",
        "drop",
        "undrop",
        "edit",
        "protect",
        "unprotect",
        "suspend",
        "unsuspend",
        "profile_modification",
    )
) | {"scrub_geo", "public_tweet_notice", "public_tweet_unviewable", "favorite"}


def kind_of(item: Any) -> str | None:
    """``post``, ``user``, ``compliance``, one of :data:`IGNORED`, or None for what nobody knows."""
    if not isinstance(item, Mapping):
        return None
    keys = set(item)
    if len(keys) <= 2 and keys & _COMPLIANCE_KEYS and _is_event(item):
        return COMPLIANCE
    for kind, marks in _BY_ANY_KEY:
        if keys & marks:
            return kind
    if "text" in keys or keys & (POST_MARKS - {"created_at", "public_metrics"}):
        return POST
    if "username" in keys or (keys >= {"id", "name", "public_metrics"}):
        return USER
    return _small_kind(item, keys)


def _is_event(item: Mapping[str, Any]) -> bool:
    return any(isinstance(value, Mapping) for value in item.values())


def _small_kind(item: Mapping[str, Any], keys: set[str]) -> str | None:
    """Kind of an object that has few keys, None if it is not known."""
    if keys == {"id"}:
        return "id_only"
    if keys == {"id", "created_at"}:
        return "stream_event"
    if keys in ({"id", "name"}, {"id", "name", "created_at"}):
        return "named_item"
    if keys in ({"code", "message"}, {"detail", "status", "title", "type"}):
        return "api_error"
    if "value" in keys and keys <= {"id", "tag", "value"}:
        return "stream_rule"
    if keys in ({"start", "end", "tweet_count"}, {"start", "end", "post_count"}):
        return "count_bucket"
    flags = {key for key, value in item.items() if isinstance(value, bool)}
    return "write_result" if flags and keys - flags <= {"id"} else None


def is_error_body(body: Mapping[str, Any]) -> bool:
    """True for a body that is nothing but a problem of the X API (RFC 7807 form)."""
    kind = body.get("type")
    return (
        isinstance(kind, str)
        and {"title", "detail"} <= set(body)
        and "data" not in body
        and (kind == "about:blank" or "api.twitter.com/" in kind or "api.x.com/" in kind)
    )
