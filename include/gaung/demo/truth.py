"""What is planted in the demo's files, counted from the world itself and never from what was loaded."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gaung.demo import plan
from gaung.demo.forms.written import Written, moment
from gaung.demo.meanings import Meanings, of_world
from gaung.demo.posts import Post
from gaung.demo.words import EVERY_BRAND, MOODS
from gaung.demo.world import World

FILE_NAME = "truth.json"
NOTE = "Synthetic: planted truth of Gaung's demo; none of these people, posts or numbers exist."


@dataclass(frozen=True, slots=True)
class FileTruth:
    """What one file holds, record by record."""

    name: str
    sha256: str
    format: str
    as_of: str
    received: int
    loaded: int
    unchanged: int
    repeated: int
    redelivered: int
    ignored: dict[str, int]
    quarantined: dict[str, int]


@dataclass(frozen=True, slots=True)
class HourCount:
    """Posts (quotes, replies and comments among them) and reposts of one topic or brand in one UTC hour."""

    name: str
    hour_at: str
    post_count: int
    repost_count: int


@dataclass(frozen=True, slots=True)
class HourMood:
    """What mood the posts (without reposts) of one topic in one UTC hour were written in."""

    name: str
    hour_at: str
    positive: int
    neutral: int
    negative: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Followers of a brand's account as a file says; None: the platform did not say."""

    brand: str
    platform: str
    account_id: str
    observed_at: str
    followers: int | None


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that ``demo verify`` compares.

    Attributes:
        posts: collected posts by platform and type.
        referenced_only: posts that collected ones point at, which no query matched.
        edited: posts of which the files hold two versions; ``deleted``: both as "platform id".
        late: posts that only the day after's file holds.
        topic_hours: hashtags that are topics, by hour.
        keyword_hours: brands whose keyword is in the text, by hour.
        brand_hours: posts that match a brand, by hour.
        unmatched: collected posts and reposts that match no brand.
        hidden_likes: posts (no reposts) whose likes the platform does not show, by platform.
        places: posts that name a place, by platform.
        topic_moods: moods that the posts of topics were written in, by hour.
        intents: comments that ask, complain or praise.
        snapshots: followers of the brands' own accounts, by time.
        windows: quarters of an hour that have posts, posts in the fullest, posts in all.
        meanings: what posts mean whose every word was chosen.
        events: what is planted when: names of topics and brands, and hours (local, of the 72).
    """

    seed: int
    size: str
    files: tuple[FileTruth, ...]
    posts: dict[str, dict[str, int]]
    referenced_only: int
    edited: tuple[str, ...]
    deleted: tuple[str, ...]
    late: int
    topic_hours: tuple[HourCount, ...]
    keyword_hours: tuple[HourCount, ...]
    brand_hours: tuple[HourCount, ...]
    unmatched: int
    hidden_likes: dict[str, int]
    places: dict[str, int]
    topic_moods: tuple[HourMood, ...]
    intents: dict[str, int]
    snapshots: tuple[Snapshot, ...]
    windows: dict[str, int]
    meanings: Meanings
    events: dict[str, dict[str, Any]]

    @property
    def post_count(self) -> int:
        """Collected posts of all platforms and types."""
        return sum(count for types in self.posts.values() for count in types.values())

    def write(self, folder: Path) -> Path:
        """Path of the JSON file written into a folder."""
        path = folder / FILE_NAME
        document = {"note": NOTE, "is_synthetic": True, **asdict(self)}
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> "Truth":
        """The truth in a file that :meth:`write` made."""
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for noted in ("note", "is_synthetic"):
            del document[noted]
        rows = dict.fromkeys(("topic_hours", "keyword_hours", "brand_hours"), HourCount)
        for name, row in {**rows, "topic_moods": HourMood, "snapshots": Snapshot, "files": FileTruth}.items():
            document[name] = tuple(row(**values) for values in document[name])
        for name in ("edited", "deleted"):
            document[name] = tuple(document[name])
        document["meanings"] = Meanings.read(document["meanings"])
        return cls(**document)


def count(world: World, files: list[Written], folder: Path) -> Truth:
    """The truth of a world and of the files written from it."""
    by_type: dict[str, Counter[str]] = {}
    for post in world.posts:
        by_type.setdefault(post.platform, Counter())[post.kind] += 1
    late = _named("x_late.json", files)
    pointed_at = {id(post.refers_to) for post in world.posts if post.refers_to is not None}
    originals = [post for post in world.posts if post.kind != "repost"]
    topics = _published([(tag, post) for post in world.posts for tag in post.counted_as.hashtags])
    return Truth(
        seed=world.seed,
        size=world.size,
        files=tuple(_file(written, folder) for written in files),
        posts={platform: dict(sorted(types.items())) for platform, types in sorted(by_type.items())},
        referenced_only=sum(id(post) in pointed_at for post in world.referenced),
        edited=tuple(sorted(" ".join(key) for key in _named("x_edits.json", files).collected)),
        deleted=_ids(post for post in world.posts if post.deleted_at is not None),
        late=len(late.collected) - late.redelivered,
        topic_hours=_hours(topics),
        keyword_hours=_hours((brand, post) for post in world.posts for brand in post.counted_as.keywords),
        brand_hours=_hours((brand, post) for post in world.posts for brand in post.counted_as.brands),
        unmatched=sum(not post.counted_as.brands for post in world.posts),
        hidden_likes=_by_platform(post for post in originals if not post.shows_counts),
        places=_by_platform(post for post in originals if post.place),
        topic_moods=_moods(topics),
        intents=dict(
            sorted(Counter(post.content.intent for post in originals if post.content.intent).items())
        ),
        snapshots=_snapshots(world, files),
        windows=_windows(world),
        meanings=of_world(world),
        events=_events(),
    )


def _by_platform(posts: Iterable[Post]) -> dict[str, int]:
    return dict(sorted(Counter(post.platform for post in posts).items()))


def _moods(pairs: Iterable[tuple[str, Post]]) -> tuple[HourMood, ...]:
    counts: dict[tuple[str, datetime], Counter[str]] = {}
    for name, post in pairs:
        if post.kind != "repost":
            counts.setdefault((name, _hour(post)), Counter())[post.final.mood or "none"] += 1
    return tuple(
        HourMood(name, moment(hour), *(counts[name, hour][mood] for mood in MOODS))
        for name, hour in sorted(counts)
    )


def _snapshots(world: World, files: list[Written]) -> tuple[Snapshot, ...]:
    accounts = {("x", author.author_id): brand for brand, author in world.brand_accounts.items()}
    videos = [post for post in world.posts if post.platform == "youtube" and post.kind == "video"]
    accounts |= {("youtube", video.author.author_id): min(video.content.brands) for video in videos}
    said = {key: followers for written in files for key, followers in written.followers.items()}
    return tuple(
        Snapshot(accounts[platform, account_id], platform, account_id, moment(at), followers)
        for (platform, account_id, at), followers in sorted(said.items(), key=lambda one: one[0])
        if (platform, account_id) in accounts
    )


def _windows(world: World) -> dict[str, int]:
    counts = Counter((post.created_at - world.start) // plan.WINDOW for post in world.posts)
    return {
        "windows with posts": len(counts),
        "posts in the fullest": max(counts.values()),
        "posts in all": counts.total(),
    }


def _events() -> dict[str, dict[str, Any]]:
    def hours(span: range) -> dict[str, str]:
        first, after = (plan.START + hour * timedelta(hours=1) for hour in (span.start, span.stop))
        return {"from": moment(first), "until": moment(after)}

    return {
        "friday": {"topic": plan.FRIDAY.lower()},
        "viral": {"topic": plan.VIRAL.lower()},
        "paid_like": {"topic": plan.PAID.lower()},
        "crisis": {"brand": plan.CRISIS_BRAND, **hours(plan.CRISIS_HOURS)},
        "greetings": {"topic": plan.GREETINGS.lower(), **hours(plan.GREETING_HOURS)},
        "gap": {"platform": "x", **hours(plan.GAP_HOURS)},
    }


def _file(written: Written, folder: Path) -> FileTruth:
    return FileTruth(
        name=written.name,
        sha256=hashlib.sha256((folder / written.name).read_bytes()).hexdigest(),
        format=written.format,
        as_of=moment(written.as_of),
        received=written.received,
        loaded=written.loaded,
        unchanged=written.unchanged,
        repeated=written.repeated,
        redelivered=written.redelivered,
        ignored=dict(sorted(written.ignored.items())),
        quarantined=dict(sorted(written.quarantined.items())),
    )


def _named(name: str, files: list[Written]) -> Written:
    return next(written for written in files if written.name == name)


def _ids(posts: Iterable[Post]) -> tuple[str, ...]:
    return tuple(sorted(f"{post.platform} {post.post_id}" for post in posts))


def _published(pairs: list[tuple[str, Post]]) -> list[tuple[str, Post]]:
    """The pairs of hashtags that are topics: a brand's, or in 20 posts by 5 authors of a UTC day."""
    posts: Counter[tuple[str, date]] = Counter()
    authors: dict[tuple[str, date], set[str]] = {}
    for tag, post in pairs:
        if post.kind != "repost":
            posts[tag, post.created_at.date()] += 1
            who = f"{post.platform} {post.author.author_id}"
            authors.setdefault((tag, post.created_at.date()), set()).add(who)
    topics = {hashtag for _, hashtag, _ in EVERY_BRAND.values()}
    topics |= {tag for (tag, day), number in posts.items() if number >= 20 and len(authors[tag, day]) >= 5}
    return [(tag, post) for tag, post in pairs if tag in topics]


def _hours(pairs: Iterable[tuple[str, Post]]) -> tuple[HourCount, ...]:
    posts: Counter[tuple[str, datetime]] = Counter()
    reposts: Counter[tuple[str, datetime]] = Counter()
    for name, post in pairs:
        (reposts if post.kind == "repost" else posts)[name, _hour(post)] += 1
    return tuple(
        HourCount(name, moment(hour), posts[name, hour], reposts[name, hour])
        for name, hour in sorted({*posts, *reposts})
    )


def _hour(post: Post) -> datetime:
    return post.created_at.replace(minute=0, second=0, microsecond=0)
