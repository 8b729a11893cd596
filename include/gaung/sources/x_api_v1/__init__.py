"""X API v1.1: statuses one a line, in lists or in search results, with stream notices."""

from gaung.sources.fileformat import FileFormat
from gaung.sources.x_api_v1 import mapping, reader

FORMAT = FileFormat(
    name="x_api_v1",
    title="X API v1.1",
    platforms=("x",),
    tables=mapping.TABLES,
    ignored=reader.IGNORED,
    detector=reader.detect,
    reader=reader.records,
    mapper=mapping.map_record,
)
