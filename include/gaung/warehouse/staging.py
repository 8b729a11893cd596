"""Rows of mappers as typed, checked, hashed frames, and frames as the CSV that COPY reads.

Works column by column; a value at a time only where a column holds something that the contract
does not allow. Knows neither platforms nor connections.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import accumulate, chain
from operator import attrgetter, itemgetter
from typing import Any, cast

import polars as pl
import pyarrow as pa

from gaung.contract import ENTITIES, PLATFORMS, POST_TYPES, TEXT_PARTS, UTC_TIME, Entity
from gaung.sources.base import Context, Mapped, Problem, Record, Row

REPLACEMENT = "\ufffd"
FILE_SHIFT = 40
"""Bits of a record's number that count records within a file."""

MAX_ID_BYTES = 512
"""Longer ids would not fit the index of the primary key."""

DEFAULTS: dict[str, Any] = {"is_deleted": False, "is_text_altered": False}
"""What a row means that leaves one of these columns out."""

VISIBLE = frozenset({"public", "unlisted"})
_ALLOWED = {
    "platform": frozenset(PLATFORMS),
    "post_type": frozenset(POST_TYPES),
    "part": frozenset(TEXT_PARTS),
    "visibility": VISIBLE,
}
_TIME = pl.Datetime("us", "UTC")
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.6f+00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = pl.lit(-62_135_596_800_000_000).cast(_TIME)
_LATEST = pl.lit(253_402_300_799_999_999).cast(_TIME)
_SURROGATES = re.compile("[\ud800-\udfff]")
_DTYPES: dict[pa.DataType, Any] = {
    pa.string(): pl.String,
    pa.int64(): pl.Int64,
    pa.float64(): pl.Float64,
    pa.bool_(): pl.Boolean,
    UTC_TIME: _TIME,
    pa.list_(pa.string()): pl.List(pl.String),
}
_PYTHON: dict[pa.DataType, frozenset[type]] = {
    pa.string(): frozenset({str}),
    pa.int64(): frozenset({int}),
    pa.float64(): frozenset({float, int}),
    pa.bool_(): frozenset({bool}),
    UTC_TIME: frozenset({datetime}),
    pa.list_(pa.string()): frozenset({list, tuple}),
}


@dataclass(slots=True)
class Collected:
    """Rows of one entity from some records, in record order; the three lists run side by side.

    ``observed`` is what the records say of their rows; :meth:`observe` lets rows speak for themselves.
    """

    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    observed: list[Any] = field(default_factory=list)
    _shapes: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def shapes(self) -> set[tuple[str, ...]]:
        """Which columns rows name, in which order; first asked for when all rows are there."""
        if not self._shapes:
            self._shapes = set(map(tuple, self.rows))
        return self._shapes

    @property
    def names(self) -> set[str]:
        """All columns that any row names."""
        return set(chain.from_iterable(self.shapes))

    def observe(self, entity: str) -> dict[int, Problem]:
        """By record number, why the time of observation of a row cannot be; each row's time is known then."""
        if "observed_at" in self.names:
            self.observed = [
                row.get("observed_at") or seen for row, seen in zip(self.rows, self.observed, strict=True)
            ]
        if set(map(type, self.observed)) == {datetime} and None not in set(map(_ZONE, self.observed)):
            return {}
        problems: dict[int, Problem] = {}
        for number, seen in zip(self.numbers, self.observed, strict=True):
            problem = _time_problem(seen, entity)
            if problem is not None:
                problems.setdefault(number, problem)
        return problems

    def without(self, numbers: Iterable[int]) -> "Collected":
        """The same without the rows of some records."""
        gone = set(numbers)
        kept = [at for at, number in enumerate(self.numbers) if number not in gone]
        return Collected(
            [self.rows[at] for at in kept],
            [self.numbers[at] for at in kept],
            [self.observed[at] for at in kept],
        )


@dataclass(slots=True)
class Chunk:
    """Some records, mapped: rows by entity, and what became of the records without rows."""

    received: int = 0
    entities: dict[str, Collected] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)
    problems: dict[int, tuple[Record, Problem]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    records: dict[int, Record] = field(default_factory=dict)

    @property
    def mapped(self) -> int:
        """Records that are neither ignored nor quarantined."""
        return self.received - self.ignored.total() - len(self.problems)

    def take(self, number: int, record: Record, mapped: Mapped, context: Context) -> None:
        """Add one record with its outcome."""
        self.received += 1
        if mapped.unknown_fields:
            self.unknown |= mapped.unknown_fields
        if mapped.ignored is not None:
            self.ignored[mapped.ignored] += 1
            return
        problem = mapped.problem or _misfit(mapped)
        if problem is not None:
            self._quarantine(number, record, problem)
            return
        seen = record.observed_at or context.as_of
        for name, rows in mapped.rows.items():
            collected = self.entities.get(name)
            if collected is None:
                collected = self.entities[name] = Collected()
            if len(rows) == 1:
                collected.rows.append(rows[0])
                collected.numbers.append(number)
                collected.observed.append(seen)
            else:
                collected.rows += rows
                collected.numbers += [number] * len(rows)
                collected.observed += [seen] * len(rows)
        record.payload = None
        self.records[number] = record

    def frames(self) -> list[tuple[Entity, Collected, pl.DataFrame]]:
        """Typed rows per entity; records with a row outside the contract go to quarantine whole."""
        while True:
            found = [
                (entity, collected)
                for name, entity in ENTITIES.items()
                if (collected := self.entities.get(name)) and collected.rows
            ]
            bad: dict[int, Problem] = {}
            for entity, collected in found:
                bad = collected.observe(entity.name) | bad
            built = [(entity, collected, *typed(entity, collected)) for entity, collected in found]
            for *_, problems in built:
                bad = problems | bad
            if not bad:
                return [(entity, collected, frame) for entity, collected, frame, _ in built]
            for number, problem in bad.items():
                self._quarantine(number, self.records[number], problem)
            self.entities = {name: collected.without(bad) for name, collected in self.entities.items()}

    def quarantine(self) -> pl.DataFrame:
        """The quarantined records as their staging table holds them."""
        found = sorted(self.problems.items())
        texts = {
            "reason": [problem.reason for _, (_, problem) in found],
            "path": [problem.path for _, (_, problem) in found],
            "message": [problem.message for _, (_, problem) in found],
            "excerpt": [
                # What not everyone may read leaves no words outside the landing.
                "" if problem.reason == "not_public" else record.excerpt
                for _, (record, problem) in found
            ],
        }
        return pl.DataFrame(
            {
                "record_no": pl.Series([number for number, _ in found], dtype=pl.Int64),
                **{name: pl.Series(list(map(clean_text, column))) for name, column in texts.items()},
                "observed_at": times("observed_at", [_zoned(record) for _, (record, _) in found]),
            }
        )

    def _quarantine(self, number: int, record: Record, problem: Problem) -> None:
        self.problems[number] = (record, problem)


def record_number(file: int, ordinal: int) -> int:
    """One number for a record of a batch, in the order of files and records."""
    return file << FILE_SHIFT | ordinal


def record_ordinal(number: int) -> int:
    """The record's position in its file."""
    return number & ((1 << FILE_SHIFT) - 1)


def _zoned(record: Record) -> datetime | None:
    seen = record.observed_at
    return seen if isinstance(seen, datetime) and seen.tzinfo is not None else None


def _misfit(mapped: Mapped) -> Problem | None:
    """Why a record that was mapped cannot be loaded at all."""
    if not mapped.rows.keys() <= ENTITIES.keys():
        name = next(name for name in mapped.rows if name not in ENTITIES)
        return Problem("contract_violation", name, f"{name} is not an entity of the contract")
    for rows in mapped.rows.values():
        if rows:
            return None
    return Problem("unexpected_form", "", "the record gives no row")


_ZONE = attrgetter("tzinfo")


def _time_problem(seen: Any, entity: str) -> Problem | None:
    path = f"{entity}.observed_at"
    if seen is None:
        message = "the file does not tell when it was captured; pass --as-of with date, time and zone"
        return Problem("no_observed_at", path, message)
    if not isinstance(seen, datetime):
        return Problem("contract_violation", path, f"{path} is a {type(seen).__name__}, not a time")
    if seen.tzinfo is None:
        return Problem("date_without_zone", path, f"{path} is {seen.isoformat()}, without a time zone")
    return None


def typed(entity: Entity, collected: Collected) -> tuple[pl.DataFrame, dict[int, Problem]]:
    """Frame of the content columns and, by record number, what does not fit the contract.

    The frame is only good if there are no problems; take those records out and call again.
    """
    problems: dict[int, Problem] = {}

    def refuse(at: int, reason: str, column: str, message: str) -> None:
        problems.setdefault(
            collected.numbers[at],
            Problem(reason, f"{entity.name}.{column}", f"{entity.name}.{column} {message}"),
        )

    rows = collected.rows
    _refuse_unknown(entity, collected.names, rows, refuse)
    quick = _quick_columns(entity, collected)
    altered = bytearray(len(rows))
    series = []
    for item in entity.content:
        name = item.name
        is_id = name in entity.id_columns
        column = quick.get(name)
        if column is None or not _is_fine(item, column, is_id):
            values = [row.get(name) for row in rows]
            default = DEFAULTS.get(name)
            if default is not None:
                values = [default if value is None else value for value in values]
            column = _column(item, values, is_id, altered, refuse)
        series.append(column)
    frame = pl.DataFrame(series)
    if "is_text_altered" in frame.columns and any(altered):
        flags = pl.Series(altered, dtype=pl.UInt8) != 0
        frame = frame.with_columns(is_text_altered=pl.col("is_text_altered") | flags)
    return frame, problems


Refuse = Callable[[int, str, str, str], None]


_LISTS = pa.list_(pa.string())
_STRICT = (pa.string(), pa.int64(), pa.bool_())
"""Types for which Arrow takes values of the one right Python type only."""


def _quick_columns(entity: Entity, collected: Collected) -> dict[str, pl.Series]:
    """Columns that Arrow can read off all rows at once; none of them if any value has another type."""
    rows, names = collected.rows, collected.names
    missing = [item for item in entity.content if item.name not in names]
    found = {
        item.name: pl.Series([DEFAULTS.get(item.name)], dtype=_DTYPES[item.type]).new_from_index(0, len(rows))
        for item in missing
    }
    lists = [item.name for item in entity.content if item.name in names and item.type == _LISTS]
    strict = (*_STRICT, _LISTS) if _are_lists(lists, collected) else _STRICT
    wanted = [item for item in entity.content if item.name in names and item.type in strict]
    try:
        table = pa.RecordBatch.from_struct_array(
            cast("pa.StructArray", pa.array(rows, type=pa.struct(wanted)))
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        table = pa.RecordBatch.from_pylist([], schema=pa.schema([]))
    for item in wanted[: table.num_columns]:
        column = pl.Series(table[item.name])
        found[item.name] = column if item.name not in DEFAULTS else column.fill_null(DEFAULTS[item.name])
    return {name: column.alias(name) for name, column in found.items()}


def _are_lists(names: Sequence[str], collected: Collected) -> bool:
    """True if some columns hold nothing but lists (Arrow takes a text for a list of letters)."""
    if not names:
        return True
    rows = collected.rows
    if len(collected.shapes) > 1:
        values: Iterable[Any] = (row.get(name) for row in rows for name in names)
    elif len(names) == 1:
        values = map(itemgetter(*names), rows)
    else:
        values = chain.from_iterable(map(itemgetter(*names), rows))
    return set(map(type, values)) <= {list, tuple, type(None)}


def _is_fine(item: "pa.Field[Any]", column: pl.Series, is_id: bool) -> bool:
    """False if a value does not fit the contract; which, and why, is looked for value by value."""
    absent = column.null_count()
    if absent == len(column) or (absent and not item.nullable):
        return item.nullable
    if item.type == pa.list_(pa.string()):
        return not column.explode().str.contains("\0", literal=True).any()
    if item.type != pa.string():
        return True
    if column.str.contains("\0", literal=True).any():
        return False
    if is_id and not column.str.len_bytes().is_between(1, MAX_ID_BYTES).all():
        return False
    allowed = _ALLOWED.get(item.name)
    return allowed is None or set(column.unique().drop_nulls()) <= allowed


def _refuse_unknown(entity: Entity, present: AbstractSet[str], rows: Sequence[Row], refuse: Refuse) -> None:
    known = frozenset(entity.content.names) | {"observed_at"}
    if present <= known:
        return
    for at, row in enumerate(rows):
        if not row.keys() <= known:
            name = min(str(key) for key in row.keys() - known)
            refuse(at, "contract_violation", name, "is not a column of the contract; the mapper is wrong")


def _column(
    item: "pa.Field[Any]", values: list[Any], is_id: bool, altered: bytearray, refuse: Refuse
) -> pl.Series:
    """The column as a series; values that do not fit are refused and stand as NULL in it."""
    allowed = _PYTHON[item.type]
    if not {*map(type, values)} <= allowed | {type(None)}:
        for at, value in enumerate(values):
            if value is not None and type(value) not in allowed:
                refuse(at, "contract_violation", item.name, f"is a {type(value).__name__}, not {item.type}")
                values[at] = None
    if not item.nullable and None in values:
        for at, value in enumerate(values):
            if value is None:
                refuse(at, "contract_violation", item.name, "is missing")
    if item.type == pa.string():
        return _text_column(item, values, is_id, altered, refuse)
    if item.type == pa.list_(pa.string()):
        return _list_column(item, values, altered, refuse)
    if item.type == UTC_TIME:
        return _time_column(item, values, refuse)
    return _number_column(item, values, refuse)


def _text_column(
    item: "pa.Field[Any]", values: list[Any], is_id: bool, altered: bytearray, refuse: Refuse
) -> pl.Series:
    try:
        series = pl.Series(item.name, values, dtype=pl.String)
    except UnicodeEncodeError:
        series = pl.Series(item.name, _clean_all(values, altered), dtype=pl.String)
    if series.str.contains("\0", literal=True).any():
        series = pl.Series(item.name, _clean_all(values, altered), dtype=pl.String)
    if is_id and not (series.str.len_bytes().is_between(1, MAX_ID_BYTES)).all():
        for at, value in enumerate(series):
            if value is not None and not 1 <= len(value.encode()) <= MAX_ID_BYTES:
                refuse(at, "contract_violation", item.name, _length_message(value))
    allowed = _ALLOWED.get(item.name)
    if allowed is not None and not set(series.unique().drop_nulls()) <= allowed:
        reason = "not_public" if item.name == "visibility" else "contract_violation"
        for at, value in enumerate(series):
            if value is not None and value not in allowed:
                refuse(at, reason, item.name, f"is {value[:60]!r}, not one of {', '.join(sorted(allowed))}")
    return series


def _length_message(value: str) -> str:
    return f"is longer than {MAX_ID_BYTES} bytes" if value else "is empty"


def _clean_all(values: list[Any], altered: bytearray) -> list[Any]:
    """The texts with what Postgres cannot hold replaced; marks in ``altered`` where that was needed."""
    result = list(values)
    for at, value in enumerate(values):
        if value is not None:
            result[at] = clean = clean_text(value)
            if clean is not value and REPLACEMENT in clean:
                altered[at] = 1
    return result


def clean_text(value: str) -> str:
    """The same object if Postgres can hold it; else NUL and lone surrogates as U+FFFD, pairs joined."""
    if "\0" in value:
        value = value.replace("\0", REPLACEMENT)
    if _SURROGATES.search(value):
        paired = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        value = _SURROGATES.sub(REPLACEMENT, paired)
    return value


def _list_column(item: "pa.Field[Any]", values: list[Any], altered: bytearray, refuse: Refuse) -> pl.Series:
    inner = [text for value in values if value for text in value]
    if not _is_clean(inner):
        _clean_lists(item, values, altered, refuse)
    return _lists(item.name, values)


def _lists(name: str, values: Sequence[Sequence[str | None] | None]) -> pl.Series:
    """Lists of texts as a series; built from the flat texts, which costs far less than list by list."""
    flat = [text for value in values if value for text in value]
    ends = accumulate((len(value) if value else 0 for value in values), initial=0)
    missing = pa.array([value is None for value in values])
    offsets = pa.array(ends, pa.int64())
    lists = pa.LargeListArray.from_arrays(offsets, pa.array(flat, pa.large_string()), mask=missing)
    return pl.Series(name, lists)


def _is_clean(texts: list[Any]) -> bool:
    """True if all are text that Postgres can hold, or None."""
    kinds = set(map(type, texts))
    if not kinds <= {str, type(None)}:
        return False
    joined = "".join(texts if type(None) not in kinds else [text for text in texts if text is not None])
    return "\0" not in joined and not _SURROGATES.search(joined)


def _clean_lists(item: "pa.Field[Any]", values: list[Any], altered: bytearray, refuse: Refuse) -> None:
    for at, value in enumerate(values):
        if not value or _is_clean(value):
            continue
        if not {*map(type, value)} <= {str, type(None)}:
            refuse(at, "contract_violation", item.name, "holds something that is not text")
            values[at] = None
            continue
        values[at] = [text if text is None else clean_text(text) for text in value]
        altered[at] = any(text is not None and REPLACEMENT in text for text in values[at])


def _time_column(item: "pa.Field[Any]", values: list[Any], refuse: Refuse) -> pl.Series:
    if None in {value.tzinfo for value in values if value is not None}:
        for at, value in enumerate(values):
            if value is not None and value.tzinfo is None:
                refuse(at, "date_without_zone", item.name, f"is {value.isoformat()}, without a time zone")
                values[at] = None
    series = times(item.name, values)
    if not series.is_between(_EARLIEST, _LATEST).all():
        for at, inside in enumerate(series.is_between(_EARLIEST, _LATEST)):
            if inside is False:
                message = f"is {values[at].isoformat()}, outside the years 1 to 9999 in UTC"
                refuse(at, "bad_date", item.name, message)
    return series


def times(name: str, values: Sequence[datetime | None]) -> pl.Series:
    """Zoned times as a series in UTC."""
    counts = [None if value is None else (value - _EPOCH) // _MICROSECOND for value in values]
    return pl.Series(name, counts, dtype=pl.Int64).cast(_TIME)


def _number_column(item: "pa.Field[Any]", values: list[Any], refuse: Refuse) -> pl.Series:
    dtype = _DTYPES[item.type]
    try:
        series = pl.Series(item.name, values, dtype=dtype)
    except (TypeError, OverflowError):
        for at, value in enumerate(values):
            if value is not None and not -(2**63) <= value < 2**63:
                refuse(at, "contract_violation", item.name, f"is {value}, too large for {item.type}")
                values[at] = None
        series = pl.Series(item.name, values, dtype=dtype)
    if item.type == pa.float64():
        if not series.is_finite().all():
            for at, value in enumerate(series):
                if value is not None and (value != value or abs(value) == float("inf")):
                    refuse(at, "contract_violation", item.name, f"is {value}, not a finite number")
        series = series.set(series == 0, 0.0)  # -0.0 too: equal values, equal hashes
    return series


# ---------------------------------------------------------------------------------------------
# Content hash
# ---------------------------------------------------------------------------------------------


def content_hashes(entity: Entity, frame: pl.DataFrame) -> pl.Series:
    """blake2b-128 (hex) of each row's hashed columns.

    The encoding names each column that is not NULL and gives texts with their length in bytes, so
    two different rows never encode alike, and a nullable column added later changes no old hash.
    """
    parts: list[pl.Expr] = []
    text = ""
    for name in entity.hashed:
        if (same := _same_in_every_row(name, frame[name])) is not None:
            text += same
            continue
        parts += [pl.lit(text), _encoded(name, entity.content.field(name).type, frame)]
        text = ""
    parts.append(pl.lit(text))
    lines = frame.select(line=pl.concat_str(parts, ignore_nulls=True).cast(pl.Binary))["line"].to_list()
    if len(lines) < len(frame):  # nothing but constants
        lines *= len(frame)
    return pl.Series("content_hash", [blake2b(line, digest_size=16).hexdigest() for line in lines])


def _same_in_every_row(name: str, column: pl.Series) -> str | None:
    """How a column is encoded that says the same in every row, which many do; None if rows differ."""
    missing = column.null_count()
    if missing:
        return "" if missing == len(column) else None
    if column.dtype == pl.List(pl.String):
        return f"{name}=[]" if not column.list.len().sum() else None
    if column.dtype == pl.Boolean:
        return None if column.any() and not column.all() else f"{name}={int(column[0])};"
    if column.dtype != pl.String or not (column == column[0]).all():
        return None
    return f"{name}={len(column[0].encode())}:{column[0]}"


def _encoded(name: str, dtype: pa.DataType, frame: pl.DataFrame) -> pl.Expr:
    column = pl.col(name)
    if dtype == pa.string():
        return pl.concat_str([pl.lit(f"{name}="), column.str.len_bytes(), pl.lit(":"), column])
    if dtype == pa.list_(pa.string()):
        item = pl.element()
        each = pl.concat_str([item.str.len_bytes(), pl.lit(":"), item]).fill_null("~")
        return pl.concat_str([pl.lit(f"{name}=["), column.list.eval(each).list.join(""), pl.lit("]")])
    if dtype == pa.float64():
        exact = [None if value is None else value.hex() for value in frame[name]]
        value: pl.Expr = pl.lit(pl.Series(name, exact, dtype=pl.String))
    elif dtype == pa.bool_():
        value = column.cast(pl.Int8).cast(pl.String)
    else:
        value = column.cast(pl.Int64).cast(pl.String)
    return pl.concat_str([pl.lit(f"{name}="), value, pl.lit(";")])


# ---------------------------------------------------------------------------------------------
# What goes to the server
# ---------------------------------------------------------------------------------------------


def staged(entity: Entity, collected: Collected, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as they wait for the merge: hashed, one per key (the first record wins)."""
    number = pl.Series("record_no", collected.numbers, dtype=pl.Int64)
    observed = times("observed_at", collected.observed)
    frame = frame.with_columns(content_hashes(entity, frame), number, observed)
    if entity.rule == "version":
        frame = frame.with_columns(first_observed_at=pl.col("observed_at"))
    if entity.sticky:
        frame = frame.with_columns(collected_no=pl.when("is_collected").then("record_no"))
    return _one_per_key(entity, frame)


def key_hashes(entity: Entity, frame: pl.DataFrame) -> pl.Series:
    """A number per row, equal where keys are equal and hardly ever elsewhere; for this process only."""
    return frame.select(entity.key).hash_rows()


def _one_per_key(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    key = list(entity.key)
    if key_hashes(entity, frame).n_unique() == len(frame):
        return frame
    if entity.rule == "version":
        frame = frame.with_columns(
            pl.col("first_observed_at").min().over(key),
            pl.col("observed_at").max().over(key),
            *[pl.col(name).any().over(key) for name in entity.sticky],
            *([pl.col("collected_no").min().over(key)] if entity.sticky else []),
        )
    return frame.unique(subset=key, keep="first", maintain_order=True)


def payload_refs() -> pl.Expr:
    """Where in its batch a record lies: number of the file, number within it."""
    number = pl.col("record_no")
    within = number.mod(1 << FILE_SHIFT)
    return pl.concat_str([number.floordiv(1 << FILE_SHIFT), pl.lit("#"), within]).alias("payload_ref")


def csv(frame: pl.DataFrame) -> io.BytesIO:
    """The frame as CSV for COPY: NULL is nothing, an empty text is ``""``; without lists."""
    target = io.BytesIO()
    frame.write_csv(target, include_header=False, datetime_format=_TIME_FORMAT)
    target.seek(0)
    return target
