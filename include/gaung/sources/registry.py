"""The formats that Gaung reads, and which of them a file is.

Adding a format is one line in :data:`FORMATS` and a package of its own (docs/adding-a-format.md).
"""

import json
import logging
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any

from gaung.errors import UnknownFormat
from gaung.sources.base import Context, Format, Mapped, MappingError, Problem, Record, Sample
from gaung.sources.files import is_excel_head
from gaung.sources.jsonio import EXCERPT_CHARS, decode_head

log = logging.getLogger(__name__)

FORMATS: tuple[str, ...] = (
    "gaung.sources.x_api_v2:FORMAT",
    "gaung.sources.x_api_v1:FORMAT",
    "gaung.sources.x_archive:FORMAT",
    "gaung.sources.capture:FORMAT",
    "gaung.sources.table:FORMAT",
    "gaung.sources.exchange:FORMAT",
    "gaung.sources.bluesky:FORMAT",
    "gaung.sources.mastodon:FORMAT",
    "gaung.sources.meta:FORMAT",
    "gaung.sources.reddit:FORMAT",
    "gaung.sources.side_file:FORMAT",
    "gaung.sources.youtube:FORMAT",
)

_BUGS = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


@lru_cache(maxsize=1)
def formats() -> tuple[Format, ...]:
    """All registered formats, in the order in which they are asked."""
    return tuple(_load(line) for line in FORMATS)


def _load(line: str) -> Format:
    module, _, name = line.partition(":")
    found: Format = getattr(import_module(module), name)
    return found


def matching(sample: Sample, context: Context) -> list[Format]:
    """Every format that says the file is its own; one, unless two formats' rules overlap."""
    found = []
    for candidate in formats():
        try:
            if candidate.detect(sample, context):
                found.append(candidate)
        except _BUGS:
            log.warning("format %s could not judge %s", candidate.name, sample.name, exc_info=True)
    return found


def detect(sample: Sample, context: Context) -> Format:
    """The format of a file, judged by its content.

    Raises:
        UnknownFormat: none, or more than one, recognises it; says what was seen and what is known.
    """
    found = matching(sample, context)
    if len(found) == 1:
        return found[0]
    name = context.file_name or str(sample.name)
    if found:
        named = " and ".join(item.name for item in found)
        raise UnknownFormat(f"{name}: recognised as {named} at once, so it is not read; {_seen(sample)}")
    raise UnknownFormat(
        f"{name}: {_seen(sample)}. Known formats: {', '.join(item.name for item in formats())}."
    )


def map_record(format: Format, record: Record, context: Context) -> Mapped:
    """The outcome of one record; never raises for a bad one.

    Whatever goes wrong inside a mapper becomes a quarantine with its path, so that one record
    never costs another. A quarantined record gets its excerpt here if its reader gave none.
    """
    mapped = _checked(format, _mapped(format, record, context))
    if mapped.problem is not None and not record.excerpt:
        record.excerpt = _excerpt(record.payload)
    return mapped


def _mapped(format: Format, record: Record, context: Context) -> Mapped:
    if record.problem is not None:
        return Mapped(problem=record.problem)
    try:
        return format.map(record, context)
    except MappingError as error:
        return Mapped(problem=error.problem)
    except _BUGS as error:
        log.debug("format %s, record %d", format.name, record.ordinal, exc_info=True)
        message = f"the record has a form that {format.name} does not know ({type(error).__name__}: {error})"
        return Mapped(problem=Problem("unexpected_form", "", message[:500]))


def _excerpt(payload: Any) -> str:
    """Text of a payload whose reader kept none (its ``object``, where it is a part of a page)."""
    item = getattr(payload, "object", payload)
    return "" if item is None else json.dumps(item, ensure_ascii=False, default=str)[:EXCERPT_CHARS]


def _checked(format: Format, mapped: Mapped) -> Mapped:
    """The outcome if it is exactly one; else a quarantine that says so."""
    if mapped.rows and mapped.ignored is None and mapped.problem is None:
        return mapped
    outcomes = [bool(mapped.rows), mapped.ignored is not None, mapped.problem is not None]
    if sum(outcomes) != 1:
        message = f"{format.name} gave {sum(outcomes)} outcomes for the record instead of one"
        return Mapped(problem=Problem("unexpected_form", "", message))
    if mapped.ignored is not None and mapped.ignored not in format.ignored_kinds:
        message = f"{format.name} ignored a kind that it does not declare: {mapped.ignored}"
        return Mapped(problem=Problem("unexpected_form", "", message))
    return mapped


# ---------------------------------------------------------------------------------------------
# What was seen, in words
# ---------------------------------------------------------------------------------------------


def _seen(sample: Sample) -> str:
    head = sample.head
    words = decode_head(head).lstrip("\ufeff \t\r\n")
    if not head:
        return "the file is empty"
    if not words:
        return "the file holds only blanks"
    if words[:512].lower().startswith(("<!doctype html", "<html", "<head", "<body")):
        return "an HTML page was found instead of data (often of an error or a login); fetch the file again"
    if isinstance(sample.first, dict):
        return f"a JSON object with keys {_named(sample.first)} was found"
    if words[0] in "{[":
        return "it begins like JSON, but holds no whole object (cut off or damaged?); fetch it again"
    if is_excel_head(head):
        return "an Excel workbook was found; tables need a column map: pass --map"
    if words[0] == "<":
        return "an XML document was found"
    if "\0" in words[:4096]:
        return f"binary data was found (first bytes {head[:8].hex(' ')})"
    return _seen_text(words)


def _seen_text(words: str) -> str:
    line = words.splitlines()[0][:200]
    if sum(not character.isprintable() for character in line.replace("\t", " ")) > len(line) / 20:
        return "binary data was found"
    for delimiter, named in ((",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if line.count(delimiter) >= 1:
            return f"a table with {named} was found ({line!r}); tables need a column map: pass --map"
    return f"text was found that is neither JSON nor a table (first line {line[:80]!r})"


def _named(keys: Iterable[str]) -> str:
    names = sorted(map(str, keys))
    shown = ", ".join(names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")
