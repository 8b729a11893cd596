"""The file format of recorded HTTP exchanges, in YAML or JSON.

An exchange is a request and its response. Its body – text, bytes or base64, perhaps compressed – is
recognised as a platform's by what it holds, or by the host that was asked, and cut into the items of
that platform; each item is one record, observed when the response was sent.
"""

import base64
import binascii
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import yaml

from gaung.sources import jsonio
from gaung.sources.base import Context, Mapped, MappingError, Problem, Record, Sample
from gaung.sources.bodies import Item, Platform, platform_of, platforms
from gaung.sources.bodies.platform import item_excerpt, items
from gaung.sources.exchange.yaml_items import LIST_NAMES, entries, is_recording
from gaung.sources.fileformat import FileFormat
from gaung.sources.mapping import time_iso, time_rfc2822

MAX_BODY_BYTES = 128 * 1024 * 1024
IGNORED = {
    "empty_body": "a response without content (a redirect, a deletion, an empty list or object)",
    "not_json": "a response that is no JSON (a page, an image)",
    "api_error": "a response with an error status",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One record: an item of a platform, or an ignored body."""

    platform: Platform | None
    item: Item


def _detect(sample: Sample, context: Context) -> bool:
    if isinstance(sample.first, dict):
        lists = (sample.first.get(name) for name in LIST_NAMES)
        return any(isinstance(found, list) and found[:1] and _is_exchange(found[0]) for found in lists)
    return is_recording(jsonio.decode_head(sample.head))


def _read(stream: BinaryIO, context: Context) -> Iterator[Record]:
    ordinal = 0
    for exchange in _exchanges(stream):
        for record in _records(exchange):
            record.ordinal = ordinal
            yield record
            ordinal += 1


def _map(record: Record, context: Context) -> Mapped:
    found: Found = record.payload
    if found.platform is not None:
        return found.platform.map(found.item)
    if found.item.kind in IGNORED:
        return Mapped(ignored=found.item.kind)
    raise MappingError(
        "unknown_body",
        "response.body",
        "JSON of no platform that is known; if it holds posts, please report it with this excerpt",
    )


def exchange_format() -> FileFormat:
    """Recorded exchanges of every platform; its tables are theirs."""
    ignored = dict(IGNORED)
    for platform in platforms():
        ignored.update({kind: why for kind, why in platform.ignored.items() if kind not in ignored})
    return FileFormat(
        name="http_exchanges",
        title="Recorded HTTP exchanges (VCR, Betamax)",
        platforms=(),
        tables=(),
        ignored=ignored,
        detector=_detect,
        reader=_read,
        mapper=_map,
    )


def _is_exchange(value: Any) -> bool:
    return isinstance(value, dict) and "request" in value and "response" in value


# ---------------------------------------------------------------------------------------------
# Exchanges of a file
# ---------------------------------------------------------------------------------------------


def _exchanges(stream: BinaryIO) -> Iterator[Record]:
    """Every exchange as a record whose payload is the exchange and the file's shared fields."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Readable(stream))
    if jsonio.looks_like_json(buffered.peek(4096)[:4096]):
        for document in jsonio.documents(buffered):
            if document.problem is not None:
                yield Record(0, None, document.excerpt, problem=document.problem)
            else:
                yield from _listed(document.value, document.excerpt)
        return
    try:
        for value, shared in entries(buffered):
            yield Record(0, (value, shared))
    except (yaml.YAMLError, StopIteration, RuntimeError, ValueError) as error:
        problem = Problem(
            "invalid_yaml",
            "",
            f"the YAML breaks off or is damaged ({_one_line(error)}); what stands before it is read",
        )
        yield Record(0, None, problem=problem)


class _Readable(io.RawIOBase):
    """Any binary reader as a raw stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _listed(value: Any, excerpt: str) -> Iterator[Record]:
    lists = [
        value[name] for name in LIST_NAMES if isinstance(value, dict) and isinstance(value.get(name), list)
    ]
    if not lists:
        problem = Problem("unexpected_form", "", "no list of exchanges in it (`interactions`)")
        yield Record(0, None, excerpt, problem=problem)
        return
    shared = {name: found for name, found in value.items() if name not in LIST_NAMES}
    for entry in lists[0]:
        yield Record(0, (entry, shared))


# ---------------------------------------------------------------------------------------------
# Items of an exchange
# ---------------------------------------------------------------------------------------------


def _records(read: Record) -> Iterator[Record]:
    if read.problem is not None:
        yield read
        return
    exchange, shared = read.payload
    try:
        observed_at = _observed_at(exchange, shared)
        body = _body(exchange)
    except MappingError as error:
        yield Record(0, None, repr(exchange)[: jsonio.EXCERPT_CHARS], problem=error.problem)
        return
    for found in _items(body, exchange):
        yield Record(0, found, item_excerpt(found.item), observed_at)


def _items(body: Any, exchange: Any) -> Iterator[Found]:
    if isinstance(body, Ignored):
        yield Found(None, Item(body.kind, body.words))
        return
    address = str(exchange["request"].get("uri") or exchange["request"].get("url") or "")
    platform = _by_host(address) or platform_of(body)
    if platform is None:
        yield Found(None, Item("unknown_body", body))
        return
    for item in items(platform, body, address):
        yield Found(platform, item)


def _by_host(address: str) -> Platform | None:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return None
    for platform in platforms():
        if any(host == name or host.endswith(f".{name}") for name in platform.hosts):
            return platform
    return None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A body that is not looked into."""

    kind: str
    words: str


def _body(exchange: Any) -> Any:
    """The response's parsed body, or :class:`Ignored`; MappingError if it cannot be unpacked."""
    if not _is_exchange(exchange) or not isinstance(exchange["response"], dict):
        raise MappingError("unexpected_form", "response", "an exchange needs a request and a response")
    if not isinstance(exchange["request"], dict):
        raise MappingError("unexpected_form", "request", "an exchange needs a request and a response")
    words = _decoded(exchange["response"])
    status = _status(exchange["response"])
    if status >= 400:
        return Ignored("api_error", words[:500])
    if words.strip() in ("", "{}", "[]", "null", '""'):
        return Ignored("empty_body", words)
    document = jsonio.parse(words.strip())
    if document.problem is None:
        return document.value
    if jsonio.looks_like_json(words[:64].encode("utf-8", "replace")):
        raise MappingError("invalid_json", "response.body", document.problem.message)
    return Ignored("not_json", words[:500])


def _status(response: dict[str, Any]) -> int:
    status: Any = response.get("status")
    code = status.get("code") if isinstance(status, dict) else status
    # Ruby's and Python's recorders write the status last: without it the file breaks off here.
    if re.fullmatch(r"[1-5][0-9]{2}", str(code)) is None:
        raise MappingError("field_missing", "response.status.code", "no status; is the file cut off?")
    return int(str(code))


def _decoded(response: dict[str, Any]) -> str:
    """The body's text: base64 and compression undone."""
    body = response.get("body", response.get("content"))
    if isinstance(body, dict):
        packed = body.get("base64_string")
        data = _from_base64(packed) if isinstance(packed, str) else body.get("string")
    else:
        data = body
    if data is None:
        return ""
    if not isinstance(data, str | bytes):
        raise MappingError(
            "field_retyped", "response.body", f"the recorded body is {type(data).__name__}, not text"
        )
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    unpacked = _unpacked(raw)
    if unpacked is raw and isinstance(data, str):
        return data
    return unpacked.decode("utf-8", "surrogateescape")


def _from_base64(packed: str) -> bytes:
    try:
        return base64.b64decode(packed)
    except (binascii.Error, ValueError):
        raise MappingError(
            "bad_encoding", "response.body.base64_string", "the recorded body is no base64; record it again"
        ) from None


def _unpacked(data: bytes) -> bytes:
    """Gzip undone, told by its first bytes (recorders often undo it and keep the header)."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            unpacked = stream.read(MAX_BODY_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise MappingError(
            "bad_encoding", "response.body", f"the compressed body is damaged ({error}); record it again"
        ) from None
    if len(unpacked) > MAX_BODY_BYTES:
        raise MappingError("out_of_range", "response.body", "the body unpacks to more than 128 MiB")
    return unpacked


def _observed_at(exchange: Any, shared: dict[str, Any]) -> datetime | None:
    """When the response was sent: its ``Date``, else ``recorded_at`` of exchange or file."""
    if not isinstance(exchange, dict) or not isinstance(exchange.get("response"), dict):
        return None
    headers = exchange["response"].get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if str(name).lower() == "date":
            first = value[0] if isinstance(value, list) and value else value
            return time_rfc2822(first, "response.headers.Date")
    recorded = exchange.get("recorded_at", shared.get("recorded_at"))
    return None if recorded is None else _recorded(recorded)


def _recorded(value: Any) -> datetime:
    """``recorded_at`` of Ruby's VCR (RFC 2822) or Betamax (ISO 8601; without a zone it is UTC)."""
    words = str(value)
    if words[:1].isalpha():
        return time_rfc2822(words, "recorded_at")
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+", words):
        return datetime.fromisoformat(words).replace(tzinfo=UTC)
    return time_iso(words, "recorded_at")
