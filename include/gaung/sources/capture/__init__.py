"""Capture exports (Zeeschuimer NDJSON): TikTok, Instagram and X as their web clients receive them."""

from gaung.sources.capture import reader
from gaung.sources.capture.instagram import TABLES as INSTAGRAM
from gaung.sources.capture.tiktok import TABLES as TIKTOK
from gaung.sources.capture.x import TABLES as X
from gaung.sources.fileformat import FileFormat

FORMAT = FileFormat(
    name="capture",
    title="Capture exports of TikTok, Instagram and X",
    platforms=("tiktok", "instagram", "x"),
    tables=(*TIKTOK, *INSTAGRAM, *X),
    ignored=reader.IGNORED,
    detector=reader.detect,
    reader=reader.records,
    mapper=reader.map_record,
)
