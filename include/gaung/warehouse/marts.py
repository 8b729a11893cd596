"""What the marts declare about themselves, read from the models' YAML.

The YAML files under ``dbt_project/models/marts`` and ``models/reports`` are the one description of a
mart: types, key, partition, references, and the words for readers. The publisher, the gate, the
glossary and the tests all derive from :func:`load`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gaung.errors import SettingsInvalid
from gaung.settings import get_settings
from gaung.warehouse.partitions import KINDS, WHOLE

FOLDER: Path | None = None
"""Where the declarations stand; None: in the settings' dbt project."""

SUBFOLDERS = ("marts", "reports")

LINEAGE_COLUMNS = ("batch_id", "payload_ref", "built_at", "version", "published_version")
"""Columns in which two equal rows may differ."""


@dataclass(frozen=True)
class Column:
    """One published column: type, and what readers are told about it in both languages."""

    name: str
    data_type: str
    description: str
    description_id: str
    unit: str | None = None
    formula: str | None = None
    null_rule: str | None = None
    is_required: bool = False

    @property
    def comment(self) -> str:
        """The column's comment in the database: English, Indonesian, unit, formula, NULL rule."""
        parts = [self.description, f"ID: {self.description_id}" if self.description_id else ""]
        parts += [f"Unit: {self.unit}." if self.unit else ""]
        parts += [f"Formula: {self.formula}." if self.formula else ""]
        parts += [f"NULL: {self.null_rule}." if self.null_rule else ""]
        return " ".join(_sentence(part) for part in parts if part)


@dataclass(frozen=True)
class ForeignKey:
    """A reference to another mart; deferrable, so that one publication may change both sides."""

    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True)
class Mart:
    """One published table.

    Attributes:
        kind: partition kind of ``warehouse.partitions``.
        partition: the mart's columns that hold the kind's key, in the kind's order; for ``whole``
            the primary key: such a mart is replaced row by row, where rows differ.
        indexes: columns by which dashboards look rows up, beside the keys.
    """

    name: str
    description: str
    description_id: str
    kind: str
    partition: tuple[str, ...]
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    path: Path | None = None
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns by which a publication replaces rows."""
        return self.primary_key if self.kind == WHOLE else self.partition

    @property
    def key_names(self) -> tuple[str, ...]:
        """Names of the same columns in ``core.dirty__<kind>``."""
        return self.primary_key if self.kind == WHOLE else tuple(KINDS[self.kind])

    @property
    def comment(self) -> str:
        """The table's comment: English, then Indonesian."""
        return f"{_sentence(self.description)} ID: {_sentence(self.description_id)}"

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when the mart has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"mart {self.name} has no column {name!r}")


def load(folder: Path | None = None) -> tuple[Mart, ...]:
    """All declared marts in name order.

    Raises:
        SettingsInvalid: a declaration lacks what the publisher needs; names file and mart.
    """
    chosen = folder or FOLDER
    models = get_settings().dbt_project / "models"
    return _load((chosen,) if chosen else tuple(models / name for name in SUBFOLDERS))


def get(name: str) -> Mart:
    """The mart of that name; KeyError lists the known ones."""
    marts = {mart.name: mart for mart in load()}
    if name not in marts:
        raise KeyError(f"unknown mart {name!r}; known: {', '.join(marts)}")
    return marts[name]


def in_reference_order(marts: tuple[Mart, ...]) -> tuple[Mart, ...]:
    """The same marts, referenced before referencing, so that constraints can be created in order."""
    by_name = {mart.name: mart for mart in marts}
    done: dict[str, Mart] = {}

    def visit(mart: Mart, trail: tuple[str, ...]) -> None:
        if mart.name in done:
            return
        if mart.name in trail:
            raise SettingsInvalid(f"marts refer to each other in a circle: {' → '.join((*trail, mart.name))}")
        for reference in mart.foreign_keys:
            if reference.to != mart.name and reference.to in by_name:
                visit(by_name[reference.to], (*trail, mart.name))
        done[mart.name] = mart

    for mart in marts:
        visit(mart, ())
    return tuple(done.values())


@lru_cache(maxsize=8)
def _load_cached(files: tuple[tuple[Path, int, int], ...]) -> tuple[Mart, ...]:
    marts = [mart for path, _, _ in files for mart in _read(path)]
    marts.sort(key=lambda mart: mart.name)
    names = [mart.name for mart in marts]
    for name in names:
        if names.count(name) > 1:
            raise SettingsInvalid(f"mart {name} is declared more than once; keep one of its YAML entries")
    for mart in marts:
        for reference in mart.foreign_keys:
            if reference.to not in names:
                raise SettingsInvalid(
                    f"{mart.path}: {mart.name} refers to {reference.to!r}, which is not a mart; "
                    f"known: {', '.join(names)}"
                )
    return tuple(marts)


def _load(folders: tuple[Path, ...]) -> tuple[Mart, ...]:
    files = []
    for path in sorted(path for folder in folders for path in folder.rglob("*.y*ml")):
        state = path.stat()
        files.append((path, state.st_mtime_ns, state.st_size))
    return _load_cached(tuple(files))


def _read(path: Path) -> Iterator[Mart]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SettingsInvalid(f"{path} is not valid YAML: {error}") from error
    for model in content.get("models", []):
        meta = _meta(model)
        if "partition" in meta:
            yield _mart(model, meta, path)


def _meta(node: Mapping[str, Any]) -> dict[str, Any]:
    """``config.meta``, or ``meta`` where it stands directly on the node."""
    config = node.get("config") or {}
    return {**(node.get("meta") or {}), **(config.get("meta") or {})}


def _mart(model: Mapping[str, Any], meta: Mapping[str, Any], path: Path) -> Mart:
    name = str(model.get("name"))
    where = f"{path.name}: mart {name}"
    partition = meta["partition"]
    kind = partition.get("kind")
    if kind != WHOLE and kind not in KINDS:
        raise SettingsInvalid(f"{where} has partition kind {kind!r}; known: {', '.join([*KINDS, WHOLE])}")
    primary_key = _primary_key(model, where)
    columns = tuple(_column(column, primary_key, where) for column in model.get("columns") or [])
    names = [column.name for column in columns]
    keys = () if kind == WHOLE else tuple(partition.get("columns") or KINDS[kind])
    if kind != WHOLE and len(keys) != len(KINDS[kind]):
        raise SettingsInvalid(
            f"{where}: partition kind {kind} has the columns {', '.join(KINDS[kind])}, not {', '.join(keys)}"
        )
    indexes = tuple(tuple(map(str, entry)) for entry in meta.get("indexes") or [])
    for column in (*primary_key, *keys, *(name for index in indexes for name in index)):
        if column not in names:
            raise SettingsInvalid(f"{where}: key column {column!r} is not among its columns")
    return Mart(
        name=name,
        description=str(model.get("description") or "").strip(),
        description_id=str(meta.get("id") or "").strip(),
        kind=kind,
        partition=keys or primary_key,
        columns=columns,
        primary_key=primary_key,
        foreign_keys=tuple(_foreign_key(entry, where) for entry in meta.get("foreign_keys") or []),
        path=path,
        indexes=indexes,
    )


def _primary_key(model: Mapping[str, Any], where: str) -> tuple[str, ...]:
    config = model.get("config") or {}
    constraints = [*(model.get("constraints") or []), *(config.get("constraints") or [])]
    for constraint in constraints:
        if constraint.get("type") == "primary_key" and constraint.get("columns"):
            return tuple(constraint["columns"])
    for column in model.get("columns") or []:
        if any(entry.get("type") == "primary_key" for entry in column.get("constraints") or []):
            return (str(column["name"]),)
    raise SettingsInvalid(f"{where} declares no primary key; add constraints: [{{type: primary_key, …}}]")


def _column(column: Mapping[str, Any], primary_key: tuple[str, ...], where: str) -> Column:
    meta = _meta(column)
    name = str(column.get("name"))
    if not column.get("data_type"):
        raise SettingsInvalid(f"{where}: column {name} has no data_type")
    required = any(entry.get("type") == "not_null" for entry in column.get("constraints") or [])
    return Column(
        name=name,
        data_type=str(column["data_type"]),
        description=str(column.get("description") or "").strip(),
        description_id=str(meta.get("id") or "").strip(),
        unit=_text(meta.get("unit")),
        formula=_text(meta.get("formula")),
        null_rule=_text(meta.get("null_rule")),
        is_required=required or name in primary_key,
    )


def _foreign_key(entry: Mapping[str, Any], where: str) -> ForeignKey:
    try:
        columns = tuple(entry["columns"])
        return ForeignKey(columns, str(entry["to"]), tuple(entry.get("to_columns") or columns))
    except KeyError as error:
        raise SettingsInvalid(f"{where}: a foreign key lacks {error}; it needs columns and to") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip().rstrip(".") or None


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text[-1] in ".!?…" else f"{text}."
