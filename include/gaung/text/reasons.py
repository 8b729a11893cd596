"""Why a text praises or complains: aspects with mood, values and the words that say so; intents.

The rules are tables (``data/rules/aspect.csv``, ``intent.csv``, ``data/attribute_values.csv``) that
give points by phrases, see :mod:`gaung.text.points`. Texts of any language are read; a text that no
rule reaches has empty lists, never a guess.
"""

import csv
from functools import lru_cache
from importlib import resources
from typing import Any

import polars as pl
import pyarrow as pa

from gaung.text import linear, points, spoken

ASPECTS = (
    "price",
    "quality",
    "taste",
    "delivery",
    "packaging",
    "service",
    "size",
    "colour",
    "availability",
    "place",
    "trust",
)
INTENTS = (
    "asks_price",
    "asks_stock",
    "asks_how_to_order",
    "orders",
    "complains",
    "praises",
    "asks_location",
    "spam_promo",
)
NEGATION_REACH = 3

SPAN = pa.struct([("start", pa.int32()), ("end", pa.int32())])
VALUE = pa.struct([("value", pa.string()), *SPAN])
ASPECT = pa.struct(
    [("aspect", pa.string()), ("mood", pa.string()), ("words", pa.list_(SPAN)), ("values", pa.list_(VALUE))]
)


def intents(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → ``intents``: a sorted list of :data:`INTENTS` per row; same rows, same order."""
    return pa.RecordBatch.from_pydict({"intents": _intents(_words(batch), batch.num_rows)})


def aspects(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → ``aspects``: a list of structs per row; same rows, same order.

    Each: ``aspect`` (one of :data:`ASPECTS`), ``mood`` (positive, negative, neutral: named without an
    opinion), ``words`` (``start, end`` in characters of the original: what names the aspect and what
    judges it), ``values`` (``value, start, end``: which colour, size, taste …).
    """
    return pa.RecordBatch.from_pydict({"aspects": _aspects(_words(batch), batch.num_rows)})


def find(batch: pa.RecordBatch, words: pl.DataFrame | None = None) -> pa.RecordBatch:
    """Column ``text`` → ``intents, aspects`` of one reading; same rows, same order.

    Args:
        batch: the texts.
        words: what :func:`gaung.text.spoken.words` says of them, where the caller has it already.
    """
    words, rows = _words(batch) if words is None else words, batch.num_rows
    return pa.RecordBatch.from_pydict({"intents": _intents(words, rows), "aspects": _aspects(words, rows)})


def _words(batch: pa.RecordBatch) -> pl.DataFrame:
    return spoken.words(pl.Series("text", batch.column("text"), dtype=pl.String))


def _intents(words: pl.DataFrame, rows: int) -> "pa.Array[Any]":
    scores = points.scores(points.found(words, "intent"))
    said = scores.filter(pl.col("points") >= points.ENOUGH)
    lists: list[list[str]] = [[] for _ in range(rows)]
    for row, name in said.select("row", "class").iter_rows():
        lists[row].append(name)
    return pa.array(lists, pa.list_(pa.string()))


def _aspects(words: pl.DataFrame, rows: int) -> "pa.Array[Any]":
    cues = _cues(words)
    found = _judged(words, cues).join(_values(words, cues), on=["row", "class"], how="left")
    order = pl.col("class").replace_strict(
        {name: at for at, name in enumerate(ASPECTS)}, return_dtype=pl.Int32
    )
    one = pl.struct(pl.col("class").alias("aspect"), "mood", "words", pl.col("values").fill_null([]))
    lists = found.sort("row", order).group_by("row", maintain_order=True).agg(aspects=one)
    whole = pl.DataFrame({"row": pl.int_range(rows, dtype=pl.UInt32, eager=True)})
    told = whole.join(lists, on="row", how="left", maintain_order="left")["aspects"].fill_null([])
    return told.to_arrow().cast(pa.list_(ASPECT))


def _cues(words: pl.DataFrame) -> pl.DataFrame:
    """The phrases that name an aspect which has enough points, with their signs after negation."""
    hits = points.found(words, "aspect")
    named = points.scores(hits).filter(pl.col("points") >= points.ENOUGH)
    cues = hits.filter(pl.col("points") > 0).join(named.select("row", "class"), on=["row", "class"])
    sign = pl.when(pl.col("mood") == "+").then(1).when(pl.col("mood") == "-").then(-1).otherwise(0)
    return _negated(words, cues.with_columns(sign=sign))


def _negated(words: pl.DataFrame, cues: pl.DataFrame) -> pl.DataFrame:
    """Signs turned where a negator stands shortly before in the same clause."""
    negators = words.filter(pl.col("word").is_in(linear.NEGATORS)).select("row", "clause", negator="at")
    distance = pl.col("at") - pl.col("negator")
    near = (
        cues.select("row", "clause", "at")
        .unique()
        .join(negators, on=["row", "clause"])
        .filter((distance > 0) & (distance <= NEGATION_REACH))
        .select("row", "at", is_negated=pl.lit(True))
        .unique()
    )
    turned = pl.when(pl.col("is_negated").fill_null(False)).then(-pl.col("sign")).otherwise(pl.col("sign"))
    return cues.join(near, on=["row", "at"], how="left").with_columns(sign=turned).drop("is_negated")


def _judged(words: pl.DataFrame, cues: pl.DataFrame) -> pl.DataFrame:
    """``row, class, mood, words``: by the cues' own signs, else by the opinions of their clauses."""
    key = ["row", "class"]
    own = cues.group_by(key).agg(own=pl.col("sign").sum())
    clauses = cues.select(*key, "clause").unique()
    heard = clauses.join(own.filter(pl.col("own") == 0), on=key).join(_opinions(words), on=["row", "clause"])
    other = heard.group_by(key).agg(other=pl.col("sign").sum())
    judged = own.join(other, on=key, how="left")
    total = pl.when(pl.col("own") != 0).then(pl.col("own")).otherwise(pl.col("other").fill_null(0))
    mood = pl.when(total > 0).then(pl.lit("positive")).when(total < 0).then(pl.lit("negative"))
    spans = pl.concat([part.select(*key, "start", "end") for part in (cues, heard)]).unique()
    said = spans.sort(*key, "start", "end").group_by(key).agg(words=pl.struct("start", "end"))
    return judged.select(*key, mood=mood.otherwise(pl.lit("neutral"))).join(said, on=key)


def _opinions(words: pl.DataFrame) -> pl.DataFrame:
    """Words of praise and blame: ``row, clause, at, sign, start, end``."""
    listed = _lexicon()
    as_written = words.join(listed, on="word")
    bare = words.filter(pl.col("word") != pl.col("bare")).join(listed, left_on="bare", right_on="word")
    columns = ["row", "clause", "at", "sign", "start", "end"]
    return _negated(words, pl.concat([as_written.select(columns), bare.select(columns)]))


def _values(words: pl.DataFrame, cues: pl.DataFrame) -> pl.DataFrame:
    """``row, class, values``: the values named in the clauses of each aspect."""
    hits = points.chains(words, _spellings())
    clauses = cues.select("row", "clause", attribute="class").unique()
    named = hits.join(clauses, on=["row", "clause", "attribute"]).sort(
        "row", "start", "size", "value", descending=[False, False, True, False]
    )
    columns = ["row", "attribute", "value", "start", "end"]
    kept: list[tuple[int, str, str, int, int]] = []
    ends: dict[tuple[int, str], int] = {}
    for row, attribute, value, start, end in named.select(columns).iter_rows():
        if start >= ends.get((row, attribute), 0):
            ends[row, attribute] = end
            kept.append((row, attribute, value, start, end))
    found = pl.DataFrame(kept, named.select(columns).schema, orient="row").rename({"attribute": "class"})
    return found.group_by("row", "class", maintain_order=True).agg(values=pl.struct("value", "start", "end"))


@lru_cache(maxsize=1)
def _spellings() -> pl.DataFrame:
    """``phrase, attribute, value, size``: the spellings of ``data/attribute_values.csv``."""
    with resources.files("gaung.text").joinpath("data/attribute_values.csv").open(encoding="utf-8") as file:
        rows = [
            (row["attribute"], row["value"], spelling)
            for row in csv.DictReader(file)
            for spelling in row["spellings"].split("|")
        ]
    phrases = points.normal([spelling for *_, spelling in rows])
    frame = pl.DataFrame(
        [(attribute, value, phrase) for (attribute, value, _), phrase in zip(rows, phrases, strict=True)],
        schema={"attribute": pl.String, "value": pl.String, "phrase": pl.String},
        orient="row",
    ).unique(["attribute", "phrase"], keep="first", maintain_order=True)
    return frame.with_columns(size=pl.col("phrase").str.count_matches(" ").cast(pl.Int64) + 1)


@lru_cache(maxsize=1)
def _lexicon() -> pl.DataFrame:
    """``word, sign``: Indonesian words of praise and blame, and the clear ones of VADER's English."""
    signs: dict[str, int] = {}
    vader = resources.files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8")
    for line in vader.splitlines():
        word, valence = line.split("\t")[:2]
        if word.isalpha() and abs(float(valence)) >= 1.8:
            signs[word] = 1 if float(valence) > 0 else -1
    path = resources.files("gaung.text").joinpath("data/sentiment_words_id.csv")
    with path.open(encoding="utf-8") as file:
        signs |= {row["word"]: 1 if row["polarity"] == "positive" else -1 for row in csv.DictReader(file)}
    rows = sorted(signs.items())
    return pl.DataFrame(rows, schema={"word": pl.String, "sign": pl.Int32}, orient="row")
