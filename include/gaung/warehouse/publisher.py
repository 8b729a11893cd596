"""The only door into ``marts``: publish, roll back, resume, accept.

A publication is one transaction: it checks that it may (token, gate, base version, hold), brings
the live tables to their declared form, keeps a before-image of each partition that differs,
replaces those partitions, keeps the running totals, and advances ``ops.live``. Partitions equal in
every column but lineage are left alone; when none differs, no version is written and the build
still counts as published.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2 import errors as pg
from psycopg2 import sql
from psycopg2.extensions import connection, cursor
from psycopg2.extras import Json

from gaung.errors import BuildBusy, BuildFenced, GateFailed, GaungError, PublishingHeld
from gaung.settings import get_settings
from gaung.warehouse import builds, live_tables, totals
from gaung.warehouse.connect import connect
from gaung.warehouse.marts import LINEAGE_COLUMNS, Mart, in_reference_order, load
from gaung.warehouse.partitions import KINDS, WHOLE

log = logging.getLogger(__name__)

BUILD_SCHEMA, LIVE_SCHEMA, NEXT_SCHEMA = "marts__build", "marts", "marts__next"
LOCK_TIMEOUT = "2s"
LOCK_ATTEMPTS = 15


@dataclass(frozen=True)
class Publication:
    """What a publication (or rollback) came to.

    Attributes:
        version: the live version afterwards; the old one when nothing changed.
        rows_by_mart: rows of each live mart.
        partitions_by_mart: partitions replaced in each mart.
    """

    version: int
    kind: str
    changed: bool
    seconds: float
    rows_by_mart: dict[str, int] = field(default_factory=dict)
    partitions_by_mart: dict[str, int] = field(default_factory=dict)
    accepted: tuple[dict[str, str], ...] = ()
    restores_version: int | None = None


def publish(build_id: int, token: str) -> Publication:
    """The publication of a judged build; readers see all of it or nothing.

    Raises:
        BuildFenced: the build was taken over, or live is not the version it was built on.
        PublishingHeld: a hold is set.
        GateFailed: the gate did not pass this build, or the candidate breaks a key or reference.
        BuildBusy: readers' locks on a changed table could not be waited out.
    """
    marts = in_reference_order(load())
    with _session("gaung publish") as conn:
        publication = _with_retry(conn, lambda cur: _publish(cur, build_id, token, marts))
        if publication.changed:
            live_tables.analyze(conn, [name for name, n in publication.partitions_by_mart.items() if n])
    log.info(
        "build %s published as version %s: %s partitions replaced in %.2f s",
        build_id,
        publication.version,
        sum(publication.partitions_by_mart.values()),
        publication.seconds,
    )
    return publication


def rollback(to: int | None = None, *, reason: str, holder: str | None = None) -> Publication:
    """The publication that brings back what version ``to`` (default: the one before) showed.

    Sets a hold that stops publishing until :func:`resume`. What is taken back is marked dirty, so
    that the next build after the hold brings it again, corrected.
    """
    if not reason.strip():
        raise GaungError("a rollback needs a reason; it is shown to everyone who reads the badge")
    who = holder or builds.default_holder()
    marts = in_reference_order(load())
    lock = builds.take_lock(purpose="rollback", holder=who)
    try:
        with _session("gaung rollback") as conn:
            publication = _with_retry(conn, lambda cur: _rollback(cur, to, reason.strip(), who, marts))
            live_tables.analyze(conn, [name for name, n in publication.partitions_by_mart.items() if n])
    finally:
        lock.close()
    log.warning("rolled back to version %s: %s", publication.restores_version, reason)
    return publication


def resume() -> bool:
    """Whether a hold was lifted (False: there was none)."""
    with _session("gaung resume") as conn, conn, conn.cursor() as cur:
        cur.execute("update ops.live set is_held = false, hold_reason = null, held_at = null where is_held")
        return bool(cur.rowcount)


def accept(expectation: str, reason: str, *, by: str | None = None) -> Publication:
    """The publication of the newest build, which only accepted expectations block.

    The expectation is named ``suite.id`` or ``id``; several failed ones are accepted one by one,
    and the last acceptance publishes.

    Raises:
        GateFailed: nothing failed by that name, or other critical expectations still block.
    """
    if not reason.strip():
        raise GaungError("accepting a failed expectation needs a reason; it is shown on the badge")
    who = by or builds.default_holder()
    lock = builds.take_lock(purpose="publish --accept", holder=who)
    try:
        with _session("gaung accept") as conn, conn, conn.cursor() as cur:
            build_id, token = _accept(cur, expectation, reason.strip(), who)
    except BaseException:
        lock.close()
        raise
    builds.adopt(build_id, lock)
    try:
        with builds.stage(build_id, token, "publish") as record:
            publication = publish(build_id, token)
            record.rows.update(publication.partitions_by_mart)
    except BaseException as error:
        builds.fail(build_id, token, error)
        raise
    builds.release(build_id)
    return publication


@contextmanager
def _session(name: str) -> Iterator[connection]:
    conn = connect("publisher", application_name=name)
    try:
        yield conn
    finally:
        conn.close()


def _with_retry(conn: connection, work: Any) -> Publication:
    """The result of ``work`` in one transaction, tried again while a table's lock is not to be had."""
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        started = time.perf_counter()
        try:
            with conn, conn.cursor() as cur:
                cur.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
                found: Publication = work(cur)
        except pg.LockNotAvailable as error:
            log.warning("attempt %s of %s: a lock was not to be had: %s", attempt, LOCK_ATTEMPTS, error)
            time.sleep(min(0.2 * attempt, 2))
            continue
        except psycopg2.IntegrityError as error:
            raise GateFailed(
                f"the candidate breaks a rule of the published tables: {str(error).strip()}; "
                "nothing was published; correct the rows and build again"
            ) from error
        return Publication(**{**found.__dict__, "seconds": time.perf_counter() - started})
    raise BuildBusy(
        f"a table could not be changed in {LOCK_ATTEMPTS} attempts because long queries read it; "
        "nothing was published; try again, or end those queries (they stand in pg_stat_activity)"
    )


def _publish(cur: cursor, build_id: int, token: str, marts: tuple[Mart, ...]) -> Publication:
    base = _may_publish(cur, build_id, token)
    version = base + 1
    accepted = _accepted(cur, build_id)
    changes = live_tables.ensure(cur, marts, BUILD_SCHEMA)
    partitions: dict[str, int] = {}
    for mart in marts:
        totals.start(cur, mart)
        partitions[mart.name] = _find_changes(cur, mart)
    changed = bool(changes) or any(partitions.values())
    if changed:
        for mart in marts:
            if partitions[mart.name]:
                _keep_before_image(cur, mart, version)
                totals.subtract(cur, mart)
                _delete(cur, mart)
        for mart in marts:
            if partitions[mart.name]:
                _insert_candidate(cur, mart)
                totals.add(cur, mart)
        cur.execute("set constraints all immediate")
        live_tables.constrain(cur, marts, changes)
        _write_publication(cur, version, "publish", build_id=build_id, accepted=accepted, changes=changes)
        _prune(cur, version)
    totals.take_raw(cur, build_id)
    live_tables.describe(cur, marts)
    _empty_queues(cur)
    cur.execute(
        "update ops.build set status = 'published', ended_at = clock_timestamp() where build_id = %s",
        (build_id,),
    )
    return Publication(
        version=version if changed else base,
        kind="publish",
        changed=changed,
        seconds=0.0,
        rows_by_mart=totals.rows_by_mart(cur),
        partitions_by_mart=partitions,
        accepted=tuple(accepted),
    )


def _may_publish(cur: cursor, build_id: int, token: str) -> int:
    """The live version, locked; raises unless this build may replace it."""
    cur.execute("select version, is_held, hold_reason from ops.live for update")
    row: Any = cur.fetchone()
    live, is_held, hold_reason = row
    builds.fence(cur, build_id, token, exclusive=True)
    if is_held:
        raise PublishingHeld(
            f"publishing is held at version {live}: {hold_reason}; lift it with `gaung publish --resume`"
        )
    cur.execute("select base_version from ops.build where build_id = %s", (build_id,))
    base: Any = cur.fetchone()
    if base[0] != live:
        raise BuildFenced(
            f"build {build_id} was built on version {base[0]}, but version {live} is live; build again"
        )
    _gate_must_have_passed(cur, build_id)
    return int(live)


def _gate_must_have_passed(cur: cursor, build_id: int) -> None:
    cur.execute("select status, error_message from ops.gate_run where build_id = %s", (build_id,))
    run = cur.fetchone()
    if run is None:
        raise GateFailed(f"build {build_id} was not judged by the gate; nothing was published")
    cur.execute(
        """
        select exists (
            select from ops.build_stage where build_id = %(build)s and stage not in ('gate', 'publish')
                and started_at > (
                    select max(started_at) from ops.build_stage where build_id = %(build)s and stage = 'gate'
                )
        )
        """,
        {"build": build_id},
    )
    if cur.fetchone() == (True,):
        raise GateFailed(
            f"the candidate of build {build_id} was built again after the gate had judged it (a second copy "
            "of a task did that); nothing was published; build again"
        )
    cur.execute(
        """
        select count(*), min(suite || '.' || expectation_id) from ops.gate_result
        where build_id = %s and severity = 'critical' and status <> 'passed' and accepted_reason is null
        """,
        (build_id,),
    )
    blocking: Any = cur.fetchone()
    if run[0] == "error" or blocking[0]:
        raise GateFailed(
            f"the gate blocks build {build_id}: "
            + (run[1] or f"{blocking[0]} critical expectations failed, first {blocking[1]}")
            + "; nothing was published"
        )


def _accepted(cur: cursor, build_id: int) -> list[dict[str, str]]:
    cur.execute(
        """
        select suite, expectation_id, accepted_reason, accepted_by from ops.gate_result
        where build_id = %s and accepted_reason is not null order by suite, expectation_id
        """,
        (build_id,),
    )
    names = ("suite", "expectation", "reason", "by")
    return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]


def _changed(mart: Mart) -> sql.Identifier:
    """Temporary table of the keys a transaction replaces in a mart, with the rows they hold now."""
    return sql.Identifier("pg_temp", f"changed_{mart.name}"[:63])


def _live(mart: Mart) -> sql.Identifier:
    return sql.Identifier(LIVE_SCHEMA, mart.name)


def _names(columns: tuple[str, ...], alias: str = "") -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(alias, c) if alias else sql.Identifier(c) for c in columns)


def _equal(
    left: str, left_columns: tuple[str, ...], right: str, right_columns: tuple[str, ...]
) -> sql.Composable:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, a), sql.Identifier(right, b))
        for a, b in zip(left_columns, right_columns, strict=True)
    )


def _find_changes(cur: cursor, mart: Mart) -> int:
    """The number of partitions that differ between live and candidate; leaves them in a temp table."""
    if mart.kind == WHOLE:
        dirty = _differing_keys(mart)
    else:
        dirty = sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(
                sql.SQL("{} as {}").format(sql.Identifier(name), sql.Identifier(column))
                for name, column in zip(KINDS[mart.kind], mart.key_columns, strict=True)
            ),
            sql.Identifier("core", f"dirty__{mart.kind}"),
        )
    return _note_changed(
        cur,
        mart,
        dirty,
        sql.SQL("select r.*, to_jsonb(r) as row from {} as r").format(
            sql.Identifier(BUILD_SCHEMA, mart.name)
        ),
    )


def _differing_keys(mart: Mart) -> sql.Composable:
    """Keys of rows that differ between live and candidate in any column but lineage."""
    return sql.SQL(
        """
        select {k} from (select {c} from {live} except select {c} from {cand}) as gone
        union
        select {k} from (select {c} from {cand} except select {c} from {live}) as come
        """
    ).format(
        k=_names(mart.primary_key),
        c=_names(tuple(name for name in mart.column_names if name not in LINEAGE_COLUMNS)),
        live=_live(mart),
        cand=sql.Identifier(BUILD_SCHEMA, mart.name),
    )


def _note_changed(cur: cursor, mart: Mart, keys: sql.Composable, target: sql.Composable) -> int:
    """Fill the mart's temp table with those ``keys`` whose live rows differ from the target's rows.

    ``target`` gives the mart's key columns and ``row`` (jsonb), one row per wanted row.
    """
    table = f"changed_{mart.name}"[:63]
    cur.execute(sql.SQL("drop table if exists {}").format(_changed(mart)))
    cur.execute(
        sql.SQL(
            """
            create temporary table {table} on commit drop as
            with keys as ({keys}),
            live_rows as (
                select {rk}, jsonb_agg(to_jsonb(r) order by {pk}) as rows,
                    jsonb_agg(to_jsonb(r) - {lineage}::text[] order by {pk}) as content
                from keys as k join {live} as r on {on_keys} group by {rk}
            ),
            target as ({target}),
            target_rows as (
                select {rk}, jsonb_agg(r.row - {lineage}::text[] order by {order}) as content
                from keys as k join target as r on {on_keys} group by {rk}
            )
            select {kk}, coalesce(l.rows, '[]'::jsonb) as old_rows
            from keys as k
            left join live_rows as l on {on_live}
            left join target_rows as t on {on_target}
            where l.content is distinct from t.content
            """
        ).format(
            table=sql.Identifier(table),
            keys=keys,
            target=target,
            rk=_names(mart.key_columns, "r"),
            kk=_names(mart.key_columns, "k"),
            pk=_names(mart.primary_key, "r"),
            order=_names(mart.primary_key, "r"),
            lineage=sql.Literal(list(LINEAGE_COLUMNS)),
            live=_live(mart),
            on_keys=_equal("k", mart.key_columns, "r", mart.key_columns),
            on_live=_equal("k", mart.key_columns, "l", mart.key_columns),
            on_target=_equal("k", mart.key_columns, "t", mart.key_columns),
        )
    )
    count = cur.rowcount
    cur.execute(sql.SQL("analyze {}").format(_changed(mart)))
    return count


def _key_json(mart: Mart, alias: str) -> sql.Composable:
    parts: list[sql.Composable] = []
    for column in mart.key_columns:
        parts += [sql.Literal(column), sql.Identifier(alias, column)]
    return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(parts))


def _keep_before_image(cur: cursor, mart: Mart, version: int) -> None:
    cur.execute(
        sql.SQL(
            """
            insert into ops.before_image (version, mart, partition_kind, partition_key, old_rows)
            select {version}, {mart}, {kind}, {key}, c.old_rows from {changed} as c
            """
        ).format(
            version=sql.Literal(version),
            mart=sql.Literal(mart.name),
            kind=sql.Literal(mart.kind),
            key=_key_json(mart, "c"),
            changed=_changed(mart),
        )
    )


def _delete(cur: cursor, mart: Mart) -> None:
    cur.execute(
        sql.SQL("delete from {live} as l using {changed} as c where {on}").format(
            live=_live(mart),
            changed=_changed(mart),
            on=_equal("l", mart.key_columns, "c", mart.key_columns),
        )
    )


def _insert_candidate(cur: cursor, mart: Mart) -> None:
    cur.execute(
        sql.SQL(
            "insert into {live} ({columns}) select {rows} from {cand} as b "
            "join {changed} as c on {on} order by {pk}"
        ).format(
            live=_live(mart),
            columns=_names(mart.column_names),
            rows=_names(mart.column_names, "b"),
            cand=sql.Identifier(BUILD_SCHEMA, mart.name),
            changed=_changed(mart),
            on=_equal("b", mart.key_columns, "c", mart.key_columns),
            pk=_names(mart.primary_key, "b"),
        )
    )


def _write_publication(
    cur: cursor,
    version: int,
    kind: str,
    *,
    build_id: int | None = None,
    restores: int | None = None,
    accepted: list[dict[str, str]] | None = None,
    changes: list[dict[str, str]] | None = None,
    reason: str | None = None,
    by: str | None = None,
) -> None:
    cur.execute(
        """
        insert into ops.publication (version, kind, build_id, restores_version, published_by, rows_by_mart,
            accepted, schema_changes, reason)
        values (%s, %s, %s, %s,
            coalesce(%s, (select holder from ops.build where build_id = %s), current_user), %s, %s, %s, %s)
        """,
        (
            version,
            kind,
            build_id,
            restores,
            by,
            build_id,
            Json(totals.rows_by_mart(cur)),
            Json(accepted or []),
            Json(changes or []),
            reason,
        ),
    )
    cur.execute("update ops.live set version = %s", (version,))


def _prune(cur: cursor, version: int) -> None:
    cur.execute(
        "delete from ops.before_image where version <= %s", (version - get_settings().keep_publications,)
    )


def _empty_queues(cur: cursor) -> None:
    """Empty what this build consumed. Nobody else adds to these tables: that takes the build lock."""
    for kind in KINDS:
        cur.execute(sql.SQL("delete from {}").format(sql.Identifier("core", f"dirty__{kind}")))
    cur.execute("delete from core.pending_post")
    cur.execute("delete from core.pending_author")


def mark_live_dirty(build_id: int, token: str) -> dict[str, int]:
    """Keys added per partition kind: every partition that is live now, for a full rebuild."""
    marked: dict[str, int] = {}
    with _session("gaung full rebuild") as conn, conn, conn.cursor() as cur:
        builds.fence(cur, build_id, token)
        for mart in load():
            if mart.kind == WHOLE or not live_tables.exists(cur, LIVE_SCHEMA, mart.name):
                continue
            cur.execute(
                sql.SQL(
                    "insert into {dirty} ({names}) select distinct {keys} from {live} order by {keys} "
                    "on conflict do nothing"
                ).format(
                    dirty=sql.Identifier("core", f"dirty__{mart.kind}"),
                    names=_names(tuple(KINDS[mart.kind])),
                    keys=_names(mart.key_columns),
                    live=_live(mart),
                )
            )
            marked[mart.kind] = marked.get(mart.kind, 0) + cur.rowcount
    return marked


def _rollback(cur: cursor, to: int | None, reason: str, by: str, marts: tuple[Mart, ...]) -> Publication:
    cur.execute("select version from ops.live for update")
    row: Any = cur.fetchone()
    live = int(row[0])
    target = _target(cur, live, to)
    version = live + 1
    known = {mart.name for mart in marts}
    cur.execute("select distinct mart from ops.before_image where version > %s", (target,))
    for (name,) in cur.fetchall():
        if name not in known:
            raise GaungError(f"version {target} needs the mart {name}, which is no longer declared")
    partitions = {mart.name: _find_restored(cur, mart, target) for mart in marts}
    for mart in marts:
        if partitions[mart.name]:
            _keep_before_image(cur, mart, version)
            totals.subtract(cur, mart)
            _delete(cur, mart)
    for mart in marts:
        if partitions[mart.name]:
            _insert_restored(cur, mart)
            totals.add(cur, mart)
            _mark_dirty(cur, mart)
    cur.execute("set constraints all immediate")
    _write_publication(cur, version, "rollback", restores=target, reason=reason, by=by)
    totals.restore_raw(cur, target)
    cur.execute(
        "update ops.live set is_held = true, hold_reason = %s, held_at = clock_timestamp()",
        (f"rollback to version {target} by {by}: {reason}",),
    )
    _prune(cur, version)
    return Publication(
        version=version,
        kind="rollback",
        changed=True,
        seconds=0.0,
        rows_by_mart=totals.rows_by_mart(cur),
        partitions_by_mart=partitions,
        restores_version=target,
    )


def shown_version(cur: cursor, version: int) -> int:
    """The published version whose rows ``version`` shows: itself, or what a rollback restored."""
    cur.execute("select restores_version from ops.publication where version = %s", (version,))
    row = cur.fetchone()
    return version if row is None or row[0] is None else int(row[0])


def _target(cur: cursor, live: int, to: int | None) -> int:
    """The version to restore; raises when it never was, is live already, or is out of reach."""
    if live == 0:
        raise GaungError("nothing was published yet; there is nothing to roll back")
    shown = shown_version(cur, live)
    if to is None and shown <= 1:
        raise GaungError(f"there is no version before version {shown}; `--to 0` empties the marts")
    if to is not None and not 0 <= to < live:
        raise GaungError(f"there is no version {to} before version {live}")
    target = shown_version(cur, shown - 1 if to is None else to)
    if target == shown:
        raise GaungError(f"version {target} is what readers see already")
    oldest = max(0, live - get_settings().keep_publications)
    if target < oldest:
        raise GaungError(
            f"version {target} is out of reach: before-images are kept for "
            f"{get_settings().keep_publications} publications, back to version {oldest}"
        )
    cur.execute(
        """
        select p.version, c ->> 'mart', c ->> 'change'
        from ops.publication as p, jsonb_array_elements(p.schema_changes) as c
        where p.version > %s and c ->> 'kind' in ('drop', 'alter') order by p.version limit 1
        """,
        (target,),
    )
    barrier = cur.fetchone()
    if barrier is not None:
        raise GaungError(
            f"version {barrier[0]} changed columns of {barrier[1]} ({barrier[2]}), which a rollback cannot "
            f"undo; roll back to {barrier[0]} at the furthest, or restore the models and build with --full"
        )
    return target


def _images(mart: Mart) -> sql.Identifier:
    """Temporary table of what each partition held at the version that a rollback restores."""
    return sql.Identifier("pg_temp", f"image_{mart.name}"[:63])


def _collect_images(cur: cursor, mart: Mart, target: int) -> None:
    """Each partition's first before-image after ``target``, with statistics for the joins that follow."""
    cur.execute(
        sql.SQL(
            """
            create temporary table {table} on commit drop as
            select {keys}, i.old_rows
            from (
                select distinct on (partition_key) partition_key, old_rows from ops.before_image
                where version > {target} and mart = {mart} order by partition_key, version
            ) as i, jsonb_populate_record(null::{live}, i.partition_key) as k
            """
        ).format(
            table=sql.Identifier(f"image_{mart.name}"[:63]),
            keys=_names(mart.key_columns, "k"),
            live=_live(mart),
            target=sql.Literal(target),
            mart=sql.Literal(mart.name),
        )
    )
    cur.execute(sql.SQL("analyze {}").format(_images(mart)))


def _find_restored(cur: cursor, mart: Mart, target: int) -> int:
    if not live_tables.exists(cur, LIVE_SCHEMA, mart.name):
        return 0
    _collect_images(cur, mart, target)
    rows = sql.SQL(
        "select p.*, to_jsonb(p) as row from {images} as i, "
        "jsonb_populate_recordset(null::{live}, i.old_rows) as p"
    )
    return _note_changed(
        cur,
        mart,
        sql.SQL("select {} from {}").format(_names(mart.key_columns), _images(mart)),
        rows.format(images=_images(mart), live=_live(mart)),
    )


def _insert_restored(cur: cursor, mart: Mart) -> None:
    cur.execute(
        sql.SQL(
            """
            insert into {live} ({columns})
            select {rows} from {images} as i join {changed} as c on {on},
                jsonb_populate_recordset(null::{live}, i.old_rows) as p
            """
        ).format(
            live=_live(mart),
            columns=_names(mart.column_names),
            rows=_names(mart.column_names, "p"),
            images=_images(mart),
            changed=_changed(mart),
            on=_equal("i", mart.key_columns, "c", mart.key_columns),
        )
    )


def _mark_dirty(cur: cursor, mart: Mart) -> None:
    if mart.kind == WHOLE:
        return
    cur.execute(
        sql.SQL("insert into {dirty} ({names}) select {keys} from {changed} on conflict do nothing").format(
            dirty=sql.Identifier("core", f"dirty__{mart.kind}"),
            names=_names(tuple(KINDS[mart.kind])),
            keys=_names(mart.key_columns),
            changed=_changed(mart),
        )
    )


def _accept(cur: cursor, expectation: str, reason: str, by: str) -> tuple[int, str]:
    """The newest build, open again for publishing, once nothing critical is left unaccepted."""
    cur.execute(
        """
        select b.build_id, b.token::text, b.status, b.base_version = l.version, g.status, g.error_message
        from ops.build as b cross join ops.live as l left join ops.gate_run as g using (build_id)
        order by b.build_id desc limit 1
        """
    )
    row = cur.fetchone()
    if row is None or row[2] != "blocked" or not row[3] or row[4] is None:
        raise GateFailed("the newest build is not one that the gate blocked on the live version; build again")
    build_id, token, _, _, gate_status, gate_error = row
    if gate_status == "error":
        raise GateFailed(f"the gate itself failed ({gate_error}); that cannot be accepted; build again")
    cur.execute(
        """
        update ops.gate_result set accepted_reason = %s, accepted_by = %s
        where build_id = %s and status = 'failed' and %s in (expectation_id, suite || '.' || expectation_id)
        """,
        (reason, by, build_id, expectation),
    )
    if cur.rowcount != 1:
        raise GateFailed(
            f"{cur.rowcount} failed expectations of build {build_id} are named {expectation!r}; "
            "`gaung status` lists them as suite.expectation"
        )
    cur.execute(
        """
        select count(*), string_agg(suite || '.' || expectation_id, ', ' order by suite, expectation_id)
        from ops.gate_result
        where build_id = %s and severity = 'critical' and status <> 'passed' and accepted_reason is null
        """,
        (build_id,),
    )
    left: Any = cur.fetchone()
    if left[0]:
        cur.connection.commit()
        raise GateFailed(f"accepted; {left[0]} more critical expectations block build {build_id}: {left[1]}")
    cur.execute(
        "update ops.build set status = 'judged', ended_at = null, heartbeat_at = clock_timestamp() "
        "where build_id = %s",
        (build_id,),
    )
    return build_id, token


def published_at(cur: cursor) -> datetime | None:
    """When the live version was published; None before the first."""
    cur.execute("select p.published_at from ops.publication as p join ops.live using (version)")
    row = cur.fetchone()
    return row[0] if row else None
