"""A stop before the disk is full: what needs room asks first, and says clearly when there is too little."""

import shutil
from pathlib import Path
from urllib.parse import unquote, urlparse

from gaung.errors import DiskLow
from gaung.settings import get_settings


def free() -> dict[Path, int]:
    """Free bytes of each disk that the house writes to, by its folder: home, and a local landing."""
    settings = get_settings()
    folders = [settings.home.resolve()]
    address = urlparse(settings.landing)
    if address.scheme == "file":
        folders.append(Path(unquote(address.path)))
    by_disk = {_existing(folder).stat().st_dev: folder for folder in reversed(folders)}
    return {folder: shutil.disk_usage(_existing(folder)).free for folder in by_disk.values()}


def require(purpose: str, needed: int = 0) -> None:
    """Return when every folder keeps the reserve, also once ``needed`` bytes are written.

    Raises:
        DiskLow: says where, how much is free and how much must stay so.
    """
    reserve = get_settings().min_free_bytes
    for folder, size in free().items():
        if size - needed < reserve:
            more = f" after writing {megabytes(needed)}" if needed else ""
            raise DiskLow(
                f"{purpose} is not begun: {folder} has {megabytes(size)} free, and {megabytes(reserve)} must "
                f"stay free{more} (GAUNG_MIN_FREE_BYTES). Free space, then run it again; nothing was changed"
            )


def megabytes(size: int) -> str:
    """Bytes as a person reads them."""
    return f"{size / 2**20:,.0f} MB"


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
