"""Postgres definitions derived from the data contract."""

import pyarrow as pa

from gaung.contract import Entity

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
