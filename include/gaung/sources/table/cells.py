"""Words in a cell as values: numbers, times, lists, yes and no, as the map says they are written.

Nothing is guessed: a number or time that the map's conventions do not cover is an error with row
and column.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from gaung.sources.base import MappingError
from gaung.sources.mapping import BIGINT_MAX, time_epoch_ms, time_epoch_s
from gaung.sources.table.columnmap import FileForm

SUFFIXES: Mapping[str, int] = {
    "rb": 1_000,
    "ribu": 1_000,
    "k": 1_000,
    "jt": 1_000_000,
    "juta": 1_000_000,
    "miliar": 1_000_000_000,
}
"""Words after a number; not ``m``: a million in English, a milliard in Indonesian."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januari january",
            "feb februari february pebruari",
            "mar maret march",
            "apr april",
            "mei may",
            "jun juni june",
            "jul juli july",
            "agu agt agustus aug august ags",
            "sep sept september",
            "okt oktober oct october",
            "nov november nop nopember",
            "des desember dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_DATE = re.compile(
    r"(?P<a>\d{1,2})[ ./-](?P<b>\d{1,2}|[A-Za-z]{3,10})\.?[ ./-](?P<year>\d{4}|\d{2})"
    r"(?:[ ,T]+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?"
    r"\s*(?P<half>[AaPp][Mm])?)?(?:\s*(?P<zone>WIB|WITA|WIT|UTC|GMT|Z|[+-]\d{2}:?\d{2}))?",
)
_ZONES = {
    "WIB": "+07:00",
    "WITA": "+08:00",
    "WIT": "+09:00",
    "UTC": "+00:00",
    "GMT": "+00:00",
    "Z": "+00:00",
}
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_YES = frozenset({"true", "yes", "ya", "y", "1", "benar"})
_NO = frozenset({"false", "no", "tidak", "n", "0", "salah"})


def identity(words: str, path: str) -> str:
    """An id; one that a spreadsheet turned into a rounded number is ``float_id``."""
    if _SCIENTIFIC.fullmatch(words):
        raise MappingError(
            "float_id",
            path,
            f"{path}: {words!r} is an id that a spreadsheet rounded; export again with this column as text",
        )
    return words


def number(words: str, path: str, form: FileForm) -> Decimal:
    """A number as the map says it is written; ``12,3 rb`` and ``1,2 jt`` with their suffix."""
    match = re.fullmatch(r"(?P<sign>[+-]?)\s*(?P<digits>\d[\d., \u00a0]*?)\s*(?P<suffix>[A-Za-z]*)\+?", words)
    if match is None:
        raise _bad_number(words, path, form)
    digits = match["digits"].replace("\u00a0", " ")
    suffix = match["suffix"].lower()
    factor = {**SUFFIXES, **{name.lower(): value for name, value in form.suffixes.items()}, "": 1}.get(suffix)
    if factor is None:
        raise MappingError(
            "bad_number",
            path,
            f"{path}: the word {suffix!r} after {digits!r} is not known; add it to `suffixes`",
        )
    whole, _, part = digits.partition(form.decimal)
    mark = "" if form.thousands == "none" else form.thousands
    if mark and mark in whole:
        first, *groups = whole.split(mark)
        if not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups):
            raise _bad_number(words, path, form)
        whole = first + "".join(groups)
    try:
        if not whole.isdigit() or (part and not part.isdigit()):
            raise InvalidOperation
        return Decimal(f"{match['sign']}{whole}.{part or 0}") * factor
    except InvalidOperation:
        raise _bad_number(words, path, form) from None


def _bad_number(words: str, path: str, form: FileForm) -> MappingError:
    return MappingError(
        "bad_number",
        path,
        f"{path}: {words!r} is no number with decimal mark {form.decimal!r} and thousands mark "
        f"{form.thousands!r}; correct `file.decimal` and `file.thousands` in the map, or the cell",
    )


def count(words: str, path: str, form: FileForm) -> int:
    """A whole number that is not negative."""
    found = number(words, path, form)
    if found != found.to_integral_value():
        raise _bad_number(words, path, form)
    if not 0 <= found <= BIGINT_MAX:
        raise MappingError("out_of_range", path, f"{path}: a count cannot be {words}")
    return int(found)


def integer(words: str, path: str, form: FileForm) -> int:
    """A whole number, perhaps negative (scores)."""
    found = number(words, path, form)
    if found != found.to_integral_value() or abs(found) > BIGINT_MAX:
        raise _bad_number(words, path, form)
    return int(found)


def real(words: str, path: str, form: FileForm) -> float:
    """Any number."""
    return float(number(words, path, form))


def flag(words: str, path: str) -> bool:
    """Yes or no, in Indonesian or English."""
    folded = words.casefold()
    if folded in _YES:
        return True
    if folded in _NO:
        return False
    raise MappingError(
        "field_retyped", path, f"{path}: {words!r} is neither yes nor no; name the words under `values`"
    )


def items(words: str, split: str | None, strip: str = "") -> list[str]:
    """The parts of a cell, each once, without the sign in front; split at commas or blanks by default."""
    parts = re.split(r"[,;\s]+", words) if split is None else words.split(split)
    cleaned = (part.strip().lstrip(strip) for part in parts)
    return list(dict.fromkeys(part for part in cleaned if part))


def moment(words: str, path: str, form: str, zone: str | None) -> datetime:
    """A UTC time; ``date_without_zone`` if neither the cell nor the map names a zone."""
    if form == "epoch_s":
        return time_epoch_s(words, path)
    if form == "epoch_ms":
        return time_epoch_ms(words, path)
    try:
        found = _read_time(words, form)
        if found.tzinfo is None:
            if zone is None:
                raise MappingError(
                    "date_without_zone",
                    path,
                    f"{path}: {words!r} has no time zone; state `timezone` in the map, e.g. Asia/Jakarta",
                )
            found = found.replace(tzinfo=ZoneInfo(zone))
        utc = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MappingError(
            "bad_date", path, f"{path}: {words!r} is no time of the form {form!r} ({error})"
        ) from None
    if not 1990 <= utc.year < 2200:
        raise MappingError("bad_date", path, f"{path}: {words!r} is not between 1990 and 2200")
    return utc


def _read_time(words: str, form: str) -> datetime:
    if form == "iso":
        return datetime.fromisoformat(words)
    if form not in ("day_first", "month_first"):
        return datetime.strptime(words, form)
    match = _DATE.fullmatch(words)
    if match is None:
        # An Excel date cell arrives in ISO form whatever the map says about written ones.
        if re.match(r"\d{4}-\d{2}-\d{2}", words):
            return datetime.fromisoformat(words)
        raise ValueError("not day, month and year")
    return _from_match(match, form)


def _from_match(match: re.Match[str], form: str) -> datetime:
    first, second = match["a"], match["b"]
    if second.isdigit():
        day, month = (int(first), int(second)) if form == "day_first" else (int(second), int(first))
    else:
        day, month = int(first), _MONTHS.get(second.lower(), 0)
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("hour is not between 1 and 12")
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    found = datetime(year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0))
    if match["zone"]:
        return datetime.fromisoformat(found.isoformat() + _ZONES.get(match["zone"], match["zone"]))
    return found
