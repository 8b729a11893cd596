"""A world as files: a few large ones to load at once, or those of each quarter of an hour one after another.

What the files look like stands in :mod:`gaung.demo.forms`. ``delivery.yml`` beside them tells
``ingest_files`` their time of capture, brand and map, and that all of it is synthetic.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

from gaung.demo import plan
from gaung.demo.forms import captures, dashboard, x, youtube
from gaung.demo.forms.written import Written
from gaung.demo.plan import WINDOW, WINDOWS
from gaung.demo.posts import Author, Post
from gaung.demo.world import World

Delivered = tuple[Written, str]
Item = TypeVar("Item")
DAY = timedelta(days=1)
CUTS = {
    "tiny": (DAY, 3 * DAY),
    "small": (timedelta(hours=12), 3 * DAY),
    "full": (timedelta(hours=4), DAY),
}
"""How much time one file of X, and one of each other platform, covers when all is loaded at once."""

SNAPSHOT_DAYS = {"tiny": range(4), "small": range(4), "full": range(-7, 4)}
MISSED_SNAPSHOT = -3
"""On this day (of the full size) nobody looked the accounts up."""


class Window(NamedTuple):
    """A quarter of an hour: when it began, and its files; their folder's ``delivery.yml`` tells the rest."""

    start_at: datetime
    files: list[Path]


def write(world: World, folder: Path) -> list[Written]:
    """What was written into the folder, in the order of delivery: all three days in a few large files."""
    return _write(_at_once(world), folder)


def write_windows(world: World, folder: Path) -> Iterator[Window]:
    """The 288 windows in order; each one's files are written when asked for, into a folder of its own."""
    for start, delivered in _by_window(world):
        place = folder / f"{start:%Y%m%dT%H%MZ}"
        files = [place / written.name for written in _write(delivered, place)]
        yield Window(start, files)


def _write(deliveries: Iterable[Delivered], folder: Path) -> list[Written]:
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for written, content in deliveries:
        (folder / written.name).write_text(content, encoding="utf-8", newline="")
        files.append(written)
    (folder / dashboard.MAP_NAME).write_text(dashboard.COMMENT_MAP, encoding="utf-8")
    (folder / "delivery.yml").write_text(_note(files), encoding="utf-8")
    return files


def _note(files: list[Written]) -> str:
    lines = [
        "# How to ingest the files of this folder (synthetic data of the demo).",
        "synthetic: true",
        "files:",
    ]
    for written in files:
        options = {"as_of": f"{written.as_of:%Y-%m-%dT%H:%M:%SZ}", **written.options}
        told = ", ".join(f"{key}: {value}" for key, value in options.items())
        lines.append(f"  {written.name}: {{{told}}}")
    return "\n".join(lines if files else lines[:-1]) + "\n"


# --------------------------------------------------------------------------------------------
# All at once
# --------------------------------------------------------------------------------------------


def _at_once(world: World) -> Iterator[Delivered]:
    rng = Random(f"gaung demo files {world.seed} {world.size} {world.earlier}")  # noqa: S311 - invented data
    x_cut, other_cut = CUTS[world.size]
    yield from _x_at_once(world, x_cut, rng)
    for platform in captures.SITES:
        seen = list(captures.sightings(_on(world, platform), world.start, rng))
        for _, at, part in _parts(world, seen, other_cut, _seen):
            yield captures.capture(platform, sorted(part, key=_seen), at)
    videos = [post for post in _on(world, "youtube") if post.kind == "video"]
    threads = [post for post in _on(world, "youtube") if post.kind == "comment"]
    for _, at, answered in _parts(world, threads, other_cut, _created):
        yield youtube.answers(videos, answered, at)
    yield dashboard.comments(_dashboard(world), world.end + timedelta(hours=2), rng)
    for day in SNAPSHOT_DAYS[world.size]:
        if day != MISSED_SNAPSHOT:
            yield x.profiles(_watched(world), world.start + day * DAY + timedelta(minutes=2))


def _x_at_once(world: World, cut: timedelta, rng: Random) -> Iterator[Delivered]:
    on_x = _on(world, "x")
    draws = {post.post_id: rng.random() for post in on_x}
    # Delivered by several files: only posts that no other post points at, so that the count of records
    # that say something new does not depend on which file is loaded first.
    pointed_at = {post.refers_to.post_id for post in on_x if post.refers_to is not None}
    apart = [post for post in on_x if post.kind != "repost" and post.post_id not in pointed_at]
    late = [post for post in apart if draws[post.post_id] < 0.03 and post.deleted_at is None]
    only_stream = [p for p in on_x if 0.03 <= draws[p.post_id] < 0.08 and p.kind != "repost"]
    elsewhere = {post.post_id for post in [*late, *only_stream]}
    both = [post for post in apart if draws[post.post_id] > 0.97 and post.shows_counts]
    searched = [post for post in on_x if post.post_id not in elsewhere]
    for number, at, part in _parts(world, searched, cut, _created):
        yield x.search(part, number, at, rng)
    streamed = sorted([*only_stream, *both], key=lambda post: int(post.post_id))
    stream, content = x.stream(streamed, world.end + timedelta(minutes=1), rng)
    stream.redelivered = len(both)
    yield stream, content
    not_late = {post.post_id for post in late}
    edited = [post for post in on_x if post.edit is not None and post.post_id not in not_late]
    yield x.edits(edited, world.end + timedelta(hours=1))
    deleted = [post for post in on_x if post.deleted_at is not None]
    yield x.compliance(deleted, world.end + timedelta(hours=12))
    again = [post for post in both if post.edit is None and post.deleted_at is None]
    yield x.late(late, again[: len(again) // 2], world.end + timedelta(hours=15))


def _parts(
    world: World, items: Iterable[Item], cut: timedelta, moment: Callable[[Item], datetime]
) -> Iterator[tuple[int, datetime, list[Item]]]:
    """The items of each stretch of time that has any, its number, and when it was asked for."""
    last = int(plan.SPAN / cut) - 1
    parts: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        parts[min((moment(item) - world.start) // cut, last)].append(item)
    for number in sorted(parts):
        yield number, world.start + (number + 1) * cut + timedelta(minutes=5), parts[number]


def _on(world: World, platform: str) -> list[Post]:
    """A platform's posts, but for the comments that a dashboard exports."""
    return [
        post
        for post in world.posts
        if post.platform == platform and not (platform == "instagram" and post.kind == "comment")
    ]


def _dashboard(world: World) -> list[Post]:
    return [post for post in world.posts if post.platform == "instagram" and post.kind == "comment"]


def _watched(world: World) -> list[Author]:
    """Accounts that are looked up every day: the brands', and the largest."""
    return [*world.brand_accounts.values(), *world.largest]


def _created(post: Post) -> datetime:
    return post.created_at


def _seen(sighting: captures.Sighting) -> datetime:
    return sighting[0]


def _window_before(sighting: captures.Sighting) -> datetime:
    """A time in the window at whose end the capture saw the post."""
    return sighting[0] - WINDOW


# --------------------------------------------------------------------------------------------
# One quarter of an hour after another
# --------------------------------------------------------------------------------------------


def _by_window(world: World) -> Iterator[tuple[datetime, Iterator[Delivered]]]:
    """Each window with its files; nothing is late, edited or deleted within the three days."""
    rng = Random(f"gaung demo windows {world.seed} {world.size} {world.earlier}")  # noqa: S311 - invented data
    of_x = _windows(world, _on(world, "x"), _created)
    seen = {
        platform: _windows(world, captures.sightings(_on(world, platform), world.start, rng), _window_before)
        for platform in captures.SITES
    }
    videos = [post for post in _on(world, "youtube") if post.kind == "video"]
    threads = _windows(world, (post for post in _on(world, "youtube") if post.kind == "comment"), _created)
    exported = _windows(world, _dashboard(world), _created)
    for number in range(WINDOWS):
        start = world.start + number * WINDOW
        end = start + WINDOW + timedelta(minutes=1)
        delivered: list[Delivered] = []
        if of_x[number]:
            delivered.append(x.search(of_x[number], number, end, rng))
        for platform, windows in seen.items():
            if windows[number]:
                delivered.append(captures.capture(platform, sorted(windows[number], key=_seen), end))
        if threads[number]:
            delivered.append(youtube.answers(videos, threads[number], end))
        if number % 96 == 95:
            day = [comment for window in exported[number - 95 : number + 1] for comment in window]
            delivered.append(dashboard.comments(day, end, rng))
            delivered.append(x.profiles(_watched(world), end + timedelta(minutes=1)))
        yield start, iter(delivered)


def _windows(world: World, items: Iterable[Item], moment: Callable[[Item], datetime]) -> list[list[Item]]:
    windows: list[list[Item]] = [[] for _ in range(WINDOWS)]
    for item in items:
        number = (moment(item) - world.start) // WINDOW
        if number < WINDOWS:
            windows[number].append(item)
    return windows
