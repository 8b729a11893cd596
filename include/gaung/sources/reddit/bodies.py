"""Which bodies are Reddit's, and the things in them."""

from collections.abc import Iterator
from typing import Any

from gaung.sources.bodies import UNKNOWN, Item, ItemKind, Platform, top_fields
from gaung.sources.mapping import get
from gaung.sources.reddit import mapping
from gaung.sources.reddit.fields import ACCOUNT_FIELDS, COMMENT_FIELDS, SUBMISSION_FIELDS

IGNORED = {
    "more": "a stub for comments that the answer left out; they come with another request",
    "empty_page": "a listing without entries",
    "empty_body": "an answer without content",
    "api_error": "an error message",
    "access_token": "a token of the client that asked",
    "action_result": "the result of an action without an object",
    "own_account": "settings of the account that asked",
    "private_message": "a private message",
    "subreddit": "a subreddit's own page",
    "trophy_list": "a user's trophies",
    "multireddit": "a list of subreddits",
    "user_list": "accounts that the asking account befriended or blocked",
    "moderated_list": "subreddits that a user moderates",
    "relationship": "a friend or block of the account that asked",
    "moderation_note": "a note for moderators",
}

_KINDS = {
    "t2": "account",
    "t4": "private_message",
    "t5": "subreddit",
    "more": "more",
    "TrophyList": "trophy_list",
    "LabeledMulti": "multireddit",
    "UserList": "user_list",
    "ModeratedList": "moderated_list",
}
_THINGS = frozenset({"Listing", "t1", "t3", "t6", *_KINDS})


def recognises(body: Any) -> bool:
    """True for ``{"kind": "t3" | "Listing" | …, "data": …}`` and the answers of Reddit's actions."""
    if not isinstance(body, dict):
        return isinstance(body, list) and bool(body) and recognises(body[0])
    if body.get("kind") in _THINGS and "data" in body:
        return True
    return isinstance(body.get("json"), dict) and "errors" in body["json"]


def split(body: Any, address: str) -> Iterator[Item]:
    """The submissions, comments and other things of a body in order, comment trees depth first."""
    if isinstance(body, list):
        if not body:
            yield Item("empty_page", body)
        for part in body:
            yield from split(part, address)
    elif not isinstance(body, dict):
        yield Item(UNKNOWN, body)
    elif "kind" in body and "data" in body:
        yield from _things([body])
    elif isinstance(body.get("json"), dict):
        things = get(body, "json.data.things")
        yield from _things(things) if things else iter([Item("action_result", body)])
    else:
        yield from _plain(body)


def _things(things: list[Any]) -> Iterator[Item]:
    waiting = list(reversed(things))
    while waiting:
        thing = waiting.pop()
        kind = thing.get("kind") if isinstance(thing, dict) else None
        data = thing.get("data") if isinstance(thing, dict) else None
        if kind == "Listing" and isinstance(data, dict) and isinstance(data.get("children"), list):
            if not data["children"]:
                yield Item("empty_page", thing)
            waiting.extend(reversed(data["children"]))
        elif kind == "t3":
            yield Item("submission", data)
        elif kind == "t1" and isinstance(data, dict):
            replies = data.get("replies")
            yield Item("comment", {name: value for name, value in data.items() if name != "replies"})
            if isinstance(replies, dict) and get(replies, "data.children"):
                waiting.append(replies)
        elif kind in _KINDS:
            yield Item(_KINDS[kind], data)
        else:
            yield Item(UNKNOWN, thing)


def _plain(body: dict[str, Any]) -> Iterator[Item]:
    """Answers without ``kind``."""
    if body and all(key.startswith("t2_") and isinstance(value, dict) for key, value in body.items()):
        for value in body.values():
            yield Item("account", value)
        return
    names = body.keys()
    if not body:
        kind = "empty_body"
    elif "access_token" in names:
        kind = "access_token"
    elif "error" in names or {"reason", "explanation"} <= names:
        kind = "api_error"
    elif "mod_notes" in names or ("created" in names and isinstance(body["created"], dict)):
        kind = "moderation_note"
    elif "comment_karma" in names and "features" in names:
        kind = "own_account"
    elif {"date", "id", "name"} <= names:
        kind = "relationship"
    else:
        kind = UNKNOWN
    yield Item(kind, body)


PLATFORM = Platform(
    name="Reddit",
    hosts=("reddit.com",),
    recognises=recognises,
    split=split,
    kinds={
        "submission": ItemKind(
            mapping.submission_rows,
            top_fields(mapping.SUBMISSIONS, mapping.SUBMISSION_METRICS, SUBMISSION_FIELDS),
        ),
        "comment": ItemKind(
            mapping.comment_rows, top_fields(mapping.COMMENTS, mapping.COMMENT_METRICS, COMMENT_FIELDS)
        ),
        "account": ItemKind(mapping.account_rows, top_fields(mapping.ACCOUNTS, ACCOUNT_FIELDS)),
    },
    ignored=IGNORED,
    mappings=mapping.TABLES,
)
