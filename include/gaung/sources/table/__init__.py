"""Tables – CSV, TSV, Excel – by a column map that says what is what."""

from gaung.sources.fileformat import FileFormat
from gaung.sources.table import mapping, reader
from gaung.sources.table.columnmap import load_map, map_names

FORMAT = FileFormat(
    name="table",
    title="CSV, TSV and Excel tables with a column map",
    platforms=(),
    tables=(),
    ignored={"blank_row": "a row whose cells are all empty"},
    detector=reader.detect,
    reader=reader.records,
    mapper=mapping.map_record,
)

__all__ = ["FORMAT", "load_map", "map_names"]
