"""Files of the archive: a JavaScript assignment of a list, ``window.YTD.tweets.part0 = [ … ]``."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from gaung.sources import jsonio
from gaung.sources.base import Context, Record, Sample

_START = re.compile(r"\ufeff?\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")
_START_BYTES = 256


def detect(sample: Sample, context: Context) -> bool:
    """True for a file that begins with ``window.YTD.<name>.part<number> =``."""
    return is_part(jsonio.decode_head(sample.head[:_START_BYTES]))


def is_part(words: str) -> bool:
    """True if a text begins like a file of the archive."""
    return _START.match(words) is not None


def records(stream: BinaryIO, context: Context) -> Iterator[Record]:
    """Each element of the list, with the name of its part."""
    head = stream.read(_START_BYTES)
    found = _START.match(head.decode("utf-8", "replace"))
    if found is None:
        return
    length = len(head.decode("utf-8", "replace")[: found.end()].encode())
    rest = _Joined(head[length:], stream)
    for record in jsonio.records(rest):  # type: ignore[arg-type]
        record.payload = {"part": found.group(1), "entry": record.payload}
        yield record


class _Joined:
    """What was read ahead, then the stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes."""
        if self._head:
            taken = self._head if size < 0 else self._head[:size]
            self._head = self._head[len(taken) :]
            return taken if size >= 0 else taken + self._stream.read()
        return self._stream.read(size)
