"""JSON as it is met in files: the values of any layout, one at a time, in bounded memory.

One object, one list, a value a line, several values after each other, with or without a byte-order
mark, in UTF-8, UTF-16 or UTF-32. Values are exact: integers of any size stay integers, a number
written with a point or an exponent becomes a float (so that an id that went through one is told),
lone surrogate escapes are kept. What cannot be read comes back as a document with a problem, once,
and reading goes on behind it where its end can be told.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from gaung.sources.base import Problem, Record

EXCERPT_CHARS = 2000
MAX_DOCUMENT_CHARS = 128 * 1024 * 1024
"""A single value larger than this is not held in memory."""

_CHUNK_CHARS = 1024 * 1024
_LONG_DIGITS = re.compile(r"[0-9]{20}")
_BAD_BYTES = re.compile("[\udc80-\udcff]")
_BLANK = " \t\r\n"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|"', re.DOTALL)
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON value of a file, or why it could not be read."""

    value: Any
    text: str
    problem: Problem | None = None

    @property
    def excerpt(self) -> str:
        """Its text as received, cut; undecodable bytes as U+FFFD."""
        return excerpt(self.text)


def excerpt(words: str) -> str:
    """The first 2,000 characters of a text; undecodable bytes as U+FFFD."""
    cut = words[:EXCERPT_CHARS]
    if _BAD_BYTES.search(cut):
        cut = cut.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return cut


def documents(stream: BinaryIO) -> Iterator[Document]:
    """The values of a stream in order; elements of an outermost list one by one."""
    reader = text_reader(stream)
    first = _skip_blank(reader)
    if first == "[":
        yield from _list_elements(_Buffer(reader))
    elif first:
        yield from _lines(reader, first)


def records(stream: BinaryIO) -> Iterator[Record]:
    """Every value of a stream as a record, numbered from 0."""
    for ordinal, document in enumerate(documents(stream)):
        yield Record(ordinal, document.value, document.excerpt, problem=document.problem)


def parse(words: str) -> Document:
    """One value from its text; a document with a problem if it is not exactly one JSON value."""
    if _BAD_BYTES.search(words):
        return Document(None, words, _encoding_problem())
    try:
        if not _LONG_DIGITS.search(words):
            return Document(orjson.loads(words), words)
    except ValueError:
        pass  # what orjson refuses and json takes: lone surrogate escapes, deep nesting
    try:
        return Document(json.loads(words, parse_constant=_refuse_constant), words)
    except json.JSONDecodeError as error:
        return Document(None, words, _json_problem(f"{error.msg} at character {error.pos}"))
    except (ValueError, RecursionError) as error:
        return Document(None, words, _json_problem(str(error)))


def has_bad_bytes(words: str) -> bool:
    """True if text of :func:`text_reader` holds bytes that its encoding does not know."""
    return _BAD_BYTES.search(words) is not None


def looks_like_json(head: bytes) -> bool:
    """True if the first character that is not blank opens an object or a list."""
    words = decode_head(head).lstrip("\ufeff" + _BLANK)
    return words[:1] in ("{", "[")


def decode_head(head: bytes) -> str:
    """The head of a file as text, for recognising it; undecodable bytes as U+FFFD."""
    encoding, skip = _encoding(head)
    return head[skip:].decode(encoding, "replace")


def text_reader(stream: BinaryIO) -> io.TextIOWrapper:
    """A text stream in the encoding that the first bytes tell; only ``\\n`` ends a line.

    Bytes that are not valid come through as U+DC80 … U+DCFF, so that their record can be told.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Raw(stream), 1 << 20)
    head = buffered.peek(64)[:64]
    encoding, skip = _encoding(head)
    buffered.read(skip)
    errors = "surrogateescape" if encoding == "utf-8" else "gaung_mark_bad_bytes"
    return io.TextIOWrapper(buffered, encoding=encoding, errors=errors, newline="\n")


def _mark_bad_bytes(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    raise error


codecs.register_error("gaung_mark_bad_bytes", _mark_bad_bytes)


class _Raw(io.RawIOBase):
    """Any binary reader as a raw stream; closing the text reader leaves it open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _encoding(head: bytes) -> tuple[str, int]:
    """Encoding and length of the byte-order mark."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    start = head[:4]
    if len(start) == 4 and start[1:] == b"\0\0\0":
        return "utf-32-le", 0
    if start[:2] and start[1:2] == b"\0" and start[:1] != b"\0":
        return "utf-16-le", 0
    if start[:1] == b"\0" and start[1:2] not in (b"", b"\0"):
        return "utf-16-be", 0
    return "utf-8", 0


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _json_problem(why: str) -> Problem:
    return Problem(
        "invalid_json", "", f"not a readable JSON value ({why}); the rest of the file is unaffected"
    )


def _encoding_problem() -> Problem:
    return Problem(
        "bad_encoding",
        "",
        "bytes that are not UTF-8; save the file as UTF-8 and ingest it again (nothing was guessed)",
    )


# ---------------------------------------------------------------------------------------------
# Values by line, or after each other
# ---------------------------------------------------------------------------------------------


def _skip_blank(reader: io.TextIOWrapper) -> str:
    """First character that is not blank, '' at the end of the stream."""
    while (character := reader.read(1)) and (character in _BLANK or character == "\ufeff"):
        pass
    return character


def _lines(reader: io.TextIOWrapper, first: str) -> Iterator[Document]:
    """Values by line; over to values after each other where a line is not whole."""
    line = first + reader.readline(MAX_DOCUMENT_CHARS)
    document = parse(line.strip(_BLANK))
    if document.problem is not None:
        yield from _sequence(_Buffer(reader, line))
        return
    while True:
        yield document
        line = _next_line(reader)
        if not line:
            return
        document = parse(line.strip(_BLANK))
        if document.problem is not None and document.problem.reason == "invalid_json":
            if _may_go_on(line):
                yield from _sequence(_Buffer(reader, line))
                return
            *whole, document = _several(document)
            yield from whole


def _next_line(reader: io.TextIOWrapper) -> str:
    """The next line that is not blank, '' at the end."""
    while line := reader.readline(MAX_DOCUMENT_CHARS):
        if line.strip(_BLANK):
            return line
    return ""


def _several(broken: Document) -> list[Document]:
    """A line that is not one value as the values in it, the last one perhaps broken."""
    found: list[Document] = []
    rest = broken.text
    while rest:
        end = _end_of_value(rest)
        if end is None:
            return [*found, parse(rest)] if found else [broken]
        document = parse(rest[:end])
        if document.problem is not None:
            return [*found, parse(rest)] if found else [broken]
        found.append(document)
        rest = rest[end:].lstrip(_BLANK + ",")
    return found or [broken]


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _end_of_value(words: str, start: int = 0) -> int | None:
    """Where the JSON value that begins at ``start`` ends, None if none does."""
    try:
        return _DECODER.raw_decode(words, start)[1]
    except (ValueError, RecursionError):
        return None


def _may_go_on(line: str) -> bool:
    """True if a line is the beginning of a value, as far as it goes."""
    try:
        _DECODER.raw_decode(line.rstrip(_BLANK))
    except json.JSONDecodeError as error:
        return error.pos >= len(line.rstrip(_BLANK)) - 1
    except (ValueError, RecursionError):
        return False
    return False


class _Buffer:
    """Text read ahead from a stream, with a position."""

    def __init__(self, reader: io.TextIOWrapper, words: str = "") -> None:
        self.reader, self.words, self.position, self.is_ended = reader, words, 0, False

    def more(self) -> bool:
        """Read on (at least as much again as is held); False at the end."""
        if self.is_ended:
            return False
        chunk = self.reader.read(max(_CHUNK_CHARS, len(self.words) - self.position))
        self.is_ended = not chunk
        self.words = self.words[self.position :] + chunk
        self.position = 0
        return bool(chunk)

    def next_character(self, skip: str) -> str:
        """The next character outside ``skip`` without taking it; '' at the end."""
        while True:
            words, position = self.words, self.position
            while position < len(words) and words[position] in skip:
                position += 1
            self.position = position
            if position < len(words):
                return words[position]
            if not self.more():
                return ""

    def value(self) -> Document | None:
        """The value at the position; None if it is broken (the position stays)."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self.words, self.position)
            except json.JSONDecodeError as error:
                if not self._may_continue(error) or not self.more():
                    return None
            except (ValueError, RecursionError):
                return None
            else:
                # A number at the very end of what is held may go on.
                if end < len(self.words) or self.words[end - 1] in '"}]' or not self.more():
                    words = self.words[self.position : end]
                    self.position = end
                    if _BAD_BYTES.search(words):
                        return Document(None, words, _encoding_problem())
                    return Document(value, words)

    def _may_continue(self, error: json.JSONDecodeError) -> bool:
        if len(self.words) - self.position > MAX_DOCUMENT_CHARS:
            return False
        return error.pos > len(self.words) - 16 or error.msg.startswith("Unterminated string")

    def skip_balanced(self) -> str | None:
        """Pass over a broken object or list whose brackets still balance; its text, None if they do not."""
        while True:
            depth = 0
            for token in _TOKEN.finditer(self.words, self.position):
                sign = token.group()
                depth += (sign in "[{") - (sign in "]}") if len(sign) == 1 else 0
                if depth <= 0:
                    words = self.words[self.position : token.end()]
                    self.position = token.end()
                    return words
            if len(self.words) - self.position > MAX_DOCUMENT_CHARS or not self.more():
                return None

    def skip_line(self) -> str:
        """Pass over the rest of the line; its text."""
        while (end := self.words.find("\n", self.position)) < 0:
            if len(self.words) - self.position > MAX_DOCUMENT_CHARS or not self.more():
                end = len(self.words) - 1
                break
        words = self.words[self.position : end + 1]
        self.position = end + 1
        return words

    def drain(self) -> str:
        """Pass over all that is left; the beginning of it."""
        words = self.words[self.position : self.position + EXCERPT_CHARS]
        self.words, self.position = "", 0
        while self.reader.read(_CHUNK_CHARS):
            pass
        self.is_ended = True
        return words


def _surely_broken(words: str) -> Document:
    """What could not be read where it stood, with why."""
    document = parse(words)
    return document if document.problem else Document(None, words, _json_problem("no value can stand here"))


def _sequence(buffer: _Buffer) -> Iterator[Document]:
    """Values after each other, blanks or commas between them."""
    while buffer.next_character(_BLANK + ","):
        document = buffer.value()
        if document is None:
            line = buffer.skip_line().strip(_BLANK)
            yield from _several(_surely_broken(line))
        else:
            yield document


def _list_elements(buffer: _Buffer) -> Iterator[Document]:
    """Elements of the outermost list, whose ``[`` has been taken; then what follows it."""
    is_list = True
    while is_list:
        yield from _one_list(buffer)
        is_list = buffer.next_character(_BLANK + ",") == "["
        buffer.position += is_list
    yield from _sequence(buffer)


def _one_list(buffer: _Buffer) -> Iterator[Document]:
    """Elements of one list up to and with its ``]``."""
    while (character := buffer.next_character(_BLANK + ",")) not in ("", "]"):
        document = buffer.value()
        if document is None:
            words = buffer.skip_balanced() if character in "{[" else None
            if words is None:
                why = "the list breaks off or breaks here, and nothing after it can be told apart"
                yield Document(None, buffer.drain(), _json_problem(why))
                return
            document = _surely_broken(words)
        yield document
    if character == "":
        yield Document(None, "", _json_problem("the list has no end; the file is cut off"))
    else:
        buffer.position += 1
