"""X: search pages of API v2, a filtered stream, lookups of edited posts and of profiles, delete events.

Half of the search files use ``tweet``, half ``post`` names; pages overlap; a few posts are broken; a few
pages carry partial errors; the stream delivers posts twice and its last line is broken off.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from gaung.demo.forms.written import Payload, Written, line, moment
from gaung.demo.plan import START
from gaung.demo.posts import Author, Content, Post
from gaung.demo.words import PLACES

Names = Literal["tweet", "post"]
PAGE = 100
HOUR = timedelta(hours=1)


def _add_page(written: Written, payload: Payload, names: Names) -> None:
    """Count the records of an X body as they are delivered."""
    history, added = _name("history", names), written.add
    for item in payload["data"]:
        added("post", item[history][0])
        written.said.add(("included", item[history][0]))
    included = payload.get("includes", {})
    for item in included.get("users", []):
        added("user", item["id"])
        metrics = item.get("public_metrics") or {}
        written.followers["x", item["id"], written.as_of] = metrics.get("followers_count")
    for item in included.get(_name("included", names), []):
        added("included", item[history][0])
    for _ in payload.get("errors", []):
        written.received += 1
        written.ignored["api_error"] += 1


# key of this module → name in the older and in the newer vocabulary
_NAMES = {
    "referenced": ("referenced_tweets", "referenced_posts"),
    "history": ("edit_history_tweet_ids", "edit_history_post_ids"),
    "reposts": ("retweet_count", "repost_count"),
    "note": ("note_tweet", "note_post"),
    "included": ("tweets", "posts"),
    "user_posts": ("tweet_count", "post_count"),
    "repost": ("retweeted", "reposted"),
}


def _name(key: str, names: Names) -> str:
    older, newer = _NAMES[key]
    return older if names == "tweet" else newer


def _spans(text: str, sign: str, values: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    start = 0
    for value in values:
        at = text.lower().find(sign + value.lower(), start)
        if at >= 0:
            end = at + len(sign) + len(value)
            yield at, end, text[at + len(sign) : end]
            start = end


def _entities(content: Content, text: str) -> Payload:
    tags = [{"start": a, "end": b, "tag": tag} for a, b, tag in _spans(text, "#", content.hashtags)]
    people = [{"start": a, "end": b, "username": who} for a, b, who in _spans(text, "@", content.mentions)]
    links = [
        {"start": a, "end": b, "url": url, "expanded_url": url, "display_url": url.removeprefix("https://")}
        for a, b, url in _spans(text, "", content.urls)
    ]
    found = {"hashtags": tags, "mentions": people, "urls": links}
    return {kind: items for kind, items in found.items() if items}


_REFERENCE = {"reply": "replied_to", "quote": "quoted"}


def x_post(post: Post, names: Names, at: datetime) -> Payload:
    """A post as X API v2 gives it at a moment, in one of the two vocabularies."""
    shown = post.content_at(at)
    history = [post.content.version_id]
    if shown is post.edit:
        history.append(shown.version_id)
    text = shown.text
    entities = _entities(shown, text)
    payload: Payload = {
        "id": shown.version_id,
        "text": text,
        "author_id": post.author.author_id,
        "created_at": moment(post.created_at),
        "lang": {"id": "in"}.get(shown.language, shown.language),
        "conversation_id": post.refers_to.post_id
        if post.kind == "reply" and post.refers_to
        else post.post_id,
        _name("history", names): history,
        "possibly_sensitive": False,
        "reply_settings": "everyone",
    }
    if post.kind == "repost":
        _as_repost(payload, post, names)
    elif len(text) > 280:
        payload["text"] = text[:270] + "… https://t.co/lanjut"
        payload[_name("note", names)] = {"text": text, **({"entities": entities} if entities else {})}
        entities = _entities(shown, payload["text"])
    if entities:
        payload["entities"] = entities
    if post.refers_to is not None:
        kind = _name("repost", names) if post.kind == "repost" else _REFERENCE[post.kind]
        payload[_name("referenced", names)] = [{"type": kind, "id": post.refers_to.post_id}]
        if post.kind == "reply":
            payload["in_reply_to_user_id"] = post.refers_to.author.author_id
    if post.media:
        payload["attachments"] = {"media_keys": _media_keys(post)}
    if post.place and post.kind != "repost":
        payload["geo"] = {"place_id": _place_id(post.place)}
    metrics = _public_metrics(post.refers_to if post.kind == "repost" and post.refers_to else post, names, at)
    if metrics:
        payload["public_metrics"] = metrics
    return payload


def _media_keys(post: Post) -> list[str]:
    return [f"{number}_{post.post_id}" for number, _ in enumerate(post.media, start=3)]


def _media(post: Post) -> Iterator[Payload]:
    for key, kind in zip(_media_keys(post), post.media, strict=True):
        yield {"media_key": key, "type": kind, "width": 1080, "height": 1080}


def _place_id(name: str) -> str:
    return f"{list(PLACES).index(name) + 1:016x}"


def _place(name: str) -> Payload:
    lat, lon = PLACES[name]
    box = {"type": "Feature", "bbox": [lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1], "properties": {}}
    return {"id": _place_id(name), "full_name": name, "place_type": "city", "country_code": "ID", "geo": box}


def _as_repost(payload: Payload, post: Post, names: Names) -> None:
    """X cuts a repost's own text; counts and full text are the original's."""
    if len(payload["text"]) > 140:
        payload["text"] = payload["text"][:139] + "…"


def _public_metrics(post: Post, names: Names, at: datetime) -> Payload:
    if post.hides == "everything":
        return {}
    counts = post.counts_at(at)
    metrics = {
        _name("reposts", names): counts["reposts"],
        "reply_count": counts["comments"],
        "like_count": counts["likes"],
        "quote_count": counts["quotes"],
        "bookmark_count": counts["saves"],
    }
    if post.hides != "impressions":
        metrics["impression_count"] = counts["impressions"]
    return metrics


def x_user(author: Author, names: Names, at: datetime) -> Payload:
    """A user as X API v2 gives it at a moment."""
    user: Payload = {
        "id": author.author_id,
        "username": author.handle,
        "name": author.name,
        "description": author.bio,
        "created_at": moment(author.created_at),
        "verified": author.is_verified,
        "verified_type": "business" if author.is_business else "blue" if author.is_verified else "none",
        "protected": False,
    }
    if author.location:
        user["location"] = author.location
    followers = author.followers_at(at)
    if followers is not None:
        user["public_metrics"] = {
            "followers_count": followers,
            "following_count": 100 + int(author.author_id) % 900,
            _name("user_posts", names): 5_000 + int(author.author_id) % 20_000 + (at - START) // HOUR,
            "listed_count": followers // 400,
        }
    return user


# --------------------------------------------------------------------------------------------
# Pages and lines
# --------------------------------------------------------------------------------------------


def _includes(posts: Iterable[Post], names: Names, at: datetime) -> Payload:
    """What a page's posts point at: their authors, and the posts they refer to with their authors."""
    authors: dict[str, Author] = {}
    referenced: dict[str, Post] = {}
    places: set[str] = set()
    media: list[Payload] = []
    for post in posts:
        media += _media(post)
        if post.place:
            places.add(post.place)
        authors[post.author.author_id] = post.author
        if post.refers_to is not None and not post.refers_to.is_deleted_at(at):
            referenced[post.refers_to.post_id] = post.refers_to
            authors[post.refers_to.author.author_id] = post.refers_to.author
            if post.refers_to.place:
                places.add(post.refers_to.place)
    included: Payload = {"users": [x_user(author, names, at) for author in authors.values()]}
    if referenced:
        included[_name("included", names)] = [x_post(post, names, at) for post in referenced.values()]
    if places:
        included["places"] = [_place(name) for name in sorted(places)]
    if media:
        included["media"] = media
    return included


def page(posts: list[Post], names: Names, at: datetime, token: str | None) -> Payload:
    """One page of a search, newest post first as X orders them."""
    newest_first = sorted(posts, key=lambda post: int(post.post_id), reverse=True)
    meta: Payload = {"result_count": len(posts)}
    if newest_first:
        meta |= {"newest_id": newest_first[0].post_id, "oldest_id": newest_first[-1].post_id}
    if token:
        meta["next_token"] = token
    return {
        "data": [x_post(post, names, at) for post in newest_first],
        "includes": _includes(newest_first, names, at),
        "meta": meta,
    }


_BREAKS = ("float_id", "field_missing", "bad_date", "date_without_zone", "field_retyped")


def _broken(post: Payload, reason: str) -> Payload:
    """A copy of a post with one fault; the post itself is delivered whole as well."""
    copy: Payload = json.loads(json.dumps(post))
    match reason:
        case "float_id":
            copy["id"] = float(copy["id"])
        case "field_missing":
            del copy["id"]
        case "bad_date":
            copy["created_at"] = "kemarin sore"
        case "date_without_zone":
            copy["created_at"] = copy["created_at"].removesuffix("Z")
        case "field_retyped":
            copy["lang"] = 7
    return copy


def search(posts: Sequence[Post], number: int, at: datetime, rng: Random) -> tuple[Written, str]:
    """A collection window: pages that overlap by a few posts, some broken posts, some partial errors."""
    names: Names = "tweet" if number % 2 == 0 else "post"
    window = Written(f"x_search_{at:%Y%m%dT%H%M}Z.jsonl", "x_api_v2", at)
    newest_first = sorted(posts, key=lambda post: int(post.post_id), reverse=True)
    pages: list[str] = []
    for first in range(0, len(newest_first), PAGE):
        part = newest_first[first : first + PAGE]
        overlap = newest_first[max(first - int(rng.random() * 4), 0) : first]
        token = f"lanjut{number}{first}" if first + PAGE < len(newest_first) else None
        payload = page([*overlap, *part], names, at, token)
        if not pages or rng.random() < 0.2:
            payload["errors"] = [_not_found()]
        _add_page(window, payload, names)
        if not pages or rng.random() < 0.35:
            reason = _BREAKS[(number + len(pages)) % len(_BREAKS)]
            payload["data"].insert(
                int(rng.random() * len(payload["data"])), _broken(payload["data"][0], reason)
            )
            window.add_broken(reason)
        pages.append(line(payload))
    window.collect(posts)
    return window, "".join(pages)


def _not_found() -> Payload:
    return {
        "value": "1",
        "detail": "Could not find user with id: [1].",
        "title": "Not Found Error",
        "resource_type": "user",
        "parameter": "author_id",
        "resource_id": "1",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


def stream(posts: Sequence[Post], at: datetime, rng: Random) -> tuple[Written, str]:
    """A filtered stream: one post a line, one in twenty delivered twice, the last line broken off."""
    written = Written("x_stream.ndjson", "x_api_v2", at)
    lines: list[str] = []
    for post in posts:
        payload = {
            "data": x_post(post, "tweet", at),
            "includes": _includes([post], "tweet", at),
            "matching_rules": [{"id": "1712345678901234567", "tag": "merek"}],
        }
        for _ in range(2 if rng.random() < 0.05 else 1):
            lines.append(line(payload))
            _add_page(written, {**payload, "data": [payload["data"]]}, "tweet")
    written.add_broken("invalid_json")
    written.collect(posts)
    cut = lines[-1].encode()
    return written, "".join(lines) + cut[: len(cut) // 2].decode(errors="ignore")


def late(late: Sequence[Post], seen_again: Sequence[Post], at: datetime) -> tuple[Written, str]:
    """One page asked for the day after: posts that no window had, and newer counts of known ones."""
    posts = [*late, *seen_again]
    payload = page(posts, "post", at, None)
    written = Written("x_late.json", "x_api_v2", at, redelivered=len(seen_again))
    _add_page(written, payload, "post")
    written.collect(posts)
    return written, json.dumps(payload, ensure_ascii=False, indent=1)


def edits(edited: Sequence[Post], at: datetime) -> tuple[Written, str]:
    """Edited posts looked up again: another text under a new version id."""
    payload = {
        "data": [x_post(post, "post", at) for post in edited],
        "includes": _includes(edited, "post", at),
    }
    written = Written("x_edits.json", "x_api_v2", at, redelivered=len(edited))
    _add_page(written, payload, "post")
    written.collect(edited)
    return written, json.dumps(payload, ensure_ascii=False, indent=1)


def profiles(authors: Sequence[Author], at: datetime) -> tuple[Written, str]:
    """Accounts looked up, whoever posts: one snapshot of their followers."""
    written = Written(f"x_profiles_{at:%Y%m%dT%H%M}Z.json", "x_api_v2", at)
    for author in authors:
        written.add("user", author.author_id)
        written.followers["x", author.author_id, at] = author.followers_at(at)
    return written, line({"data": [x_user(author, "post", at) for author in authors]})


def compliance(deleted: Sequence[Post], at: datetime) -> tuple[Written, str]:
    """Delete events of the compliance stream, one a line."""
    written = Written("x_compliance.ndjson", "x_api_v2", at, received=len(deleted), loaded=len(deleted))
    lines = []
    for post in deleted:
        assert post.deleted_at is not None
        who = {"id": post.post_id, "author_id": post.author.author_id}
        lines.append(line({"data": {"delete": {"tweet": who, "event_at": moment(post.deleted_at)}}}))
    return written, "".join(lines)
