"""The merge: from what a batch staged into ``raw``, and which records and entities it touched.

The server is given the keys and says which it holds already; the other rows go straight into ``raw``.
Loads of the same platforms merge one after the other, each holding its platforms' locks, taken in one
order, until it commits: what one load was told of the keys stays true, and no two wait in a circle.
"""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
from psycopg2 import sql

from gaung.contract import Entity
from gaung.landing import Manifest
from gaung.warehouse.ddl import column_type
from gaung.warehouse.spool import Binary, Spool, arrow
from gaung.warehouse.staging import FILE_SHIFT, payload_refs

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

_DIRTY = {"posts": "post", "post_text_parts": "post", "post_metrics": "post"}
_DIRTY |= {"authors": "author", "author_metrics": "author"}

_IDS = {"platform": pl.String, "entity_id": pl.String}

_GROUP = """
alter table {keys} rename to {staged};
create temp table {keys} on commit drop as
select min(row_no) as row_no, min(record_no) as record_no, {key}, count(*) > 1 as is_repeated {together}
from {staged}
group by {key};
analyze {keys}
"""

_CHANGE = """
with held as (
    select {standing_key}, keys.is_known, keys.first_observed_at, keys.last_observed_at {seen}
    from {standing} as keys
    inner join {target} as standing on {standing_is_key}
    where
        standing.observed_at < keys.last_observed_at
        or standing.first_observed_at > keys.first_observed_at
        {gains}
),

changed as (
    update {target} as target
    set
        observed_at = greatest(target.observed_at, held.last_observed_at),
        first_observed_at = least(target.first_observed_at, held.first_observed_at),
        is_synthetic = target.is_synthetic and {is_synthetic}
        {sets}
    from held
    where {target_is_held}
    returning {target_ids}, {turned} as turned_no, held.is_known
)

insert into {changed} select * from changed
"""


def create_staging(cursor: "cursor", entity: Entity) -> None:
    """A temporary table for the keys of one entity; gone with the transaction."""
    columns: dict[str, str] = {"row_no": "bigint", "record_no": "bigint"}
    columns |= {name: column_type(entity.schema.field(name).type) for name in entity.key}
    if entity.rule == "version":
        columns |= {"first_observed_at": "timestamptz", "last_observed_at": "timestamptz"}
    if entity.sticky:
        columns |= dict.fromkeys(entity.sticky, "boolean") | {"collected_no": "bigint"}
    declared = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(dtype)) for name, dtype in columns.items()
    )
    cursor.execute(sql.SQL("create temp table {} ({}) on commit drop").format(_keys(entity), declared))


def stage(cursor: "cursor", entity: Entity, keys: pl.DataFrame) -> None:
    """Give the server the keys of some staged rows."""
    rows = arrow(keys)
    _copy(cursor, _keys(entity), rows.schema, iter(rows.to_batches()))


def create_quarantine_staging(cursor: "cursor") -> None:
    """A temporary table for quarantined records."""
    cursor.execute(
        """
        create temp table stage_quarantine (
            record_no bigint, reason text, path text, message text, excerpt text, observed_at timestamptz
        ) on commit drop
        """
    )


class Merge:
    """The merge of one batch."""

    def __init__(self, cursor: "cursor", manifest: Manifest, batch_id: int, loaded_at: datetime) -> None:
        self.cursor = cursor
        self.manifest = manifest
        self.batch_id = batch_id
        self.loaded_at = loaded_at
        self.inserted: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self.standing = 0
        self.touched: list[pl.Series] = []
        self.dirty: dict[str, list[pa.Table]] = {"author": [], "post": []}

    def entity(self, spool: Spool) -> None:
        """Insert into one raw table what it does not hold yet, and change what it holds."""
        entity = spool.entity
        is_grouped = spool.may_repeat
        self._find_standing(entity, is_grouped)
        self.inserted[entity.name] += self._insert(spool, is_grouped)
        if entity.rule == "version":
            self.changed[entity.name] += self._change(entity, is_grouped)

    def ahead(self, entity: Entity, rows: pl.DataFrame) -> None:
        """Insert staged rows that, as it seems, ``raw`` does not hold.

        Raises:
            psycopg2.errors.UniqueViolation: it holds one of them.
        """
        schema = _raw_schema(entity)
        whole = self._whole(entity, rows.with_columns(payload_refs()), schema)
        self.inserted[entity.name] += _copy(
            self.cursor, sql.Identifier("raw", entity.name), schema, iter(whole.to_batches())
        )

    def next_portion(self, entities: Iterable[Entity]) -> None:
        """Let go of the keys that were merged, so that further ones can be staged."""
        for entity in entities:
            for name in ("keys", "staged", "standing", "changed"):
                self.cursor.execute(
                    sql.SQL("drop table if exists {}").format(
                        sql.Identifier("pg_temp", f"{name}_{entity.name}")
                    )
                )

    def touched_records(self) -> int:
        """Records of which at least one row was inserted or changed in a way that counts as loaded."""
        return pl.concat(self.touched).n_unique() if self.touched else 0

    def dirty_entities(self) -> None:
        """Note the posts and authors whose rows changed, for the next build."""
        for kind, parts in self.dirty.items():
            if not parts:
                continue
            rows = (
                pl.concat(sorted(map(pl.DataFrame, parts), key=lambda part: str(part["cause"].first())))
                .unique(["platform", "entity_id"], keep="first")
                .with_columns(entity=pl.lit(kind), batch_id=pl.lit(self.batch_id, dtype=pl.Int64))
            )
            table = arrow(rows)
            target = sql.Identifier("core", "dirty_entity")
            _copy(self.cursor, target, table.schema, iter(table.to_batches()))
            parts.clear()

    def quarantine(self) -> None:
        """Move the quarantined records to ``raw.quarantine``."""
        self.cursor.execute(
            sql.SQL(
                """
                insert into raw.quarantine (
                    batch_id, payload_ref, source, reason, path, message, excerpt, observed_at, loaded_at
                )
                select
                    %s, (record_no >> {shift})::text || '#' || (record_no & {within})::text, %s,
                    reason, path, message, excerpt, observed_at, %s
                from stage_quarantine
                order by record_no
                """
            ).format(shift=sql.Literal(FILE_SHIFT), within=sql.Literal((1 << FILE_SHIFT) - 1)),
            [self.batch_id, self.manifest.source, self.loaded_at],
        )

    def declare_brand(self, brand_id: str) -> None:
        """Note that the collected posts of this batch were ingested for a brand."""
        self.cursor.execute(
            """
            create temp table declared on commit drop as
            select platform, post_id, min(collected_no) as turned_no
            from keys_posts
            where is_collected
            group by platform, post_id;

            create temp table changed_brands on commit drop as
            select platform, post_id, turned_no from declared with no data
            """
        )
        self.cursor.execute(
            """
            with inserted as (
                insert into raw.post_declared_brand (platform, post_id, brand_id, batch_id, loaded_at)
                select platform, post_id, %s, %s, %s from declared
                on conflict do nothing
                returning platform, post_id
            )

            insert into changed_brands select * from declared inner join inserted using (platform, post_id)
            """,
            [brand_id, self.batch_id, self.loaded_at],
        )
        found = self._read("table changed_brands", {**_IDS, "turned_no": pl.Int64})
        self._note("post", found, "declared_brand", found["turned_no"])

    # -- the steps of one entity ---------------------------------------------------------------

    def _find_standing(self, entity: Entity, is_grouped: bool) -> None:
        """Which keys ``raw`` holds already; keys that several chunks brought are made one before."""
        names = self._names(entity)
        if is_grouped:
            self.cursor.execute(sql.SQL(_GROUP).format(together=_together(entity), **names))
        else:
            self.cursor.execute(sql.SQL("analyze {keys}").format(**names))
        self.cursor.execute(
            sql.SQL(
                """
                create temp table {standing} on commit drop as
                select keys.*, target.batch_id <> {batch_id} as is_known
                from {keys} as keys
                inner join {target} as target on {target_is_key}
                """
            ).format(
                target_is_key=_equal(entity.key, "target", "keys"),
                batch_id=sql.Literal(self.batch_id),
                **names,
            )
        )
        self.standing += self.cursor.rowcount

    def _insert(self, spool: Spool, is_grouped: bool) -> int:
        """How many rows were new; they go from the spool into ``raw``."""
        names = self._names(spool.entity)
        query = "select row_no from {standing}"
        if is_grouped:
            query += " union all (select row_no from {staged} except all select row_no from {keys})"
        left = self._read(sql.SQL(query).format(**names), {"row_no": pl.Int64})["row_no"]
        if len(left) == spool.count:
            return 0
        schema = _raw_schema(spool.entity)
        return _copy(self.cursor, names["target"], schema, self._rows(spool, left, schema))

    def _rows(self, spool: Spool, left: pl.Series, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows that ``raw`` does not hold, whole; what they touch is noted on the way."""
        at = 0
        for batch in spool.batches():
            mask = ~pl.int_range(at, at + batch.num_rows, eager=True, dtype=pl.Int64).is_in(left.implode())
            at += batch.num_rows
            rows = pl.DataFrame(batch if mask.all() else batch.filter(mask.to_arrow()))
            yield from self._whole(spool.entity, rows, schema).to_batches()

    def _whole(self, entity: Entity, rows: pl.DataFrame, schema: pa.Schema) -> pa.Table:
        """Staged rows as ``raw`` holds them; what they touch is noted."""
        self._note(_DIRTY[entity.name], rows.select(entity.id_columns[:2]), entity.name)
        # unique copies: what is remembered must not hold on to whole rows
        self.touched.append(rows["record_no"].unique())
        if entity.sticky:
            self.touched.append(rows["collected_no"].drop_nulls().unique())
        whole = rows.with_columns(
            batch_id=pl.lit(self.batch_id, dtype=pl.Int64),
            loaded_at=pl.lit(self.loaded_at).cast(pl.Datetime("us", "UTC")),
            source=pl.lit(self.manifest.source),
            is_synthetic=pl.lit(self.manifest.is_synthetic),
        )
        return arrow(whole.select(schema.names))

    def _change(self, entity: Entity, is_grouped: bool) -> int:
        """Widen the observation of rows that were there, and turn sticky columns on."""
        names = self._names(entity)
        if is_grouped:
            # What later chunks say of a row that this batch has just brought.
            self.cursor.execute(
                sql.SQL(
                    """
                    insert into {standing}
                    select keys.*, false from {keys} as keys
                    where keys.is_repeated and not exists (
                        select from {standing} as known where known.row_no = keys.row_no
                    )
                    """
                ).format(**names)
            )
        ids = _identifiers(entity.id_columns[:2])
        self.cursor.execute(
            sql.SQL(
                """
                create temp table {changed} on commit drop as
                select {ids}, record_no as turned_no, is_known from {standing} with no data
                """
            ).format(ids=ids, **names)
        )
        self.cursor.execute(sql.SQL(_CHANGE).format(**self._change_parts(entity), **names))
        found = self._read(
            sql.SQL("table {changed}").format(**names), {**_IDS, "turned_no": pl.Int64, "is_known": pl.String}
        )
        known = found.filter(pl.col("is_known") == "t")
        self._note(_DIRTY[entity.name], known, entity.name, found["turned_no"])
        return len(known)

    def _change_parts(self, entity: Entity) -> dict[str, sql.Composable]:
        sticky = [sql.Identifier(name) for name in entity.sticky]
        gains: list[sql.Composable] = [
            sql.SQL("keys.{0} and not standing.{0}").format(name) for name in sticky
        ]
        if not self.manifest.is_synthetic:
            gains.append(sql.SQL("standing.is_synthetic"))
        now = sql.SQL("keys.{0}, standing.{0} as was_collected, keys.collected_no")
        turned = sql.SQL("case when held.{0} and not held.was_collected then held.collected_no end")
        return {
            "standing_key": _identifiers(entity.key, "standing"),
            "target_ids": _identifiers(entity.id_columns[:2], "target"),
            "seen": _more([now.format(name) for name in sticky], ", "),
            "standing_is_key": _equal(entity.key, "standing", "keys"),
            "target_is_held": _equal(entity.key, "target", "held"),
            "gains": _more(gains, " or "),
            "sets": _more([sql.SQL("{0} = target.{0} or held.{0}").format(name) for name in sticky], ", "),
            "turned": turned.format(sticky[0]) if sticky else sql.SQL("null::bigint"),
            "is_synthetic": sql.Literal(self.manifest.is_synthetic),
        }

    # -- small things ----------------------------------------------------------------------------

    def _note(self, kind: str, ids: pl.DataFrame, cause: str, records: pl.Series | None = None) -> None:
        """Remember entities that changed, and records that changed them."""
        found = ids.select(ids.columns[:2]).unique()
        found.columns = list(_IDS)
        if not found.is_empty():
            self.dirty[kind].append(arrow(found.with_columns(cause=pl.lit(cause))))
        if records is not None:
            self.touched.append(records.drop_nulls().unique())

    def _read(self, query: "sql.Composable | str", schema: "Mapping[str, type[pl.DataType]]") -> pl.DataFrame:
        """The rows of a query, in columns."""
        target = io.BytesIO()
        wanted = sql.SQL(query) if isinstance(query, str) else query
        self.cursor.copy_expert(
            sql.SQL("copy ({}) to stdout with (format csv, header true)").format(wanted), target
        )
        target.seek(0)
        rows = pl.read_csv(target, schema_overrides=list(schema.values()))
        rows.columns = list(schema)
        return rows

    def _names(self, entity: Entity) -> dict[str, sql.Composable]:
        return {
            "target": sql.Identifier("raw", entity.name),
            "keys": _keys(entity),
            "staged": sql.Identifier(f"staged_{entity.name}"),
            "standing": sql.Identifier(f"standing_{entity.name}"),
            "changed": sql.Identifier(f"changed_{entity.name}"),
            "key": _identifiers(entity.key),
        }


def lock(cursor: "cursor", platforms: Iterable[str]) -> None:
    """Wait until no other load merges rows of these platforms; held until the transaction ends."""
    for platform in sorted(platforms):
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"merge:{platform}"])


def _together(entity: Entity) -> sql.Composable:
    """What all rows of a key say together."""
    parts: list[sql.Composable] = []
    if entity.rule == "version":
        parts += [
            sql.SQL("min(first_observed_at) as first_observed_at"),
            sql.SQL("max(last_observed_at) as last_observed_at"),
        ]
    parts += [sql.SQL("bool_or({0}) as {0}").format(sql.Identifier(name)) for name in entity.sticky]
    if entity.sticky:
        parts.append(sql.SQL("min(collected_no) as collected_no"))
    return _more(parts, ", ")


def _copy(
    cursor: "cursor", target: sql.Composable, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> int:
    """How many rows went into a table."""
    cursor.copy_expert(
        sql.SQL("copy {} ({}) from stdin with (format binary)").format(target, _identifiers(schema.names)),
        Binary(schema, batches),
    )
    return int(cursor.rowcount)


def _raw_schema(entity: Entity) -> pa.Schema:
    """The whole row with the types that :func:`arrow` gives."""
    return arrow(pl.DataFrame(entity.schema.empty_table())).schema


def _keys(entity: Entity) -> sql.Identifier:
    return sql.Identifier(f"keys_{entity.name}")


def _identifiers(names: Iterable[str], table: str | None = None) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(*([table] if table else []), name) for name in names)


def _equal(names: Sequence[str], left: str, right: str) -> sql.Composable:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name)) for name in names
    )


def _more(parts: Sequence[sql.Composable], before: str) -> sql.Composable:
    return sql.SQL("").join(sql.SQL(before) + part for part in parts)
