"""A database and a landing of their own for a measurement; both are gone afterwards."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gaung.settings import get_settings


@contextmanager
def scratch(database: str) -> Iterator[Path]:
    """A folder for files, while the settings point to a new, migrated database and an empty landing."""
    from gaung.warehouse import setup

    with tempfile.TemporaryDirectory(prefix="gaung-bench-") as name, pointed_at(database, Path(name)):
        drop(database)
        try:
            setup.ready()
            yield Path(name)
        finally:
            drop(database)


@contextmanager
def pointed_at(database: str, folder: Path) -> Iterator[None]:
    """Let the settings point to a database, and to a landing within a folder."""
    wanted = {"GAUNG_DATABASE": database, "GAUNG_LANDING_URL": (folder / "landing").as_uri()}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ |= wanted
    get_settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        get_settings.cache_clear()


def drop(database: str) -> None:
    """Drop a database of a measurement, if it is there."""
    from psycopg2 import sql

    from gaung.warehouse import local
    from gaung.warehouse.connect import connect

    if not get_settings().dsn:
        local.start()
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database))
        )
