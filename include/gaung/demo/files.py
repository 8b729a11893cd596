"""Writes a world as files in the forms that platforms really deliver, and counts what it wrote.

* search windows of X API v2, several pages a file, half of them with ``tweet`` and half with
  ``post`` names; pages overlap; a few posts are broken; a few pages carry partial errors;
* a filtered stream of X, one post a line, posts delivered twice, its last line broken off;
* a late window and lookups of edited posts, delete events;
* a dashboard's CSV of comments: semicolons, day-first dates, thousands with dots, "1,2 rb".
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal

from gaung.demo.world import DAY_END, DAY_START, JAKARTA, Author, Content, Post, World

Names = Literal["tweet", "post"]
Payload = dict[str, Any]

PAGE = 100
WINDOW = timedelta(hours=4)
LATE_AT = DAY_END + timedelta(hours=15)
EDITS_AT = DAY_END + timedelta(hours=1)
STREAM_AT = DAY_END + timedelta(minutes=1)
COMPLIANCE_AT = DAY_END + timedelta(hours=12)
COMMENTS_AT = DAY_END + timedelta(hours=2)


@dataclass(slots=True)
class Written:
    """One file: how to ingest it, and what is in it record by record.

    A record of an X body is a post of ``data``, a user or a post of ``includes``, or an error. It is
    *unchanged* when it says nothing that the file has not said before. ``repeated`` counts posts of
    ``data`` (or rows) that the same file delivers once more, ``redelivered`` those that another file
    of the day delivers as well, with newer counts.
    """

    name: str
    format: str
    as_of: datetime
    options: dict[str, str] = field(default_factory=dict)
    received: int = 0
    loaded: int = 0
    unchanged: int = 0
    repeated: int = 0
    redelivered: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    collected: set[tuple[str, str]] = field(default_factory=set)
    _said: set[tuple[str, str]] = field(default_factory=set)

    def add_page(self, payload: "Payload", names: "Names") -> None:
        """Count the records of an X body as they are delivered."""
        for item in payload["data"]:
            history = item[_name("history", names)]
            self._add("post", history[0])
            self._said.add(("included", history[0]))
        included = payload.get("includes", {})
        for item in included.get("users", []):
            self._add("user", item["id"])
        for item in included.get(_name("included", names), []):
            self._add("included", item[_name("history", names)][0])
        for _ in payload.get("errors", []):
            self.received += 1
            self.ignored["api_error"] += 1

    def add_broken(self, reason: str) -> None:
        """Count a record that cannot be read."""
        self.received += 1
        self.quarantined[reason] += 1

    def _add(self, kind: str, key: str) -> None:
        self.received += 1
        if (kind, key) in self._said:
            self.unchanged += 1
            self.repeated += kind == "post"
        else:
            self.loaded += 1
            self._said.add((kind, key))


# --------------------------------------------------------------------------------------------
# X API v2: objects
# --------------------------------------------------------------------------------------------

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


def moment(value: datetime) -> str:
    """A time as X writes it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


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
    metrics = _public_metrics(post.refers_to if post.kind == "repost" and post.refers_to else post, names, at)
    if metrics:
        payload["public_metrics"] = metrics
    return payload


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
    if author.followers is not None:
        hours = int((at - DAY_START).total_seconds()) // 3600
        user["public_metrics"] = {
            "followers_count": author.followers + author.followers * hours // 20_000,
            "following_count": 100 + int(author.author_id) % 900,
            _name("user_posts", names): 50 + int(author.author_id) % 20_000 + hours,
            "listed_count": author.followers // 400,
        }
    return user


# --------------------------------------------------------------------------------------------
# X API v2: pages and lines
# --------------------------------------------------------------------------------------------


def _includes(posts: Iterable[Post], names: Names, at: datetime) -> Payload:
    """What a page's posts point at: their authors, and the posts they refer to with their authors."""
    authors: dict[str, Author] = {}
    referenced: dict[str, Post] = {}
    for post in posts:
        authors[post.author.author_id] = post.author
        if post.refers_to is not None and not post.refers_to.is_deleted_at(at):
            referenced[post.refers_to.post_id] = post.refers_to
            authors[post.refers_to.author.author_id] = post.refers_to.author
    included: Payload = {"users": [x_user(author, names, at) for author in authors.values()]}
    if referenced:
        included[_name("included", names)] = [x_post(post, names, at) for post in referenced.values()]
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


def _line(payload: Payload) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")) + "\n"


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


def _search_window(posts: list[Post], number: int, rng: Random) -> tuple[Written, str]:
    """A collection window: pages that overlap by a few posts, some broken posts, some partial errors."""
    names: Names = "tweet" if number % 2 == 0 else "post"
    start = DAY_START + number * WINDOW
    at = start + WINDOW + timedelta(minutes=5)
    window = Written(f"x_search_{start:%Y%m%dT%H%M}Z.jsonl", "x_api_v2", at)
    newest_first = sorted(posts, key=lambda post: int(post.post_id), reverse=True)
    pages: list[str] = []
    for first in range(0, len(newest_first), PAGE):
        part = newest_first[first : first + PAGE]
        overlap = newest_first[max(first - rng.randrange(0, 4), 0) : first]
        token = f"lanjut{number}{first}" if first + PAGE < len(newest_first) else None
        payload = page([*overlap, *part], names, at, token)
        if not pages or rng.random() < 0.2:
            payload["errors"] = [_not_found()]
        window.add_page(payload, names)
        if not pages or rng.random() < 0.35:
            reason = _BREAKS[(number + len(pages)) % len(_BREAKS)]
            payload["data"].insert(rng.randrange(len(payload["data"])), _broken(payload["data"][0], reason))
            window.add_broken(reason)
        pages.append(_line(payload))
    window.collected = {(post.platform, post.post_id) for post in posts}
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


def _stream(posts: list[Post], rng: Random) -> tuple[Written, str]:
    """A filtered stream: one post a line, one in twenty delivered twice, the last line broken off."""
    stream = Written("x_stream.ndjson", "x_api_v2", STREAM_AT)
    lines: list[str] = []
    for post in posts:
        payload = {
            "data": x_post(post, "tweet", STREAM_AT),
            "includes": _includes([post], "tweet", STREAM_AT),
            "matching_rules": [{"id": "1712345678901234567", "tag": "merek"}],
        }
        for _ in range(2 if rng.random() < 0.05 else 1):
            lines.append(_line(payload))
            stream.add_page({**payload, "data": [payload["data"]]}, "tweet")
    stream.add_broken("invalid_json")
    stream.collected = {(post.platform, post.post_id) for post in posts}
    cut = lines[-1].encode()
    return stream, "".join(lines) + cut[: len(cut) // 2].decode(errors="ignore")


def _late(late: list[Post], seen_again: list[Post]) -> tuple[Written, str]:
    """One page asked for the day after: posts that no window had, and newer counts of known ones."""
    posts = [*late, *seen_again]
    payload = page(posts, "post", LATE_AT, None)
    written = Written("x_late.json", "x_api_v2", LATE_AT, redelivered=len(seen_again))
    written.add_page(payload, "post")
    written.collected = {(post.platform, post.post_id) for post in posts}
    return written, json.dumps(payload, ensure_ascii=False, indent=2)


def _edits(edited: list[Post]) -> tuple[Written, str]:
    """Edited posts looked up again: another text under a new version id."""
    payload = {
        "data": [x_post(post, "post", EDITS_AT) for post in edited],
        "includes": _includes(edited, "post", EDITS_AT),
    }
    written = Written("x_edits.json", "x_api_v2", EDITS_AT, redelivered=len(edited))
    written.add_page(payload, "post")
    written.collected = {(post.platform, post.post_id) for post in edited}
    return written, json.dumps(payload, ensure_ascii=False, indent=2)


def _compliance(deleted: list[Post]) -> tuple[Written, str]:
    """Delete events of the compliance stream, one a line."""
    written = Written(
        "x_compliance.ndjson", "x_api_v2", COMPLIANCE_AT, received=len(deleted), loaded=len(deleted)
    )
    lines = []
    for post in deleted:
        assert post.deleted_at is not None
        who = {"id": post.post_id, "author_id": post.author.author_id}
        lines.append(_line({"data": {"delete": {"tweet": who, "event_at": moment(post.deleted_at)}}}))
    return written, "".join(lines)


# --------------------------------------------------------------------------------------------
# A dashboard's CSV of comments
# --------------------------------------------------------------------------------------------

HEADER = ("ID Komentar", "ID Unggahan", "Nama Akun", "Waktu", "Isi Komentar", "Suka", "Skor Dasbor")
COMMENT_MAP = """\
# Column map of the comments that the dashboard exports (synthetic data).
title: Comments of a dashboard
platform: instagram
post_type: comment
file:
  delimiter: semicolon
  decimal: ","
  thousands: "."
  dates: day_first
  timezone: Asia/Jakarta
posts:
  post_id: ID Komentar
  parent_post_id: ID Unggahan
  author_id: Nama Akun
  created_at: Waktu
  text: Isi Komentar
metrics:
  likes: Suka
authors:
  handle: Nama Akun
ignore: [Skor Dasbor]
"""


def indonesian_count(value: int) -> str:
    """A count as Indonesian dashboards print it: 12, 1.234, "12,3 rb"."""
    if value >= 10_000 and value % 100 == 0:
        return f"{value // 1000},{value % 1000 // 100} rb"
    return f"{value:,}".replace(",", ".")


def _comment_row(comment: Post) -> list[str]:
    local = comment.created_at + JAKARTA
    likes = "" if comment.hides == "everything" else indonesian_count(comment.counts["likes"])
    score = f"0,{int(comment.post_id) % 90 + 10}"
    who = comment.author.handle
    return [
        comment.post_id,
        "17850000000000001",
        who,
        f"{local:%d/%m/%Y %H:%M}",
        comment.content.text,
        likes,
        score,
    ]


def _comments(comments: list[Post], rng: Random) -> tuple[Written, str]:
    """The comments of one brand's own posts, a few rows twice, a few unreadable."""
    written = Written(
        "comments_kopi_senja.csv", "table", COMMENTS_AT, {"brand": "kopi_senja", "map": "comments.map.yml"}
    )
    rows = [_comment_row(comment) for comment in comments]
    repeated = [rows[rng.randrange(len(rows))] for _ in range(max(len(rows) // 80, 2))]
    broken = []
    for number in range(max(len(rows) // 200, 3)):
        row = list(rows[rng.randrange(len(rows))])
        row[0] = str(int(row[0]) + 1)
        column, value, reason = ((3, "31/02/2025 10:00", "bad_date"), (5, "banyak", "bad_number"))[number % 2]
        row[column] = value
        written.quarantined[reason] += 1
        broken.append(row)
    every = [*rows, *broken]
    rng.shuffle(every)
    every += repeated
    written.received, written.loaded = len(every), len(rows)
    written.unchanged = written.repeated = len(repeated)
    written.collected = {(comment.platform, comment.post_id) for comment in comments}
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(every)
    return written, "\ufeff" + out.getvalue()


# --------------------------------------------------------------------------------------------
# The whole day
# --------------------------------------------------------------------------------------------


def write(world: World, folder: Path) -> list[Written]:
    """Write every file of a world into a folder; what was written, in the order of delivery.

    ``delivery.yml`` beside the files tells ``ingest_files`` their time of capture, brand and map.
    """
    folder.mkdir(parents=True, exist_ok=True)
    deliveries = list(_deliveries(world))
    for written, content in deliveries:
        (folder / written.name).write_text(content, encoding="utf-8", newline="")
    (folder / "comments.map.yml").write_text(COMMENT_MAP, encoding="utf-8")
    files = [written for written, _ in deliveries]
    (folder / "delivery.yml").write_text(_delivery(files), encoding="utf-8")
    return files


def _delivery(files: list[Written]) -> str:
    lines = [
        "# How to ingest the files of this folder (synthetic data of the demo).",
        "synthetic: true",
        "files:",
    ]
    for written in files:
        options = {"as_of": f"{written.as_of:%Y-%m-%dT%H:%M:%SZ}", **written.options}
        lines.append(
            f"  {written.name}: {{{', '.join(f'{key}: {value}' for key, value in options.items())}}}"
        )
    return "\n".join(lines) + "\n"


def _deliveries(world: World) -> Iterator[tuple[Written, str]]:
    rng = Random(f"gaung demo files {world.seed} {world.size}")  # noqa: S311 - invented data, no secret
    on_x = [post for post in world.posts if post.platform == "x"]
    draws = {post.post_id: rng.random() for post in on_x}
    # Delivered by several files: only posts that no other post points at, so that the count of records
    # that say something new does not depend on which file is loaded first.
    pointed_at = {post.refers_to.post_id for post in on_x if post.refers_to is not None}
    apart = [post for post in on_x if post.kind != "repost" and post.post_id not in pointed_at]
    late = [post for post in apart if draws[post.post_id] < 0.03 and post.deleted_at is None]
    only_stream = [p for p in on_x if 0.03 <= draws[p.post_id] < 0.10 and p.kind != "repost"]
    elsewhere = {post.post_id for post in [*late, *only_stream]}
    searched = [post for post in on_x if post.post_id not in elsewhere]
    both = [post for post in apart if draws[post.post_id] > 0.95 and post.shows_counts]
    for number in range(6):
        start = DAY_START + number * WINDOW
        yield _search_window([p for p in searched if start <= p.created_at < start + WINDOW], number, rng)
    streamed = sorted([*only_stream, *both], key=lambda post: int(post.post_id))
    stream, content = _stream(streamed, rng)
    stream.redelivered = len(both)
    yield stream, content
    yield _edits(
        [post for post in on_x if post.edit is not None and post.post_id not in {p.post_id for p in late}]
    )
    yield _comments([post for post in world.posts if post.platform == "instagram"], rng)
    yield _compliance([post for post in on_x if post.deleted_at is not None])
    again = [post for post in both if post.edit is None and post.deleted_at is None]
    yield _late(late, again[: len(again) // 2])
