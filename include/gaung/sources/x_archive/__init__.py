"""X: the archive that an account's owner downloads (``data/*.js``)."""

from gaung.sources.fileformat import FileFormat
from gaung.sources.x_archive.mapping import IGNORED, TABLES, map_record
from gaung.sources.x_archive.reader import detect, records

FORMAT = FileFormat(
    name="x_archive",
    title="X archive (download of your data)",
    platforms=("x",),
    tables=TABLES,
    ignored=IGNORED,
    detector=detect,
    reader=records,
    mapper=map_record,
)

__all__ = ["FORMAT"]
