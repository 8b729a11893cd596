"""Places of Indonesia: 38 provinces and 514 regencies and cities with their official codes.

``data/places.csv`` (codes and names of the ministry's decree, compiled for this project) and
``data/place_aliases.csv`` (short and English names). "Kota Bekasi" is not "Kabupaten Bekasi"; a bare
"Bandung" may be either: then the city is given, every candidate is named, and it is flagged.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import polars as pl
import pyarrow as pa

from gaung.text import points, spoken

MAX_CHARACTERS = 200
"""Of a longer place string the head is read."""

PARTS = re.compile(r"[,/|;()\n•·]| - |–|—")
KINDS = {"kota": "city", "kabupaten": "regency", "provinsi": "province", "prov": "province", "city": "city"}
COUNTRY = frozenset({"indonesia", "id", "ri", "republik indonesia", "wni"})
LEADS = (
    "di",
    "ke",
    "dari",
    "kota",
    "kabupaten",
    "asal",
    "daerah",
    "cabang",
    "area",
    "wilayah",
    "khas",
    "in",
    "from",
)


@dataclass(frozen=True)
class Place:
    """A province, regency or city."""

    code: str
    kind: str
    name: str
    province_code: str

    @property
    def title(self) -> str:
        """The name with its kind: "Kota Bekasi" is not "Kabupaten Bekasi"."""
        return {"city": "Kota ", "regency": "Kabupaten "}.get(self.kind, "") + self.name


def locate(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text``, one place string per row (a profile's or seller's), → one answer per row.

    Columns: ``code, kind`` (province, regency, city), ``name, province_code, is_ambiguous, candidates``
    (codes, sorted), ``reason``: NULL with a code, else no_text or unknown_place. Same rows, same order.
    """
    texts = batch.column("text").to_pylist()
    answers = {text: _located(text) for text in set(texts)}
    codes = [answers[text][0] for text in texts]
    found = [places()[code] if code else None for code in codes]
    return pa.RecordBatch.from_pydict(
        {
            "code": pa.array(codes, pa.string()),
            "kind": pa.array([place.kind if place else None for place in found], pa.string()),
            "name": pa.array([place.name if place else None for place in found], pa.string()),
            "province_code": pa.array(
                [place.province_code if place else None for place in found], pa.string()
            ),
            "is_ambiguous": pa.array([len(answers[text][1]) > 1 for text in texts], pa.bool_()),
            "candidates": pa.array([answers[text][1] for text in texts], pa.list_(pa.string())),
            "reason": pa.array([answers[text][2] for text in texts], pa.string()),
        }
    )


def mentioned(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text``, running text, → ``places``: a list of structs per row; same rows, same order.

    Each: ``code, name, is_ambiguous, candidates, start, end`` (characters of the original). Of
    overlapping names the longest counts; a name that is an ordinary word, too ("Batu", "Pati"),
    counts after a word like "di" or "kota" only.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String)
    lists: list[list[dict[str, object]]] = [[] for _ in range(len(texts))]
    for row, one in found(spoken.words(texts)):
        lists[row].append(one)
    return pa.RecordBatch.from_pydict({"places": pa.array(lists, pa.list_(MENTION))})


def found(words: pl.DataFrame) -> Iterator[tuple[int, dict[str, object]]]:
    """Row and entry of :func:`mentioned`, place by place, in what :func:`gaung.text.spoken.words` gave."""
    hits = points.chains(words, _phrases())
    hits = hits.filter(~pl.col("is_ordinary") | pl.col("before").is_in(LEADS))
    hits = hits.sort("row", "start", "size", descending=[False, False, True])
    answers = {phrase: _located(phrase) for phrase in hits["phrase"].unique().to_list()}
    ends: dict[int, int] = {}
    for row, start, end, phrase in hits.select("row", "start", "end", "phrase").iter_rows():
        code, candidates, _ = answers[phrase]
        if code and start >= ends.get(row, 0):
            ends[row] = end
            told = {"code": code, "name": places()[code].name, "is_ambiguous": len(candidates) > 1}
            yield row, {**told, "candidates": candidates, "start": start, "end": end}


MENTION = pa.struct(
    [
        ("code", pa.string()),
        ("name", pa.string()),
        ("is_ambiguous", pa.bool_()),
        ("candidates", pa.list_(pa.string())),
        ("start", pa.int32()),
        ("end", pa.int32()),
    ]
)


@lru_cache(maxsize=1)
def places() -> dict[str, Place]:
    """Every place by its code."""
    columns = ("code", "kind", "name", "province_code")
    return {row["code"]: Place(*(row[name] for name in columns)) for row in _rows("places.csv")}


def _rows(file_name: str) -> list[dict[str, str]]:
    with resources.files("gaung.text").joinpath(f"data/{file_name}").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _located(text: str | None) -> tuple[str | None, list[str], str | None]:
    """Code, candidates and, without a code, the reason."""
    if text is None or not text.strip():
        return None, [], "no_text"
    parts = [_plain(part) for part in PARTS.split(text[:MAX_CHARACTERS])]
    found = [codes for part in parts if part and part not in COUNTRY and (codes := _candidates(part))]
    if not found:
        return None, [], "unknown_place"
    candidates = found[0]
    for other in found[1:]:
        candidates = _narrowed(candidates, other)
    return _preferred(candidates), sorted(candidates), None


def _narrowed(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The finer candidates of the two that lie in the provinces of the coarser; the first if none do."""
    fine, coarse = (one, other) if any("." in code for code in one) else (other, one)
    inside = frozenset(code for code in fine if code[:2] in {wide[:2] for wide in coarse} and "." in code)
    return inside or one


def _preferred(candidates: frozenset[str]) -> str:
    """The city before the regency before the province: what a bare name is mostly used for."""
    order = {"city": 0, "regency": 1, "province": 2}
    return min(candidates, key=lambda code: (order[places()[code].kind], code))


def _candidates(part: str) -> frozenset[str]:
    """The codes that a plain name may mean."""
    head, _, rest = part.partition(" ")
    names = _names()
    if head in KINDS and rest:
        wanted = KINDS[head]
        narrowed = frozenset(code for code in names.get(_squeezed(rest), ()) if places()[code].kind == wanted)
        return narrowed or names.get(_squeezed(part), frozenset())
    if part.endswith((" city", " regency")):
        rest, _, tail = part.rpartition(" ")
        return frozenset(
            c for c in names.get(_squeezed(rest), ()) if places()[c].kind == KINDS.get(tail, "regency")
        )
    return names.get(_squeezed(part), frozenset())


@lru_cache(maxsize=1)
def _names() -> dict[str, frozenset[str]]:
    """The codes of each name and alias, without spaces."""
    codes: dict[str, set[str]] = {}
    for place in places().values():
        codes.setdefault(_squeezed(_plain(place.name)), set()).add(place.code)
    for row in _rows("place_aliases.csv"):
        codes[_squeezed(row["alias"])] = set(row["codes"].split("|"))
    return {name: frozenset(found) for name, found in codes.items()}


def _plain(text: str) -> str:
    """Lower case letters and digits, words apart, "Kab." written out, "administrasi" left out."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = re.sub(r"[̀-ͯ]", "", folded)
    words = re.sub(r"[^\w]+", " ", folded).replace("_", " ").split()
    words = ["kabupaten" if word == "kab" else word for word in words if word not in ("administrasi", "adm")]
    return " ".join(words)


def _squeezed(text: str) -> str:
    return text.replace(" ", "")


@lru_cache(maxsize=1)
def _phrases() -> pl.DataFrame:
    """``phrase, size, is_ordinary``: every name and alias, with and without the kind before it."""
    listed = {_plain(row["name"]): row["is_ordinary_word"] == "yes" for row in _rows("places.csv")}
    listed |= {row["alias"]: row["is_ordinary_word"] == "yes" for row in _rows("place_aliases.csv")}
    kinds = ("kota", "kabupaten", "kab", "kab .", "provinsi")
    rows = [(name, is_ordinary) for name, is_ordinary in sorted(listed.items())]
    rows += [(f"{kind} {name}", False) for kind in kinds for name in sorted(listed)]
    schema = {"phrase": pl.String, "is_ordinary": pl.Boolean}
    frame = pl.DataFrame(rows, schema, orient="row").unique("phrase", keep="first", maintain_order=True)
    size = pl.col("phrase").str.count_matches(" ").cast(pl.Int64) + 1
    return frame.with_columns(size=size).filter(pl.col("size") <= points.LONGEST)
