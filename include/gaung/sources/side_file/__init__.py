"""Side files: text parts (transcripts, on-screen text, translations …) and metrics by post id."""

from gaung.sources.fileformat import FileFormat
from gaung.sources.side_file.mapping import TABLES, map_record
from gaung.sources.side_file.reader import IGNORED, detect, records

FORMAT = FileFormat(
    name="side_file",
    title="Text parts and metrics by post id (NDJSON or CSV)",
    platforms=(),
    tables=TABLES,
    ignored=IGNORED,
    detector=detect,
    reader=records,
    mapper=map_record,
)

__all__ = ["FORMAT"]
