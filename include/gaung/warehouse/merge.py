"""The merge: from a batch's staging tables into ``raw``, and which records and entities it touched.

Locks are taken in one order by every load – entity by entity in the contract's order, new keys, then
existing rows, each in key order – so two loads may wait for each other, but never in a circle.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from psycopg2 import sql

from gaung.contract import Entity
from gaung.landing import Manifest
from gaung.warehouse.staging import FILE_SHIFT, staging_schema

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

_DIRTY = {"posts": "post", "post_text_parts": "post", "post_metrics": "post"}
_DIRTY |= {"authors": "author", "author_metrics": "author"}


_CHANGE = """
with held as (
    select {standing_key}, keys.first_observed_at, keys.last_observed_at {seen}
    from {keys} as keys
    inner join {target} as standing on {standing_is_key}
    where
        not exists (select 1 from {inserted} as inserted where {inserted_is_key})
        and (
            standing.observed_at < keys.last_observed_at
            or standing.first_observed_at > keys.first_observed_at
            {gains}
        )
    order by {ordered}
    for update of standing
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
    returning {target_key}, {turned} as turned_no
),

noted as (
    insert into touched select turned_no from changed where turned_no is not null
)

insert into {changed} select {key} from changed
"""


def create_staging(cursor: "cursor", entity: Entity) -> None:
    """A temporary table for the rows of one entity; gone with the transaction."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(dtype))
        for name, dtype in staging_schema(entity).items()
    )
    cursor.execute(sql.SQL("create temp table {} ({}) on commit drop").format(_stage(entity.name), columns))


def create_quarantine_staging(cursor: "cursor") -> None:
    """A temporary table for quarantined records, and one for the numbers of touched records."""
    cursor.execute(
        """
        create temp table stage_quarantine (
            record_no bigint, reason text, path text, message text, excerpt text, observed_at timestamptz
        ) on commit drop;
        create temp table touched (record_no bigint) on commit drop;
        create temp table dirty (entity text, platform text, entity_id text, cause text) on commit drop;
        """
    )


class Merge:
    """The merge of one batch."""

    def __init__(self, cursor: "cursor", manifest: Manifest, batch_id: int, loaded_at: datetime) -> None:
        self.cursor = cursor
        self.manifest = manifest
        self.batch_id = batch_id
        self.lineage = {
            "batch_id": sql.Literal(batch_id),
            "loaded_at": sql.SQL("{}::timestamptz").format(sql.Literal(loaded_at.isoformat())),
            "source": sql.Literal(manifest.source),
            "is_synthetic": sql.Literal(manifest.is_synthetic),
            "payload_ref": _payload_ref(sql.SQL("staged.record_no")),
        }

    def entity(self, entity: Entity) -> dict[str, int]:
        """Rows inserted and changed in one raw table."""
        self._gather_keys(entity)
        inserted = self._insert(entity)
        changed = self._change(entity) if entity.rule == "version" else 0
        self._note(entity)
        return {"inserted": inserted, "changed": changed}

    def touched_records(self) -> int:
        """Records of which at least one row was inserted or changed in a way that counts as loaded."""
        self.cursor.execute("select count(distinct record_no) from touched")
        return self._number()

    def dirty_entities(self) -> None:
        """Note the posts and authors whose rows changed, for the next build."""
        self.cursor.execute(
            """
            insert into core.dirty_entity (entity, platform, entity_id, cause, batch_id)
            select entity, platform, entity_id, min(cause), %s
            from dirty
            group by entity, platform, entity_id
            order by entity, platform, entity_id
            """,
            [self.batch_id],
        )

    def quarantine(self) -> None:
        """Move the quarantined records to ``raw.quarantine``."""
        self.cursor.execute(
            sql.SQL(
                """
                insert into raw.quarantine (
                    batch_id, payload_ref, source, reason, path, message, excerpt, observed_at, loaded_at
                )
                select
                    {batch_id}, {payload_ref}, {source}, reason, path, message, excerpt, observed_at,
                    {loaded_at}
                from stage_quarantine as staged
                order by record_no
                """
            ).format(**self.lineage)
        )

    def declare_brand(self, brand_id: str) -> None:
        """Note that the collected posts of this batch were ingested for a brand."""
        self.cursor.execute(
            sql.SQL(
                """
                with declared as (
                    insert into raw.post_declared_brand (platform, post_id, brand_id, batch_id, loaded_at)
                    select platform, post_id, {brand}, {batch_id}, {loaded_at}
                    from keys_posts
                    where is_collected
                    group by platform, post_id
                    order by platform, post_id
                    on conflict do nothing
                    returning platform, post_id
                ),

                noted as (
                    insert into dirty
                    select 'post', platform, post_id, 'declared_brand' from declared
                )

                insert into touched
                select min(keys_posts.collected_no)
                from keys_posts
                inner join declared using (platform, post_id)
                where keys_posts.is_collected
                group by platform, post_id
                """
            ).format(brand=sql.Literal(brand_id), **self.lineage)
        )

    # -- the steps of one entity ---------------------------------------------------------------

    def _gather_keys(self, entity: Entity) -> None:
        """One narrow row per key: the first record that holds it, and what all its rows say together."""
        extra: list[sql.Composable] = [sql.SQL("min(record_no) as record_no")]
        if entity.rule == "version":
            extra += [
                sql.SQL("min(first_observed_at) as first_observed_at"),
                sql.SQL("max(observed_at) as last_observed_at"),
            ]
        extra += [sql.SQL("bool_or({0}) as {0}").format(sql.Identifier(name)) for name in entity.sticky]
        if entity.sticky:
            extra.append(sql.SQL("min(collected_no) as collected_no"))
        self.cursor.execute(
            sql.SQL(
                """
                create temp table {keys} on commit drop as
                select {key}, {extra} from {stage} group by {key};
                analyze {keys};
                create temp table {inserted} on commit drop as select {key} from {keys} with no data;
                create temp table {changed} on commit drop as select {key} from {keys} with no data;
                """
            ).format(extra=sql.SQL(", ").join(extra), **self._names(entity))
        )

    def _insert(self, entity: Entity) -> int:
        columns = [item.name for item in entity.schema]
        self.cursor.execute(
            sql.SQL(
                """
                with inserted as (
                    insert into {target} ({columns})
                    select {values}
                    from {stage} as staged
                    inner join {keys} as keys on {staged_is_key} and staged.record_no = keys.record_no
                    order by {ordered}
                    on conflict do nothing
                    returning {key}, payload_ref
                ),

                noted as (
                    insert into {inserted} select {key} from inserted
                )

                insert into touched
                select
                    (split_part(payload_ref, '#', 1)::bigint << {shift})
                    | split_part(payload_ref, '#', 2)::bigint
                from inserted
                """
            ).format(
                columns=_identifiers(columns),
                values=sql.SQL(", ").join(self._value(entity, name) for name in columns),
                staged_is_key=_equal(entity.key, "staged", "keys"),
                ordered=_ordered(entity.key, "keys"),
                shift=sql.Literal(FILE_SHIFT),
                **self._names(entity),
            )
        )
        inserted = self.cursor.rowcount
        if entity.sticky:
            self._touch_later_collected(entity)
        return inserted

    def _touch_later_collected(self, entity: Entity) -> None:
        """A record that turned a row of this very batch to collected counts like the one that brought it."""
        self.cursor.execute(
            sql.SQL(
                """
                insert into touched
                select keys.collected_no
                from {keys} as keys
                inner join {inserted} as inserted on {inserted_is_key}
                where keys.collected_no <> keys.record_no
                """
            ).format(inserted_is_key=_equal(entity.key, "inserted", "keys"), **self._names(entity))
        )

    def _value(self, entity: Entity, name: str) -> sql.Composable:
        if name in self.lineage:
            return self.lineage[name]
        if entity.rule == "version" and name == "observed_at":
            return sql.SQL("keys.last_observed_at")
        if name == "first_observed_at" or name in entity.sticky:
            return sql.SQL("keys.{}").format(sql.Identifier(name))
        return sql.SQL("staged.{}").format(sql.Identifier(name))

    def _change(self, entity: Entity) -> int:
        """Widen the observation of rows that were there, and turn sticky columns on."""
        sticky = [sql.Identifier(name) for name in entity.sticky]
        gains: list[sql.Composable] = [
            sql.SQL("keys.{0} and not standing.{0}").format(name) for name in sticky
        ]
        if not self.manifest.is_synthetic:
            gains.append(sql.SQL("standing.is_synthetic"))
        now = sql.SQL("keys.{0}, standing.{0} as was_collected, keys.collected_no")
        seen = [now.format(name) for name in sticky]
        sets = [sql.SQL("{0} = target.{0} or held.{0}").format(name) for name in sticky]
        turned: list[sql.Composable] = [
            sql.SQL("case when held.{0} and not held.was_collected then held.collected_no end").format(name)
            for name in sticky
        ]
        self.cursor.execute(
            sql.SQL(_CHANGE).format(
                standing_key=_identifiers(entity.key, "standing"),
                target_key=_identifiers(entity.key, "target"),
                seen=_more(seen, ", "),
                standing_is_key=_equal(entity.key, "standing", "keys"),
                inserted_is_key=_equal(entity.key, "inserted", "keys"),
                target_is_held=_equal(entity.key, "target", "held"),
                ordered=_ordered(entity.key, "keys"),
                gains=_more(gains, " or "),
                sets=_more(sets, ", "),
                turned=turned[0] if turned else sql.SQL("null::bigint"),
                is_synthetic=self.lineage["is_synthetic"],
                **self._names(entity),
            )
        )
        return self.cursor.rowcount

    def _note(self, entity: Entity) -> None:
        self.cursor.execute(
            sql.SQL(
                """
                insert into dirty
                select distinct {kind}, {id}, {cause} from {inserted}
                union
                select distinct {kind}, {id}, {cause} from {changed}
                """
            ).format(
                kind=sql.Literal(_DIRTY[entity.name]),
                id=_identifiers(entity.id_columns[:2]),
                cause=sql.Literal(entity.name),
                **self._names(entity),
            )
        )

    def _number(self) -> int:
        row = self.cursor.fetchone()
        assert row is not None
        return int(row[0])

    def _names(self, entity: Entity) -> dict[str, sql.Composable]:
        return {
            "target": sql.Identifier("raw", entity.name),
            "stage": _stage(entity.name),
            "keys": sql.Identifier(f"keys_{entity.name}"),
            "inserted": sql.Identifier(f"inserted_{entity.name}"),
            "changed": sql.Identifier(f"changed_{entity.name}"),
            "key": _identifiers(entity.key),
        }


def _stage(name: str) -> sql.Identifier:
    return sql.Identifier(f"stage_{name}")


def _payload_ref(number: sql.Composable) -> sql.Composable:
    return sql.SQL("({0} >> {1})::text || '#' || ({0} & {2})::text").format(
        number, sql.Literal(FILE_SHIFT), sql.Literal((1 << FILE_SHIFT) - 1)
    )


def _identifiers(names: Iterable[str], table: str | None = None) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(*([table] if table else []), name) for name in names)


def _equal(names: Sequence[str], left: str, right: str) -> sql.Composable:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name)) for name in names
    )


def _ordered(names: Sequence[str], table: str) -> sql.Composable:
    """In byte order, whatever the database's collation is."""
    return sql.SQL(", ").join(
        sql.SQL('{} collate "C"' if name != "observed_at" else "{}").format(sql.Identifier(table, name))
        for name in names
    )


def _more(parts: Sequence[sql.Composable], before: str) -> sql.Composable:
    return sql.SQL("").join(sql.SQL(before) + part for part in parts)
