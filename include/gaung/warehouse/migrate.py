"""Versioned migrations of the warehouse's database.

Files in ``migrations/versions`` are one line of revisions named ``NNNN_words.py``; the last is the
head. Reading it needs no Alembic, whose import costs more than the whole check.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from gaung.errors import ServerRefused
from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    from psycopg2.extensions import connection

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "migrations"


def head() -> str:
    """The newest revision that this Gaung knows."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def current(session: "connection") -> str | None:
    """The revision of the session's database; None when it holds no warehouse yet."""
    with session.cursor() as cursor:
        cursor.execute("select to_regclass('public.alembic_version') is not null")
        row = cursor.fetchone()
        if row is None or not row[0]:
            return None
        cursor.execute("select version_num from public.alembic_version")
        row = cursor.fetchone()
    return str(row[0]) if row else None


def upgrade(database: str | None = None, to: str | None = None) -> bool:
    """True when migrations ran, False when the database was at ``to`` (default: the head) already.

    All pending migrations run in one transaction: either all of them, or none.

    Raises:
        ServerRefused: the database was migrated by a newer Gaung.
    """
    wanted = to or head()
    session = connect("admin", database=database)
    try:
        found = current(session)
    finally:
        session.close()
    if found == wanted:
        return False
    if found is not None and found > wanted:
        raise ServerRefused(
            f"the database is at migration {found}, and this Gaung knows up to {head()}; use the newer Gaung"
        )
    _run(database, wanted)
    log.info("migrated the warehouse from %s to %s", found or "nothing", wanted)
    return True


def _run(database: str | None, wanted: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: connect("admin", database=database), poolclass=NullPool
    )
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    with engine.begin() as session:
        config.attributes["connection"] = session
        command.upgrade(config, wanted)
