"""Bluesky's views and records as contract rows.

A *view* is what the API gives: ``uri``, ``author``, ``record`` and counts. Quoted records and Jetstream
commits are brought into the same form first.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gaung.sources.base import MappingError, Row, Rows
from gaung.sources.bodies import Item
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
    integer,
    language,
    mapping,
    take,
    text,
    time_epoch_s,
    time_iso,
    word,
)

Shared = Mapping[str, Any]
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
SITE = "https://bsky.app/profile"
_FEATURE = "app.bsky.richtext.facet#"


def _features(view: Any, kind: str) -> list[tuple[dict[str, Any], str]]:
    """Facets of one kind with the words that they mark (positions count UTF-8 bytes)."""
    encoded = str(get(view, "record.text") or "").encode("utf-8", "surrogatepass")
    found = []
    for facet in get(view, "record.facets") or []:
        start, end = get(facet, "index.byteStart", 0), get(facet, "index.byteEnd", 0)
        for feature in get(facet, "features") or []:
            if feature.get("$type") == _FEATURE + kind:
                found.append((feature, encoded[start:end].decode("utf-8", "replace")))
    return found


def _hashtags(view: Any, given: Shared) -> list[str]:
    marked = [take(feature, "tag", text) for feature, _ in _features(view, "tag")]
    return [tag for tag in dict.fromkeys([*marked, *(get(view, "record.tags") or [])]) if tag]


def _mentions(view: Any, given: Shared) -> list[str]:
    return list(dict.fromkeys(words.lstrip("@") for _, words in _features(view, "mention")))


def _urls(view: Any, given: Shared) -> list[str]:
    marked = [take(feature, "uri", text) for feature, _ in _features(view, "link")]
    card = get(view, "record.embed.external.uri") or get(view, "record.embed.media.external.uri")
    return [found for found in dict.fromkeys([*marked, card]) if found]


def quoted_uri(view: Any) -> str | None:
    """Address of the post that a post quotes."""
    for path in ("record.embed.record.uri", "record.embed.record.record.uri"):
        found = get(view, path)
        if isinstance(found, str) and f"/{POST}/" in found:
            return found
    return None


def _post_type(view: Any, given: Shared) -> str:
    if get(view, "record.reply") is not None:
        return "reply"
    return "post" if quoted_uri(view) is None else "quote"


def _media(view: Any) -> dict[str, Any]:
    embed = get(view, "record.embed") or {}
    media = embed.get("media")
    return media if isinstance(media, dict) else embed


def _media_type(view: Any, given: Shared) -> str | None:
    media = _media(view)
    images = media.get("images") or media.get("items")
    if images:
        return "image" if len(images) == 1 else "carousel"
    if "video" in media:
        return "video"
    return "link" if "external" in media else None


def _alt(view: Any, given: Shared) -> str | None:
    media = _media(view)
    described = [media, *(media.get("images") or [])]
    return "\n".join(words for one in described if (words := take(one, "alt", word))) or None


def _link(view: Any, given: Shared) -> str | None:
    parts = str(get(view, "uri") or "").removeprefix("at://").split("/")
    return f"{SITE}/{parts[0]}/post/{parts[2]}" if len(parts) == 3 else None


_NEVER = {
    **absent("Bluesky reports no place", "place_name", "lat", "lon"),
    "visibility": Const("public", "(there are no other posts)"),
    "is_paid_partnership": Absent("Bluesky has none"),
}

POSTS = mapping(
    "posts",
    "post",
    platform=Const("bluesky"),
    post_id=Take("uri", id_text, required=True),
    author_id=Take("author.did", id_text, required=True),
    created_at=Take("record.createdAt", time_iso, required=True, note="as the author's program says"),
    text=Take("record.text", text, required=True),
    lang_reported=Take("record.langs.0", language, note="the first of those that the author named"),
    url=Derive(_link, "uri", "made from the address of the record"),
    post_type=Derive(_post_type, "record.reply, record.embed", "reply, quote or post"),
    parent_post_id=Take("record.reply.parent.uri", id_text),
    root_post_id=Take("record.reply.root.uri", id_text),
    reposted_post_id=Absent("a repost is a record of its own"),
    quoted_post_id=Derive(
        lambda view, given: quoted_uri(view), "record.embed.record.uri, record.embed.record.record.uri"
    ),
    hashtags=Derive(_hashtags, "record.facets, record.tags", "marked in the text, and those beside it"),
    mentions=Derive(_mentions, "record.facets", "the handles that facets mark"),
    urls=Derive(_urls, "record.facets, record.embed.external.uri", "marked in the text, and the card's"),
    media_type=Derive(_media_type, "record.embed", "`carousel` for several images"),
    duration_s=Absent("Bluesky does not report it"),
    **_NEVER,
    is_collected=Given("is_collected", "false for a post that a collected one repeats, quotes or answers"),
    is_deleted=Const(False, "(see tombstones)"),
)

REPOSTS = mapping(
    "posts",
    "repost",
    platform=Const("bluesky"),
    post_id=Given("repost_id", "`reason.uri`, else made of who repeated and what", "reason.uri"),
    author_id=Take("by.did", id_text, required=True),
    created_at=Take(("createdAt", "indexedAt"), time_iso),
    text=Given("text", "the original's"),
    lang_reported=Absent("the original has it"),
    url=Absent("a repost has no address"),
    post_type=Const("repost"),
    **absent("a repost answers and quotes nothing", "parent_post_id", "root_post_id", "quoted_post_id"),
    reposted_post_id=Given("original_id", "the original's `uri`", "post.uri"),
    **absent("the original has them", "hashtags", "mentions", "urls", "media_type", "duration_s"),
    **_NEVER,
    is_collected=Const(True),
    is_deleted=Const(False),
)

TOMBSTONES = mapping(
    "posts",
    "post that is gone",
    platform=Const("bluesky"),
    post_id=Take("uri", id_text, required=True),
    author_id=Derive(lambda gone, given: str(gone["uri"]).removeprefix("at://").split("/")[0], "uri"),
    post_type=Given("post_type", "`repost` for a repost's address, else `post`", "uri"),
    **absent(
        "the post is gone",
        "created_at",
        "text",
        "lang_reported",
        "url",
        "parent_post_id",
        "root_post_id",
        "reposted_post_id",
        "quoted_post_id",
        "hashtags",
        "mentions",
        "urls",
        "media_type",
        "duration_s",
    ),
    **_NEVER,
    is_collected=Const(True),
    is_deleted=Const(True),
)

METRICS = mapping(
    "post_metrics",
    "post",
    platform=Const("bluesky"),
    post_id=Take("uri", id_text, required=True),
    likes=Take("likeCount", count),
    comments=Take("replyCount", count),
    reposts=Take("repostCount", count),
    quotes=Take("quoteCount", count),
    saves=Take("bookmarkCount", count, only="in newer views only"),
    **absent(
        "Bluesky does not report it",
        "reactions",
        "dislikes",
        "shares",
        "clicks",
        "views",
        "impressions",
        "reach",
        "score",
    ),
)

ALT_TEXTS = mapping(
    "post_text_parts",
    "descriptions of media",
    platform=Const("bluesky"),
    post_id=Take("uri", id_text, required=True),
    part=Const("alt"),
    text=Derive(_alt, "record.embed", "one line each"),
    lang=Absent("a description has no language of its own"),
    method=Const("platform"),
)


def _verified(profile: Any, given: Shared) -> bool | None:
    found = [get(profile, f"verification.{name}") for name in ("verifiedStatus", "trustedVerifierStatus")]
    return None if found == [None, None] else "valid" in found


PROFILES = mapping(
    "authors",
    "profile",
    platform=Const("bluesky"),
    author_id=Take("did", id_text, required=True),
    handle=Take("handle", word),
    display_name=Take("displayName", word),
    bio=Take("description", word),
    location_text=Absent("Bluesky has no such field"),
    url=Take("website", word),
    created_at=Take("createdAt", time_iso),
    is_verified=Derive(_verified, "verification.verifiedStatus, verification.trustedVerifierStatus"),
    is_business=Absent("Bluesky reports none"),
    category=Absent("Bluesky reports none"),
)

PROFILE_METRICS = mapping(
    "author_metrics",
    "profile",
    platform=Const("bluesky"),
    author_id=Take("did", id_text, required=True),
    followers=Take("followersCount", count),
    following=Take("followsCount", count),
    posts=Take("postsCount", count),
    **absent("Bluesky does not report it", "listed", "likes_received"),
)

TABLES = (POSTS, REPOSTS, TOMBSTONES, METRICS, ALT_TEXTS, PROFILES, PROFILE_METRICS)


def _add(rows: Rows, entity: str, row: Row) -> None:
    known = rows.setdefault(entity, [])
    if row not in known:
        known.append(row)


def _add_profile(rows: Rows, profile: Any) -> None:
    if get(profile, "handle") is None:
        return  # the identifier alone, as in a commit, says nothing about the person
    _add(rows, "authors", apply(PROFILES, profile))
    observed = apply(PROFILE_METRICS, profile)
    if has_values(PROFILE_METRICS, observed):
        _add(rows, "author_metrics", observed)


def _add_view(rows: Rows, view: Any, is_collected: bool) -> None:
    if get(view, "notFound") is True or get(view, "blocked") is True or get(view, "record") is None:
        return
    _add(rows, "posts", apply(POSTS, view, {"is_collected": is_collected}))
    for table in (METRICS, ALT_TEXTS):
        row = apply(table, view)
        if row["text"] is not None if table is ALT_TEXTS else has_values(table, row):
            _add(rows, table.entity.name, row)
    _add_profile(rows, view.get("author"))
    quoted = _quoted_view(view)
    if quoted is not None:
        _add_view(rows, quoted, False)


def _quoted_view(view: Any) -> dict[str, Any] | None:
    """The quoted post in the form of a view, if the answer holds it."""
    for path in ("embed.record", "embed.record.record"):
        found = get(view, path)
        if isinstance(found, dict) and "value" in found and f"/{POST}/" in str(found.get("uri")):
            return {**found, "record": found["value"]}
    return None


def post_rows(item: Item) -> Rows:
    """Rows of a post, and of the post that it quotes."""
    rows: Rows = {}
    if get(item.payload, "record") is None:
        raise MappingError("field_missing", "record", "record is missing or null")
    _add_view(rows, item.payload, True)
    return rows


def entry_rows(item: Item) -> Rows:
    """Rows of an entry of a feed: the post, what it answers, and the repost that brought it there."""
    rows: Rows = {}
    view, reason = item.payload["post"], get(item.payload, "reason")
    if get(view, "record") is None:
        raise MappingError("field_missing", "post.record", "post.record is missing or null")
    is_repost = get(reason, "by.did") is not None
    _add_view(rows, view, not is_repost)
    for name in ("parent", "root"):
        answered = get(item.payload, f"reply.{name}")
        if answered is not None and all(row["post_id"] != answered.get("uri") for row in rows["posts"]):
            _add_view(rows, answered, False)
    if is_repost and reason is not None:
        original = str(view["uri"])
        given = {
            "repost_id": take(reason, "uri", id_text) or f"{reason['by']['did']} reposts {original}",
            "original_id": original,
            "text": take(view, "record.text", text),
        }
        _add(rows, "posts", apply(REPOSTS, reason, given))
        _add_profile(rows, reason["by"])
    return rows


def gone_rows(item: Item) -> Rows:
    """The tombstone of a post that is gone."""
    kind = "repost" if f"/{REPOST}/" in str(item.payload.get("uri")) else "post"
    return {"posts": [apply(TOMBSTONES, item.payload, {"post_type": kind})]}


def profile_rows(item: Item) -> Rows:
    """Rows of a profile."""
    rows: Rows = {}
    if get(item.payload, "handle") is None:
        raise MappingError("field_missing", "handle", "handle is missing or null")
    _add_profile(rows, item.payload)
    return rows


def commit_rows(item: Item) -> Rows:
    """Rows of a Jetstream commit: a post, a repost, or the deletion of one; observed when it happened."""
    event = item.payload
    did = take(event, "did", id_text)
    name, collection = take(event, "commit.rkey", id_text), get(event, "commit.collection")
    if did is None or name is None:
        raise MappingError("field_missing", "commit.rkey", "did or commit.rkey is missing or null")
    address = f"at://{did}/{collection}/{name}"
    moment = _moment(event)
    if get(event, "commit.operation") == "delete":
        rows = gone_rows(Item("gone", {"uri": address}))
    elif collection == REPOST:
        rows = {"posts": [_repost_of_commit(event, did, address)]}
    else:
        view = {"uri": address, "author": {"did": did}, "record": get(event, "commit.record")}
        rows = post_rows(Item("post", view))
    for found in rows.values():
        for row in found:
            row["observed_at"] = moment
    return rows


def _repost_of_commit(event: Any, did: str, address: str) -> Row:
    original = take(event, "commit.record.subject.uri", id_text)
    if original is None:
        raise MappingError("field_missing", "commit.record.subject.uri", "a repost without its subject")
    reason = {"by": {"did": did}, "createdAt": get(event, "commit.record.createdAt")}
    return apply(REPOSTS, reason, {"repost_id": address, "original_id": original, "text": None})


def _moment(event: Any) -> datetime:
    microseconds = take(event, "time_us", integer)
    if microseconds is None:
        raise MappingError("field_missing", "time_us", "time_us is missing or null")
    whole = time_epoch_s(microseconds // 1_000_000, "time_us")
    return whole.replace(microsecond=microseconds % 1_000_000)
