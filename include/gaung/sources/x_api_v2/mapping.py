"""Objects of the X API v2 as rows of the contract."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gaung.sources.base import Context, Mapped, MappingError, Problem, Record, Row, Rows
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    Given,
    KnownFields,
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
    milliseconds,
    optional_id,
    real,
    take,
    text,
    texts,
    time_iso,
    word,
)
from gaung.sources.x_api_v2 import kinds
from gaung.sources.x_api_v2.reader import Page, Part

_SNOWFLAKE_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_EDIT_WINDOW = timedelta(hours=1, minutes=5)
"""X lets a post be edited for an hour."""
_HISTORY = ("edit_history_tweet_ids", "edit_history_post_ids")
_REFERENCES = ("referenced_tweets", "referenced_posts")
_NOTES = ("note_tweet", "note_post")
_ANY_TEXT = Take(("note_tweet.text", "note_post.text", "text"), text, required=True)


# ---------------------------------------------------------------------------------------------
# Posts
# ---------------------------------------------------------------------------------------------


def _history(post: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name in _HISTORY:
        items = post.get(name)
        if isinstance(items, list):
            found = found or [id_text(item, f"{name}.{position}") for position, item in enumerate(items)]
    return list(dict.fromkeys(found))


def _post_id(post: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The first id of the edit history: X gives every edit a new id, yet it stays one post."""
    if post.get("id") is None:
        raise MappingError("field_missing", "id", "id is missing or null")
    own = id_text(post["id"], "id")
    history = _history(post)
    return history[0] if own in history else own


def _created_at(post: Mapping[str, Any], given: Mapping[str, Any]) -> datetime | None:
    """``created_at``; for an edited version the moment that the first id holds, if the two agree."""
    reported: datetime | None = take(post, "created_at", time_iso)
    first = _post_id(post, given)
    if first == id_text(post["id"], "id") or not first.isdigit() or reported is None:
        return reported
    moment = _SNOWFLAKE_EPOCH + timedelta(milliseconds=int(first) >> 22)
    is_edit_of_it = timedelta(seconds=1) < reported - moment <= _EDIT_WINDOW
    return moment.replace(microsecond=0) if is_edit_of_it else reported


def _references(post: Mapping[str, Any]) -> dict[str, str]:
    """Type of reference → id as given."""
    found: dict[str, str] = {}
    for name in _REFERENCES:
        for position, item in enumerate(post.get(name) or []):
            path = f"{name}.{position}"
            if not isinstance(item, Mapping):
                raise MappingError("field_retyped", path, f"{path}: expected an object")
            kind = text(item.get("type"), f"{path}.type") if "type" in item else "unknown"
            found.setdefault(kind, id_text(item.get("id"), f"{path}.id"))
    return found


def _referenced(post: Mapping[str, Any], page: Page, *types: str) -> str | None:
    """Canonical id of the post referred to (the first of its edit history where the page has it)."""
    references = _references(post)
    found = next((references[kind] for kind in types if kind in references), None)
    if found is None:
        return None
    other = page.posts.get(found)
    return _post_id(other, {}) if other is not None else found


def _original(post: Mapping[str, Any], page: Page) -> Mapping[str, Any] | None:
    """The post that a repost repeats, if the page has it."""
    references = _references(post)
    found = references.get("retweeted") or references.get("reposted")
    return page.posts.get(found) if found is not None else None


def is_repost(post: Mapping[str, Any]) -> bool:
    """True if an object repeats another post; it then has no content or metrics of its own."""
    references = _references(post)
    return "retweeted" in references or "reposted" in references


def _content(post: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object whose text and entities count: the original of a repost, else the post itself."""
    if is_repost(post):
        return _original(post, given["page"]) or post
    return post


def _text(post: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Long text, else text; a repost has the original's where it is known."""
    return str(_ANY_TEXT.value(_content(post, given), given))


def _entities(post: Mapping[str, Any], given: Mapping[str, Any], below: str) -> list[str] | None:
    paths = (*(f"{note}.entities.{below}" for note in _NOTES), f"entities.{below}")
    found: list[str] | None = take(_content(post, given), paths, texts)
    return found


def _as_list(value: Any, path: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise MappingError("field_retyped", path, f"{path}: expected a list")


def _urls(post: Mapping[str, Any], given: Mapping[str, Any]) -> list[str] | None:
    content = _content(post, given)
    paths = (*(f"{note}.entities.urls" for note in _NOTES), "entities.urls")
    entries = take(content, paths, _as_list)
    if entries is None:
        return None
    found = (take(entry, ("unwound_url", "expanded_url", "url"), word) for entry in entries)
    return list(dict.fromkeys(url for url in found if url))


def _post_type(post: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    references = _references(post)
    if is_repost(post):
        return "repost"
    if "replied_to" in references:
        return "reply"
    return "quote" if "quoted" in references else "post"


def _root(post: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    root = take(post, "conversation_id", optional_id)
    return None if root in (None, post.get("id"), _post_id(post, given)) else str(root)


def _media(post: Mapping[str, Any], page: Page) -> list[Mapping[str, Any]]:
    keys = get(post, "attachments.media_keys", [])
    inlined = get(post, "attachments.media", [])
    names = [*keys, *(item.get("media_key") for item in inlined if isinstance(item, Mapping))]
    return [page.media[name] for name in dict.fromkeys(map(str, names)) if name in page.media]


_MEDIA_TYPES = {"photo": "image", "video": "video", "animated_gif": "gif"}


def _media_type(post: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    kinds_seen = {str(item.get("type")) for item in _media(post, given["page"])}
    if len(kinds_seen) > 1:
        return "mixed"
    return next((_MEDIA_TYPES.get(kind, kind) for kind in kinds_seen), None)


def _duration(post: Mapping[str, Any], given: Mapping[str, Any]) -> float | None:
    lengths = [take(item, "duration_ms", milliseconds) for item in _media(post, given["page"])]
    return next((length for length in lengths if length is not None), None)


def _place(post: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    place_id = take(post, "geo.place_id", optional_id)
    place = given["page"].places.get(place_id)
    return None if place is None else take(place, ("full_name", "name"), word)


def _coordinate(position: int, limit: float) -> Derive:
    """Latitude or longitude of the point; impossible points are NULL in both."""

    def derive(post: Mapping[str, Any], given: Mapping[str, Any]) -> float | None:
        point = get(post, "geo.coordinates.coordinates")
        if not isinstance(point, list) or len(point) != 2:
            return None
        lon, lat = (real(value, f"geo.coordinates.coordinates.{i}") for i, value in enumerate(point))
        possible = abs(lon) <= 180 and abs(lat) <= 90
        return (lon, lat)[position] if possible else None

    return Derive(derive, "geo.coordinates", f"NULL unless |value| ≤ {limit:g}")


POSTS = mapping(
    "posts",
    platform=Const("x"),
    post_id=Derive(
        _post_id, ("id", *_HISTORY), "the first id of the edit history that holds `id`, else `id`"
    ),
    author_id=Take("author_id", optional_id),
    created_at=Derive(
        _created_at,
        "created_at, id",
        "of an edited version: the moment in the first id of its history, if within an hour before",
    ),
    text=Derive(
        _text,
        ("note_tweet.text", "note_post.text", "text", *_REFERENCES),
        "required; a repost has the original's text where the page holds it, else its own cut one",
    ),
    lang_reported=Take("lang", language),
    url=Derive(
        lambda post, given: f"https://x.com/i/status/{id_text(post['id'], 'id')}",
        "id",
        "made from the id",
    ),
    post_type=Derive(_post_type, _REFERENCES, "repost, else reply, else quote, else post"),
    parent_post_id=Derive(
        lambda post, given: _referenced(post, given["page"], "replied_to"), _REFERENCES, "type replied_to"
    ),
    root_post_id=Derive(_root, "conversation_id", "NULL where it is the post itself"),
    reposted_post_id=Derive(
        lambda post, given: _referenced(post, given["page"], "retweeted", "reposted"),
        _REFERENCES,
        "type retweeted",
    ),
    quoted_post_id=Derive(
        lambda post, given: _referenced(post, given["page"], "quoted"), _REFERENCES, "type quoted"
    ),
    hashtags=Derive(
        lambda post, given: _entities(post, given, "hashtags[].tag"),
        "entities, note_tweet.entities, note_post.entities",
        "`hashtags[].tag`, of a repost the original's",
    ),
    mentions=Derive(
        lambda post, given: _entities(post, given, "mentions[].username"),
        "entities, note_tweet.entities, note_post.entities",
        "`mentions[].username`, of a repost the original's",
    ),
    urls=Derive(
        _urls,
        "entities, note_tweet.entities, note_post.entities",
        "`urls[].unwound_url`, else `expanded_url`, else `url`",
    ),
    media_type=Derive(_media_type, "attachments", "`includes.media[].type`; mixed if several"),
    duration_s=Derive(_duration, "attachments", "`includes.media[].duration_ms` of the first that has one"),
    place_name=Derive(_place, "geo.place_id", "`includes.places[].full_name`"),
    lat=_coordinate(1, 90),
    lon=_coordinate(0, 180),
    visibility=Const("public", "(posts of protected accounts are quarantined as not_public)"),
    is_paid_partnership=Take("paid_partnership", flag, note="from specification 2.167 on"),
    is_collected=Given("is_collected", "true in `data`, false in `includes` and inlined references"),
    is_deleted=Const(False),
)

TOMBSTONES = mapping(
    "posts",
    "(deletion and drop events of the compliance stream)",
    **{
        **absent(
            "the event names the post only; the last living version keeps its attributes",
            "created_at",
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
            "place_name",
            "lat",
            "lon",
            "visibility",
            "is_paid_partnership",
        ),
        "platform": Const("x"),
        "post_id": Take(("tweet.id", "post.id"), id_text, required=True),
        "author_id": Take(("tweet.author_id", "post.author_id"), optional_id),
        "text": Absent("the post is deleted"),
        "post_type": Const("post"),
        "is_collected": Const(False),
        "is_deleted": Const(True),
    },
)

POST_METRICS = mapping(
    "post_metrics",
    "(no row for a repost: its numbers are the original's)",
    platform=Const("x"),
    post_id=Derive(_post_id, ("id", *_HISTORY), "as in posts"),
    likes=Take("public_metrics.like_count", count),
    reactions=Absent("X has likes only"),
    dislikes=Absent("not reported by X"),
    comments=Take("public_metrics.reply_count", count),
    reposts=Take(("public_metrics.retweet_count", "public_metrics.repost_count"), count),
    shares=Absent("X counts reposts and quotes, not shares"),
    quotes=Take("public_metrics.quote_count", count, since="2015-04-06"),
    saves=Take("public_metrics.bookmark_count", count, since="2023-03-16"),
    clicks=Absent("only in the owner's non-public metrics"),
    views=Absent("X reports impressions; video views belong to the media object"),
    impressions=Take("public_metrics.impression_count", count, since="2022-12-22"),
    reach=Absent("not reported by X"),
    score=Absent("not reported by X"),
)


def _alt_texts(post: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    found = (take(item, "alt_text", word) for item in _media(post, given["page"]))
    return "\n".join(dict.fromkeys(words for words in found if words)) or None


ALT_TEXTS = mapping(
    "post_text_parts",
    "(descriptions of pictures)",
    platform=Const("x"),
    post_id=Derive(_post_id, ("id", *_HISTORY), "as in posts"),
    part=Const("alt"),
    text=Derive(_alt_texts, "attachments", "`includes.media[].alt_text`, one a line"),
    lang=Absent("not reported by X"),
    method=Const("platform"),
)


# ---------------------------------------------------------------------------------------------
# Users
# ---------------------------------------------------------------------------------------------

AUTHORS = mapping(
    "authors",
    platform=Const("x"),
    author_id=Take("id", id_text, required=True),
    handle=Take("username", word),
    display_name=Take("name", text),
    bio=Take("description", text),
    location_text=Take("location", word),
    url=Take(("entities.url.urls.0.unwound_url", "entities.url.urls.0.expanded_url", "url"), word),
    created_at=Take("created_at", time_iso),
    is_verified=Take("verified", flag),
    is_business=Derive(
        lambda user, given: (
            None if user.get("verified_type") is None else user["verified_type"] == "business"
        ),
        "verified_type",
        "true for the type business",
    ),
    category=Absent("not reported by X"),
)

AUTHOR_METRICS = mapping(
    "author_metrics",
    platform=Const("x"),
    author_id=Take("id", id_text, required=True),
    followers=Take("public_metrics.followers_count", count),
    following=Take("public_metrics.following_count", count),
    posts=Take(("public_metrics.tweet_count", "public_metrics.post_count"), count),
    listed=Take("public_metrics.listed_count", count),
    likes_received=Absent("`like_count` of a user counts likes given, not received"),
)

TABLES = (POSTS, TOMBSTONES, POST_METRICS, ALT_TEXTS, AUTHORS, AUTHOR_METRICS)

_POST_FIELDS = KnownFields.of(
    POSTS,
    POST_METRICS,
    ALT_TEXTS,
    (
        "article",
        "article_title",
        "author",
        "card_uri",
        "community_id",
        "context_annotations",
        "display_text_range",
        "edit_controls",
        "geo",
        "in_reply_to_user",
        "in_reply_to_user_id",
        "matched_media_notes",
        "media_metadata",
        "non_public_metrics",
        "note_request_suggestions",
        "organic_metrics",
        "possibly_sensitive",
        "promoted_metrics",
        "reply_settings",
        "scopes",
        "source",
        "suggested_source_links",
        "suggested_source_links_with_counts",
        "username",
        "withheld",
        "__twarc",
        "matching_rules",
    ),
)
_USER_FIELDS = KnownFields.of(
    AUTHORS,
    AUTHOR_METRICS,
    (
        "affiliation",
        "confirmed_email",
        "connection_status",
        "entities",
        "is_identity_verified",
        "most_recent_tweet_id",
        "most_recent_post_id",
        "parody",
        "pinned_tweet_id",
        "pinned_post_id",
        "pinned_tweet",
        "profile_banner_url",
        "profile_image_url",
        "protected",
        "public_metrics.like_count",
        "public_metrics.media_count",
        "receives_your_dm",
        "subscribes_to_you",
        "subscription",
        "subscription_type",
        "verified_followers_count",
        "withheld",
        "__twarc",
    ),
)


# ---------------------------------------------------------------------------------------------
# Records
# ---------------------------------------------------------------------------------------------


def map_record(record: Record, context: Context) -> Mapped:
    """Rows of one object of a body, or the kind under which it is passed over."""
    part: Part = record.payload
    if part.kind == kinds.POST:
        return _map_post(part, context)
    if part.kind == kinds.USER:
        return Mapped(_user_rows(part.object), unknown_fields=_USER_FIELDS.unknown(part.object))
    if part.kind == kinds.COMPLIANCE:
        return _map_compliance(part.object, context)
    if part.kind is None:
        message = "an object of a kind that is not known; its keys: " + ", ".join(
            sorted(map(str, part.object))
        )
        return Mapped(problem=Problem("unknown_object", "data", message[:500]))
    return Mapped(ignored=part.kind)


def _map_post(part: Part, context: Context) -> Mapped:
    post, page = part.object, part.page
    rows: Rows = {}
    _add_post(rows, post, page, part.is_collected, context.as_of)
    for other in _inlined(post):
        _add_post(rows, other, page, False, context.as_of)
    author = post.get("author")
    if isinstance(author, Mapping):
        _extend(rows, _user_rows(author))
    return Mapped(rows, unknown_fields=_POST_FIELDS.unknown(post))


def _inlined(post: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Whole posts that a flattened line carries among its references."""
    items = (item for name in _REFERENCES for item in post.get(name) or [] if isinstance(item, Mapping))
    return [item for item in items if "text" in item]


def _add_post(rows: Rows, post: Any, page: Page, is_collected: bool, as_of: datetime | None) -> None:
    """Rows of one post; MappingError ``not_public`` for a protected account's."""
    if not isinstance(post, Mapping):
        raise MappingError("field_retyped", "", "expected a post, found something else")
    _require_public(post, page)
    given = {"page": page, "is_collected": is_collected}
    row = apply(POSTS, post, given)
    edit, edits = _position(post)
    is_newest = edit == edits
    observed_at = _version_time(row, edit, is_newest, page.observed_at or as_of)
    _add(rows, "posts", row, observed_at)
    if not is_repost(post) and is_newest:
        metrics = apply(POST_METRICS, post, given)
        if has_values(POST_METRICS, metrics):
            _add(rows, "post_metrics", metrics, observed_at)
    alt = apply(ALT_TEXTS, post, given)
    if alt["text"] is not None:
        _add(rows, "post_text_parts", alt, observed_at)


def _position(post: Mapping[str, Any]) -> tuple[int, int]:
    """Which edit a version is (0: the first form), and the newest that its own history knows."""
    history = _history(post)
    own = id_text(post["id"], "id")
    return (history.index(own), len(history) - 1) if own in history else (0, 0)


def _version_time(row: Row, edit: int, is_newest: bool, seen: datetime | None) -> datetime | None:
    """When a version was true, where that is not simply when the body was fetched.

    A version that has been edited since was true before; the newest of several counts as seen a
    microsecond a version later, so that it wins over the older ones of the same file.
    """
    if not is_newest:
        created_at: datetime | None = row["created_at"]
        return created_at
    return None if edit == 0 or seen is None else seen + timedelta(microseconds=edit)


def _require_public(post: Mapping[str, Any], page: Page) -> None:
    author = page.users.get(str(post.get("author_id")))
    if author is not None and author.get("protected") is True:
        raise MappingError(
            "not_public", "author_id", "the author's account is protected; only public posts are loaded"
        )


def _user_rows(user: Any) -> Rows:
    rows: Rows = {"authors": [apply(AUTHORS, user)]}
    metrics = apply(AUTHOR_METRICS, user)
    if has_values(AUTHOR_METRICS, metrics):
        rows["author_metrics"] = [metrics]
    return rows


def _map_compliance(event: Mapping[str, Any], context: Context) -> Mapped:
    """A tombstone for a deleted or dropped post; other events change no post.

    A deletion still holds when its file was taken, so the later of the two times counts.
    """
    for name in ("delete", "drop", "tweet_delete", "tweet_drop", "post_delete", "post_drop"):
        body = event.get(name)
        if isinstance(body, Mapping) and ("tweet" in body or "post" in body):
            rows: Rows = {}
            times = [time for time in (take(body, "event_at", time_iso), context.as_of) if time is not None]
            _add(rows, "posts", apply(TOMBSTONES, body), max(times, default=None))
            return Mapped(rows)
    return Mapped(ignored="compliance_event")


def _add(rows: Rows, entity: str, row: Row, observed_at: datetime | None = None) -> None:
    rows.setdefault(entity, []).append(row if observed_at is None else {**row, "observed_at": observed_at})


def _extend(rows: Rows, more: Rows) -> None:
    for entity, items in more.items():
        rows.setdefault(entity, []).extend(items)
