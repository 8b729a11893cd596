"""The loader: a landed batch into ``raw``, with everything that follows from it, in one transaction.

Records stream from the landing through their format, in chunks, into a spool; the server is given
their keys meanwhile. One merge per entity at the end, behind a lock per platform, so that overlapping
loads wait for each other and never deadlock. Where ``raw`` holds nothing of the first chunk, the load
runs ahead: it takes the locks then, and the rows of later chunks go into ``raw`` while the next are read;
only keys that come again wait for the merge. Should ``raw`` hold one of them after all, the load begins
again without running ahead. Rows, dirty keys, quarantine, cursor and outcome commit
together or not at all. What a failed load leaves is an outcome row of its own.

Accounting, per payload record: *received = loaded + unchanged + ignored(kind) + quarantined(reason)*.
A record is loaded if this batch inserted at least one of its rows (of equal rows in one batch the
first record's), turned ``is_collected`` on, or declared a brand; else it is unchanged.
"""

import json
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from gaung import landing
from gaung.contract import ENTITIES, Entity
from gaung.erasure import guard as erased
from gaung.erasure.deletions import Deletions
from gaung.erasure.guard import Guard
from gaung.errors import (
    AccountingFailed,
    BatchBusy,
    ContractViolation,
    ServerUnavailable,
    UnknownFormat,
)
from gaung.settings import get_settings
from gaung.sources import registry
from gaung.sources.base import Context, Format

if TYPE_CHECKING:
    from polars import DataFrame
    from psycopg2.extensions import connection

    from gaung.warehouse.merge import Merge
    from gaung.warehouse.spool import Seen, Spool
    from gaung.warehouse.staging import Chunk, Collected

log = logging.getLogger(__name__)

EXAMPLES = 20
"""Quarantined records that an outcome names; all of them stand in ``raw.quarantine``."""

_CHUNK_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Example:
    """One quarantined record, for people."""

    file_name: str
    record: int
    reason: str
    path: str
    message: str


@dataclass(slots=True)
class LoadOutcome:
    """What a load came to: records by what became of them, and rows per entity.

    ``entity_rows`` gives per entity the rows ``received`` from the mapper, ``inserted`` and ``changed``.
    """

    status: Literal["succeeded", "skipped"]
    batch_key: str
    batch_id: int
    received: int
    loaded: int
    unchanged: int
    ignored: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    entity_rows: dict[str, dict[str, int]] = field(default_factory=dict)
    unknown_fields: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def ignored_count(self) -> int:
        """Records ignored, of any kind."""
        return sum(self.ignored.values())

    @property
    def quarantined_count(self) -> int:
        """Records quarantined, for any reason."""
        return sum(self.quarantined.values())


def load(landing_path: str, *, run_id: str | None = None) -> LoadOutcome:
    """What loading the batch at ``landing_path`` came to; loading it again changes nothing.

    Raises:
        BatchBusy: another loader has this batch; says who.
        LandingFailed: the batch is incomplete or damaged.
        AccountingFailed, ContractViolation: nothing was loaded; the message says why.
        ServerUnavailable: the server is gone or full; nothing was loaded.
    """
    manifest: landing.Manifest | None = None
    try:
        manifest = landing.read_manifest(landing_path)
        with _server_errors(manifest.batch_key):
            return _Load(landing_path, manifest, run_id).run()
    except Exception as error:
        _note_failure(error, landing_path, manifest, run_id)
        raise


def note_failure(
    error: BaseException, *, step: Literal["extract", "land", "load"], source: str, **columns: Any
) -> None:
    """Write a failed outcome row in a transaction of its own; a server that is gone is only logged."""
    from psycopg2 import Error, sql

    from gaung.warehouse.connect import connect

    values = {
        "step": step,
        "status": "failed",
        "source": source,
        "error_class": type(error).__name__,
        "error_message": storable(str(error))[:4000],
        **columns,
    }
    statement = sql.SQL("insert into ops.outcome ({}, started_at) values ({}, clock_timestamp())").format(
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    try:
        with closing(connect("loader", autocommit=True, application_name="gaung outcome")) as session:
            session.cursor().execute(statement, list(values.values()))
    except (Error, ServerUnavailable):
        log.error("the failure of %s could not be written to ops.outcome", columns.get("file_name"))


def _note_failure(
    error: Exception, landing_path: str, manifest: landing.Manifest | None, run_id: str | None
) -> None:
    note_failure(
        error,
        step="load",
        source=manifest.source if manifest else "unknown",
        batch_key=manifest.batch_key if manifest else None,
        file_name=manifest.files[0].name if manifest and manifest.files else landing_path,
        run_id=run_id,
    )


def storable(text: str) -> str:
    """The text with what Postgres cannot hold replaced."""
    from gaung.warehouse.staging import clean_text

    return clean_text(text)


@contextmanager
def _server_errors(batch_key: str) -> Iterator[None]:
    """Say what the server's refusal means."""
    import psycopg2
    from psycopg2 import errors

    try:
        yield
    except (errors.DiskFull, errors.OutOfMemory) as error:
        raise ServerUnavailable(
            f"batch {batch_key}: the server has no room ({_first_line(error)}). Nothing of the batch was "
            "loaded and nothing is lost; free space on the server's disk, then ingest again"
        ) from error
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise ServerUnavailable(
            f"batch {batch_key}: the connection was lost ({_first_line(error)}). Nothing of the batch was "
            "loaded; see `gaung status`, then ingest again"
        ) from error
    except psycopg2.Error as error:
        raise ContractViolation(
            f"batch {batch_key}: the server refused it ({_first_line(error)}). Nothing of the batch was "
            "loaded; it stays in the landing"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def rehearse(format: Format, stream: BinaryIO, context: Context) -> LoadOutcome:
    """What loading a file would come to as far as the file alone tells; nothing is written.

    Records that give rows count as ``loaded``: what the warehouse already holds is not looked up.
    """
    tally = _Tally()
    for chunk in _chunks(format, stream, context, 0, lambda: 0, Guard()):
        tally.add(chunk, context.file_name)
    rows = {name: {"received": tally.rows[name]} for name in ENTITIES if tally.rows[name]}
    return tally.outcome("", 0, tally.mapped, rows)


def _chunks(
    format: Format,
    payload: BinaryIO,
    context: Context,
    file_number: int,
    position: Callable[[], int],
    guard: Guard,
) -> Iterator["Chunk"]:
    """The file's records, mapped, in chunks bounded in records and in bytes."""
    from gaung.warehouse.staging import Chunk, record_number

    limit = get_settings().loader_chunk_records
    chunk = Chunk()
    last, mark = -1, 0
    is_guarded = bool(guard)
    for record in format.records(payload, context):
        if record.ordinal <= last:
            raise AccountingFailed(
                f"{context.file_name}: the reader of {format.name} numbers a record "
                f"{record.ordinal} after {last}"
            )
        last = record.ordinal
        number = record_number(file_number, record.ordinal)
        mapped = registry.map_record(format, record, context)
        if is_guarded:
            mapped = guard.apply(record, mapped)
        chunk.take(number, record, mapped, context)
        if chunk.received >= limit or position() - mark >= _CHUNK_BYTES:
            mark = position()
            yield chunk
            chunk = Chunk()
    if chunk.received:
        yield chunk


class _Tally:
    """What became of the records so far."""

    def __init__(self) -> None:
        self.received = 0
        self.mapped = 0
        self.ignored: Counter[str] = Counter()
        self.quarantined: Counter[str] = Counter()
        self.unknown: set[str] = set()
        self.examples: list[Example] = []
        self.rows: Counter[str] = Counter()

    def add(self, chunk: "Chunk", file_name: str) -> "list[tuple[Entity, Collected, DataFrame]]":
        """Count a chunk; gives its typed rows per entity."""
        from gaung.warehouse.staging import record_ordinal

        frames = chunk.frames()
        for entity, collected, _ in frames:
            self.rows[entity.name] += len(collected.rows)
        self.received += chunk.received
        self.mapped += chunk.mapped
        self.ignored.update(chunk.ignored)
        self.unknown.update(chunk.unknown)
        for number, (_, problem) in sorted(chunk.problems.items()):
            self.quarantined[problem.reason] += 1
            if len(self.examples) < EXAMPLES:
                at = record_ordinal(number)
                self.examples.append(Example(file_name, at, problem.reason, problem.path, problem.message))
        return frames

    def outcome(
        self, batch_key: str, batch_id: int, loaded: int, entity_rows: dict[str, dict[str, int]]
    ) -> LoadOutcome:
        """The accounting once it is known how many records changed something."""
        return LoadOutcome(
            status="succeeded",
            batch_key=batch_key,
            batch_id=batch_id,
            received=self.received,
            loaded=loaded,
            unchanged=self.mapped - loaded,
            ignored=dict(sorted(self.ignored.items())),
            quarantined=dict(sorted(self.quarantined.items())),
            entity_rows=entity_rows,
            unknown_fields=tuple(sorted(self.unknown)),
            examples=tuple(self.examples),
        )


class _IsHeld(Exception):
    """A load that ran ahead, or was about to, must not."""


class _Load:
    """One load: its connection, its transaction and its counts."""

    def __init__(self, landing_path: str, manifest: landing.Manifest, run_id: str | None) -> None:
        self.landing_path = landing_path
        self.manifest = manifest
        self.run_id = run_id
        self.tally = _Tally()
        self.spools: dict[str, Spool] = {}
        self.guard = Guard()
        self.deletions = Deletions()
        self.merge: Merge
        self.batch_id = 0
        self.may_run_ahead = False
        self.locked: set[str] = set()
        self.seen: dict[str, Seen] = {}

    def run(self) -> LoadOutcome:
        from gaung.warehouse.connect import connect

        me = f"gaung loader {os.getpid()}@{socket.gethostname()}"
        with closing(connect("loader", application_name=me[:63])) as session:
            self.session: connection = session
            self.cursor = session.cursor()
            self.cursor.execute("set temp_buffers = '32MB'")
            session.commit()
            self.cursor.execute("set local work_mem = '64MB'")
            self._lock()
            self.cursor.execute(
                "select batch_id from ops.batch where batch_key = %s", [self.manifest.batch_key]
            )
            known = self.cursor.fetchone()
            try:
                outcome = self._skipped(known[0]) if known else self._loaded()
            finally:
                self._close_spools()
            session.commit()
        log.info(
            "batch %s %s: received %d, loaded %d, unchanged %d, ignored %d, quarantined %d",
            outcome.batch_key, outcome.status, outcome.received, outcome.loaded, outcome.unchanged,
            outcome.ignored_count, outcome.quarantined_count,
        )  # fmt: skip
        return outcome

    def _close_spools(self) -> None:
        for spool in self.spools.values():
            spool.close()
        self.spools = {}

    def _lock(self) -> None:
        key = f"load:{self.manifest.batch_key}"
        self.cursor.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 0)), now()", [key])
        taken, self.started_at = self.cursor.fetchone() or (False, None)
        if taken:
            return
        self.cursor.execute(
            """
            select activity.application_name, activity.pid, activity.xact_start
            from pg_locks as held
            inner join pg_stat_activity as activity on activity.pid = held.pid
            where held.locktype = 'advisory' and held.granted
                and ((held.classid::bigint << 32) | held.objid::bigint) = hashtextextended(%s, 0)
            """,
            [key],
        )
        who = self.cursor.fetchone()
        holder = (
            f"{who[0]} (server process {who[1]}) since {who[2]:%H:%M:%S} UTC" if who else "another loader"
        )
        raise BatchBusy(
            f"batch {self.manifest.batch_key} is being loaded by {holder}; once it has committed, "
            "loading it again changes nothing"
        )

    def _known_batch(self) -> int | None:
        self.cursor.execute("select batch_id from ops.batch where batch_key = %s", [self.manifest.batch_key])
        row = self.cursor.fetchone()
        return None if row is None else int(row[0])

    # -- the two ends ------------------------------------------------------------------------

    def _skipped(self, batch_id: int) -> LoadOutcome:
        count = self.manifest.records
        outcome = LoadOutcome("skipped", self.manifest.batch_key, batch_id, count, 0, count)
        self._write_outcome(outcome)
        return outcome

    def _loaded(self) -> LoadOutcome:
        from psycopg2.errors import UniqueViolation

        from gaung.warehouse.merge import Merge, create_quarantine_staging

        create_quarantine_staging(self.cursor)
        self.batch_id, loaded_at = self._write_batch()
        self.cursor.execute("savepoint nothing_read")
        try:
            self._begin(Merge(self.cursor, self.manifest, self.batch_id, loaded_at))
            self._stage()
        except (_IsHeld, UniqueViolation):
            log.info("batch %s: some of it is held already; reading it again", self.manifest.batch_key)
            self.cursor.execute("rollback to savepoint nothing_read")
            self._begin(Merge(self.cursor, self.manifest, self.batch_id, loaded_at))
            self.may_run_ahead = False
            self._stage()
        if self.guard.hits:
            self._keep_out_erased()
        self._obey_deletions()
        return self._merged()

    def _begin(self, merge: "Merge") -> None:
        """Nothing was read yet."""
        self.tally = _Tally()
        self._close_spools()
        self.merge = merge
        self.locked = set()
        self.seen = {}
        self.guard = erased.load(self.cursor)
        self.deletions = Deletions.load(self.cursor)
        # Which brand a file was ingested for concerns rows that are held already, too.
        self.may_run_ahead = self.manifest.brand_id is None

    def _merged(self) -> LoadOutcome:
        """Merge what waits, and account for all of it."""
        from gaung.warehouse.merge import lock

        merge = self.merge
        if not self.locked:
            lock(self.cursor, set().union(*(spool.platforms for spool in self.spools.values())))
        self._merge_spools()
        merge.quarantine()
        if self.manifest.brand_id and "posts" in self.spools:
            merge.declare_brand(self.manifest.brand_id)
        merge.dirty_entities()
        self._write_cursor(self.batch_id)
        entity_rows = {
            name: {
                "received": self.tally.rows[name],
                "inserted": merge.inserted[name],
                "changed": merge.changed[name],
            }
            for name in ENTITIES
            if self.tally.rows[name]
        }
        loaded = merge.touched_records()
        outcome = self.tally.outcome(self.manifest.batch_key, self.batch_id, loaded, entity_rows)
        self._check(outcome)
        self._write_outcome(outcome)
        return outcome

    def _merge_spools(self) -> None:
        for name in ENTITIES:
            if name in self.spools:
                self.merge.entity(self.spools[name])

    def _check(self, outcome: LoadOutcome) -> None:
        sum_ = outcome.loaded + outcome.unchanged + outcome.ignored_count + outcome.quarantined_count
        if not (outcome.received == sum_ == self.manifest.records) or outcome.unchanged < 0:
            raise AccountingFailed(
                f"batch {outcome.batch_key}: received {outcome.received}, manifest {self.manifest.records}, "
                f"loaded {outcome.loaded} + unchanged {outcome.unchanged} + "
                f"ignored {outcome.ignored_count} + quarantined {outcome.quarantined_count} = {sum_}. "
                "Nothing was loaded"
            )

    # -- staging -----------------------------------------------------------------------------

    def _stage(self) -> None:
        format = self._format()
        for number, file in enumerate(self.manifest.files):
            context = self.manifest.context(number)
            with landing.open_payload(self.landing_path, number) as payload:
                before = self.tally.received
                position = partial(landing.bytes_read, payload)
                chunks = _chunks(format, landing.lent(payload), context, number, position, self.guard)
                self._spool_all(chunks, file.name)
                landing.drain(payload)
            if self.tally.received - before != file.records:
                raise AccountingFailed(
                    f"{file.name}: the reader gave {self.tally.received - before} records, the manifest says "
                    f"{file.records}. Nothing was loaded; land the file again"
                )

    def _obey_deletions(self) -> None:
        """Take erased words of deleted posts out of the batch in the landing, too."""
        from gaung.erasure.payload_words import wordless

        if self.deletions:
            words = self.deletions.words
            landing.rewrite(
                self.landing_path,
                self._format(),
                lambda data: wordless(data, words),
                lambda name: name,
            )

    def _keep_out_erased(self) -> None:
        """Take erased persons out of the batch in the landing, too; loading it again gives the same rows."""
        from gaung.erasure import payloads

        erased.remember(self.cursor, "post", self.guard.new_posts)
        judge = self.guard.any_judge()
        landing.rewrite(
            self.landing_path,
            self._format(),
            lambda data: payloads.erased(data, judge, is_post=self.guard.is_post),
            lambda name: name,
        )
        log.info("batch %s: %d records of erased persons kept out", self.manifest.batch_key, self.guard.hits)

    def _format(self) -> Format:
        for format in registry.formats():
            if format.name == self.manifest.format:
                return format
        known = ", ".join(format.name for format in registry.formats())
        raise UnknownFormat(
            f"batch {self.manifest.batch_key} is of format {self.manifest.format!r}, "
            f"which this version does not know; known: {known}"
        )

    def _spool_all(self, chunks: "Iterator[Chunk]", file_name: str) -> None:
        """Spool each chunk while the next is read and typed; what goes wrong with one ends the load."""
        from gaung.warehouse import staging

        with ThreadPoolExecutor(1, "spool") as beside:
            before: Future[None] | None = None
            for chunk in chunks:
                is_first = self.tally.received < get_settings().loader_chunk_records
                rows = [
                    (entity, staging.staged(entity, collected, frame))
                    for entity, collected, frame in self.tally.add(chunk, file_name)
                ]
                if before is not None:
                    before.result()
                before = beside.submit(
                    self._spool, rows, chunk.quarantine() if chunk.problems else None, is_first
                )
            if before is not None:
                before.result()

    def _spool(
        self, staged: "list[tuple[Entity, DataFrame]]", problems: "DataFrame | None", is_first: bool
    ) -> None:
        """Keep a chunk's rows for the merge and give the server their keys, or run ahead with them."""
        from gaung.warehouse import staging

        if not is_first and self.may_run_ahead and not self.locked:
            self._run_ahead()
        for entity, rows in staged:
            obeyed = self.deletions.obeyed(self.cursor, entity.name, rows)
            self._keep(entity, self._insert_ahead(entity, obeyed) if self.locked else obeyed)
        if self.locked:
            self.merge.dirty_entities()
        if problems is not None:
            statement = f"copy stage_quarantine ({', '.join(problems.columns)}) from stdin with (format csv)"
            self.cursor.copy_expert(statement, staging.csv(problems))

    def _keep(self, entity: Entity, rows: "DataFrame") -> None:
        from gaung.warehouse import merge
        from gaung.warehouse.spool import Spool

        if rows.is_empty():
            return
        if entity.name not in self.spools:
            self.spools[entity.name] = Spool(entity)
            merge.create_staging(self.cursor, entity)
        merge.stage(self.cursor, entity, self.spools[entity.name].add(rows))

    def _run_ahead(self) -> None:
        """Merge what was read so far; if ``raw`` held none of it, it will hardly hold what follows.

        The locks are taken in one order, and none is taken later, so that no two loads wait in a circle.
        """
        from gaung.warehouse.merge import lock
        from gaung.warehouse.spool import Seen

        self.locked = set().union(*(spool.platforms for spool in self.spools.values()))
        lock(self.cursor, self.locked)
        self._merge_spools()
        if self.merge.standing:
            raise _IsHeld
        for name, spool in self.spools.items():
            self.seen[name] = Seen()
            self.seen[name].add(spool.hashes)
        self.merge.next_portion(spool.entity for spool in self.spools.values())
        self._close_spools()

    def _insert_ahead(self, entity: Entity, rows: "DataFrame") -> "DataFrame":
        """Insert the rows whose keys the batch has not brought before; gives the others."""
        from gaung.warehouse.spool import Seen
        from gaung.warehouse.staging import key_hashes

        if not set(rows["platform"].unique()) <= self.locked:
            raise _IsHeld
        seen = self.seen.setdefault(entity.name, Seen()).add(key_hashes(entity, rows))
        self.merge.ahead(entity, rows.filter(~seen))
        return rows.filter(seen)

    # -- what is written beside the rows -------------------------------------------------------

    def _write_batch(self) -> tuple[int, Any]:
        manifest = self.manifest
        self.cursor.execute(
            """
            insert into ops.batch (
                batch_key, source, format, account, brand_id, landing_path, manifest,
                collection_start_at, collection_end_at, record_count, is_synthetic
            )
            values (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)
            returning batch_id, loaded_at
            """,
            [
                manifest.batch_key, manifest.source, manifest.format, manifest.account, manifest.brand_id,
                self.landing_path, _json(manifest.model_dump(mode="json")), manifest.collection_start_at,
                manifest.collection_end_at, manifest.records, manifest.is_synthetic,
            ],
        )  # fmt: skip
        batch_id, loaded_at = self.cursor.fetchone() or (None, None)
        assert batch_id is not None
        return batch_id, loaded_at

    def _write_cursor(self, batch_id: int) -> None:
        if self.manifest.cursor is None:
            return
        self.cursor.execute(
            """
            insert into ops.cursor (source, account, position, batch_id) values (%s, %s, %s::jsonb, %s)
            on conflict (source, account) do update
            set position = excluded.position, batch_id = excluded.batch_id
            """,
            [self.manifest.source, self.manifest.account or "", _json(self.manifest.cursor), batch_id],
        )

    def _write_outcome(self, outcome: LoadOutcome) -> None:
        self.cursor.execute(
            """
            insert into ops.outcome (
                step, status, source, batch_key, batch_id, file_name, received_count, loaded_count,
                unchanged_count, ignored_count, quarantined_count, ignored, quarantined, entity_rows,
                unknown_fields, run_id, started_at
            )
            values (
                'load', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                %s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb, %s, %s
            )
            """,
            [
                outcome.status, self.manifest.source, outcome.batch_key, outcome.batch_id,
                storable(", ".join(file.name for file in self.manifest.files)), outcome.received,
                outcome.loaded, outcome.unchanged, outcome.ignored_count, outcome.quarantined_count,
                _json(outcome.ignored), _json(outcome.quarantined), _json(outcome.entity_rows),
                _json(outcome.unknown_fields), self.run_id, self.started_at,
            ],
        )  # fmt: skip


def _json(value: Any) -> str:
    """JSON that jsonb can hold."""

    def clean(item: Any) -> Any:
        if isinstance(item, str):
            return storable(item)
        if isinstance(item, dict):
            return {storable(str(key)): clean(inner) for key, inner in item.items()}
        if isinstance(item, list | tuple):
            return [clean(inner) for inner in item]
        return item

    return json.dumps(clean(value), ensure_ascii=False, sort_keys=True)
