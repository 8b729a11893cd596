"""Erasure of a person from every room, and what keeps the person out afterwards.

The order makes every step repeatable: first the keyed hashes, so that no load brings the person back;
then the landing; then ``raw``, with everything derived marked for the next build; then that build;
then keys, unused scores, before-images and words in ``ops``; at last a search of every room. A command
that was cut off is run again.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gaung.erasure import payloads, rooms
from gaung.erasure.payloads import Person
from gaung.errors import UnknownFormat

if TYPE_CHECKING:
    from gaung.sources.base import Format

log = logging.getLogger(__name__)

Progress = Callable[[str], None]


@dataclass
class Erasure:
    """What an erasure came to.

    Attributes:
        counts: rows, files and cells removed or changed, by place.
        found: how often id and handles still stand in each room; all 0 when it is complete.
    """

    counts: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether nothing was found any more."""
        return not any(self.found.values())


def find(author: str, platform: str | None = None) -> Person:
    """The person of that id or handle.

    Raises:
        SettingsInvalid: nobody or several are known by that name, or it is a brand's own account.
    """
    with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
        return rooms.find(cur, author, platform)


def erase(person: Person, *, holder: str | None = None, progress: Progress | None = None) -> Erasure:
    """What erasing the person came to; doing it again changes nothing.

    Raises:
        BuildBusy, PublishingHeld, GateFailed: the marts could not be published without the person; what
            was done until then stays done. Remove the cause and run it again.
    """
    from gaung import pipeline
    from gaung.warehouse import builds

    tell = progress or (lambda step: None)
    result = Erasure()
    tell("keyed hashes")
    with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
        rooms.keep_out(cur, person)
    tell("landing")
    result.counts["landing"] = _clear_landing(person)
    tell("raw")
    with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
        result.counts |= {f"raw.{name}": n for name, n in rooms.clear_raw(cur, person).items()}
    tell("build")
    pipeline.build(holder=holder)
    tell("keys, scores, before-images, files")
    lock = builds.take_lock(purpose="erase", holder=holder or builds.default_holder())
    try:
        with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
            result.counts |= rooms.clear_derived(cur)
            result.counts["words"] = rooms.clear_words(cur, person)
    finally:
        lock.close()
    result.counts["files"] = clear_files(
        lambda data: payloads.erased(data, person.judge, person.texts, person.posts.__contains__)
    )
    tell("search")
    result.found = search(person)
    log.info("erased a person: %s", result.counts)
    return result


def search(person: Person) -> dict[str, int]:
    """How often id and handles stand in each room, payloads decompressed, files included."""
    from gaung import landing

    found = {"landing": 0}
    for path in landing.batches():
        found["landing"] += sum(payloads.occurrences(data, person) for data in landing.stored(path).values())
    with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
        found |= rooms.search(cur, person)
    for name, folder in folders().items():
        found[name] = sum(payloads.occurrences(path.read_bytes(), person) for path in stored_files(folder))
    return found


def _clear_landing(person: Person) -> int:
    """Batches changed."""
    from gaung import landing
    from gaung.erasure.words import hide

    return sum(
        landing.rewrite(
            path,
            format,
            lambda data: payloads.erased(data, person.judge, person.texts, person.posts.__contains__),
            lambda words: hide(words, person.judge),
        )
        for path, format in known_formats().items()
    )


def known_formats(paths: Iterable[str] | None = None) -> "dict[str, Format]":
    """The format of each batch, of the whole landing if none are named.

    Raises:
        UnknownFormat: this version does not know the format of some; nothing was changed.
    """
    from gaung import landing
    from gaung.sources import registry

    formats = {format.name: format for format in registry.formats()}
    batches = {path: landing.read_manifest(path).format for path in paths or landing.batches()}
    unknown = sorted(path for path, name in batches.items() if name not in formats)
    if unknown:
        raise UnknownFormat(
            f"{len(unknown)} batches are of formats that this version does not know, first {unknown[0]} "
            f"({batches[unknown[0]]}); nothing of the landing was changed; use the Gaung that landed them"
        )
    return {path: formats[name] for path, name in batches.items()}


def folders() -> dict[str, Path]:
    """Folders of files that people read or left: written reports, and the drop folder."""
    from gaung.settings import get_settings

    settings = get_settings()
    return {"reports": settings.home / "reports", "drop folder": settings.drop}


def stored_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, if it is there."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file()) if folder.is_dir() else iter(())


def clear_files(changed: Callable[[bytes], bytes]) -> int:
    """Files of people that were changed."""
    count = 0
    for folder in folders().values():
        for path in stored_files(folder):
            before = path.read_bytes()
            after = changed(before)
            if after != before:
                draft = path.with_name(f".{path.name}.part")
                draft.write_bytes(after)
                draft.replace(path)
                count += 1
    return count
