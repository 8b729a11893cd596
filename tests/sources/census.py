"""An independent count of what recorded payloads hold: plain walks over JSON, no mappers.

The rules are stated here in words of their own, so that a mistake in the formats shows as a difference:

* a *post* is any submission, status, video, media or comment object that everyone may read;
* a *referenced* post stands inside another one (the original of a boost, quote or crosspost);
* an *observation* is one set of counts of one post at one time (None where the payload tells no time);
* an *author* is whoever wrote a post that counts, and every account object.
"""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import yaml


@dataclass
class Census:
    """What one platform's payloads hold, each thing once."""

    posts: set[str] = field(default_factory=set)
    referenced: set[str] = field(default_factory=set)
    comments: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)
    observations: set[tuple[Any, ...]] = field(default_factory=set)
    author_observations: set[tuple[Any, ...]] = field(default_factory=set)
    not_public: set[str] = field(default_factory=set)


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value, outer before inner."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def exchanges(folder: Path) -> Iterator[tuple[datetime | None, Any]]:
    """Time and parsed body of every recorded exchange that was answered with JSON and no error."""
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.json")]):
        words = path.read_text("utf-8")
        cassette = yaml.safe_load(words) if path.suffix == ".yaml" else json.loads(words)
        for exchange in cassette["interactions"]:
            response = exchange["response"]
            if int(response["status"]["code"]) >= 400:
                continue
            body = response["body"]
            raw = b64decode(body["base64_string"]) if "base64_string" in body else body["string"]
            if isinstance(raw, bytes) and raw[:2] == b"\x1f\x8b":
                raw = gzip.decompress(raw)
            try:
                parsed = json.loads(raw)
            except ValueError:
                continue
            yield _sent_at(exchange, cassette), parsed


def _sent_at(exchange: dict[str, Any], cassette: dict[str, Any]) -> datetime | None:
    headers = {name.lower(): value for name, value in exchange["response"]["headers"].items()}
    if "date" in headers:
        return parsedate_to_datetime(headers["date"][0]).astimezone(UTC)
    recorded = exchange.get("recorded_at") or cassette.get("recorded_at")
    return datetime.fromisoformat(recorded).replace(tzinfo=UTC) if recorded else None


# ---------------------------------------------------------------------------------------------


def reddit(folder: Path) -> Census:
    """Things of kind t1 (comments) and t3 (submissions), wherever they stand."""
    found = Census()
    for moment, body in exchanges(folder):
        for thing in walk(body):
            kind, data = thing.get("kind"), thing.get("data")
            if kind in ("t1", "t3") and isinstance(data, dict):
                (found.comments if kind == "t1" else found.posts).add(data["name"])
                _reddit_one(found, kind, data, moment)
                for original in data.get("crosspost_parent_list", []):
                    found.referenced.add(original["name"])
                    _reddit_one(found, "t3", original, moment)
            elif kind == "t2":
                found.authors.add(data["name"])
            for name, account in thing.items():
                if re.fullmatch("t2_[0-9a-z]+", name):
                    found.authors.add(account["name"])
    return found


def _reddit_one(found: Census, kind: str, data: dict[str, Any], moment: datetime | None) -> None:
    if data["author"] != "[deleted]":
        found.authors.add(data["author"])
    words = data["body"] if kind == "t1" else data["selftext"]
    if words == "[removed]" or (words == "[deleted]" and data["author"] == "[deleted]"):
        found.deleted.add(data["name"])
    is_hidden = data.get("score_hidden") if kind == "t1" else data.get("hide_score")
    score = None if is_hidden else data.get("score")
    comments = data.get("num_comments") if kind == "t3" else None
    if score is not None or comments is not None:
        found.observations.add((data["name"], moment, score, comments))


def mastodon(folder: Path) -> Census:
    """Objects with `visibility` and an account; public and unlisted ones count."""
    found = Census()
    for moment, body in exchanges(folder):
        _mastodon(found, body, moment, inside=False, deletion=False)
    return found


def _mastodon(found: Census, value: Any, moment: Any, *, inside: bool, deletion: bool) -> None:
    if isinstance(value, list):
        for inner in value:
            _mastodon(found, inner, moment, inside=inside, deletion=deletion)
        return
    if (
        not isinstance(value, dict)
        or ("domain" in value and "contact" in value)
        or "contact_account" in value
    ):
        return
    if "visibility" in value and "account" in value:
        _status(found, value, moment, inside=inside, deletion=deletion)
        return
    if "followers_count" in value and "acct" in value:
        _account(found, value, moment)
    status = value.get("status") or value.get("last_status")
    if isinstance(status, dict) and status.get("visibility") in ("private", "direct"):
        found.not_public.add(status["id"])
        return
    # An earlier version of a status does not say of which, and its account is not looked at.
    if "content" in value and "id" not in value:
        return
    for inner in value.values():
        _mastodon(found, inner, moment, inside=inside, deletion=deletion)


def _status(found: Census, status: dict[str, Any], moment: Any, *, inside: bool, deletion: bool) -> None:
    if status["visibility"] not in ("public", "unlisted"):
        if not inside:
            found.not_public.add(status["id"])
        return
    is_deletion = "content" not in status
    if not (inside and deletion and is_deletion):
        (found.referenced if inside else found.posts).add(status["id"])
        if is_deletion:
            found.deleted.add(status["id"])
    if status["reblog"] is None:
        counts = ("favourites_count", "replies_count", "reblogs_count", "quotes_count")
        found.observations.add((status["id"], moment, *(status.get(name) for name in counts)))
    _account(found, status["account"], moment)
    for original in (status["reblog"], (status.get("quote") or {}).get("quoted_status")):
        if original:
            _status(found, original, moment, inside=True, deletion=is_deletion)


def _account(found: Census, account: dict[str, Any], moment: Any) -> None:
    found.authors.add(account["id"])
    counts = (account[name] for name in ("followers_count", "following_count", "statuses_count"))
    found.author_observations.add((account["id"], moment, *counts))


def youtube(folder: Path) -> Census:
    """Resources by their `kind`; parts of resources that were saved alone name nothing."""
    found = Census()
    for path in sorted(folder.rglob("*.json")):
        body = json.loads(path.read_text("utf-8"))
        if "kind" not in body and list(body) != ["comments"]:
            continue
        replies = {
            resource["snippet"]["topLevelComment"]["id"]: resource["snippet"].get("totalReplyCount")
            for resource in walk(body)
            if resource.get("kind") == "youtube#commentThread"
        }
        for resource in walk(body):
            _youtube_one(found, resource, replies)
    return found


def _youtube_one(found: Census, resource: dict[str, Any], replies: dict[str, Any]) -> None:
    kind, snippet = resource.get("kind"), resource.get("snippet", {})
    if kind == "youtube#comment":
        found.comments.add(resource["id"])
        found.observations.add((resource["id"], snippet.get("likeCount"), replies.get(resource["id"])))
        if "value" in snippet.get("authorChannelId", {}):
            found.authors.add(snippet["authorChannelId"]["value"])
    elif kind == "youtube#video" and isinstance(resource.get("id"), str):
        if snippet:
            found.posts.add(resource["id"])
            found.authors.add(snippet["channelId"])
        if shown := resource.get("statistics"):
            names = ("likeCount", "dislikeCount", "commentCount", "viewCount")
            numbers = [int(shown[name]) if name in shown else None for name in names]
            found.observations.add((resource["id"], *numbers))
    elif kind == "youtube#searchResult" and snippet:
        found.authors.add(snippet["channelId"]) if "playlistId" not in resource["id"] else None
        if "videoId" in resource["id"]:
            found.posts.add(resource["id"]["videoId"])
    elif kind == "youtube#playlistItem" and "resourceId" in snippet:
        found.posts.add(snippet["resourceId"]["videoId"])
        if "videoOwnerChannelId" in snippet:
            found.authors.add(snippet["videoOwnerChannelId"])
    elif kind == "youtube#channel" and isinstance(resource.get("id"), str) and snippet:
        found.authors.add(resource["id"])


# ---------------------------------------------------------------------------------------------
# Graph objects do not name their type. The folders that the test data keeps them in do.

FACEBOOK_FOLDERS = {
    "posts": r"facebook/apidata/posts/|facebook/apidata/groups/feed_|facebook/models/post\.json|base/full_",
    "comments": r"facebook/apidata/comments/|facebook/models/comment\.json",
    "videos": r"facebook/apidata/videos/|facebook/models/video\.json",
    "profiles": r"facebook/apidata/(pages|users/users?(_default|_fields)?\.json)|"
    r"facebook/models/(page|user)\.json|base/object",
}
INSTAGRAM_FOLDERS = {
    "media": r"instagram/apidata/(medias/(children|media)|hashtags/hashtag_(recent|top)|stories/"
    r"|users/(medias|tagged|stories|live|mentioned_media)|discovery/medias)|base/discovery_medias"
    r"|instagram_basic/(apidata/media/|apidata/user/user_medias|models/media)"
    r"|instagram/models/ig_(media|story)\.json",
    "comments": r"instagram/apidata/(comments/|medias/comments|users/mentioned_comment)"
    r"|instagram/models/ig_(comment|reply)\.json",
    "profiles": r"instagram/apidata/(users|discovery)/user_fields|instagram/models/ig_user|"
    r"instagram_basic/(apidata/user|models)/user_info",
}


def _files(folder: Path, pattern: str) -> Iterator[Any]:
    for path in sorted(folder.rglob("*.json")):
        if re.search(pattern, path.relative_to(folder).as_posix()):
            yield json.loads(path.read_text("utf-8"))


def _objects(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of an answer: a page, an object by id, or one alone."""
    for name in ("business_discovery", "mentioned_media", "mentioned_comment"):
        if name in body:
            inner = body[name]
            return inner["media"]["data"] if "media" in inner else [inner]
    if isinstance(body.get("data"), list):
        return body["data"]
    if "id" in body or "permalink_url" in body or "fan_count" in body:
        return [body]
    return list(body.values())


def facebook(folder: Path) -> Census:
    """Facebook's objects by the folder they are kept in."""
    found = Census()
    for body in _files(folder, FACEBOOK_FOLDERS["posts"]):
        for one in _objects(body):
            found.posts.add(one["id"])
            _writer(found, one)
            counts = [
                one.get(name, {}).get("summary", {}).get("total_count")
                for name in ("like", "reactions", "comments")
            ]
            counts.append(one.get("shares", {}).get("count"))
            if any(number is not None for number in counts):
                found.observations.add((one["id"], *counts))
            for comment in one.get("comments", {}).get("data", []):
                _facebook_comment(found, comment)
    for body in _files(folder, FACEBOOK_FOLDERS["comments"]):
        for one in _objects(body):
            _facebook_comment(found, one)
    for body in _files(folder, FACEBOOK_FOLDERS["videos"]):
        for one in _objects(body):
            found.posts.add(one["id"])
            _writer(found, one)
    for body in _files(folder, FACEBOOK_FOLDERS["profiles"]):
        found.authors.update(one["id"] for one in _objects(body))
    return found


def _facebook_comment(found: Census, one: dict[str, Any]) -> None:
    # Inside a post a comment's id is page_post_comment, alone it is post_comment.
    key = re.sub(r"^\d+_(\d+_\d+)$", r"\1", one["id"]) if "id" in one else _comment_key(one["permalink_url"])
    found.comments.add(key)
    _writer(found, one)
    counts = (one.get("like_count", one.get("likes")), one.get("comment_count"))
    if counts != (None, None):
        found.observations.add((key, *counts))


def _writer(found: Census, one: dict[str, Any]) -> None:
    if "from" in one:
        found.authors.add(one["from"]["id"])


def _comment_key(address: str) -> str:
    numbers = re.findall(r"posts/(\d+)|comment_id=(\d+)", address)
    return f"{numbers[0][0]}_{numbers[-1][1]}"


def instagram(folder: Path) -> Census:
    """Instagram's objects by the folder they are kept in; counts alone make no post."""
    found = Census()
    for body in _files(folder, INSTAGRAM_FOLDERS["media"]):
        for one in _objects(body):
            counts = (one.get("like_count"), one.get("comments_count"))
            has_counts = any(number is not None for number in counts)
            if has_counts:
                found.observations.add((one["id"], *counts))
            if not has_counts or one.keys() & {"caption", "timestamp", "permalink"}:
                found.posts.add(one["id"])
            _handle(found, one)
    for body in _files(folder, INSTAGRAM_FOLDERS["comments"]):
        for one in _objects(body):
            for comment in [one, *one.get("replies", {}).get("data", [])]:
                found.comments.add(comment["id"])
                _handle(found, comment)
                if "like_count" in comment:
                    found.observations.add((comment["id"], comment["like_count"], None))
    for body in _files(folder, INSTAGRAM_FOLDERS["profiles"]):
        found.authors.update(one["id"] for one in _objects(body))
    for body in _files(folder, r"instagram/apidata/medias/insights\.json"):
        numbers = {metric["name"]: metric["values"][0]["value"] for metric in body["data"]}
        media = body["data"][0]["id"].split("/")[0]
        found.observations.add((media, *sorted(numbers.items())))
    return found


def _handle(found: Census, one: dict[str, Any]) -> None:
    if "username" in one:
        owner = one.get("owner") or one.get("user") or {}
        found.authors.add(owner.get("id", f"@{one['username']}"))
