"""Names in texts: brands and products as declared, people by handle; and what may be a name misspelt.

What is a name is the caller's to say (brands.yml knows); nothing here reads a configuration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import polars as pl
import pyarrow as pa

from gaung.text import fold, points, spoken

ENTITY = pa.struct(
    [
        ("kind", pa.string()),
        ("id", pa.string()),
        ("name", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
    ]
)
LONG, LONGER = 5, 10
"""Letters of a name from which on one, or two, wrong ones are forgiven; in shorter names none."""


@dataclass(frozen=True)
class Name:
    """One spelling of something that has a name.

    Attributes:
        kind: brand, product, target term …
        id: whose name it is.
        spelling: as people write it; up to four words.
        owner: of overlapping spellings of one kind and owner the longest counts; by default the id.
    """

    kind: str
    id: str
    spelling: str
    owner: str = ""


def named(batch: pa.RecordBatch, names: Sequence[Name]) -> pa.RecordBatch:
    """Column ``text`` → ``entities``: a list of structs per row, in order; same rows, same order.

    Each: ``kind, id, name`` (the declared spelling), ``start, end`` (characters of the original). Of
    overlapping spellings of one kind and owner the longest counts. Mentioned handles are of kind
    ``person``, with the lower-case handle as id and name.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String)
    lists: list[list[dict[str, object]]] = [[] for _ in range(len(texts))]
    for row, one in found(spoken.words(texts), names):
        lists[row].append(one)
    mentioned = spoken.handles(texts)
    for row, start, end, handle in mentioned.iter_rows():
        lists[row].append({"kind": "person", "id": handle, "name": handle, "start": start, "end": end})
    for row in set(mentioned["row"].to_list()):
        lists[row].sort(key=lambda one: (one["start"], one["kind"]))
    return pa.RecordBatch.from_pydict({"entities": pa.array(lists, pa.list_(ENTITY))})


def found(words: pl.DataFrame, names: Sequence[Name]) -> Iterator[tuple[int, dict[str, object]]]:
    """Row and entry of :func:`named`, name by name, in what :func:`gaung.text.spoken.words` gave."""
    hits = points.chains(words, _phrases(names)).sort(
        "row", "start", "size", "kind", "id", descending=[False, False, True, False, False]
    )
    ends: dict[tuple[int, str, str], int] = {}
    columns = ("row", "kind", "owner", "id", "spelling", "start", "end")
    for row, kind, owner, name_id, spelling, start, end in hits.select(columns).iter_rows():
        if start >= ends.get((row, kind, owner), 0):
            ends[row, kind, owner] = end
            yield row, {"kind": kind, "id": name_id, "name": spelling, "start": start, "end": end}


def held(batch: pa.RecordBatch, targets: Sequence[str]) -> pa.RecordBatch:
    """Column ``text`` → ``targets``: which target terms each text holds, in the given order.

    The share of texts that hold a term is its coverage.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String)
    place = {target: at for at, target in enumerate(targets)}
    hits = points.chains(
        spoken.words(texts), _phrases([Name("target", target, target) for target in targets])
    )
    lists: list[list[str]] = [[] for _ in range(len(texts))]
    for row, target in hits.select("row", "id").unique().iter_rows():
        lists[row].append(target)
    ordered = [sorted(found, key=place.__getitem__) for found in lists]
    return pa.RecordBatch.from_pydict({"targets": pa.array(ordered, pa.list_(pa.string()))})


def near(batch: pa.RecordBatch, names: Sequence[Name], ordinary: Sequence[str] = ()) -> pa.RecordBatch:
    """Column ``term`` (words and pairs of texts) → suggestions, one row per term and name it may misspell.

    Columns ``term, kind, id, name, distance``, sorted. Distance: letters added, left out, replaced or
    swapped with a neighbour; 1 for names of at least five letters, up to 2 from ten on. Terms that are
    a name already, or an ordinary word, are not suggested; people decide on the others.
    """
    terms = sorted({term for term in batch.column("term").to_pylist() if term})
    known = set(fold.all_squeezed([name.spelling for name in names])) | set(fold.all_squeezed(list(ordinary)))
    shapes, reach = _index(names)
    rows = set()
    for term, plain in zip(terms, fold.all_squeezed(terms), strict=True):
        most = reach.get(len(plain), 0)
        if plain in known or not most:
            continue
        alike = {pair for shape in _shapes(plain, most) for pair in shapes.get(shape, ())}
        for other, name in alike:
            gap = distance(plain, other)
            if gap <= forgiven(other):
                rows.add((term, name.kind, name.id, name.spelling, gap))
    types = (pa.string(), pa.string(), pa.string(), pa.string(), pa.int32())
    labels = ("term", "kind", "id", "name", "distance")
    ordered = sorted(rows)
    return pa.RecordBatch.from_pydict(
        {
            label: pa.array([row[at] for row in ordered], kind)
            for at, (label, kind) in enumerate(zip(labels, types, strict=True))
        }
    )


def distance(one: str, other: str) -> int:
    """Letters added, left out, replaced, or swapped with a neighbour (optimal string alignment)."""
    before: list[int] = []
    line = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        earlier, before, line = before, line, [at]
        for to, wanted in enumerate(other, start=1):
            cost = min(before[to] + 1, line[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, earlier[to - 2] + 1)
            line.append(cost)
    return line[-1]


def _index(names: Sequence[Name]) -> tuple[dict[str, list[tuple[str, Name]]], dict[int, int]]:
    """Names by the shapes of their letters; by a word's length, how many wrong letters are forgiven."""
    shapes: dict[str, list[tuple[str, Name]]] = {}
    reach: dict[int, int] = {}
    for name, plain in zip(names, fold.all_squeezed([name.spelling for name in names]), strict=True):
        most = forgiven(plain)
        for shape in _shapes(plain, most):
            shapes.setdefault(shape, []).append((plain, name))
        for size in range(len(plain) - most, len(plain) + most + 1):
            reach[size] = max(reach.get(size, 0), most)
    return shapes, reach


def forgiven(plain: str) -> int:
    """How many wrong letters a name, squeezed, may have and still be meant."""
    return 2 if len(plain) >= LONGER else 1 if len(plain) >= LONG else 0


def _shapes(plain: str, most: int) -> set[str]:
    """The word without up to ``most`` letters: two words within that distance share one."""
    return {
        "".join(letter for at, letter in enumerate(plain) if at not in gone)
        for size in range(most + 1)
        for gone in combinations(range(len(plain)), size)
        if size <= len(plain)
    }


def _phrases(names: Sequence[Name]) -> pl.DataFrame:
    rows = [
        (name.kind, name.id, name.spelling, name.owner or name.id) for name in names if name.spelling.strip()
    ]
    frame = pl.DataFrame(rows, dict.fromkeys(("kind", "id", "spelling", "owner"), pl.String), orient="row")
    phrases = points.normal(frame["spelling"].to_list()) if rows else []
    sized = frame.with_columns(phrase=pl.Series(phrases, dtype=pl.String))
    size = pl.col("phrase").str.count_matches(" ").cast(pl.Int64) + 1
    kept = sized.with_columns(size=size).filter(pl.col("size") <= points.LONGEST)
    return kept.unique(["kind", "id", "phrase"], keep="first", maintain_order=True)
