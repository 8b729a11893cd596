"""What changed between two publications: per mart and partition, rows added, removed and altered.

Derived from before-images: what a partition held at version *v* is its first before-image of a
later version, or what it holds now when there is none.
"""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor

from gaung.errors import GaungError
from gaung.settings import get_settings
from gaung.warehouse import live_tables
from gaung.warehouse.connect import connect
from gaung.warehouse.marts import LINEAGE_COLUMNS, Mart, load


@dataclass(frozen=True)
class PartitionDiff:
    """What happened to one partition of one mart."""

    mart: str
    key: dict[str, Any]
    added: int
    removed: int
    altered: int
    columns: tuple[str, ...]
    """Columns whose values differ in altered rows."""


def between(first: int, second: int) -> tuple[PartitionDiff, ...]:
    """The partitions that differ between two versions, in order of mart and key.

    Raises:
        GaungError: a version is unknown or its before-images are no longer kept.
    """
    if first > second:
        first, second = second, first
    with closing(connect("publisher", application_name="gaung diff")) as conn, conn, conn.cursor() as cur:
        cur.execute("set transaction isolation level repeatable read, read only")
        _check(cur, first, second)
        return tuple(entry for mart in load() for entry in _mart(cur, mart, first, second))


def _check(cur: cursor, first: int, second: int) -> None:
    cur.execute("select version from ops.live")
    row: Any = cur.fetchone()
    live, keep = int(row[0]), get_settings().keep_publications
    if second > live or first < 0:
        raise GaungError(f"versions go from 0 to {live}; there is no {second if second > live else first}")
    if first < live - keep:
        raise GaungError(
            f"version {first} is out of reach: before-images are kept for {keep} publications, "
            f"back to version {live - keep}"
        )


def _mart(cur: cursor, mart: Mart, first: int, second: int) -> list[PartitionDiff]:
    if not live_tables.exists(cur, "marts", mart.name):
        return []
    cur.execute(_statement(mart, first, second))
    found = []
    for key, old_rows, new_rows in cur.fetchall():
        entry = _compare(mart, key, old_rows, new_rows)
        if entry is not None:
            found.append(entry)
    return found


def _statement(mart: Mart, first: int, second: int) -> sql.Composable:
    live_rows = sql.SQL(
        """
        select jsonb_agg(to_jsonb(l)) from {live} as l,
            jsonb_populate_record(null::{live}, t.partition_key) as k where {on}
        """
    ).format(
        live=sql.Identifier("marts", mart.name),
        on=sql.SQL(" and ").join(
            sql.SQL("{} = {}").format(sql.Identifier("l", column), sql.Identifier("k", column))
            for column in mart.key_columns
        ),
    )
    return sql.SQL(
        """
        with touched as (
            select distinct on (partition_key) partition_key, old_rows from ops.before_image
            where mart = {mart} and version > {first} and version <= {second}
            order by partition_key, version
        ),
        later as (
            select distinct on (partition_key) partition_key, old_rows from ops.before_image
            where mart = {mart} and version > {second} order by partition_key, version
        )
        select t.partition_key, t.old_rows, coalesce(a.old_rows, ({live_rows}), '[]'::jsonb)
        from touched as t left join later as a on a.partition_key = t.partition_key
        order by t.partition_key
        """
    ).format(
        mart=sql.Literal(mart.name),
        first=sql.Literal(first),
        second=sql.Literal(second),
        live_rows=live_rows,
    )


def _compare(
    mart: Mart, key: dict[str, Any], old_rows: list[dict[str, Any]], new_rows: list[dict[str, Any]]
) -> PartitionDiff | None:
    old, new = _by_key(mart, old_rows), _by_key(mart, new_rows)
    altered = {
        name: sorted(
            column for column in {*old[name], *new[name]} if old[name].get(column) != new[name].get(column)
        )
        for name in old.keys() & new.keys()
    }
    altered = {name: columns for name, columns in altered.items() if columns}
    added, removed = len(new.keys() - old.keys()), len(old.keys() - new.keys())
    if not (added or removed or altered):
        return None
    columns = tuple(sorted({column for names in altered.values() for column in names}))
    return PartitionDiff(mart.name, key, added, removed, len(altered), columns)


def _differing(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [column for column in {**old, **new} if old.get(column) != new.get(column)]


def _by_key(mart: Mart, rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        tuple(row.get(column) for column in mart.primary_key): {
            name: value for name, value in row.items() if name not in LINEAGE_COLUMNS
        }
        for row in rows
    }
