"""Which bodies are Bluesky's, and the posts and profiles in them."""

from collections.abc import Iterator
from typing import Any

from gaung.sources.bluesky import mapping
from gaung.sources.bodies import UNKNOWN, Item, ItemKind, Platform, field_names, top_fields
from gaung.sources.mapping import get

IGNORED = {
    "empty_page": "a list without entries",
    "empty_body": "an answer without content",
    "api_error": "an error message",
    "access_token": "a session of the client that asked",
    "blocked_post": "a post that the asking account may not see",
    "other_commit": "a commit to another collection (likes, follows, lists …)",
    "identity_event": "a change of handle",
    "account_event": "a change of an account's state",
    "like": "who liked a post",
    "preferences": "settings of the account that asked",
    "feed_generator": "a feed's own page",
    "notification": "a notification without its post",
}

_LISTS = (
    "feed",
    "posts",
    "actors",
    "profiles",
    "followers",
    "follows",
    "repostedBy",
    "likes",
    "feeds",
    "notifications",
)
_CONTEXT = frozenset(
    {
        "cursor",
        "hitsTotal",
        "subject",
        "uri",
        "cid",
        "threadgate",
        "seenAt",
        "priority",
        "detectedQueryLanguages",
        "recId",
    }
)


def _is_post(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("uri", "")).startswith("at://") and "author" in value


def _is_profile(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("did", "")).startswith("did:") and "handle" in value


def _is_gone(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and str(value.get("uri", "")).startswith("at://")
        and value.get("notFound") is True
    )


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and _is_post(value.get("post"))


def _is_event(value: dict[str, Any]) -> bool:
    return {"did", "time_us", "kind"} <= value.keys()


def _list_name(body: dict[str, Any]) -> str | None:
    for name in _LISTS:
        if isinstance(body.get(name), list) and body.keys() - {name} <= _CONTEXT:
            return name
    return None


def recognises(body: Any) -> bool:
    """True for lists of views, threads, posts, profiles and Jetstream events."""
    if isinstance(body, list):
        return bool(body) and recognises(body[0])
    if not isinstance(body, dict):
        return False
    if _is_event(body) or _is_post(body) or _is_gone(body) or _is_entry(body) or _is_profile(body):
        return True
    if isinstance(body.get("thread"), dict):
        return _is_entry(body["thread"]) or str(body["thread"].get("uri", "")).startswith("at://")
    name = _list_name(body)
    if name is not None:
        entries = body[name]
        return _known(entries[0]) if entries else name in ("feed", "posts", "actors")
    return body.keys() == {"error", "message"} and all(isinstance(value, str) for value in body.values())


def _known(entry: Any) -> bool:
    return (
        _is_post(entry)
        or _is_gone(entry)
        or _is_entry(entry)
        or _is_profile(entry)
        or _is_profile(get(entry, "actor"))
    )


def split(body: Any, address: str) -> Iterator[Item]:
    """The posts and profiles of a body in order; a thread with its parents first, then its replies."""
    if isinstance(body, list):
        if not body:
            yield Item("empty_page", body)
        for part in body:
            yield from split(part, address)
        return
    if not isinstance(body, dict):
        yield Item(UNKNOWN, body)
        return
    name = _list_name(body)
    if name is not None:
        yield from split(body[name], address)
    elif isinstance(body.get("thread"), dict):
        yield from _thread(body["thread"])
    else:
        yield Item(_kind(body), body)


def _kind(body: dict[str, Any]) -> str:
    tests = (
        ("empty_body", not body),
        ("access_token", "accessJwt" in body),
        ("commit", _is_event(body) and body["kind"] == "commit" and _is_of_posts(body)),
        ("other_commit", _is_event(body) and body["kind"] == "commit"),
        ("identity_event", _is_event(body) and body["kind"] == "identity"),
        ("account_event", _is_event(body) and body["kind"] == "account"),
        ("notification", {"reason", "isRead"} <= body.keys()),
        ("like", "actor" in body and "createdAt" in body),
        ("feed_generator", "creator" in body and "did" in body),
        ("gone", _is_gone(body)),
        ("blocked_post", body.get("blocked") is True),
        ("entry", _is_entry(body)),
        ("post", _is_post(body)),
        ("profile", _is_profile(body)),
        ("api_error", isinstance(body.get("error"), str)),
        ("preferences", "preferences" in body),
    )
    return next((kind for kind, is_it in tests if is_it), UNKNOWN)


def _is_of_posts(event: dict[str, Any]) -> bool:
    return get(event, "commit.collection") in (mapping.POST, mapping.REPOST)


def _thread(thread: dict[str, Any]) -> Iterator[Item]:
    parents = []
    above = thread.get("parent")
    while isinstance(above, dict):
        parents.append(above)
        above = above.get("parent")
    yield from (_node(node) for node in reversed(parents))
    waiting = [thread]
    while waiting:
        node = waiting.pop()
        yield _node(node)
        replies = node.get("replies") if isinstance(node, dict) else None
        waiting.extend(reversed(replies or []))


def _node(node: Any) -> Item:
    if not isinstance(node, dict):
        return Item(UNKNOWN, node)
    if _is_entry(node):
        return Item("post", node["post"])
    return Item(_kind(node), node)


_POST_FIELDS = field_names(
    "$type uri cid author record embed bookmarkCount replyCount repostCount likeCount quoteCount "
    "indexedAt viewer labels threadgate debug"
)
_PROFILE_FIELDS = field_names(
    "$type did handle displayName description pronouns website avatar banner followersCount followsCount "
    "postsCount associated joinedViaStarterPack indexedAt createdAt viewer labels pinnedPost verification "
    "status debug"
)

PLATFORM = Platform(
    name="Bluesky",
    hosts=("bsky.app", "bsky.social", "bsky.network"),
    recognises=recognises,
    split=split,
    kinds={
        "post": ItemKind(mapping.post_rows, top_fields(_POST_FIELDS)),
        "entry": ItemKind(
            mapping.entry_rows,
            top_fields(field_names("$type post reply reason feedContext reqId threadContext")),
        ),
        "gone": ItemKind(mapping.gone_rows, top_fields(field_names("$type uri notFound"))),
        "profile": ItemKind(mapping.profile_rows, top_fields(_PROFILE_FIELDS)),
        "commit": ItemKind(mapping.commit_rows, top_fields(field_names("did time_us kind commit"))),
    },
    ignored=IGNORED,
    mappings=mapping.TABLES,
)
