"""Column maps: the YAML that says which column of a table is what, checked before anything is read."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gaung.contract import AUTHOR_METRICS, ENTITIES, METRICS, PLATFORMS, POST_TYPES
from gaung.errors import SettingsInvalid

MAPS_FOLDER = Path(__file__).parent / "maps"

_FIXED = frozenset({"platform", "post_type", "is_collected", "is_deleted", "is_text_altered"})
POST_COLUMNS = tuple(name for name in ENTITIES["posts"].content.names if name not in _FIXED)
AUTHOR_COLUMNS = tuple(
    name for name in ENTITIES["authors"].content.names if name not in {*_FIXED, "author_id"}
)
OBSERVED_AT = "observed_at"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Strict):
    """Where one value comes from: a column, or the same value always.

    Attributes:
        column: the column's name in the header (or in ``file.columns``).
        value: the same for every row.
        values: what the column's words mean; a word outside the list quarantines the row.
        format: of a time: ``iso``, ``day_first``, ``month_first``, ``epoch_s``, ``epoch_ms`` or a pattern
            of strptime.
        timezone: of times written without a zone.
        split: separator of a list within the cell.
        required: an empty cell quarantines the row.
    """

    column: str | None = None
    value: str | int | bool | None = None
    values: dict[str, str | bool] | None = None
    format: str | None = None
    timezone: str | None = None
    split: str | None = None
    required: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> "Cell":
        if (self.column is None) == (self.value is None):
            raise ValueError("give either `column` or `value`")
        return self

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        return _zone(zone)


def _zone(zone: str | None) -> str | None:
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone!r} is no time zone; write for example Asia/Jakarta or UTC") from None
    return zone


class FileForm(_Strict):
    """How the file is written.

    Attributes:
        delimiter: one character; left out, the one whose header holds the map's columns.
        header: the first row names the columns.
        columns: names in order, for files without a header.
        quoting: ``standard`` (cells may stand in double quotes) or ``none`` (quotes are ordinary characters).
        encoding: of text files; UTF-16 and UTF-8 with a byte-order mark are told by the mark.
        decimal: the decimal mark of numbers.
        thousands: the mark between thousands, or ``none``.
        dates: how times are written unless a column says otherwise.
        timezone: of times written without a zone.
        empty: what stands for "not known".
        suffixes: what words after a number multiply it by, beside rb, ribu, k, jt, juta, miliar.
        sheet: name of an Excel sheet; left out, the first.
        skip_rows: rows above the header.
    """

    delimiter: str | None = None
    header: bool = True
    columns: list[str] | None = None
    quoting: Literal["standard", "none"] = "standard"
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", " ", "none"] = "none"
    dates: str = "iso"
    timezone: str | None = None
    empty: list[str] = ["", "-", "n/a", "N/A", "null", "NULL"]
    suffixes: dict[str, int] = {}
    sheet: str | None = None
    skip_rows: int = Field(default=0, ge=0)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        return _zone(zone)

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "".encode(name)
        except LookupError:
            raise ValueError(f"{name!r} is no encoding; write for example utf-8 or latin-1") from None
        return name

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, delimiter: str | None) -> str | None:
        named = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
        found = named.get(delimiter, delimiter) if delimiter is not None else None
        if found is not None and len(found) != 1:
            raise ValueError("write one character, or comma, semicolon, tab or bar")
        return found

    @model_validator(mode="after")
    def _consistent(self) -> "FileForm":
        if not self.header and not self.columns:
            raise ValueError("a file without a header needs `columns`: their names in order")
        if self.header and self.columns:
            raise ValueError("`columns` is for files without a header; write `header: false`")
        if self.decimal == self.thousands:
            raise ValueError("`decimal` and `thousands` cannot be the same mark")
        return self


class ColumnMap(_Strict):
    """What the columns of a table are.

    Attributes:
        title: for people.
        platform: of every row.
        post_type: of every row, or by a column with ``values``.
        file: how the file is written.
        posts, metrics, authors, author_metrics: contract column → where it comes from.
        observed_at: column with the time of export or capture, if the file has one.
        id_from: columns that make a row's id where ``posts.post_id`` is not given.
        ignore: columns that are known and left in the payload; any other is reported once.
    """

    title: str = ""
    platform: str
    post_type: str | Cell = "post"
    file: FileForm = FileForm()
    posts: dict[str, Cell]
    metrics: dict[str, Cell] = {}
    authors: dict[str, Cell] = {}
    author_metrics: dict[str, Cell] = {}
    observed_at: Cell | None = None
    id_from: list[str] = []
    ignore: list[str] = []

    @field_validator("platform")
    @classmethod
    def _known_platform(cls, name: str) -> str:
        if name not in PLATFORMS:
            raise ValueError(f"{name!r} is no platform; known: {', '.join(PLATFORMS)}")
        return name

    @field_validator("post_type", mode="after")
    @classmethod
    def _known_type(cls, given: str | Cell) -> str | Cell:
        found = [given] if isinstance(given, str) else [str(kind) for kind in (given.values or {}).values()]
        for name in found:
            if name not in POST_TYPES:
                raise ValueError(f"{name!r} is no post type; known: {', '.join(POST_TYPES)}")
        if isinstance(given, Cell) and (given.column is None or not given.values):
            raise ValueError("give one post type, or `column` with `values`")
        return given

    @field_validator("posts", "metrics", "authors", "author_metrics", mode="after")
    @classmethod
    def _known_columns(cls, cells: dict[str, Cell], info: Any) -> dict[str, Cell]:
        known = {
            "posts": POST_COLUMNS,
            "metrics": METRICS,
            "authors": AUTHOR_COLUMNS,
            "author_metrics": AUTHOR_METRICS,
        }[info.field_name]
        for name in cells:
            if name not in known:
                raise ValueError(f"{name!r} is no column of {info.field_name}; known: {', '.join(known)}")
        return cells

    @model_validator(mode="after")
    def _enough(self) -> "ColumnMap":
        if "text" not in self.posts and "post_id" not in self.posts:
            raise ValueError("`posts` needs `text`, or `post_id` (for a table of metrics)")
        if (self.authors or self.author_metrics) and "author_id" not in self.posts:
            raise ValueError("`authors` and `author_metrics` need `posts.author_id`")
        return self

    def cells(self) -> dict[str, Cell]:
        """Every cell of the map by its dotted place in the file."""
        found: dict[str, Cell] = {}
        for group in ("posts", "metrics", "authors", "author_metrics"):
            found |= {f"{group}.{name}": cell for name, cell in getattr(self, group).items()}
        if isinstance(self.post_type, Cell):
            found["post_type"] = self.post_type
        if self.observed_at is not None:
            found[OBSERVED_AT] = self.observed_at
        return found

    def needed(self) -> dict[str, str]:
        """Every column of the table that the map names → where in the map it is first named."""
        found: dict[str, str] = {}
        for place, cell in self.cells().items():
            if cell.column is not None:
                found.setdefault(cell.column, place)
        for position, name in enumerate(self.id_from):
            found.setdefault(name, f"id_from.{position}")
        return found


class LoadedMap(dict[str, Any]):
    """A column map as plain data, with the file and the line of each entry for error messages."""

    name: str = ""
    lines: Mapping[str, int] = {}


def map_names() -> tuple[str, ...]:
    """Names of the column maps that come with Gaung."""
    return tuple(sorted(path.stem for path in MAPS_FOLDER.glob("*.yml")))


def load_map(name_or_path: str | Path) -> LoadedMap:
    """A column map by path or by the name of a shipped one, checked.

    Raises:
        SettingsInvalid: no such map, no YAML, or a wrong entry; names file and line.
    """
    path = Path(name_or_path)
    if not path.is_file():
        shipped = MAPS_FOLDER / f"{name_or_path}.yml"
        if path.suffix or len(path.parts) > 1 or not shipped.is_file():
            raise SettingsInvalid(
                f"column map {str(name_or_path)!r}: no such file, and none of the shipped maps "
                f"({', '.join(map_names())})"
            )
        path = shipped
    try:
        words = path.read_text(encoding="utf-8-sig")
        root = yaml.compose(words, Loader=yaml.SafeLoader)
        data = yaml.safe_load(words)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise SettingsInvalid(f"{path}{where}: not readable as YAML ({error})") from error
    if not isinstance(data, dict):
        raise SettingsInvalid(f"{path}: a column map is a list of `key: value` entries")
    loaded = LoadedMap(data)
    loaded.name, loaded.lines = str(path), _lines(root)
    parse_map(loaded)
    return loaded


def parse_map(data: Mapping[str, Any]) -> ColumnMap:
    """The checked map of plain data (as a manifest keeps it).

    Raises:
        SettingsInvalid: names every wrong entry, with its line where the data came from a file.
    """
    try:
        return _parsed(json.dumps(data, sort_keys=True))
    except ValidationError as error:
        named = "; ".join(_words(data, dict(problem)) for problem in error.errors(include_url=False))
        raise SettingsInvalid(f"column map {getattr(data, 'name', '') or ''}: {named}") from None
    except TypeError as error:
        raise SettingsInvalid(
            f"column map {getattr(data, 'name', '')}: {error}; put dates and times in quotes"
        ) from None


@lru_cache(maxsize=32)
def _parsed(words: str) -> ColumnMap:
    return ColumnMap.model_validate_json(words)


def _words(data: Mapping[str, Any], problem: dict[str, Any]) -> str:
    steps = [str(step) for step in problem["loc"] if str(step) not in ("Cell", "str")]
    what = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        what = "no such entry"
    place = ".".join(steps)
    if named := re.match(r"'(.+?)' is no column", what):
        place = f"{place}.{named[1]}"
    return f"{place or 'the map'}{line_of(data, place)}: {what}"


def line_of(data: Mapping[str, Any], place: str) -> str:
    """``' (line 12)'`` of an entry, or of the nearest entry above it; '' if the lines are not known."""
    lines: Mapping[str, int] = getattr(data, "lines", {})
    steps = place.split(".")
    while steps:
        line = lines.get(".".join(steps))
        if line is not None:
            return f" (line {line})"
        steps.pop()
    return ""


def _lines(root: yaml.Node | None, prefix: str = "") -> dict[str, int]:
    """Dotted place → line number, from the YAML's own marks."""
    found: dict[str, int] = {}
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            place = f"{prefix}{key.value}"
            found[place] = key.start_mark.line + 1
            found |= _lines(value, f"{place}.")
    elif isinstance(root, yaml.SequenceNode):
        for position, value in enumerate(root.value):
            found[f"{prefix}{position}"] = value.start_mark.line + 1
    return found
