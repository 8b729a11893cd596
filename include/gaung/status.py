"""One screen of truth: what runs, what is published, what is missing, what failed, how large it is."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from psycopg2.extensions import cursor

from gaung.errors import GaungError
from gaung.settings import get_settings
from gaung.warehouse.connect import connect

ROOMS = ("raw", "core", "marts__build", "marts", "ops", "app", "outreach")
STALE_AFTER_MINUTES = 60
"""A batch that waits longer than this for its publication is a gap."""


@dataclass(frozen=True)
class RunningBuild:
    """A build that has begun and not ended."""

    build_id: int
    holder: str
    stage: str
    started_at: datetime
    heartbeat_at: datetime


@dataclass(frozen=True)
class FailedLoad:
    """A file or batch that could not be loaded and was not since."""

    file_name: str
    error: str
    ended_at: datetime


@dataclass
class Status:
    """What `gaung status` shows.

    Attributes:
        badge: the one row of ``marts.trust_badge``.
        problems: sentences that need a person, worst first; empty when all is well.
        sizes: bytes per room.
    """

    badge: dict[str, Any]
    running: RunningBuild | None = None
    failed_loads: tuple[FailedLoad, ...] = ()
    quarantined: dict[str, int] = field(default_factory=dict)
    oldest_waiting_minutes: float | None = None
    rows_by_mart: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when nothing needs a person, else 1."""
        return 1 if self.problems else 0


def collect() -> Status:
    """The status of the warehouse now."""
    with (
        closing(connect("publisher", autocommit=True, application_name="gaung status")) as conn,
        conn.cursor() as cur,
    ):
        status = Status(
            badge=_badge(cur),
            running=_running(cur),
            failed_loads=_failed_loads(cur),
            quarantined=_quarantined(cur),
            oldest_waiting_minutes=_oldest_waiting(cur),
            rows_by_mart=_rows(cur),
            sizes=_sizes(cur),
        )
    status.sizes |= _landing_size()
    status.problems = tuple(_problems(status))
    return status


def dismiss(names: Iterable[str], *, reason: str) -> list[str]:
    """The files that no longer count as missing: nobody will load them; why is kept in ``ops.outcome``.

    Without names these are all that could not be loaded.

    Raises:
        GaungError: a name is not among the files that could not be loaded.
    """
    with (
        closing(connect("publisher", autocommit=True, application_name="gaung dismiss")) as conn,
        conn.cursor() as cur,
    ):
        missing = [load.file_name for load in _failed_loads(cur)]
    chosen = list(dict.fromkeys(names)) or missing
    unknown = sorted(set(chosen) - set(missing))
    if unknown:
        known = ", ".join(missing) or "none"
        raise GaungError(f"{unknown[0]} is not among the files that could not be loaded: {known}")
    with closing(connect("loader", application_name="gaung dismiss")) as conn, conn.cursor() as cur:
        for name in chosen:
            cur.execute(
                """
                insert into ops.outcome
                    (step, status, source, file_name, error_class, error_message, started_at)
                values ('extract', 'skipped', 'files', %s, 'Dismissed', %s, clock_timestamp())
                """,
                (name, reason),
            )
        conn.commit()
    return chosen


def _badge(cur: cursor) -> dict[str, Any]:
    cur.execute("select * from marts.trust_badge")
    row = cur.fetchone() or ()
    return dict(zip((column.name for column in cur.description or ()), row, strict=True))


def _running(cur: cursor) -> RunningBuild | None:
    cur.execute(
        """
        select build_id, holder, stage, started_at, heartbeat_at from ops.build
        where status in ('running', 'judged') order by build_id desc limit 1
        """
    )
    row = cur.fetchone()
    return RunningBuild(*row) if row else None


def _failed_loads(cur: cursor) -> tuple[FailedLoad, ...]:
    cur.execute(
        """
        select coalesce(file_name, batch_key, source), error_class || ': ' || error_message, ended_at
        from ops.unresolved_failure order by ended_at desc, outcome_id desc
        """
    )
    return tuple(FailedLoad(*row) for row in cur.fetchall())


def _quarantined(cur: cursor) -> dict[str, int]:
    cur.execute(
        """
        select reason, sum(count::bigint)
        from ops.outcome as o, jsonb_each_text(o.quarantined) as q (reason, count)
        where o.step = 'load' and o.status = 'succeeded' and jsonb_typeof(o.quarantined) = 'object'
        group by reason order by 2 desc, 1
        """
    )
    return {reason: int(count) for reason, count in cur.fetchall()}


def _oldest_waiting(cur: cursor) -> float | None:
    cur.execute(
        """
        select extract(epoch from clock_timestamp() - min(b.loaded_at))::float8 / 60 from ops.batch as b
        where not exists (
            select from ops.build_batch as bb join ops.build as u using (build_id)
            where bb.batch_id = b.batch_id and u.status = 'published'
        )
        """
    )
    row = cur.fetchone()
    return None if row is None or row[0] is None else float(row[0])


def _rows(cur: cursor) -> dict[str, int]:
    cur.execute("select mart, total from ops.mart_total where measure = 'rows' order by mart")
    return {mart: int(total) for mart, total in cur.fetchall()}


def _sizes(cur: cursor) -> dict[str, int]:
    cur.execute(
        """
        select n.nspname, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
        from pg_namespace as n
        left join pg_class as c on c.relnamespace = n.oid and c.relkind in ('r', 'm', 'p')
        where n.nspname = any(%s) group by n.nspname
        """,
        (list(ROOMS),),
    )
    found = dict(cur.fetchall())
    return {room: found[room] for room in ROOMS if room in found}


def _landing_size() -> dict[str, int]:
    """The landing's bytes where it is a local folder; elsewhere counting could take long."""
    address = urlparse(get_settings().landing)
    if address.scheme != "file":
        return {}
    folder = Path(unquote(address.path))
    return {"landing": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())}


def _problems(status: Status) -> list[str]:
    badge = status.badge
    found = []
    if badge["is_held"]:
        found.append(f"publishing is held: {badge['hold_reason']}; lift it with `gaung publish --resume`")
    if badge["last_build_status"] in ("blocked", "failed", "abandoned"):
        found.append(
            f"build {badge['last_build_id']} was {badge['last_build_status']}: "
            f"{badge['last_build_message'] or 'no message'}"
        )
    if status.failed_loads:
        found.append(
            f"{len(status.failed_loads)} files or batches could not be loaded: mend and ingest them again, "
            "or let them go with `gaung dismiss`"
        )
    waiting = status.oldest_waiting_minutes
    if waiting is not None and waiting > STALE_AFTER_MINUTES and status.running is None:
        found.append(f"a loaded batch waits {waiting:.0f} minutes to be published; run `gaung build`")
    return found
