"""Reddit's objects as contract rows."""

import re
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
    integer,
    mapping,
    take,
    text,
    time_epoch_s,
    word,
)

SITE = "https://www.reddit.com"
GONE = ("[deleted]", "[removed]")
NOT_PUBLIC = ("private", "gold_only", "gold_restricted", "employees_only")
_MENTION = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})(?![\w-])")
_IN_CONTEXT = re.compile(r"/comments/([0-9a-z]+)(?:/|$)")
Shared = Mapping[str, Any]


def _fullname(prefix: str) -> Derive:
    def derive(payload: Any, given: Shared) -> str:
        name = take(payload, "name", id_text)
        if name is not None:
            return str(name)
        bare = take(payload, "id", id_text)
        if bare is None:
            raise MappingError("field_missing", "name", "name or id is missing or null")
        return f"{prefix}_{bare}"

    return Derive(derive, "name, id", "the fullname, unique over submissions and comments")


def author_name(payload: Any) -> str | None:
    """The author's user name; None for a deleted account."""
    name = take(payload, "author", word)
    return None if name in GONE else name


def _is_gone(payload: Any, field: str) -> bool:
    words = get(payload, field)
    return words == "[removed]" or (words == "[deleted]" and get(payload, "author") in GONE)


def submission_is_gone(payload: Any) -> bool:
    """True if author, moderators or Reddit took the submission away."""
    return _is_gone(payload, "selftext") or get(payload, "removed_by_category") is not None


def _submission_text(payload: Any, given: Shared) -> str | None:
    title = take(payload, "title", text)
    if title is None:
        raise MappingError("field_missing", "title", "title is missing or null")
    body = (take(payload, "selftext", text) or "").strip()
    if submission_is_gone(payload):
        return None
    return f"{title}\n\n{body}" if body else title


def _comment_text(payload: Any, given: Shared) -> str | None:
    body = take(payload, "body", text)
    if body is None:
        raise MappingError("field_missing", "body", "body is missing or null")
    return None if _is_gone(payload, "body") else body


def _link(payload: Any, given: Shared) -> str | None:
    way = take(payload, ("permalink", "context"), word)
    return None if way is None else SITE + way.split("?")[0]


def _root(payload: Any, given: Shared) -> str | None:
    link = take(payload, "link_id", id_text)
    if link is not None:
        return str(link)
    found = _IN_CONTEXT.search(str(get(payload, "context") or ""))
    return f"t3_{found.group(1)}" if found else None


def _mentions(*fields: str) -> Derive:
    def derive(payload: Any, given: Shared) -> list[str]:
        words = "\n".join(str(get(payload, field) or "") for field in fields)
        return list(dict.fromkeys(_MENTION.findall(words)))

    return Derive(derive, fields, "names written as u/name")


def _outward(payload: Any, given: Shared) -> list[str]:
    address = take(payload, "url", word)
    linked = [] if get(payload, "is_self") or address is None or not address.startswith("http") else [address]
    return list(dict.fromkeys([*linked, *(textual.urls(get(payload, "selftext") or "") or [])]))


def _media_type(payload: Any, given: Shared) -> str | None:
    if get(payload, "is_video"):
        return "video"
    if get(payload, "is_gallery"):
        return "carousel"
    hint = str(get(payload, "post_hint") or "").rpartition(":")[2]
    return hint if hint in ("image", "video", "link") else None


def _shown_score(hidden: str) -> Derive:
    def derive(payload: Any, given: Shared) -> int | None:
        score = take(payload, "score", integer)
        return None if get(payload, hidden) else score

    return Derive(derive, f"score, {hidden}", f"NULL while Reddit hides it (`{hidden}`: a placeholder)")


def _visibility(payload: Any, given: Shared) -> str:
    kind = take(payload, "subreddit_type", word)
    if kind in NOT_PUBLIC:
        raise MappingError(
            "not_public",
            "subreddit_type",
            f"the subreddit is {kind}: only public posts are loaded; nothing to do unless it was opened",
        )
    return "public"


_COMMON = {
    "platform": Const("reddit"),
    "author_id": Derive(
        lambda payload, given: author_name(payload),
        "author",
        "the user name, which never changes hands; `author_fullname` is missing from older answers",
    ),
    "created_at": Take("created_utc", time_epoch_s, required=True),
    "lang_reported": Absent("Reddit reports no language"),
    "url": Derive(_link, "permalink, context", "the address on www.reddit.com"),
    "reposted_post_id": Absent("Reddit has crossposts, which are posts of their own"),
    "hashtags": Absent("Reddit has no hashtags"),
    **absent("Reddit reports no place", "place_name", "lat", "lon"),
    "visibility": Derive(_visibility, "subreddit_type", "`public`; private subreddits are quarantined"),
    "is_paid_partnership": Absent("Reddit reports none"),
    "is_collected": Given("is_collected", "false for the original inside a crosspost"),
}

SUBMISSIONS = mapping(
    "posts",
    "submission",
    **{
        **_COMMON,
        "post_id": _fullname("t3"),
        "text": Derive(_submission_text, "title, selftext", "title, blank line, text; NULL when taken away"),
        "post_type": Derive(
            lambda payload, given: "quote" if get(payload, "crosspost_parent") else "post",
            "crosspost_parent",
            "`quote` for a crosspost, else `post`",
        ),
        "parent_post_id": Absent("a submission answers nothing"),
        "root_post_id": Absent("a submission is itself a root"),
        "quoted_post_id": Take("crosspost_parent", id_text),
        "mentions": _mentions("title", "selftext"),
        "urls": Derive(_outward, "url, is_self, selftext", "the linked address and links in the text"),
        "media_type": Derive(_media_type, "is_video, is_gallery, post_hint"),
        "duration_s": Take("media.reddit_video.duration", lambda value, path: float(count(value, path))),
        "is_deleted": Derive(
            lambda payload, given: submission_is_gone(payload),
            "selftext, author, removed_by_category",
            "`[deleted]` of a deleted author, `[removed]`, or a removal category",
        ),
    },
)

COMMENTS = mapping(
    "posts",
    "comment",
    **{
        **_COMMON,
        "post_id": _fullname("t1"),
        "text": Derive(_comment_text, "body", "Markdown as written; NULL when taken away"),
        "post_type": Const("comment"),
        "parent_post_id": Take("parent_id", id_text, required=True),
        "root_post_id": Derive(_root, "link_id, context", "the submission; of inbox items from `context`"),
        "quoted_post_id": Absent("comments quote no post"),
        "mentions": _mentions("body"),
        "urls": Derive(lambda payload, given: textual.urls(get(payload, "body")), "body", "links in it"),
        "media_type": Absent("the comment object names none"),
        "duration_s": Absent("the comment object names none"),
        "is_deleted": Derive(
            lambda payload, given: _is_gone(payload, "body"),
            "body, author",
            "`[deleted]` of a deleted author, or `[removed]`",
        ),
    },
)

_NOT_REPORTED = absent(
    "Reddit does not report it",
    "likes", "reactions", "dislikes", "reposts", "shares", "quotes", "saves", "clicks", "views",
    "impressions", "reach",
)  # fmt: skip

SUBMISSION_METRICS = mapping(
    "post_metrics",
    "submission",
    platform=Const("reddit"),
    post_id=_fullname("t3"),
    score=_shown_score("hide_score"),
    comments=Take("num_comments", count),
    **_NOT_REPORTED,
)

COMMENT_METRICS = mapping(
    "post_metrics",
    "comment",
    platform=Const("reddit"),
    post_id=_fullname("t1"),
    score=_shown_score("score_hidden"),
    comments=Absent("`num_comments` of a comment is its submission's"),
    **_NOT_REPORTED,
)

_AUTHOR_ABSENT = {
    "location_text": Absent("Reddit reports no place"),
    "is_verified": Absent("`verified` of Reddit is about the e-mail address, not the person"),
    "is_business": Absent("Reddit reports none"),
    "category": Absent("Reddit reports none"),
}

POST_AUTHORS = mapping(
    "authors",
    "author of a post",
    platform=Const("reddit"),
    author_id=Take("author", word, required=True),
    handle=Take("author", word),
    url=Derive(lambda payload, given: f"{SITE}/user/{payload['author']}", "author"),
    **absent("a post names its author only", "display_name", "bio", "created_at"),
    **_AUTHOR_ABSENT,
)

ACCOUNTS = mapping(
    "authors",
    "account",
    platform=Const("reddit"),
    author_id=Take("name", word, required=True),
    handle=Take("name", word),
    display_name=Take("subreddit.title", word),
    bio=Take("subreddit.public_description", word),
    url=Derive(lambda payload, given: f"{SITE}/user/{payload['name']}", "name"),
    created_at=Take("created_utc", time_epoch_s),
    **_AUTHOR_ABSENT,
)

TABLES = (SUBMISSIONS, COMMENTS, SUBMISSION_METRICS, COMMENT_METRICS, POST_AUTHORS, ACCOUNTS)


def submission_rows(item: Item) -> Rows:
    """Rows of a submission, and of the originals that a crosspost carries."""
    rows = _post_rows(item.payload, True, SUBMISSIONS, SUBMISSION_METRICS)
    for original in get(item.payload, "crosspost_parent_list") or []:
        if get(original, "subreddit_type") in NOT_PUBLIC:
            continue
        for entity, found in _post_rows(original, False, SUBMISSIONS, SUBMISSION_METRICS).items():
            rows.setdefault(entity, []).extend(found)
    return rows


def comment_rows(item: Item) -> Rows:
    """Rows of a comment."""
    return _post_rows(item.payload, True, COMMENTS, COMMENT_METRICS)


def _post_rows(payload: Any, is_collected: bool, posts: Any, metrics: Any) -> Rows:
    rows: Rows = {"posts": [apply(posts, payload, {"is_collected": is_collected})]}
    observed = apply(metrics, payload)
    if has_values(metrics, observed):
        rows["post_metrics"] = [observed]
    if author_name(payload) is not None:
        rows["authors"] = [apply(POST_AUTHORS, payload)]
    return rows


def account_rows(item: Item) -> Rows:
    """Rows of an account."""
    return {"authors": [apply(ACCOUNTS, item.payload)]}
