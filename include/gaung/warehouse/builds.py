"""One build at a time, fenced: begin, stages, finish, take over.

A build is a row in ``ops.build`` with a token. Whoever works for a build holds the advisory lock:
a command (holder kind ``process``) on one session from begin to finish, a DAG run (``dag``) during
each of its tasks. So a build of a process whose lock is free is gone at once. One of a DAG run is
gone when another DAG run begins a build, since there is one run at a time, and for everybody else
``build_takeover_s`` after its last sign of life. A build that is gone is marked
``abandoned``; nothing is lost with it, because what it had frozen stays in ``core.pending_*`` and
``core.dirty__*`` until a publication empties them.
"""

import getpass
import hashlib
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from psycopg2 import InterfaceError, OperationalError, sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, connection, cursor
from psycopg2.extras import Json

from gaung import space
from gaung.errors import BuildBusy, BuildFenced, GateFailed, GaungError, PublishingHeld
from gaung.settings import get_settings
from gaung.warehouse.connect import connect
from gaung.warehouse.partitions import KINDS, WHOLE, dirty_table

log = logging.getLogger(__name__)

HolderKind = Literal["process", "dag"]
Mode = Literal["incremental", "full"]
EndStatus = Literal["published", "failed", "blocked", "abandoned"]

LOCK_KEY = int.from_bytes(b"gaung", "big")
STAGE_PATIENCE_S = 5.0
"""How long a stage waits for the lock: who only looks whether a build may begin holds it for a moment."""
OPEN = ("running", "judged")

_sessions: dict[int, connection] = {}
"""Lock sessions of this process's own builds, by build id."""


@dataclass(frozen=True)
class Build:
    """A build that has begun; ids and counts only, so that it can travel between tasks."""

    build_id: int
    token: str
    mode: Mode
    base_version: int
    started_at: datetime
    batch_count: int
    pending_post_count: int
    pending_author_count: int

    @property
    def version(self) -> int:
        """The version that this build's publication will get."""
        return self.base_version + 1


@dataclass
class StageRecord:
    """What a stage reports about itself; written to ``ops.build_stage`` when it ends."""

    name: str
    rows: dict[str, int] = field(default_factory=dict)


def default_holder() -> str:
    """Who runs a command: user, host and process, for messages."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()} (pid {os.getpid()})"


def begin(*, holder: str, holder_kind: HolderKind, mode: Mode = "incremental") -> Build | None:
    """The new build with its input frozen, or None when nothing waits to be built.

    Raises:
        BuildBusy: another build or a rollback is at work; says which, since when and by whom.
        PublishingHeld: publishing is held, so that building would be in vain.
        DiskLow: too little space is free.
    """
    space.require("the build")
    conn = take_lock(purpose="build", holder=holder, holder_kind=holder_kind)
    try:
        _refuse_when_held(conn)
        fingerprint = input_fingerprint()
        if _models_changed(conn, fingerprint):
            log.info("the models' SQL or seeds changed since the last publication: everything is rebuilt")
            mode = "full"
        if mode == "incremental" and not _work_waiting(conn, fingerprint):
            conn.close()
            return None
        build = _freeze(conn, holder, holder_kind, mode, fingerprint)
    except BaseException:
        conn.close()
        raise
    if holder_kind == "process":
        _sessions[build.build_id] = conn
    else:
        conn.close()
    log.info(
        "build %s begun: mode %s, %s batches, %s posts, %s authors pending",
        build.build_id,
        build.mode,
        build.batch_count,
        build.pending_post_count,
        build.pending_author_count,
    )
    return build


def take_lock(*, purpose: str, holder: str, holder_kind: HolderKind = "process") -> connection:
    """A session that holds the build lock, once builds that are gone are marked as abandoned.

    Close it to give the lock back. Raises BuildBusy when somebody else is at work.
    """
    conn = connect("transformer", autocommit=True, application_name=f"gaung {purpose}: {holder}"[:63])
    try:
        with conn.cursor() as cur:
            if not _try_lock(cur):
                raise BuildBusy(_who_is_busy(cur))
            _abandon_gone(cur, holder_kind)
    except BaseException:
        conn.close()
        raise
    return conn


def fence(cursor_or_conn: cursor | connection, build_id: int, token: str, *, exclusive: bool = False) -> None:
    """Nothing, when this build may still write; keeps it so until the caller's transaction ends.

    Raises:
        BuildFenced: the token is not this build's, a newer build exists, or the build is over.
    """
    if isinstance(cursor_or_conn, connection):
        with cursor_or_conn.cursor() as cur:
            _fence(cur, build_id, token, exclusive=exclusive)
    else:
        _fence(cursor_or_conn, build_id, token, exclusive=exclusive)


@contextmanager
def stage(build_id: int, token: str, name: str) -> Iterator[StageRecord]:
    """A record to fill with counts, while this process holds the build lock and may write.

    Raises:
        BuildBusy: another process works for this build (a second copy of a task, say).
        BuildFenced: the build was taken over or is over.
    """
    own = _sessions.get(build_id)
    conn = own or connect("transformer", autocommit=True, application_name=f"gaung build {build_id} {name}")
    record = StageRecord(name)
    try:
        with conn.cursor() as cur:
            if own is None and not _wait_for_lock(cur):
                fence(cur, build_id, token)
                raise BuildBusy(f"stage {name} of build {build_id} cannot start: {_who_is_busy(cur)}")
            fence(cur, build_id, token)
            started_at = _start_stage(cur, build_id, name)
            try:
                yield record
            except BaseException as error:
                _end_stage(conn, build_id, started_at, record, error)
                raise
            _end_stage(conn, build_id, started_at, record, None)
    finally:
        if own is None:
            conn.close()


def finish(build_id: int, token: str, status: EndStatus, error: BaseException | None = None) -> None:
    """Nothing; ends the build with a status and gives the lock back. An ended build stays as it is."""
    try:
        with _short_session("gaung finish") as cur:
            cur.execute(
                """
                update ops.build
                set status = %s, ended_at = clock_timestamp(), error_class = %s, error_message = %s
                where build_id = %s and token = %s and status = any(%s)
                """,
                (
                    status,
                    type(error).__name__ if error else None,
                    str(error)[:4000] if error else None,
                    build_id,
                    token,
                    list(OPEN),
                ),
            )
    finally:
        release(build_id)


def fail(build_id: int, token: str, error: BaseException) -> None:
    """Nothing; ends the build as ``blocked`` (by the gate) or ``failed`` because of an error."""
    finish(build_id, token, "blocked" if isinstance(error, GateFailed) else "failed", error)


def adopt(build_id: int, lock: connection) -> None:
    """Nothing; makes a session from :func:`take_lock` this process's lock for a build."""
    _sessions[build_id] = lock


def release(build_id: int) -> None:
    """Nothing; gives back the lock that this process holds for a build, if it holds it."""
    conn = _sessions.pop(build_id, None)
    if conn is not None:
        conn.close()


def get(build_id: int) -> Build:
    """A build as it was begun, for a task that knows only its id."""
    with _short_session("gaung build") as cur:
        cur.execute(
            """
            select build_id, token::text, mode, base_version, started_at,
                (select count(*) from ops.build_batch as bb where bb.build_id = b.build_id),
                (select count(*) from core.pending_post), (select count(*) from core.pending_author)
            from ops.build as b where build_id = %s
            """,
            (build_id,),
        )
        row = cur.fetchone()
    if row is None:
        raise BuildFenced(f"there is no build {build_id}; start a new one with `gaung build`")
    return Build(*row)


def is_published(build_id: int, token: str) -> bool:
    """Whether this build, known by its token, was published."""
    with _short_session("gaung build") as cur:
        cur.execute("select status from ops.build where build_id = %s and token = %s", (build_id, token))
        return cur.fetchone() == ("published",)


def work_waiting() -> bool:
    """Whether a build would have something to do: new batches, dirty keys, or another input changed.

    Other inputs are brands, models, text engines and settings (:func:`input_fingerprint`). False while
    publishing is held. Reads constant-size facts only and imports nothing heavy.
    """
    conn = connect("transformer", autocommit=True, application_name="gaung work waiting")
    try:
        with conn.cursor() as cur:
            cur.execute("select is_held from ops.live")
            row = cur.fetchone()
        return not (row and row[0]) and _work_waiting(conn, input_fingerprint())
    finally:
        conn.close()


def input_fingerprint() -> dict[str, str]:
    """What a build rests on beside data, hashed: brands, models (SQL, seeds, YAML), engines, settings."""
    from gaung.text import registry

    settings = get_settings()
    project = settings.dbt_project
    files = [path for folder in ("models", "macros", "seeds") for path in (project / folder).rglob("*")]
    brands = settings.brands_file
    return {
        "brands": _hash_files([brands] if brands.is_file() else [], brands.parent),
        "models": _hash_files([path for path in files if path.suffix in {".sql", ".csv"}], project),
        "declarations": _hash_files([path for path in files if path.suffix in {".yml", ".yaml"}], project),
        "engines": ";".join(registry.labels().values()),
        "settings": f"public_voice_min_followers={settings.public_voice_min_followers}",
    }


@contextmanager
def _short_session(application_name: str) -> Iterator[cursor]:
    with (
        closing(connect("transformer", autocommit=True, application_name=application_name)) as conn,
        conn.cursor() as cur,
    ):
        yield cur


def _hash_files(paths: list[Path], base: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(base).as_posix().encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def _try_lock(cur: cursor) -> bool:
    cur.execute("select pg_try_advisory_lock(%s)", (LOCK_KEY,))
    row = cur.fetchone()
    return bool(row and row[0])


def _wait_for_lock(cur: cursor) -> bool:
    deadline = time.monotonic() + STAGE_PATIENCE_S
    while not _try_lock(cur):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _who_is_busy(cur: cursor) -> str:
    """The sentence that tells who holds the lock, as far as the database knows."""
    cur.execute(
        """
        select build_id, started_at, holder, stage from ops.build
        where status = any(%s) order by build_id desc limit 1
        """,
        (list(OPEN),),
    )
    row = cur.fetchone()
    cur.execute(
        """
        select a.application_name, a.backend_start
        from pg_locks as l join pg_stat_activity as a using (pid)
        where l.locktype = 'advisory' and l.granted
            and ((l.classid::bigint << 32) | l.objid::bigint) = %s and l.objsubid = 1
        """,
        (LOCK_KEY,),
    )
    locker = cur.fetchone()
    if row is not None and (locker is None or "rollback" not in (locker[0] or "")):
        return _busy_sentence(*row)
    if locker is None:
        return "somebody held the build lock a moment ago; try again"
    return f"the build lock is held since {locker[1]:%H:%M} UTC by “{locker[0]}”; try again when it has ended"


def _busy_sentence(build_id: int, started_at: datetime, holder: str, stage_name: str) -> str:
    return (
        f"build {build_id} is running since {started_at:%H:%M} UTC by {holder} (stage {stage_name}); "
        "its end can be seen with `gaung status`"
    )


def _abandon_gone(cur: cursor, holder_kind: HolderKind = "process") -> None:
    """Mark open builds whose holder is gone; the caller holds the lock. BuildBusy for one that lives."""
    cur.execute(
        """
        select build_id, started_at, holder, stage,
            holder_kind = 'process' or %s = 'dag'
            or heartbeat_at < clock_timestamp() - make_interval(secs => %s) as is_gone
        from ops.build where status = any(%s) order by build_id
        """,
        (holder_kind, get_settings().build_takeover_s, list(OPEN)),
    )
    for build_id, started_at, holder, stage_name, is_gone in cur.fetchall():
        if not is_gone:
            raise BuildBusy(_busy_sentence(build_id, started_at, holder, stage_name))
        cur.execute(
            """
            with gone as (select build_id from ops.build where build_id = %s for update)
            update ops.build set status = 'abandoned', ended_at = clock_timestamp(),
                error_class = 'BuildFenced', error_message = 'its holder was gone; taken over'
            where build_id in (select build_id from gone) and status = any(%s)
            """,
            (build_id, list(OPEN)),
        )
        log.warning("build %s of %s was gone in stage %s; taken over", build_id, holder, stage_name)


def _refuse_when_held(conn: connection) -> None:
    with conn.cursor() as cur:
        cur.execute("select is_held, hold_reason, held_at, version from ops.live")
        row = cur.fetchone()
    if row and row[0]:
        raise PublishingHeld(
            f"publishing is held at version {row[3]} since {row[2]:%Y-%m-%d %H:%M} UTC: {row[1]}. "
            "Lift it with `gaung publish --resume`, then build"
        )


def _published_fingerprint(cur: cursor) -> dict[str, str]:
    cur.execute("select fingerprint from ops.build where status = 'published' order by build_id desc limit 1")
    row = cur.fetchone()
    return dict(row[0]) if row else {}


def _models_changed(conn: connection, fingerprint: dict[str, str]) -> bool:
    with conn.cursor() as cur:
        published = _published_fingerprint(cur)
    return bool(published) and published.get("models") != fingerprint["models"]


def _work_waiting(conn: connection, fingerprint: dict[str, str]) -> bool:
    kinds = [kind for kind in KINDS if kind != WHOLE]
    keys = " or ".join(f"exists (select from {dirty_table(kind)})" for kind in kinds)
    with conn.cursor() as cur:
        cur.execute(
            f"""
            select exists (select from core.dirty_entity)
                or exists (select from core.pending_post) or exists (select from core.pending_author)
                or exists (
                    select from ops.batch as b where not exists (
                        select from ops.build_batch as bb join ops.build as u using (build_id)
                        where bb.batch_id = b.batch_id and u.status = 'published'
                    )
                )
                or exists (
                    select from core.model_quality as q where q.measured_at > (
                        select max(u.started_at) from ops.build as u where u.status = 'published'
                    )
                )
                or {keys}
            """  # noqa: S608 - table names come from partitions.KINDS
        )
        row = cur.fetchone()
        if row and row[0]:
            return True
        published = _published_fingerprint(cur)
    return bool(published) and published != fingerprint


def _freeze(
    conn: connection, holder: str, holder_kind: HolderKind, wanted: Mode, fingerprint: dict[str, str]
) -> Build:
    """Begin the build and take its input in one snapshot; what commits later is not in it."""
    conn.autocommit = False
    conn.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
    with conn.cursor() as cur:
        cur.execute(
            """
            insert into ops.build (mode, holder, holder_kind, base_version, fingerprint)
            select %s, %s, %s, version, %s from ops.live
            returning build_id, token::text, mode, base_version, started_at
            """,
            (wanted, holder, holder_kind, Json(fingerprint)),
        )
        head: Any = cur.fetchone()
        cur.execute(
            """
            insert into ops.build_batch (build_id, batch_id)
            select %s, b.batch_id from ops.batch as b
            where not exists (
                select from ops.build_batch as bb join ops.build as u using (build_id)
                where bb.batch_id = b.batch_id and u.status = 'published'
            )
            order by b.batch_id
            """,
            (head[0],),
        )
        batch_count = cur.rowcount
        _move_to_pending(cur)
        if wanted == "full":
            _everything_pending(cur)
        cur.execute(
            "select (select count(*) from core.pending_post), (select count(*) from core.pending_author)"
        )
        counts: Any = cur.fetchone()
    conn.commit()
    conn.set_session(isolation_level="DEFAULT")
    conn.autocommit = True
    build_id, token, mode, base_version, started_at = head
    return Build(build_id, token, mode, base_version, started_at, batch_count, counts[0], counts[1])


def _move_to_pending(cur: cursor) -> None:
    cur.execute(
        """
        with moved as (
            delete from core.dirty_entity returning entity, platform, entity_id
        ),
        posts as (
            insert into core.pending_post (platform, post_id)
            select distinct platform, entity_id from moved where entity = 'post' order by 1, 2
            on conflict do nothing
        )
        insert into core.pending_author (platform, author_id)
        select distinct platform, entity_id from moved where entity = 'author' order by 1, 2
        on conflict do nothing
        """
    )


def _everything_pending(cur: cursor) -> None:
    """Every entity that raw knows; the publisher adds the live partitions (``mark_live_dirty``)."""
    cur.execute(
        """
        insert into core.pending_post (platform, post_id)
        select platform, post_id from raw.posts
        union select platform, post_id from raw.post_metrics
        union select platform, post_id from raw.post_text_parts
        union select platform, post_id from raw.post_declared_brand
        order by 1, 2
        on conflict do nothing
        """
    )
    cur.execute(
        """
        insert into core.pending_author (platform, author_id)
        select platform, author_id from raw.authors
        union select platform, author_id from raw.author_metrics
        union select platform, author_id from raw.posts where author_id is not null
        order by 1, 2
        on conflict do nothing
        """
    )


def _fence(cur: cursor, build_id: int, token: str, *, exclusive: bool) -> None:
    # "for key share" lets the stage's own heartbeat pass, and makes a take-over wait for this transaction.
    statement = sql.SQL("select token::text, status from ops.build where build_id = %s for {}")
    cur.execute(statement.format(sql.SQL("update" if exclusive else "key share")), (build_id,))
    row = cur.fetchone()
    if row is None or row[0] != str(token):
        raise BuildFenced(f"build {build_id} is not known by this token; start a new one with `gaung build`")
    cur.execute("select max(build_id) from ops.build")
    newest: Any = cur.fetchone()
    if newest[0] != build_id:
        raise BuildFenced(f"build {newest[0]} took over from build {build_id}; nothing more is written")
    if row[1] not in OPEN:
        raise BuildFenced(f"build {build_id} is over ({row[1]}); start a new one with `gaung build`")


def _start_stage(cur: cursor, build_id: int, name: str) -> datetime:
    cur.execute(
        """
        insert into ops.build_stage (build_id, stage, started_at)
        values (%s, %s, clock_timestamp()) returning started_at
        """,
        (build_id, name),
    )
    row: Any = cur.fetchone()
    cur.execute(
        "update ops.build set stage = %s, heartbeat_at = clock_timestamp() where build_id = %s",
        (name, build_id),
    )
    started: datetime = row[0]
    return started


def _end_stage(
    conn: connection, build_id: int, started_at: datetime, record: StageRecord, error: BaseException | None
) -> None:
    """Record the stage's end. A lost session is an error only when the stage itself went well."""
    try:
        with conn.cursor() as cur:
            cur.execute(
                """
                update ops.build_stage
                set ended_at = clock_timestamp(), rows_written = %s, error_message = %s
                where build_id = %s and stage = %s and started_at = %s
                """,
                (
                    Json(record.rows),
                    f"{type(error).__name__}: {error}"[:4000] if error else None,
                    build_id,
                    record.name,
                    started_at,
                ),
            )
            cur.execute(
                "update ops.build set heartbeat_at = clock_timestamp() where build_id = %s", (build_id,)
            )
    except (OperationalError, InterfaceError) as lost:
        if error is None:
            raise BuildBusy(
                f"the session that held the build lock was lost during stage {record.name} of build "
                f"{build_id}; run it again"
            ) from lost
        log.warning("the end of stage %s of build %s could not be recorded: %s", record.name, build_id, lost)
    if error is not None and isinstance(error, GaungError):
        log.info("stage %s of build %s ended with %s", record.name, build_id, type(error).__name__)
