"""Rows of a table as rows of the contract, by the mapping tables that a column map spells out."""

from collections.abc import Callable, Mapping
from typing import Any

from gaung.contract import ENTITIES
from gaung.sources.base import Context, Mapped, MappingError, Record, Rows
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    EntityMapping,
    Source,
    apply,
    has_values,
    language,
    mapping,
)
from gaung.sources.table import cells
from gaung.sources.table.columnmap import OBSERVED_AT, Cell, ColumnMap, FileForm
from gaung.sources.table.reader import EXACT_DIGITS, TableRow

_PUBLIC = frozenset({"public", "unlisted"})
_NOT_MAPPED = "the column map does not name it"
Reading = Callable[[str, str], Any]


_TABLES: dict[int, tuple[ColumnMap, dict[str, EntityMapping]]] = {}


def tables(table: ColumnMap) -> dict[str, EntityMapping]:
    """The mapping tables of a column map, made once."""
    known = _TABLES.get(id(table))
    if known is None or known[0] is not table:
        known = (table, build(table))
        _TABLES[id(table)] = known
    return known[1]


def build(table: ColumnMap) -> dict[str, EntityMapping]:
    """Mapping tables of a column map: posts, and what else it names."""
    author = {"platform": Const(table.platform), "author_id": _source("author_id", table.posts, table.file)}
    made = {"posts": mapping("posts", **_posts(table))}
    if table.metrics:
        ids: dict[str, Source] = {"platform": Const(table.platform), "post_id": _post_id(table)}
        made["post_metrics"] = mapping(
            "post_metrics", **ids, **_group("post_metrics", table.metrics, table, ids)
        )
    if table.authors:
        made["authors"] = mapping("authors", **author, **_group("authors", table.authors, table, author))
    if table.author_metrics:
        group = _group("author_metrics", table.author_metrics, table, author)
        made["author_metrics"] = mapping("author_metrics", **author, **group)
    return made


def _posts(table: ColumnMap) -> dict[str, Source]:
    kind = table.post_type
    made: dict[str, Source] = {
        "platform": Const(table.platform),
        "post_id": _post_id(table),
        "post_type": Const(kind) if isinstance(kind, str) else _from_cell("post_type", kind, table.file),
        "is_collected": Const(True),
        "is_deleted": Const(False),
    }
    return made | _group("posts", table.posts, table, made)


def _post_id(table: ColumnMap) -> Source:
    if "post_id" in table.posts:
        return _source("post_id", table.posts, table.file)
    return Derive(lambda row, given: row["row"].generated_id, (), "made from the row's content")


def _group(
    entity: str, named: Mapping[str, Cell], table: ColumnMap, done: Mapping[str, Source]
) -> dict[str, Source]:
    """Every other column of an entity: from the map, or NULL."""
    columns = (
        name for name in ENTITIES[entity].content.names if name not in done and name != "is_text_altered"
    )
    return {name: _source(name, named, table.file) for name in columns}


def _source(name: str, named: Mapping[str, Cell], form: FileForm) -> Source:
    cell = named.get(name)
    return Absent(_NOT_MAPPED) if cell is None else _from_cell(name, cell, form)


def _from_cell(name: str, cell: Cell, form: FileForm) -> Source:
    read = _reading(name, cell, form)
    if cell.value is not None:
        constant = str(cell.value) if not isinstance(cell.value, bool) else ("ya" if cell.value else "tidak")
        return Derive(lambda row, given: read(constant, name), (), f"always {cell.value!r}")
    column = str(cell.column)
    must = cell.required or name in ("post_id", "post_type")

    def derive(payload: Any, given: Mapping[str, Any]) -> Any:
        row: TableRow = payload["row"]
        words = row.cells.get(column)
        path = row.path(column)
        if words is None:
            if must:
                raise MappingError("field_missing", path, f"{path}: the cell is empty")
            return None
        if name.endswith("_id") and column in row.rounded and len(words.strip()) > EXACT_DIGITS:
            raise _rounded(words, path)
        return read(words if name == "text" else words.strip(), path)

    return Derive(derive, (), f"column {column!r}")


def _rounded(words: str, path: str) -> MappingError:
    return MappingError(
        "float_id",
        path,
        f"{path}: {words} stands in the sheet as a number, which keeps 15 digits only; "
        "format the column as text and export again",
    )


def _reading(name: str, cell: Cell, form: FileForm) -> Reading:
    """How the words of a contract column are read."""
    if cell.values is not None:
        return _by_values(cell.values)
    if name in ("created_at", OBSERVED_AT):
        how, zone = cell.format or form.dates, cell.timezone or form.timezone
        return lambda words, path: cells.moment(words, path, how, zone)
    return _plain_reading(name, cell, form)


def _plain_reading(name: str, cell: Cell, form: FileForm) -> Reading:
    if name.endswith("_id"):
        return cells.identity
    if name in ("hashtags", "mentions", "urls"):
        strip = {"hashtags": "#", "mentions": "@"}.get(name, "")
        return lambda words, path: cells.items(words, cell.split, strip)
    if name in ("duration_s", "lat", "lon"):
        return lambda words, path: cells.real(words, path, form)
    if name.startswith("is_"):
        return cells.flag
    if name == "lang_reported":
        return language
    if name == "handle":
        return lambda words, path: words.lstrip("@") or None
    if name == "score":
        return lambda words, path: cells.integer(words, path, form)
    if name in ENTITIES["post_metrics"].content.names or name in ENTITIES["author_metrics"].content.names:
        return lambda words, path: cells.count(words, path, form)
    return lambda words, path: words


def _by_values(values: Mapping[str, str | bool]) -> Reading:
    folded = {key.strip().casefold(): value for key, value in values.items()}

    def read(words: str, path: str) -> str | bool:
        try:
            return folded[words.strip().casefold()]
        except KeyError:
            known = ", ".join(values)
            raise MappingError(
                "field_retyped", path, f"{path}: {words!r} is none of the map's `values` ({known})"
            ) from None

    return read


def map_record(record: Record, context: Context) -> Mapped:
    """Rows of one table row."""
    row: TableRow = record.payload
    if not row.cells:
        return Mapped(ignored="blank_row")
    payload = {"row": row}
    made = tables(row.map)
    post = apply(made["posts"], payload)
    _require_public(post, row)
    rows: Rows = {"posts": [post]}
    for entity in ("post_metrics", "authors", "author_metrics"):
        if entity not in made or (entity.startswith("author") and post["author_id"] is None):
            continue
        found = apply(made[entity], payload)
        if has_values(made[entity], found):
            rows[entity] = [found]
    if row.map.observed_at is not None:
        observed_at = _from_cell(OBSERVED_AT, row.map.observed_at, row.map.file).value(payload, {})
        if observed_at is not None:
            rows = {
                name: [item | {OBSERVED_AT: observed_at} for item in items] for name, items in rows.items()
            }
    return Mapped(rows, unknown_fields=row.unknown)


def _require_public(post: Mapping[str, Any], row: TableRow) -> None:
    if post["visibility"] is not None and post["visibility"] not in _PUBLIC:
        column = str(row.map.posts["visibility"].column)
        raise MappingError(
            "not_public",
            row.path(column),
            f"{row.path(column)}: {post['visibility']}; only public posts are loaded",
        )
