"""Postgres definitions derived from the data contract."""

import pyarrow as pa

from gaung.contract import Entity
from gaung.warehouse.partitions import KINDS, dirty_table

_TYPES: dict[pa.DataType, str] = {
    pa.string(): "text",
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    pa.timestamp("us", tz="UTC"): "timestamptz",
    pa.list_(pa.string()): "text[]",
}


def column_type(dtype: pa.DataType) -> str:
    """The Postgres type of an Arrow type of the contract; KeyError for a type the contract may not use."""
    return _TYPES[dtype]


def create_table(entity: Entity, schema: str = "raw") -> str:
    """``CREATE TABLE`` for an entity, with its key as a real constraint."""
    lines = [
        f"{field.name} {column_type(field.type)}{'' if field.nullable else ' not null'}"
        for field in entity.schema
    ]
    lines.append(f"primary key ({', '.join(entity.key)})")
    body = ",\n    ".join(lines)
    return f"create table {schema}.{entity.name} (\n    {body}\n)"


def create_dirty_table(kind: str) -> tuple[str, ...]:
    """The statements that make the table of dirty keys of a partition kind, where it is not there yet."""
    table = dirty_table(kind)
    columns = KINDS[kind]
    body = ", ".join(f"{name} {dtype} not null" for name, dtype in columns.items())
    return (
        f"create table if not exists {table} ({body}, primary key ({', '.join(columns)}))",
        f"comment on table {table} is 'Keys that the next publication must rebuild, "
        "emptied by the publisher. One row per key.'",
        f"alter table {table} owner to gaung_transformer",
        f"grant select, insert, delete on {table} to gaung_publisher",
    )
