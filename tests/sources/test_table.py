"""Tables: maps that are checked, cells read exactly as stated, rows accounted for."""

import csv
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from gaung.errors import SettingsInvalid
from gaung.sources.base import MappingError
from gaung.sources.table import cells, load_map, map_names
from gaung.sources.table.columnmap import FileForm, LoadedMap
from tests.sources.helpers import Outcome, read


def _map(**changes: Any) -> LoadedMap:
    base: dict[str, Any] = {"platform": "other", "posts": {"post_id": "id", "text": "text"}}
    return LoadedMap({**base, **changes})


INDONESIAN = FileForm(decimal=",", thousands=".")
ENGLISH = FileForm(decimal=".", thousands=",")


@pytest.mark.parametrize(
    ("words", "form", "expected"),
    [
        ("0", FileForm(), 0),
        ("1234", INDONESIAN, 1234),
        ("1.234", INDONESIAN, 1234),
        ("1.234.567", INDONESIAN, 1234567),
        ("12,3 rb", INDONESIAN, 12300),
        ("12,3rb+", INDONESIAN, 12300),
        ("1,2 jt", INDONESIAN, 1200000),
        ("1 miliar", INDONESIAN, 1000000000),
        ("1,234", ENGLISH, 1234),
        ("1.5k", ENGLISH, 1500),
        ("3M", FileForm(suffixes={"m": 1_000_000}), 3_000_000),
        ("5.0", FileForm(), 5),
    ],
)
def test_counts(words: str, form: FileForm, expected: int) -> None:
    assert cells.count(words, "p", form) == expected


@pytest.mark.parametrize(
    ("words", "form", "reason"),
    [
        ("1.234", FileForm(), "bad_number"),
        ("1,234", FileForm(), "bad_number"),
        ("1.23", INDONESIAN, "bad_number"),
        ("12.3 rb", INDONESIAN, "bad_number"),
        ("1.2345.678", INDONESIAN, "bad_number"),
        ("1,5", INDONESIAN, "bad_number"),
        ("3M", FileForm(), "bad_number"),
        ("banyak", FileForm(), "bad_number"),
        ("-1", FileForm(), "out_of_range"),
        ("9223372036854775808", FileForm(), "out_of_range"),
    ],
)
def test_counts_that_are_not_guessed(words: str, form: FileForm, reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        cells.count(words, 'row 2, column "n"', form)

    assert caught.value.problem.reason == reason
    assert caught.value.problem.path == 'row 2, column "n"'


@pytest.mark.parametrize(
    ("words", "form", "expected"),
    [
        ("03/02/2025", "day_first", "2025-02-02T17:00:00+00:00"),
        ("03/02/2025", "month_first", "2025-03-01T17:00:00+00:00"),
        ("3-2-25 08.15", "day_first", "2025-02-03T01:15:00+00:00"),
        ("3 Agustus 2025 08:15:30", "day_first", "2025-08-03T01:15:30+00:00"),
        ("17 Agt 2025", "day_first", "2025-08-16T17:00:00+00:00"),
        ("3/2/2025 12:05 AM", "day_first", "2025-02-02T17:05:00+00:00"),
        ("3/2/2025 10:00 WITA", "day_first", "2025-02-03T02:00:00+00:00"),
        ("2025-02-03 10:00", "day_first", "2025-02-03T03:00:00+00:00"),
        ("2025-02-03T10:00:00Z", "iso", "2025-02-03T10:00:00+00:00"),
        ("03.02.2025", "%d.%m.%Y", "2025-02-02T17:00:00+00:00"),
        ("1738548000", "epoch_s", "2025-02-03T02:00:00+00:00"),
    ],
)
def test_times(words: str, form: str, expected: str) -> None:
    assert cells.moment(words, "p", form, "Asia/Jakarta").isoformat() == expected


@pytest.mark.parametrize(
    ("words", "form", "reason"),
    [
        ("31/02/2025", "day_first", "bad_date"),
        ("02/13/2025", "day_first", "bad_date"),
        ("kemarin", "day_first", "bad_date"),
        ("3 Foo 2025", "day_first", "bad_date"),
        ("03/02/2025", "iso", "bad_date"),
        ("03/02/2025", "day_first", "date_without_zone"),
    ],
)
def test_times_that_are_refused(words: str, form: str, reason: str) -> None:
    zone = None if reason == "date_without_zone" else "Asia/Jakarta"
    with pytest.raises(MappingError) as caught:
        cells.moment(words, "p", form, zone)

    assert caught.value.problem.reason == reason


def test_columns_are_found_whatever_the_delimiter() -> None:
    for delimiter in ",;\t|":
        data = delimiter.join(("id", "extra", "Text")) + "\n" + delimiter.join(("1", "x", "halo")) + "\n"
        (row,) = read(data.encode(), _map()).rows("posts")
        assert (row["post_id"], row["text"]) == ("1", "halo")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "windows-1252"], ids=lambda name: name
)
def test_encodings(encoding: str) -> None:
    stated = encoding if encoding in ("latin-1", "windows-1252") else "utf-8"

    (row,) = read("id,text\n1,café\n".encode(encoding), _map(file={"encoding": stated})).rows("posts")

    assert row["text"] == "café"


def test_wrong_encoding_costs_its_rows_only() -> None:
    outcome = read(b"id,text\n1,caf\xe9\n2,teh\n", _map())

    assert outcome.problems() == [("bad_encoding", "row 2")]
    assert [row["post_id"] for row in outcome.rows("posts")] == ["2"]


def test_a_quote_that_never_closes_costs_its_line_only() -> None:
    outcome = read(b'id,text\n1,"halo\n2,teh\n3,"a\nb"\n', _map())

    assert outcome.problems() == [("bad_row", "row 2")]
    assert [(row["post_id"], row["text"]) for row in outcome.rows("posts")] == [("2", "teh"), ("3", "a\nb")]


def test_an_open_quote_that_swallows_rows_gives_them_back() -> None:
    outcome = read(b'id,text,n\n1,"halo,5\n2,teh,6\n3,"kopi",7\n', _map())

    assert [row["post_id"] for row in outcome.rows("posts")] == ["2", "3"]
    assert outcome.problems() == [("bad_row", "row 2")]


def test_rows_without_id_or_date() -> None:
    table = LoadedMap(
        {"platform": "other", "posts": {"text": "text", "created_at": "at"}, "file": {"timezone": "UTC"}}
    )
    rows = [b"bagus,2025-01-01\n", b"bagus,2025-01-01\n", b"jelek,\n"]

    def ids(order: list[bytes]) -> list[str]:
        return [row["post_id"] for row in read(b"text,at\n" + b"".join(order), table).rows("posts")]

    whole = ids(rows)
    assert len(set(whole)) == 3
    assert ids(rows) == whole
    assert set(ids(rows[::-1])) == set(whole)
    assert ids(rows[2:]) == whole[2:]
    assert ids(rows[1:2]) == whole[:1]
    assert read(b"text,at\n" + rows[2], table).rows("posts")[0]["created_at"] is None


def test_ids_depend_on_content_not_on_other_columns() -> None:
    first = read(
        b"text,likes\nhalo,1\n",
        LoadedMap({"platform": "other", "posts": {"text": "text"}, "metrics": {"likes": "likes"}}),
    )
    later = read(
        b"text,likes\nhalo,9\n",
        LoadedMap({"platform": "other", "posts": {"text": "text"}, "metrics": {"likes": "likes"}}),
    )

    assert first.rows("posts") == later.rows("posts")
    assert [row["likes"] for row in (*first.rows("post_metrics"), *later.rows("post_metrics"))] == [1, 9]


def test_private_rows_are_quarantined() -> None:
    table = _map(posts={"post_id": "id", "text": "text", "visibility": "v"})

    outcome = read(b"id,text,v\n1,a,private\n2,b,public\n", table)

    assert outcome.problems() == [("not_public", 'row 2, column "v"')]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "platform: x\nposts:\n  text: a\n  tekst: b\n",
            "posts.tekst (line 4): 'tekst' is no column of posts",
        ),
        ("platform: y\nposts: {text: a}\n", "platform (line 1): 'y' is no platform"),
        ("platform: x\nposts: {text: a}\nmetriks: {}\n", "metriks (line 3): no such entry"),
        ("platform: x\nposts:\n  text: {colum: a}\n", "line 3"),
        (
            "platform: x\nposts:\n  created_at: {column: a, timezone: WIB}\n  text: b\n",
            "(line 3): 'WIB' is no time zone",
        ),
        ("platform: x\nfile: {header: false}\nposts: {text: a}\n", "needs `columns`"),
        ("platform: x\nfile: {decimal: ',', thousands: ','}\nposts: {text: a}\n", "cannot be the same mark"),
        ("platform: x\nposts: {url: a}\n", "`posts` needs `text`"),
        ("platform: x\nposts: {text: a}\nauthors: {handle: b}\n", "need `posts.author_id`"),
        ("platform: x\nposts: {text: a}\npost_type: kicau\n", "'kicau' is no post type"),
        ("platform: [\n", "line 2: not readable as YAML"),
        ("- a\n", "a list of `key: value` entries"),
    ],
)
def test_wrong_maps_name_file_line_and_entry(tmp_path: Path, words: str, expected: str) -> None:
    path = tmp_path / "my.yml"
    path.write_text(words)

    with pytest.raises(SettingsInvalid) as caught:
        load_map(path)

    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


def test_a_column_that_is_not_there_names_the_line_of_the_map(tmp_path: Path) -> None:
    path = tmp_path / "my.yml"
    path.write_text("platform: x\nposts:\n  text: Teks\n  url: Tautan\n")

    with pytest.raises(SettingsInvalid) as caught:
        read(b"Teks,Link\na,b\n", load_map(path), "export.csv")

    assert "export.csv: column 'Tautan' of posts.url (line 4) is not in the table" in str(caught.value)
    assert "'Teks', 'Link'" in str(caught.value)


def test_shipped_maps_are_valid_and_found_by_name() -> None:
    assert map_names() == ("dashboard_id", "instagram_insights", "rated_tweets", "tokopedia_reviews")
    assert all(load_map(name)["platform"] for name in map_names())
    with pytest.raises(SettingsInvalid, match="none of the shipped maps"):
        load_map("tidak_ada")


# ---------------------------------------------------------------------------------------------
# Excel
# ---------------------------------------------------------------------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>'
    '<sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
    '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def _workbook(rows: list[list[Any]]) -> bytes:
    """A workbook; a number in a tuple is a date cell."""
    lines = []
    for number, row in enumerate(rows, start=1):
        found = []
        for letter, value in zip("ABCDEFG", row, strict=False):
            if isinstance(value, tuple):
                found.append(f'<c r="{letter}{number}" s="1"><v>{value[0]}</v></c>')
            elif isinstance(value, int | float):
                found.append(f'<c r="{letter}{number}"><v>{value}</v></c>')
            elif value is not None:
                found.append(f'<c r="{letter}{number}" t="inlineStr"><is><t>{escape(value)}</t></is></c>')
        lines.append(f'<row r="{number}">{"".join(found)}</row>')
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {**_PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{part}')
    return buffer.getvalue()


EXCEL_MAP = _map(
    posts={"post_id": "ID", "text": "Teks", "created_at": "Tanggal"},
    metrics={"likes": "Suka"},
    file={"dates": "day_first", "timezone": "Asia/Jakarta"},
)
HEADER = ["ID", "Teks", "Tanggal", "Suka"]


def _excel(*rows: list[Any]) -> Outcome:
    return read(_workbook([HEADER, *rows]), EXCEL_MAP, "export.xlsx")


def test_excel_cells() -> None:
    outcome = _excel(
        ["1234567890123456789", "teks & <b>", (45000.5,), 12], [17, "dua", "03/02/2025", 0], [None] * 4
    )

    assert [
        (row["post_id"], row["text"], row["created_at"].isoformat()) for row in outcome.rows("posts")
    ] == [
        ("1234567890123456789", "teks & <b>", "2023-03-15T05:00:00+00:00"),
        ("17", "dua", "2025-02-02T17:00:00+00:00"),
    ]
    assert [row["likes"] for row in outcome.rows("post_metrics")] == [12, 0]


def test_excel_ids_that_are_numbers_have_lost_digits() -> None:
    outcome = _excel([1234567890123456789, "satu", None, None], [42, "dua", None, None])

    assert outcome.problems() == [("float_id", 'row 2, column "ID"')]
    assert [row["post_id"] for row in outcome.rows("posts")] == ["42"]


def test_excel_faults_are_named() -> None:
    with pytest.raises(SettingsInvalid, match=r"no sheet 'Lain'; its sheets: 'Data'"):
        read(_workbook([HEADER]), LoadedMap({**EXCEL_MAP, "file": {"sheet": "Lain"}}))
    with pytest.raises(SettingsInvalid, match="column 'Suka'"):
        read(_workbook([HEADER[:3]]), EXCEL_MAP)


# ---------------------------------------------------------------------------------------------
# Real tables
# ---------------------------------------------------------------------------------------------


def test_real_reviews(test_data: Path) -> None:
    path = test_data / "reviews" / "prdect_id_60pct_of_products.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reviews = [row["Customer Review"] for row in csv.DictReader(stream)]

    outcome = read(path.read_bytes(), load_map("tokopedia_reviews"), path.name)

    assert outcome.counts() == {"received": 3431, "loaded": 3431}
    posts = outcome.rows("posts")
    assert [row["text"] for row in posts] == reviews
    assert len({row["post_id"] for row in posts}) == 3431
    assert not any(mapped.unknown_fields for _, mapped in outcome.records)


def test_real_rated_tweets(test_data: Path) -> None:
    path = test_data / "sentiment" / "vader" / "tweets_GroundTruth.txt"
    lines = path.read_bytes().decode().split("\r\n")

    outcome = read(path.read_bytes(), load_map("rated_tweets"), path.name)

    assert outcome.counts() == {"received": 4200, "loaded": 4200}
    assert [[row["post_id"], row["text"].strip()] for row in outcome.rows("posts")] == [
        [line.split("\t")[0], line.split("\t")[2].strip()] for line in lines if line
    ]
