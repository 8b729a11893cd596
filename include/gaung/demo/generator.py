"""Writes the demo's days into a folder: all at once, window by window, or earlier days for a long history."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from gaung.demo import files, truth, world
from gaung.errors import GaungError

log = logging.getLogger(__name__)

DEFAULT_SEED = 7
DELIVERY = "delivery"


def generate(folder: Path, seed: int = DEFAULT_SEED, size: str = "small") -> truth.Truth:
    """The planted truth of the files that were written to ``folder/delivery``.

    The truth itself is in ``folder/truth.json``. The same seed and size give the same bytes on any
    machine. A folder that holds an earlier demo is replaced.

    Raises:
        GaungError: the folder holds something else than an earlier demo.
        ValueError: unknown size.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / truth.FILE_NAME).is_file():
        raise GaungError(f"{folder} is not empty and holds no demo; choose another folder")
    days = world.make(seed, size)
    shutil.rmtree(folder, ignore_errors=True)
    written = files.write(days, folder / DELIVERY)
    planted = truth.count(days, written, folder / DELIVERY)
    planted.write(folder)
    log.info("demo of seed %d: %d files, %d posts in %s", seed, len(written), planted.post_count, folder)
    return planted


def windows(folder: Path, seed: int = DEFAULT_SEED, size: str = "full") -> Iterator[files.Window]:
    """The 288 quarters of an hour in order, each with the files that arrive at its end.

    A window's files are written into a folder of its own when it is asked for; ``ingest_files`` and the drop
    folder take that folder. The posts are those of :func:`generate`, cut otherwise; nothing comes late, and
    what is edited or deleted after the three days is left out.

    Raises:
        ValueError: unknown size.
    """
    return files.write_windows(world.make(seed, size), folder)


def history(folder: Path, multiple: int, seed: int = DEFAULT_SEED, size: str = "full") -> Iterator[Path]:
    """Folders with earlier days, oldest first: with the demo itself ``multiple`` times its posts.

    Each folder holds three days in a few large files, by the same people, with ids and dates of their own.
    It is written when it is asked for, and may be deleted before the next one is.

    Raises:
        ValueError: unknown size.
    """
    for earlier in range(multiple - 1, 0, -1):
        place = folder / f"earlier{earlier:03d}"
        files.write(world.make(seed, size, earlier), place)
        yield place
