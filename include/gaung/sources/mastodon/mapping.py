"""Mastodon's objects as contract rows."""

from collections.abc import Mapping
from typing import Any

from gaung.sources.base import MappingError, Rows
from gaung.sources.bodies import Item, textual
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    Given,
    Take,
    absent,
    apply,
    count,
    get,
    has_values,
    id_text,
    language,
    mapping,
    real,
    take,
    text,
    texts,
    time_iso,
    word,
)

PUBLIC = ("public", "unlisted")
Shared = Mapping[str, Any]


def is_public(status: Any) -> bool:
    """True if everyone may read the status."""
    return get(status, "visibility") in PUBLIC


def is_deleted(status: Any) -> bool:
    """True for the answer to a deletion: it has the source (`text`) in place of `content`."""
    return "content" not in status and "text" in status


def _visibility(status: Any, given: Shared) -> str:
    found = take(status, "visibility", text)
    if found in PUBLIC:
        return str(found)
    if found is None:
        raise MappingError("field_missing", "visibility", "visibility is missing or null")
    raise MappingError(
        "not_public",
        "visibility",
        f"visibility is {found}: only public and unlisted posts are loaded; nothing to do",
    )


def _text(status: Any, given: Shared) -> str | None:
    if is_deleted(status):
        return None
    if get(status, "reblog") is not None:
        return _text(status["reblog"], given)
    content = take(status, "content", text)
    if content is None:
        raise MappingError("field_missing", "content", "content is missing or null")
    parts = [(take(status, "spoiler_text", text) or "").strip(), textual.html_text(content)]
    return "\n\n".join(part for part in parts if part)


def _post_type(status: Any, given: Shared) -> str:
    if get(status, "reblog") is not None:
        return "repost"
    if get(status, "in_reply_to_id") is not None:
        return "reply"
    return "quote" if get(status, "quote") is not None else "post"


def _urls(status: Any, given: Shared) -> list[str]:
    card = take(status, "card.url", word)
    linked = textual.html_links(str(get(status, "content") or ""))
    return list(dict.fromkeys([*linked, *([card] if card else [])]))


def _media_type(status: Any, given: Shared) -> str | None:
    media = get(status, "media_attachments") or []
    if not media:
        return None
    if len(media) > 1:
        return "carousel"
    return "video" if media[0].get("type") == "gifv" else take(media[0], "type", word)


def _alt(status: Any, given: Shared) -> str | None:
    media = get(status, "media_attachments") or []
    return "\n".join(words for one in media if (words := take(one, "description", word))) or None


_NO_PLACE = absent("Mastodon reports no place", "place_name", "lat", "lon")

STATUSES = mapping(
    "posts",
    "status",
    platform=Const("mastodon"),
    post_id=Take("id", id_text, required=True, note="of the instance that answered"),
    author_id=Take("account.id", id_text, required=True),
    created_at=Take("created_at", time_iso, required=True),
    text=Derive(
        _text,
        "spoiler_text, content, reblog.content, text",
        "content warning, blank line, content as plain text; of a boost the original's; "
        "NULL for a deleted status",
    ),
    lang_reported=Take("language", language),
    url=Take(("url", "uri"), word),
    post_type=Derive(_post_type, "reblog, in_reply_to_id, quote", "repost, reply, quote or post"),
    parent_post_id=Take("in_reply_to_id", id_text),
    root_post_id=Absent("a status names only what it answers"),
    reposted_post_id=Take("reblog.id", id_text),
    quoted_post_id=Take(("quote.quoted_status.id", "quote.quoted_status_id"), id_text),
    hashtags=Take("tags[].name", texts),
    mentions=Take("mentions[].acct", texts),
    urls=Derive(_urls, "content, card.url", "links in the content and of the preview card"),
    media_type=Derive(_media_type, "media_attachments[].type", "`carousel` for several"),
    duration_s=Take("media_attachments.0.meta.original.duration", real),
    **_NO_PLACE,
    visibility=Derive(_visibility, "visibility", "`public` or `unlisted`; others are quarantined"),
    is_paid_partnership=Absent("Mastodon has none"),
    is_collected=Given("is_collected", "false for the original in a boost or quote"),
    is_deleted=Derive(
        lambda status, given: is_deleted(status), "text, content", "true for the answer to a deletion"
    ),
)

ALT_TEXTS = mapping(
    "post_text_parts",
    "descriptions of media",
    platform=Const("mastodon"),
    post_id=Take("id", id_text, required=True),
    part=Const("alt"),
    text=Derive(_alt, "media_attachments[].description", "one line each"),
    lang=Absent("a description has no language of its own"),
    method=Const("platform"),
)

METRICS = mapping(
    "post_metrics",
    "status",
    platform=Const("mastodon"),
    post_id=Take("id", id_text, required=True),
    likes=Take("favourites_count", count),
    comments=Take("replies_count", count),
    reposts=Take("reblogs_count", count),
    quotes=Take("quotes_count", count, only="from Mastodon 4.5 only"),
    **absent(
        "Mastodon does not report it",
        "reactions",
        "dislikes",
        "shares",
        "saves",
        "clicks",
        "views",
        "impressions",
        "reach",
        "score",
    ),
)

ACCOUNTS = mapping(
    "authors",
    "account",
    platform=Const("mastodon"),
    author_id=Take("id", id_text, required=True),
    handle=Take("acct", word, required=True),
    display_name=Take("display_name", word),
    bio=Derive(
        lambda account, given: textual.html_text(take(account, "note", text) or "") or None,
        "note",
        "as plain text",
    ),
    location_text=Absent("Mastodon has no such field"),
    url=Take(("url", "uri"), word),
    created_at=Take("created_at", time_iso),
    is_verified=Absent("Mastodon verifies links, not accounts"),
    is_business=Absent("Mastodon reports none"),
    category=Absent("Mastodon reports none"),
)

ACCOUNT_METRICS = mapping(
    "author_metrics",
    "account",
    platform=Const("mastodon"),
    author_id=Take("id", id_text, required=True),
    followers=Take("followers_count", count),
    following=Take("following_count", count),
    posts=Take("statuses_count", count),
    listed=Absent("Mastodon does not report it"),
    likes_received=Absent("Mastodon does not report it"),
)

TABLES = (STATUSES, ALT_TEXTS, METRICS, ACCOUNTS, ACCOUNT_METRICS)


def status_rows(item: Item) -> Rows:
    """Rows of a status, and of the public original that it boosts or quotes."""
    rows: Rows = {}
    _add_status(rows, item.payload, True)
    return rows


def _add_status(rows: Rows, status: Any, is_collected: bool) -> None:
    post = apply(STATUSES, status, {"is_collected": is_collected})
    _add(rows, "posts", post)
    if post["post_type"] != "repost":
        metrics = apply(METRICS, status)
        if has_values(METRICS, metrics):
            _add(rows, "post_metrics", metrics)
        alt = apply(ALT_TEXTS, status)
        if alt["text"] is not None and not post["is_deleted"]:
            _add(rows, "post_text_parts", alt)
    _add_account(rows, get(status, "account"))
    for path in ("reblog", "quote.quoted_status"):
        original = get(status, path)
        if original is not None and is_public(original):
            # A quote inside the answer to a deletion has its source, too, without being deleted.
            _add_original(rows, original, is_deleted(status))


def _add_original(rows: Rows, original: Any, is_source_only: bool) -> None:
    if is_source_only and is_deleted(original):
        original = {**original, "content": ""}
        metrics = apply(METRICS, original)
        if has_values(METRICS, metrics):
            _add(rows, "post_metrics", metrics)
        _add_account(rows, get(original, "account"))
        return
    _add_status(rows, original, False)


def _add_account(rows: Rows, account: Any) -> None:
    author = apply(ACCOUNTS, account)
    _add(rows, "authors", author)
    metrics = apply(ACCOUNT_METRICS, account)
    if has_values(ACCOUNT_METRICS, metrics):
        _add(rows, "author_metrics", metrics)


def _add(rows: Rows, entity: str, row: dict[str, Any]) -> None:
    known = rows.setdefault(entity, [])
    if row not in known:
        known.append(row)


def account_rows(item: Item) -> Rows:
    """Rows of an account."""
    rows: Rows = {}
    _add_account(rows, item.payload)
    return rows


def notification_rows(item: Item) -> Rows:
    """Rows of who did something and of the status that it was about."""
    rows: Rows = {}
    status = get(item.payload, "status") or get(item.payload, "last_status")
    if status is not None:
        _add_status(rows, status, True)
    _add_account(rows, item.payload.get("account"))
    return rows
