"""A backup a night, kept in rotation, and restored elsewhere to prove that it can be."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

from gaung import space
from gaung.errors import MaintenanceFailed
from gaung.maintenance.skipped import Skipped
from gaung.settings import get_settings
from gaung.warehouse import sizes
from gaung.warehouse.connect import connect

NAME = "%Y-%m-%dT%H%M%SZ"


def folder() -> Path:
    """Where nightly backups are kept: readable by their owner alone, as each of them is."""
    return get_settings().home.resolve() / "backups"


def kept() -> list[Path]:
    """The complete nightly backups, oldest first."""
    return sorted(path.parent for path in folder().glob("[0-9]*/backup.json"))


def made_at(backup: Path) -> datetime:
    """When a nightly backup was made."""
    return datetime.strptime(f"{backup.name}+0000", f"{NAME}%z")


def backup(at: datetime) -> dict[str, int]:
    """Tables and files backed up, and older backups removed.

    Raises:
        DiskLow: database and landing do not fit beside what must stay free.
        LandingFailed: a batch of the database is not in the landing.
    """
    from gaung.warehouse.backup import backup as run

    with closing(connect("publisher", autocommit=True)) as conn, conn.cursor() as cur:
        space.require("the backup", sum(sizes.measure(cur).values()))
    contents = run(folder() / at.strftime(NAME))
    old = kept()[: -get_settings().keep_backups]
    for path in old:
        shutil.rmtree(path)
    return {"tables": len(contents.tables), "files": len(contents.files), "removed": len(old)}


def rehearse(at: datetime) -> dict[str, int]:
    """Tables and rows of the newest backup, restored into a server of its own, compared and thrown away.

    Raises:
        MaintenanceFailed: the backup cannot be restored; the message ends with what restoring said.
    """
    from gaung.warehouse.backup import Contents, read

    backups = kept()
    if not backups:
        raise Skipped("there is no backup yet")
    contents: Contents = read(backups[-1])
    space.require("the rehearsal", sum(path.stat().st_size for path in backups[-1].rglob("*")))
    elsewhere = get_settings().home.resolve() / "rehearsal"
    if elsewhere.exists():
        _gaung(elsewhere, "clean")
    try:
        _gaung(elsewhere, "restore", str(backups[-1]))
    finally:
        _gaung(elsewhere, "clean")
        shutil.rmtree(elsewhere)
    return {"tables": len(contents.tables), "rows": sum(int(rows) for rows, _ in contents.tables.values())}


def _gaung(home: Path, *arguments: str) -> None:
    """Run a command of ours for another home, with a local server of its own."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "GAUNG_HOME": str(home),
        "GAUNG_DSN": "",
        "GAUNG_DATABASE": "gaung",
        "GAUNG_LANDING_URL": "",
        "GAUNG_DROP_FOLDER": "",
        "GAUNG_BRANDS_FILE": str(home / "brands.yml"),
    }
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [str(Path(sys.executable).parent / "gaung"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MaintenanceFailed(
            f"`gaung {arguments[0]}` of a backup elsewhere ended with {done.returncode}: "
            f"{(done.stdout + done.stderr).strip()[-2000:]}"
        )
