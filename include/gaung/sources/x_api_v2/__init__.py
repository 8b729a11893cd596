"""X API v2 bodies: pages, single objects, streams and flattened lines, in both name sets."""

from gaung.sources.fileformat import FileFormat
from gaung.sources.x_api_v2 import kinds, mapping, reader

FORMAT = FileFormat(
    name="x_api_v2",
    title="X API v2",
    platforms=("x",),
    tables=mapping.TABLES,
    ignored=kinds.IGNORED,
    detector=reader.detect,
    reader=reader.records,
    mapper=mapping.map_record,
)
