"""What the marts would have said at an earlier moment: the same pipeline over what was known then.

"Known at T" means loaded at T or before. The batches committed by then are loaded again from the
landing, in their order, into a scratch database on the same server; then the same stages build,
judge and publish there. Readers of the live database notice nothing, and nothing of it is changed.

The landing is read rather than ``raw``, because ``raw`` widens the observation time of a version that is
seen again: a row alone does not tell what was known before. Text scores are taken over, since they
depend on nothing but text and engine. Brands, models and engines are today's, and what was erased
since then is missing.
"""

import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gaung import scores
from gaung.errors import GaungError
from gaung.settings import get_settings
from gaung.warehouse.connect import Role, connect, working_in

if TYPE_CHECKING:
    from psycopg2.extensions import connection

log = logging.getLogger(__name__)

PREFIX = "gaung_known_"
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Known:
    """The marts as known at a moment.

    Attributes:
        moment: the moment.
        database: scratch database that holds them.
        batch_count: batches that were known.
        rows_by_mart: rows of each mart.
    """

    moment: datetime
    database: str
    batch_count: int
    rows_by_mart: dict[str, int]

    def connect(self, role: Role = "bi_reader") -> "connection":
        """An open session in the scratch database; it must be closed before the block ends."""
        return connect(role, database=self.database, application_name="gaung known")


@contextmanager
def at(moment: datetime, *, progress: Progress | None = None) -> Iterator[Known]:
    """The marts as known at a moment, in a scratch database that is gone when the block ends.

    Inside the block all of this process's sessions go there (``connect.working_in``), so that whatever
    reads marts reads these.

    Args:
        moment: with a time zone; what was loaded at it or before counts.
        progress: told of each stage, as :func:`gaung.pipeline.build` tells it.

    Raises:
        GaungError: nothing was loaded by then, or the moment has no time zone.
        LandingFailed: a batch is no longer in the landing as it was loaded.
        GateFailed: the gate does not let the rows of that moment pass.
    """
    from gaung import pipeline

    if moment.tzinfo is None:
        raise GaungError(f"{moment.isoformat()} has no time zone; write for example {moment.isoformat()}Z")
    with closing(connect("admin", autocommit=True, application_name="gaung known")) as live:
        batches = _batches(live, moment)
        _sweep()
        database = PREFIX + secrets.token_hex(6)
        with _scratch(database) as anchor:
            for table in ("raw.erased", "raw.erased_text", *(f"core.{name}" for name in scores.TABLES)):
                _copy(live, anchor, table, f"select * from {table}", ())  # noqa: S608 - names of this file
            labels = "select * from app.annotation where loaded_at <= %s order by annotation_id"
            _copy(live, anchor, "app.annotation", labels, (moment,))
            with working_in(database):
                for batch in batches:
                    _replay(anchor, *batch)
                _copy_outcomes(live, anchor, moment, [batch_id for batch_id, _, _ in batches])
                report = pipeline.build(holder=f"known at {moment.isoformat()}", progress=progress)
                log.info("known at %s: %s batches, %s", moment, len(batches), report.rows_by_mart)
                yield Known(moment, database, len(batches), report.rows_by_mart)


def _batches(live: "connection", moment: datetime) -> list[tuple[int, str, datetime]]:
    """Number, place and time of each batch that was known, in the order of loading."""
    with live.cursor() as cur:
        cur.execute(
            "select batch_id, landing_path, loaded_at from ops.batch where loaded_at <= %s order by batch_id",
            (moment,),
        )
        found = cur.fetchall()
        if not found:
            cur.execute("select min(loaded_at) from ops.batch")
            [first] = cur.fetchone() or (None,)
            known = (
                f"the first batch was loaded at {first.isoformat()}" if first else "nothing was loaded yet"
            )
            raise GaungError(f"nothing was known at {moment.isoformat()}: {known}")
    return found


@contextmanager
def _scratch(database: str) -> Iterator["connection"]:
    """A session in a new, migrated database, which is dropped with the block."""
    from gaung.warehouse import migrate, roles, setup

    setup.ensure_database(database)
    try:
        with closing(connect("admin", database=database, application_name="gaung known")) as anchor:
            migrate.upgrade(database)
            with anchor:
                roles.apply(anchor)
            yield anchor
    finally:
        _drop(database)
        shutil.rmtree(get_settings().home.resolve() / "dbt" / database, ignore_errors=True)


def _sweep() -> None:
    """Drop the scratch databases of processes that are gone: a living one keeps a session in its own."""
    with closing(_maintenance()) as session, session.cursor() as cur:
        cur.execute(
            """
            select d.datname from pg_catalog.pg_database as d
            where starts_with(d.datname, %s) and pg_has_role(d.datdba, 'usage')
                and not exists (select from pg_catalog.pg_stat_activity as a where a.datid = d.oid)
            """,
            (PREFIX,),
        )
        gone = [name for (name,) in cur.fetchall()]
    for name in gone:
        log.info("dropping %s, whose process is gone", name)
        _drop(name)


def _drop(database: str) -> None:
    from psycopg2 import sql

    with closing(_maintenance()) as session, session.cursor() as cur:
        cur.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))


def _maintenance() -> "connection":
    return connect("admin", autocommit=True, application_name="gaung known")


def _copy_outcomes(live: "connection", anchor: "connection", moment: datetime, batch_ids: list[int]) -> None:
    """What loads came to until then, in place of what loading them again came to."""
    known = """
        select * from ops.outcome
        where ended_at <= %s or (step = 'load' and status = 'succeeded' and batch_id = any(%s))
        order by outcome_id
    """
    with anchor, anchor.cursor() as cur:
        cur.execute("delete from ops.outcome")
    _copy(live, anchor, "ops.outcome", known, (moment, batch_ids))


def _copy(
    live: "connection", anchor: "connection", table: str, query: str, parameters: tuple[Any, ...]
) -> None:
    """Carry rows from one database to the other, in binary, through a file once they are many."""
    with tempfile.SpooledTemporaryFile(max_size=16 << 20) as rows, live.cursor() as source, anchor:
        statement = source.mogrify(query, parameters or None).decode()
        source.copy_expert(f"copy ({statement}) to stdout (format binary)", rows)
        rows.seek(0)
        with anchor.cursor() as target:
            target.copy_expert(f"copy {table} from stdin (format binary)", rows)


def _replay(anchor: "connection", batch_id: int, landing_path: str, loaded_at: datetime) -> None:
    """Load one batch again, under the number and the time that it has."""
    from gaung.warehouse import loader

    with anchor, anchor.cursor() as cur:
        cur.execute("select setval(pg_get_serial_sequence('ops.batch', 'batch_id'), %s, false)", (batch_id,))
    loader.load(landing_path)
    with anchor, anchor.cursor() as cur:
        cur.execute("update ops.batch set loaded_at = %s where batch_id = %s", (loaded_at, batch_id))
