"""Tables cut into rows: text files line by line, Excel sheets whole, ids for rows that have none."""

import csv
import hashlib
import io
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from gaung.errors import SettingsInvalid
from gaung.sources import jsonio
from gaung.sources.base import Context, Problem, Record, Sample
from gaung.sources.exchange.yaml_items import is_recording
from gaung.sources.files import is_excel_head
from gaung.sources.side_file.reader import has_parts
from gaung.sources.table.columnmap import ColumnMap, FileForm, line_of, parse_map
from gaung.sources.x_archive.reader import is_part

DELIMITERS = (",", ";", "\t", "|")
EXCEL_MAX_BYTES = 256 * 1024 * 1024
_ROW_LINES = 5_000
EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number."""
csv.field_size_limit(2**31 - 1)


@dataclass(slots=True)
class TableRow:
    """One row: the payload of a record.

    Attributes:
        number: as a person counts it in the file, from 1, the header included.
        cells: column name → words, without those that stand for "not known".
        map: the column map.
        generated_id: id made from the row's content, if the map names no id column.
        rounded: columns whose long whole numbers a spreadsheet rounded.
        unknown: columns of the file that the map does not name.
    """

    number: int
    cells: dict[str, str]
    map: ColumnMap
    generated_id: str | None = None
    rounded: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    @property
    def object(self) -> dict[str, str]:
        """What stands in the excerpt."""
        return self.cells

    def path(self, column: str) -> str:
        """Where a cell is, in words."""
        return f'row {self.number}, column "{column}"'


def detect(sample: Sample, context: Context) -> bool:
    """True for Excel and for text that is neither JSON nor markup, if a column map is given.

    Raises:
        SettingsInvalid: the map is wrong, or names a column that the header does not have.
    """
    if context.column_map is None or not sample.head:
        return False
    if is_excel_head(sample.head):
        return True
    words = jsonio.decode_head(sample.head).lstrip("\ufeff \t\r\n")
    if sample.first is not None or words[:1] in ("", "<") or "\0" in words[:4096]:
        return False
    if is_recording(words) or has_parts(words) or is_part(words):
        return False
    table = parse_map(context.column_map)
    lines = iter(io.TextIOWrapper(io.BytesIO(sample.head), encoding="latin-1", newline="\n"))
    if table.file.encoding.replace("-", "").lower() in ("utf8", "latin1", "cp1252", "windows1252"):
        lines = iter(jsonio.decode_head(sample.head).lstrip("\ufeff").splitlines(keepends=True))
        _Layout(lines, table, context)
    return True


def records(stream: BinaryIO, context: Context) -> Iterator[Record]:
    """One record a row.

    Raises:
        SettingsInvalid: the map names a column that the table does not have.
    """
    if context.column_map is None:
        raise SettingsInvalid(f"{context.file_name}: tables need a column map: pass --map")
    table = parse_map(context.column_map)
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Reader(stream))
    is_excel = is_excel_head(buffered.peek(4096)[:4096])
    rows = _excel_rows(buffered, table, context) if is_excel else _text_rows(buffered, table, context)
    ids = _Ids(table)
    for ordinal, row in enumerate(rows):
        if isinstance(row, TableRow):
            row.generated_id = ids.of(row)
            yield Record(ordinal, row)
        else:
            problem, excerpt = row
            yield Record(ordinal, None, jsonio.excerpt(excerpt), problem=problem)


class _Reader(io.RawIOBase):
    """Any binary reader as a raw stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Ids:
    """Ids of rows without one: sha256 of platform, identifying cells and how often they came before.

    Two equal rows of one file are two posts; the same file again gives the same ids; a file cut
    elsewhere keeps the id of every row that is unique in it. About 100 bytes a row are remembered.
    """

    def __init__(self, table: ColumnMap) -> None:
        self._table = table
        self._is_needed = "post_id" not in table.posts
        named = [cell.column for cell in table.posts.values() if cell.column is not None]
        self._columns = table.id_from or sorted(set(named))
        self._seen: set[int] = set()
        self._repeats: dict[int, int] = {}

    def of(self, row: TableRow) -> str | None:
        """The row's id, None if the map names an id column."""
        if not self._is_needed:
            return None
        content = [self._table.platform, [[name, row.cells.get(name)] for name in self._columns]]
        plain = json.dumps(content, ensure_ascii=True)
        mark = int.from_bytes(hashlib.sha256(plain.encode()).digest()[:8], "big")
        occurrence = 0
        if mark in self._seen:
            occurrence = self._repeats.get(mark, 0) + 1
            self._repeats[mark] = occurrence
        self._seen.add(mark)
        return "row_" + hashlib.sha256(f"{plain}#{occurrence}".encode()).hexdigest()[:32]


# ---------------------------------------------------------------------------------------------
# Text files
# ---------------------------------------------------------------------------------------------

Bad = tuple[Problem, str]


def _text_rows(stream: io.BufferedReader, table: ColumnMap, context: Context) -> Iterator[TableRow | Bad]:
    layout = _Layout(_lines(stream, table.file), table, context)
    for number, words, problem, cells in layout.rows():
        if problem is None and any(cells):
            yield layout.row(number, cells)
        elif problem is None:
            yield TableRow(number, {}, table)
        else:
            yield (problem, words)


def _lines(stream: io.BufferedReader, form: FileForm) -> Iterator[str]:
    """Lines in the stated encoding; a byte-order mark wins over it."""
    if form.encoding.replace("-", "").replace("_", "").lower() in ("utf8", "utf8sig"):
        return iter(jsonio.text_reader(stream))
    head = stream.peek(4)[:4]
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return iter(jsonio.text_reader(stream))
    return iter(io.TextIOWrapper(stream, encoding=form.encoding, errors="surrogateescape", newline="\n"))


class _Layout:
    """A text table: its delimiter and header, then its rows."""

    def __init__(self, lines: Iterator[str], table: ColumnMap, context: Context) -> None:
        self._lines, self._table = lines, table
        self._pushed: deque[str] = deque()
        self._line = 0
        for _ in range(table.file.skip_rows):
            self._next_line()
        first = self._peek_row()
        self._delimiter = _delimiter(first, table, context)
        if table.file.header:
            cells = self._read_row()[1]
            self._names = [name.strip().lstrip("\ufeff") for name in cells or []]
        else:
            self._names = list(table.file.columns or [])
        self.columns, self.unknown = _columns(self._names, table, context)

    def _next_line(self) -> str | None:
        line = self._pushed.popleft() if self._pushed else next(self._lines, None)
        self._line += line is not None
        return line

    def _peek_row(self) -> str:
        """The first line that is not blank; blank ones above it are passed over."""
        while (line := self._next_line()) is not None:
            if line.strip():
                self._push([line])
                return line
        return ""

    def _push(self, lines: list[str]) -> None:
        self._pushed.extendleft(reversed(lines))
        self._line -= len(lines)

    def _cells(self, words: str) -> list[str]:
        quoting = csv.QUOTE_NONE if self._table.file.quoting == "none" else csv.QUOTE_MINIMAL
        bare = words.removesuffix("\n").removesuffix("\r")
        if quoting == csv.QUOTE_NONE:
            return bare.split(self._delimiter)
        # The reader takes logical rows as pieces that end in a line end.
        found = list(csv.reader([bare], delimiter=self._delimiter, strict=True))
        return found[0] if found else [""]

    def _read_row(self) -> tuple[str, list[str] | None, str]:
        """Words of the next row, its cells (None if they cannot be told apart), and why not.

        A quote that never closes costs its own line only: the lines after it are read again.
        """
        taken: list[str] = []
        why = ""
        while len(taken) < _ROW_LINES and (line := self._next_line()) is not None:
            taken.append(line)
            try:
                return "".join(taken), self._cells("".join(taken)), ""
            except csv.Error as error:
                why = str(error)
                if "unexpected end of data" not in why:
                    break
        self._push(taken[1:])
        return "".join(taken[:1]), None, why

    def rows(self) -> Iterator[tuple[int, str, Problem | None, list[str]]]:
        """Row number, its words, what is wrong with it, its cells."""
        while True:
            number = self._line + 1
            words, cells, why = self._read_row()
            if not words:
                return
            problem = None
            if not words.strip():
                continue
            if jsonio.has_bad_bytes(words):
                problem = _encoding_problem(number, self._table.file)
            elif cells is None:
                problem = _row_problem(number, f"its quotes do not match ({why})")
            elif len(cells) != len(self._names):
                cells, problem = self._again(number, words, cells)
            yield number, words, problem, cells or []

    def _again(self, number: int, words: str, cells: list[str]) -> tuple[list[str], Problem | None]:
        """A row of the wrong width: trailing empty cells do not count; swallowed lines are read again."""
        while len(cells) > len(self._names) and cells[-1] == "":
            cells = cells[:-1]
        if len(cells) == len(self._names):
            return cells, None
        lines = words.splitlines(keepends=True)
        if len(lines) > 1:
            self._push(lines[1:])
        found = f"it has {len(cells)} cells where the table has {len(self._names)} columns"
        return cells, _row_problem(number, found)

    def row(self, number: int, cells: list[str]) -> TableRow:
        """The row by column name."""
        empty = self._table.file.empty
        named = {
            name: words
            for name, position in self.columns.items()
            if (words := cells[position]).strip() not in empty
        }
        return TableRow(number, named, self._table, unknown=self.unknown)


def _row_problem(number: int, why: str) -> Problem:
    return Problem(
        "bad_row",
        f"row {number}",
        f"row {number}: {why}; correct the row, or `file.delimiter` and `file.quoting` in the map",
    )


def _encoding_problem(number: int, form: FileForm) -> Problem:
    return Problem(
        "bad_encoding",
        f"row {number}",
        f"row {number}: bytes that are not {form.encoding}; state `file.encoding` in the map, "
        "e.g. latin-1 or windows-1252",
    )


def _delimiter(first: str, table: ColumnMap, context: Context) -> str:
    """The stated delimiter, else the one under which the first row fits the map best."""
    if table.file.delimiter is not None:
        return table.file.delimiter
    needed = set(table.needed())

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([first.strip("\r\n")], delimiter=delimiter), [])
        except csv.Error:
            cells = []
        if not table.file.header:
            return (int(len(cells) == len(table.file.columns or [])), len(cells))
        names = {name.strip().lstrip("\ufeff").casefold() for name in cells}
        return (sum(name.strip().casefold() in names for name in needed), len(cells))

    return max(DELIMITERS, key=fit)


def _columns(names: list[str], table: ColumnMap, context: Context) -> tuple[dict[str, int], frozenset[str]]:
    """Mapped column → position, and the columns that the map does not name.

    Raises:
        SettingsInvalid: a column of the map is missing from the header, or stands there twice.
    """
    folded = [name.strip().casefold() for name in names]
    wrong = []
    found: dict[str, int] = {}
    for column, place in table.needed().items():
        hits = [position for position, name in enumerate(folded) if name == column.strip().casefold()]
        if len(hits) == 1:
            found[column] = hits[0]
        else:
            said = "is not in the table" if not hits else f"stands there {len(hits)} times"
            line = line_of(context.column_map or {}, place)
            wrong.append(f"column {column!r} of {place}{line} {said}")
    if wrong:
        header = ", ".join(repr(name) for name in names[:30]) or "nothing"
        raise SettingsInvalid(
            f"{context.file_name}: {'; '.join(wrong)}. Its columns: {header}. "
            "Correct the column map, or the file's header"
        )
    known = {name.strip().casefold() for name in [*table.needed(), *table.ignore]}
    unknown = (name for name, plain in zip(names, folded, strict=True) if plain and plain not in known)
    return found, frozenset(unknown)


# ---------------------------------------------------------------------------------------------
# Excel
# ---------------------------------------------------------------------------------------------


def _excel_rows(stream: BinaryIO, table: ColumnMap, context: Context) -> Iterator[TableRow | Bad]:
    grid = _sheet(stream, table.file, context)
    form = table.file
    start = form.skip_rows
    while form.header and start < len(grid) and not any(grid[start]):
        start += 1
    if form.header:
        names = [str(cell or "").strip() for cell in grid[start]] if start < len(grid) else []
        start += 1
    else:
        names = list(form.columns or [])
    columns, unknown = _columns(names, table, context)
    rounded = _rounded(grid[start:], columns)
    for number, cells in enumerate(grid[start:], start=start + 1):
        named = {
            name: cells[position]
            for name, position in columns.items()
            if position < len(cells) and cells[position].strip() not in form.empty
        }
        if any(cells):
            yield TableRow(number, named, table, rounded=rounded, unknown=unknown)


def _sheet(stream: BinaryIO, form: FileForm, context: Context) -> list[list[str]]:
    """The sheet's cells as words ('' where empty), times in ISO form."""
    import fastexcel

    data = stream.read(EXCEL_MAX_BYTES + 1)
    if len(data) > EXCEL_MAX_BYTES:
        raise SettingsInvalid(f"{context.file_name}: workbooks over 256 MB are not read; save as CSV")
    try:
        workbook = fastexcel.read_excel(data)
        if form.sheet is not None and form.sheet not in workbook.sheet_names:
            named = ", ".join(map(repr, workbook.sheet_names))
            raise SettingsInvalid(f"{context.file_name}: no sheet {form.sheet!r}; its sheets: {named}")
        sheet = workbook.load_sheet(form.sheet or 0, header_row=None, dtypes="string")
        columns = [column.to_pylist() for column in sheet.to_arrow().columns]
    except fastexcel.FastExcelError as error:
        raise SettingsInvalid(f"{context.file_name}: the workbook cannot be read ({error})") from error
    return [["" if cell is None else str(cell) for cell in row] for row in zip(*columns, strict=True)]


def _rounded(grid: list[list[str]], columns: Mapping[str, int]) -> frozenset[str]:
    """Columns of long whole numbers that are all exact doubles: numbers, not text, so digits are lost."""
    found = set()
    for name, position in columns.items():
        cells = (row[position].strip() for row in grid if position < len(row))
        long = [int(words) for words in cells if EXACT_DIGITS < len(words) < 30 and words.isdigit()]
        exact = sum(int(float(value)) == value for value in long)
        if long and exact > 0.05 * len(long):
            found.add(name)
    return frozenset(found)
