"""Mapping tables: where each contract column of a format comes from, as data that drives the code.

A format declares one :class:`EntityMapping` per entity it fills. Every content column of the
contract must be named in it, with one of

* :class:`Take` – the value at a dotted path (or the first of several) through a converter,
* :class:`Derive` – a function of the payload, with the paths that it reads,
* :class:`Given` – a value that the mapper's caller knows (e.g. which part of a page an object stood in),
* :class:`Const` – the same value always,
* :class:`Absent` – NULL, with the reason why the platform or format does not report it.

A column left out or misspelt is an error when the module is imported. READMEs and the list of
reported metrics are rendered from the same objects (:mod:`gaung.sources.docs`), so they cannot
differ from what the code does.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from typing import Any

from gaung.contract import ENTITIES, PLATFORMS, POST_TYPES, TEXT_PARTS, Entity
from gaung.sources.base import MappingError, Row

Converter = Callable[[Any, str], Any]
Payload = Mapping[str, Any]

SET_BY_LOADER = frozenset({"is_text_altered"})
"""Columns that no mapping names: the loader knows them."""

BIGINT_MAX = 2**63 - 1
_MISSING = object()
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------
# Converters: (value, path) -> value; they never see None
# ---------------------------------------------------------------------------------------------


def _shown(value: Any) -> str:
    words = repr(value)
    return words if len(words) <= 60 else words[:57] + "…"


def _retyped(path: str, value: Any, wanted: str) -> MappingError:
    return MappingError("field_retyped", path, f"{path}: expected {wanted}, found {_shown(value)}")


def text(value: Any, path: str) -> str:
    """The string as received; anything else is ``field_retyped``."""
    if isinstance(value, str):
        return value
    raise _retyped(path, value, "text")


def word(value: Any, path: str) -> str | None:
    """The string without surrounding blanks, None when nothing is left (names, codes, addresses)."""
    return text(value, path).strip() or None


def id_text(value: Any, path: str) -> str:
    """An id as text, from a string or an exact integer; a float lost digits and is ``float_id``."""
    if isinstance(value, str):
        if not value.strip():
            raise _retyped(path, value, "an id")
        return value.strip()
    if isinstance(value, float):
        raise MappingError(
            "float_id",
            path,
            f"{path}: the id {value!r} went through a floating-point number and lost digits; "
            "export again with ids as text",
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _retyped(path, value, "an id")


def optional_id(value: Any, path: str) -> str | None:
    """Like :func:`id_text`; an empty string is None."""
    return None if isinstance(value, str) and not value.strip() else id_text(value, path)


def integer(value: Any, path: str) -> int:
    """A whole number that Postgres can hold, from an integer or a numeric string; never from a float."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,30}\s*", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _retyped(path, value, "a whole number")
    if abs(value) > BIGINT_MAX:
        raise MappingError("out_of_range", path, f"{path}: {_shown(value)} is larger than a 64-bit integer")
    return value


def count(value: Any, path: str) -> int:
    """Like :func:`integer`, and never negative."""
    number = integer(value, path)
    if number < 0:
        raise MappingError("out_of_range", path, f"{path}: a count cannot be {number}")
    return number


def real(value: Any, path: str) -> float:
    """A finite number, from a number or a numeric string."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise _retyped(path, value, "a number") from None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _retyped(path, value, "a number")
    if not math.isfinite(value):
        raise MappingError("out_of_range", path, f"{path}: {value!r} is not a finite number")
    return float(value)


def milliseconds(value: Any, path: str) -> float:
    """Seconds from a number of milliseconds."""
    return real(value, path) / 1000


def flag(value: Any, path: str) -> bool:
    """A JSON boolean; anything else is ``field_retyped``."""
    if isinstance(value, bool):
        return value
    raise _retyped(path, value, "true or false")


def texts(value: Any, path: str) -> list[str]:
    """A list of non-empty strings, each once, in order."""
    if not isinstance(value, list):
        raise _retyped(path, value, "a list of texts")
    return list(dict.fromkeys(text(item, path) for item in value if item not in (None, "")))


def ids(value: Any, path: str) -> list[str]:
    """A list of ids as text, each once, in order."""
    if not isinstance(value, list):
        raise _retyped(path, value, "a list of ids")
    return list(dict.fromkeys(id_text(item, path) for item in value))


def _sane(moment: datetime, path: str) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise MappingError("bad_date", path, f"{path}: {moment.isoformat()} is not between 1990 and 2200")
    return moment


def time_iso(value: Any, path: str) -> datetime:
    """UTC time of an ISO 8601 string; one without a zone is ``date_without_zone``."""
    raw = text(value, path).strip()
    # Graph API writes +0000, which fromisoformat takes from Python 3.11 on.
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise MappingError("bad_date", path, f"{path}: {_shown(raw)} is not an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise MappingError(
            "date_without_zone",
            path,
            f"{path}: {_shown(raw)} has no time zone, so it is no moment; export with zone",
        )
    try:
        return _sane(moment.astimezone(UTC), path)
    except OverflowError:
        raise MappingError("bad_date", path, f"{path}: {_shown(raw)} is out of range") from None


def _epoch(value: Any, path: str, per_second: int) -> datetime:
    number = real(value, path)
    try:
        if float(number).is_integer():
            seconds, rest = divmod(int(number), per_second)
            moment = datetime.fromtimestamp(seconds, UTC).replace(
                microsecond=rest * (1_000_000 // per_second)
            )
        else:
            moment = datetime.fromtimestamp(round(number / per_second, 6), UTC)
    except (OverflowError, ValueError, OSError):
        raise MappingError("bad_date", path, f"{path}: {_shown(value)} is not a time") from None
    return _sane(moment, path)


def time_epoch_s(value: Any, path: str) -> datetime:
    """UTC time of seconds since 1970 (number or numeric string)."""
    return _epoch(value, path, 1)


def time_epoch_ms(value: Any, path: str) -> datetime:
    """UTC time of milliseconds since 1970 (number or numeric string)."""
    return _epoch(value, path, 1000)


_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_MONTH_NAMES, 1)}
_TWITTER_TIME = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ({'|'.join(_MONTHS)}) ([0-9]{{2}}) ([0-9:]{{8}}) \+0000 ([0-9]{{4}})"
)


def time_twitter(value: Any, path: str) -> datetime:
    """UTC time of ``Wed Oct 10 20:19:24 +0000 2018``."""
    raw = text(value, path)
    found = _TWITTER_TIME.fullmatch(raw)
    try:
        if found is not None:  # as X writes it; many times faster than strptime
            month, day, clock, year = found.groups()
            moment = datetime.fromisoformat(f"{year}-{_MONTHS[month]}-{day}T{clock}+00:00")
        else:
            moment = datetime.strptime(raw, "%a %b %d %H:%M:%S %z %Y")
    except ValueError:
        raise MappingError("bad_date", path, f"{path}: {_shown(raw)} is not a time of X API v1.1") from None
    return _sane(moment.astimezone(UTC), path)


def time_rfc2822(value: Any, path: str) -> datetime:
    """UTC time of ``Wed, 10 Oct 2018 20:19:24 GMT``."""
    raw = text(value, path)
    try:
        moment = parsedate_to_datetime(raw)
    except (ValueError, TypeError, IndexError):
        raise MappingError("bad_date", path, f"{path}: {_shown(raw)} is not an RFC 2822 time") from None
    if moment.tzinfo is None:
        raise MappingError("date_without_zone", path, f"{path}: {_shown(raw)} has no time zone")
    return _sane(moment.astimezone(UTC), path)


_OLD_LANGUAGE_CODES = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro"}


def language(value: Any, path: str) -> str | None:
    """Language code in its current form (``in`` → ``id``, ``iw`` → ``he``); None for an empty string."""
    code = text(value, path).strip().lower().replace("_", "-")
    return _OLD_LANGUAGE_CODES.get(code, code) or None


def closed(choices: Mapping[Any, str], otherwise: str | None = None) -> Converter:
    """A converter by table; a value outside it gives ``otherwise``, or ``field_retyped`` if None."""

    def convert(value: Any, path: str) -> str:
        try:
            return choices[value]
        except (KeyError, TypeError):
            if otherwise is not None:
                return otherwise
            wanted = "one of " + ", ".join(map(str, choices))
            raise _retyped(path, value, wanted) from None

    convert.__name__ = "closed"
    return convert


# ---------------------------------------------------------------------------------------------
# Paths
# ---------------------------------------------------------------------------------------------


class _Retyped(Exception):
    """An object or list on the way to a value has another type."""

    def __init__(self, path: str, value: Any, wanted: str) -> None:
        super().__init__(path)
        self.path, self.value, self.wanted = path, value, wanted


@dataclass(frozen=True, slots=True)
class _Path:
    """A compiled dotted path: keys, list positions (``0``) and ``[]`` for each element."""

    words: str
    steps: tuple[str, ...]

    def get(self, payload: Any) -> Any:
        """Value there; ``_MISSING`` if absent or null; :class:`_Retyped` where the way is blocked."""
        node = payload
        for step in self.steps:  # the common way: objects in objects
            if type(node) is not dict:
                return _MISSING if node is None else _descend(payload, self.steps, 0, self.words)
            node = node.get(step)
        return _MISSING if node is None else node


def _descend(node: Any, steps: tuple[str, ...], start: int, words: str) -> Any:
    for position in range(start, len(steps)):
        step = steps[position]
        if node is None:
            return _MISSING
        if step == "[]":
            if not isinstance(node, list):
                raise _Retyped(_join(steps[:position]), node, "a list")
            found = [_descend(item, steps, position + 1, words) for item in node]
            return [item for item in found if item is not _MISSING]
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdigit():
            node = node[int(step)] if int(step) < len(node) else None
        else:
            raise _Retyped(_join(steps[:position]), node, "an object")
    return _MISSING if node is None else node


def _join(steps: Iterable[str]) -> str:
    return ".".join(steps).replace(".[]", "[]")


@lru_cache(maxsize=4096)
def _compile(path: str) -> _Path:
    steps = tuple(step for step in path.replace("[]", ".[]").split(".") if step)
    if not steps:
        raise ValueError("a path needs at least one step")
    return _Path(path, steps)


def get(payload: Any, path: str, default: Any = None) -> Any:
    """Value at a dotted path for use in ``Derive`` functions; ``default`` if absent, null or blocked."""
    try:
        found = _compile(path).get(payload)
    except _Retyped:
        return default
    return default if found is _MISSING else found


def take(payload: Any, paths: str | tuple[str, ...], convert: Converter) -> Any:
    """Converted value of the first path that has one, None if none has; as :class:`Take` does."""
    return _taker(paths, convert).value(payload, {})


@lru_cache(maxsize=1024)
def _taker(paths: str | tuple[str, ...], convert: Converter) -> "Take":
    return Take(paths, convert)


# ---------------------------------------------------------------------------------------------
# Where a column comes from
# ---------------------------------------------------------------------------------------------


class Take:
    """The first of the paths that has a value, through a converter; NULL if none has.

    Args:
        paths: dotted path, or several in order of preference (``a.b``, ``a.0.b``, ``a[].b``).
        convert: called with (value, path) unless the value is absent or null.
        required: absent or null is ``field_missing`` instead of NULL.
        since: for metrics, the date from which the platform reports it (ISO date), if known.
        only: for metrics, to whom or where alone it is reported, if not with every observation.
        note: a remark for the README.
    """

    def __init__(
        self,
        paths: str | tuple[str, ...],
        convert: Converter,
        *,
        required: bool = False,
        since: str | None = None,
        only: str = "",
        note: str = "",
    ) -> None:
        self.paths = (paths,) if isinstance(paths, str) else tuple(paths)
        self.convert, self.required, self.since = convert, required, since
        self.only, self.note = only, note
        self._compiled = tuple(_compile(path) for path in self.paths)
        self._steps, self._words = self._compiled[0].steps, self._compiled[0].words
        self._ends_here = len(self.paths) == 1 and not required

    def value(self, payload: Payload, given: Mapping[str, Any]) -> Any:
        """The column's value in a payload; MappingError if it cannot be read."""
        node: Any = payload
        for step in self._steps:  # the common way: the first path has a value, or the only one has none
            if type(node) is not dict:
                break
            node = node.get(step)
        else:
            if node is not None:
                return self.convert(node, self._words)
            if self._ends_here:
                return None
        return self._any_way(payload)

    def _any_way(self, payload: Payload) -> Any:
        blocked: _Retyped | None = None
        for path in self._compiled:
            try:
                found = path.get(payload)
            except _Retyped as error:
                blocked = blocked or error
                continue
            if found is not _MISSING:
                return self.convert(found, path.words)
        if blocked is not None:
            raise _retyped(blocked.path, blocked.value, blocked.wanted)
        if self.required:
            named = " or ".join(self.paths)
            raise MappingError("field_missing", self.paths[0], f"{named} is missing or null")
        return None

    @property
    def reads(self) -> tuple[str, ...]:
        """Paths of the payload that this column reads."""
        return self.paths

    @property
    def words(self) -> str:
        """For the README."""
        way = " or ".join(f"`{path}`" for path in self.paths)
        name = getattr(self.convert, "__name__", "converter")
        parts = [way, f"({name}{', required' if self.required else ''})", self.note, self.only]
        return " ".join(part for part in parts if part)


class Derive:
    """A function ``(payload, given) -> value``; may raise MappingError.

    Args:
        function: gives the value, or None.
        reads: dotted paths (one string, separated by commas, or several strings).
        note: one sentence: how.
        since, only: as for :class:`Take`.
    """

    def __init__(
        self,
        function: Callable[[Any, Mapping[str, Any]], Any],
        reads: str | tuple[str, ...] = (),
        note: str = "",
        *,
        since: str | None = None,
        only: str = "",
    ) -> None:
        names = reads.split(",") if isinstance(reads, str) else reads
        self.reads = tuple(name.strip() for name in names if name.strip())
        self.function, self.note, self.since, self.only = function, note, since, only

    def value(self, payload: Payload, given: Mapping[str, Any]) -> Any:
        """The column's value in a payload."""
        return self.function(payload, given)

    @property
    def words(self) -> str:
        """For the README."""
        way = ", ".join(f"`{path}`" for path in self.reads)
        return " – ".join(part for part in (way, self.note, self.only) if part)


class Given:
    """A value that the caller of :func:`apply` passes by name, e.g. ``is_collected``."""

    reads: tuple[str, ...] = ()
    since: str | None = None
    only: str = ""

    def __init__(self, name: str, note: str, reads: str | tuple[str, ...] = ()) -> None:
        self.name, self.note = name, note
        names = reads.split(",") if isinstance(reads, str) else reads
        self.reads = tuple(name.strip() for name in names if name.strip())

    def value(self, payload: Payload, given: Mapping[str, Any]) -> Any:
        """The passed value; KeyError if the caller forgot it."""
        return given[self.name]

    @property
    def words(self) -> str:
        """For the README."""
        return self.note


class Const:
    """The same value in every row."""

    reads: tuple[str, ...] = ()
    since: str | None = None
    only: str = ""

    def __init__(self, constant: Any, note: str = "") -> None:
        self.constant, self.note = constant, note

    def value(self, payload: Payload, given: Mapping[str, Any]) -> Any:
        """The constant."""
        return self.constant

    @property
    def words(self) -> str:
        """For the README."""
        shown = (
            f"always `{self.constant}`"
            if not isinstance(self.constant, bool)
            else (f"always `{str(self.constant).lower()}`")
        )
        return f"{shown} {self.note}".strip()


class Absent:
    """NULL, because the platform or this form of its data does not report it."""

    reads: tuple[str, ...] = ()
    since: str | None = None
    only: str = ""

    def __init__(self, why: str) -> None:
        if not why.strip():
            raise ValueError("Absent needs the reason")
        self.why = why

    def value(self, payload: Payload, given: Mapping[str, Any]) -> Any:
        """NULL."""
        return None

    @property
    def words(self) -> str:
        """For the README."""
        return f"NULL: {self.why}"


Source = Take | Derive | Given | Const | Absent

_CLOSED_COLUMNS: dict[str, tuple[str, ...]] = {
    "platform": PLATFORMS,
    "post_type": POST_TYPES,
    "part": TEXT_PARTS,
}


@dataclass(frozen=True)
class EntityMapping:
    """Where every column of one entity comes from; complete by construction."""

    entity: Entity
    columns: Mapping[str, Source]
    label: str = ""

    def __post_init__(self) -> None:
        wanted = [name for name in self.entity.content.names if name not in SET_BY_LOADER]
        missing = [name for name in wanted if name not in self.columns]
        unknown = [name for name in self.columns if name not in wanted]
        if missing or unknown:
            raise ValueError(
                f"mapping of {self.entity.name} {self.label}: missing {missing or 'nothing'}, "
                f"unknown {unknown or 'nothing'}"
            )
        for name, source in self.columns.items():
            if not self.entity.content.field(name).nullable and isinstance(source, Absent):
                raise ValueError(f"mapping of {self.entity.name} {self.label}: {name} must not be NULL")
            if isinstance(source, Const):
                _check_closed(self.entity, name, source.constant)

    @cached_property
    def fixed(self) -> Row:
        """Every column, with its value where that is the same in every row, else None."""
        columns = self.columns.items()
        return {name: one.constant if isinstance(one, Const) else None for name, one in columns}

    @cached_property
    def told_by_payload(self) -> tuple[tuple[str, Callable[[Any, Mapping[str, Any]], Any]], ...]:
        """Columns whose value is another in every row, with what gives it."""
        columns = self.columns.items()
        return tuple((name, one.value) for name, one in columns if not isinstance(one, Const | Absent))

    @cached_property
    def never_null(self) -> tuple[str, ...]:
        """Columns that need a value in every row."""
        content = self.entity.content
        return tuple(name for name in self.columns if not content.field(name).nullable)

    @cached_property
    def closed(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Columns with a closed list of values that a payload decides."""
        found = ((name, _CLOSED_COLUMNS[name]) for name in self.columns if name in _CLOSED_COLUMNS)
        return tuple(one for one in found if not isinstance(self.columns[one[0]], Const))

    @cached_property
    def left_to_loader(self) -> dict[str, bool]:
        """Columns that the loader sets, as they are before it does."""
        return {name: False for name in self.entity.content.names if name in SET_BY_LOADER}

    @cached_property
    def told(self) -> tuple[str, ...]:
        """Columns that say something beyond which thing the row is about."""
        return tuple(name for name in self.columns if name not in self.entity.id_columns)

    @property
    def reads(self) -> frozenset[str]:
        """All paths that the mapping reads."""
        return frozenset(path for source in self.columns.values() for path in source.reads)


def _check_closed(entity: Entity, column: str, value: Any) -> None:
    allowed = _CLOSED_COLUMNS.get(column)
    if allowed is not None and value not in allowed:
        raise ValueError(f"{entity.name}.{column}: {value!r} is not one of {', '.join(allowed)}")


def mapping(entity: str, label: str = "", /, **columns: Source) -> EntityMapping:
    """The mapping of one entity; ValueError unless it names every content column of the contract.

    ``**absent("why", "column", …)`` helps where a platform reports few of many columns.
    """
    return EntityMapping(ENTITIES[entity], columns, label)


def absent(why: str, *columns: str) -> dict[str, Source]:
    """Several columns that are NULL for the same reason, to be spread into :func:`mapping`."""
    return {column: Absent(why) for column in columns}


def apply(table: EntityMapping, payload: Any, given: Mapping[str, Any] | None = None) -> Row:
    """One contract row of a payload.

    Args:
        table: the mapping.
        payload: the platform's object.
        given: values of the mapping's ``Given`` columns, also passed to ``Derive`` functions.

    Raises:
        MappingError: a required field is missing, a field has another type, a value is impossible.
    """
    if not isinstance(payload, Mapping):
        raise _retyped("", payload, "an object")
    values = given or {}
    row = table.fixed.copy()
    for name, value in table.told_by_payload:
        row[name] = value(payload, values)
    for name in table.never_null:
        if row[name] is None:
            raise MappingError("field_missing", name, f"no value for {name}, which every row needs")
    for name, allowed in table.closed:
        if row[name] not in allowed:
            raise MappingError("field_retyped", name, f"{name}: {row[name]!r} is not known to the contract")
    row.update(table.left_to_loader)
    return row


def has_values(table: EntityMapping, row: Row) -> bool:
    """True if a row says anything beyond its id columns (an all-NULL observation says nothing)."""
    return any(row[name] is not None for name in table.told)


# ---------------------------------------------------------------------------------------------
# Fields that nobody has seen before
# ---------------------------------------------------------------------------------------------


_ALL = ""
"""Key of a tree whose every field is known."""


@dataclass(frozen=True)
class KnownFields:
    """The fields that a format knows, as a tree; what else a payload holds is reported once.

    ``KnownFields.of(paths)`` takes the paths that mappings read plus those that are known and left
    in the payload. A path that ends at an object makes everything below it known.
    """

    tree: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, *groups: Iterable[str] | EntityMapping) -> "KnownFields":
        """From mappings and iterables of dotted paths."""
        tree: dict[str, Any] = {}
        for group in groups:
            for path in group.reads if isinstance(group, EntityMapping) else group:
                node = tree
                for step in _compile(path).steps:
                    if step != "[]" and not step.isdigit():
                        node = node.setdefault(step, {})
                node[_ALL] = {}
        return cls(tree)

    def unknown(self, payload: Any) -> frozenset[str]:
        """Dotted paths in a payload that the format does not know (their top only)."""
        found: set[str] = set()
        _collect_unknown(payload, self.tree, "", found)
        return frozenset(found)


def _collect_unknown(node: Any, tree: Mapping[str, Any], prefix: str, found: set[str]) -> None:
    if _ALL in tree:
        return
    if isinstance(node, list):
        for item in node:
            _collect_unknown(item, tree, prefix, found)
    elif isinstance(node, dict):
        for key, value in node.items():
            below = tree.get(key)
            if below is None:
                found.add(f"{prefix}{key}")
            elif isinstance(value, dict | list):
                _collect_unknown(value, below, f"{prefix}{key}.", found)
