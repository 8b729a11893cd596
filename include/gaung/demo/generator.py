"""Writes the demo's day into a folder."""

import logging
import shutil
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
    day = world.make(seed, size)
    shutil.rmtree(folder, ignore_errors=True)
    written = files.write(day, folder / DELIVERY)
    planted = truth.count(day, written, folder / DELIVERY)
    planted.write(folder)
    log.info("demo of seed %d: %d files, %d posts in %s", seed, len(written), planted.post_count, folder)
    return planted
