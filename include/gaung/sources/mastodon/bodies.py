"""Which bodies are Mastodon's, and the objects in them."""

from collections.abc import Iterator
from typing import Any

from gaung.sources.bodies import UNKNOWN, Item, ItemKind, Platform, field_names, top_fields
from gaung.sources.mapping import KnownFields
from gaung.sources.mastodon import mapping

IGNORED = {
    "empty_page": "a list without entries",
    "empty_body": "an answer without content",
    "api_error": "an error message",
    "access_token": "a token of the client that asked",
    "application": "an application's registration",
    "instance": "the instance's own description",
    "relationship": "how the asking account stands to another",
    "conversation": "a private conversation",
    "filter": "a filter of the account that asked",
    "hashtag": "a hashtag without posts",
    "list": "a list of the account that asked",
    "media_attachment": "a file without its status",
    "notification_count": "a count of notifications",
    "notification_group": "a group of notifications, whose statuses and accounts stand beside it",
    "notification_policy": "settings of the account that asked",
    "notification_merge": "whether filtered notifications were merged",
    "partial_account": "an account with its picture only",
    "scheduled_status": "a status that is not published yet",
    "status_edit": "an earlier version, which does not name its status",
    "status_source": "a status's source for editing",
    "translation": "a translation, which does not name its status",
}

_STATUS = {"id", "account", "visibility", "reblog"}
_FORMS: tuple[tuple[str, set[str]], ...] = (
    ("status", _STATUS),
    ("account", {"id", "acct", "username", "url", "followers_count"}),
    ("notification_request", {"id", "account", "notifications_count", "last_status"}),
    ("notification", {"id", "type", "created_at", "account", "group_key"}),
    ("notification", {"id", "type", "created_at", "account", "status"}),
    ("notification_group", {"group_key", "notifications_count", "type"}),
    ("partial_account", {"id", "acct", "avatar", "locked"}),
    ("status_edit", {"account", "content", "created_at", "sensitive", "spoiler_text"}),
    ("conversation", {"id", "accounts", "unread", "last_status"}),
    ("relationship", {"id", "following", "followed_by", "blocking"}),
    ("instance", {"title", "version", "languages", "description"}),
    ("notification_policy", {"for_not_following", "summary"}),
    ("notification_merge", {"merged"}),
    ("access_token", {"access_token", "created_at", "scope"}),
    ("application", {"client_id", "client_secret"}),
    ("hashtag", {"name", "url", "history"}),
    ("filter", {"id", "filter_action", "keywords"}),
    ("filter", {"id", "status_id"}),
    ("list", {"id", "title", "replies_policy"}),
    ("media_attachment", {"id", "type", "url", "preview_url", "meta"}),
    ("status_source", {"id", "text", "spoiler_text"}),
    ("scheduled_status", {"id", "scheduled_at", "params"}),
    ("translation", {"content", "detected_source_language", "provider"}),
)
_PAGES = ("accounts", "statuses", "hashtags", "collections", "notification_groups", "partial_accounts")
_WEAK = frozenset({"access_token", "application", "notification_merge", "status_source"})
"""Kinds whose fields others have, too: they alone do not make a body Mastodon's."""
_EXACT: tuple[set[str], ...] = (
    {"merged"},
    {"count"},
    {"id", "text", "spoiler_text"},
    {"access_token", "token_type", "scope", "created_at"},
)


def kind_of(value: Any) -> str | None:
    """The kind of an object by its fields, None if it is none of Mastodon's."""
    if not isinstance(value, dict):
        return None
    names = value.keys()
    return next((kind for kind, needed in _FORMS if needed <= names), None)


def _is_page(body: dict[str, Any]) -> bool:
    names = body.keys()
    is_search = {"accounts", "statuses", "hashtags"} <= names
    return is_search or {"accounts", "statuses", "notification_groups"} <= names


def _is_context(body: dict[str, Any]) -> bool:
    return body.keys() == {"ancestors", "descendants"}


def _is_familiar(body: dict[str, Any]) -> bool:
    return body.keys() == {"id", "accounts"}


def recognises(body: Any) -> bool:
    """True for statuses, accounts, notifications …, lists of them, searches and contexts."""
    if isinstance(body, list):
        return bool(body) and recognises(body[0])
    if not isinstance(body, dict):
        return False
    if _is_page(body) or _is_context(body) or _is_familiar(body):
        return True
    kind = kind_of(body)
    return (kind is not None and kind not in _WEAK) or any(body.keys() == names for names in _EXACT)


def split(body: Any, address: str) -> Iterator[Item]:
    """The statuses, accounts and other objects of a body in order."""
    if isinstance(body, list):
        if not body:
            yield Item("empty_page", body)
        for part in body:
            yield from split(part, address)
    elif not isinstance(body, dict):
        yield Item(UNKNOWN, body)
    elif not body:
        yield Item("empty_body", body)
    elif _is_page(body):
        yield from _listed(body, [name for name in _PAGES if name in body])
    elif _is_context(body):
        yield from _listed(body, ["ancestors", "descendants"])
    elif _is_familiar(body):
        yield from _listed(body, ["accounts"])
    else:
        yield Item(_named(body), body)


def _named(body: dict[str, Any]) -> str:
    kind = kind_of(body)
    if kind is not None:
        return kind
    if "error" in body:
        return "api_error"
    return "notification_count" if body.keys() == {"count"} else UNKNOWN


def _listed(body: dict[str, Any], names: list[str]) -> Iterator[Item]:
    parts = [
        part for name in names for part in (body[name] if isinstance(body[name], list) else [body[name]])
    ]
    if not parts:
        yield Item("empty_page", body)
    for part in parts:
        yield from split(part, "")


_STATUS_FIELDS = field_names(
    "id created_at in_reply_to_id in_reply_to_account_id sensitive spoiler_text visibility language uri "
    "url replies_count reblogs_count favourites_count quotes_count edited_at favourited reblogged muted "
    "bookmarked pinned content text filtered reblog application account media_attachments mentions tags "
    "emojis tagged_collections quote card poll quote_approval local_only"
)
_ACCOUNT_FIELDS = field_names(
    "id username acct display_name locked bot discoverable indexable group created_at note url uri avatar "
    "avatar_static avatar_description header header_static header_description followers_count "
    "following_count statuses_count last_status_at hide_collections show_media show_media_replies "
    "show_featured noindex feature_approval emojis roles role fields source moved suspended limited memorial"
)
_NOTIFICATION_FIELDS = field_names(
    "id type created_at updated_at group_key account status last_status notifications_count report event "
    "moderation_warning collection annual_report fallback"
)
_NOTIFICATION = KnownFields.of(
    _NOTIFICATION_FIELDS,
    [f"{name}.{field}" for name in ("status", "last_status") for field in _STATUS_FIELDS],
    [f"account.{field}" for field in _ACCOUNT_FIELDS],
)

PLATFORM = Platform(
    name="Mastodon",
    hosts=(),
    recognises=recognises,
    split=split,
    kinds={
        "status": ItemKind(
            mapping.status_rows, top_fields(mapping.STATUSES, mapping.METRICS, _STATUS_FIELDS)
        ),
        "account": ItemKind(mapping.account_rows, top_fields(mapping.ACCOUNTS, _ACCOUNT_FIELDS)),
        "notification": ItemKind(mapping.notification_rows, _NOTIFICATION),
        "notification_request": ItemKind(mapping.notification_rows, _NOTIFICATION),
    },
    ignored=IGNORED,
    mappings=mapping.TABLES,
)
