"""Entities of texts: places of Indonesia, and brands and products as declared; all of one reading.

People are not among them: a mention is a handle, which no mart may show of a private person.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Literal

import polars as pl
import pyarrow as pa

from gaung.text import names, places, spoken, versions

ENTITY = pa.struct(
    [
        ("type", pa.string()),
        ("id", pa.string()),
        ("name", pa.string()),
        ("brand_id", pa.string()),
        ("is_ambiguous", pa.bool_()),
        ("candidates", pa.list_(pa.string())),
        ("start", pa.int32()),
        ("end", pa.int32()),
    ]
)


@dataclass(frozen=True, order=True)
class Declared:
    """A brand or a product, and how people write it.

    Attributes:
        type: which of the two.
        id: a brand's or a product's.
        brand_id: whose product it is; of a brand its own id.
        name: as marts show it.
        spellings: up to four words each.
    """

    type: Literal["brand", "product"]
    id: str
    brand_id: str
    name: str
    spellings: tuple[str, ...]


def version(declared: Sequence[Declared]) -> str:
    """The rules' version, ``+`` and a hash of what is declared: other names read every text again."""
    listed = repr(sorted(astuple(one) for one in declared))
    return f"gaung-entities-{versions.ENTITIES}+{hashlib.sha256(listed.encode()).hexdigest()[:12]}"


def find(
    batch: pa.RecordBatch, declared: Sequence[Declared] = (), words: pl.DataFrame | None = None
) -> pa.RecordBatch:
    """Column ``text`` → ``entities``: a list of structs per row, by their places; same rows, same order.

    Each: ``type`` (place, brand, product), ``id`` (a place's code), ``name`` (a place's with "Kota" or
    "Kabupaten"), ``brand_id`` (NULL of a place), ``is_ambiguous`` and ``candidates`` (codes that a place may
    be, else empty), ``start, end`` (characters of the original). Of overlapping products of one brand the
    longest counts.

    Args:
        batch: the texts.
        declared: the brands and products to look for.
        words: what :func:`gaung.text.spoken.words` says of the texts, where the caller has it already.
    """
    if words is None:
        words = spoken.words(pl.Series("text", batch.column("text"), dtype=pl.String))
    lists: list[list[dict[str, object]]] = [[] for _ in range(batch.num_rows)]
    for row, place in places.found(words):
        lists[row].append(_place(place))
    known = {(one.type, one.id): one for one in declared}
    spelt = [
        names.Name(one.type, one.id, spelling, one.brand_id) for one in declared for spelling in one.spellings
    ]
    for row, name in names.found(words, spelt) if spelt else ():
        lists[row].append(_name(name, known[name["kind"], name["id"]]))  # type: ignore[index]
    for entities in lists:
        entities.sort(key=lambda one: (one["start"], one["type"], one["id"]))
    return pa.RecordBatch.from_pydict({"entities": pa.array(lists, pa.list_(ENTITY))})


def _place(found: dict[str, object]) -> dict[str, object]:
    candidates = found["candidates"] if found["is_ambiguous"] else []
    name = places.places()[str(found["code"])].title
    told = {"type": "place", "id": found["code"], "name": name, "brand_id": None}
    place = {"start": found["start"], "end": found["end"]}
    return {**told, "is_ambiguous": found["is_ambiguous"], "candidates": candidates, **place}


def _name(found: dict[str, object], one: Declared) -> dict[str, object]:
    told = {"type": one.type, "id": one.id, "name": one.name, "brand_id": one.brand_id}
    place = {"start": found["start"], "end": found["end"]}
    return {**told, "is_ambiguous": False, "candidates": [], **place}
