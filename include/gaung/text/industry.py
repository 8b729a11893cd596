"""The industry of a small business or its product, by the words that name it.

A list of words and word pairs, written for this project, speaks for an industry; goods that are
none of a craftsman, tailor or cook speak for ``other``. The first words of a product's name count
double, since Indonesian puts the head of a noun phrase first ("parfum mobil kopi" is a perfume).
"""

import csv
from functools import lru_cache
from importlib import resources

import polars as pl
import pyarrow as pa

from gaung.text import clean, normalise

INDUSTRIES = ("culinary", "fashion", "crafts", "other")
HEAD = 3
"""Number of words at the beginning that count double."""


def classify(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → ``industry, would_be, evidence``; same rows, same order.

    ``industry`` is NULL when no listed word stands in the text or two industries are equally
    strong; ``would_be`` is what a guess would say then. ``evidence`` names the words that decided.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String)
    found = _found(texts)
    scores = (
        found.group_by("row", "industry")
        .agg(pl.col("points").sum(), pl.col("word").unique(maintain_order=True).alias("words"))
        .with_columns(rank=pl.col("points").rank("ordinal", descending=True).over("row"))
        .with_columns(is_tied=(pl.col("points") == pl.col("points").max().over("row")).sum().over("row") > 1)
    )
    order = {name: place for place, name in enumerate(INDUSTRIES)}
    best = (
        scores.sort("row", pl.col("points").neg(), pl.col("industry").replace_strict(order, default=9))
        .group_by("row", maintain_order=True)
        .first()
    )
    rows = pl.DataFrame({"row": pl.int_range(len(texts), dtype=pl.UInt32, eager=True)})
    result = rows.join(best, on="row", how="left", maintain_order="left").select(
        industry=pl.when(~pl.col("is_tied")).then(pl.col("industry")),
        would_be=pl.col("industry").fill_null("other"),
        evidence=pl.when(~pl.col("is_tied")).then(pl.col("words")),
    )
    return pa.RecordBatch.from_pydict(
        {
            "industry": pa.array(result["industry"].to_list(), pa.string()),
            "would_be": pa.array(result["would_be"].to_list(), pa.string()),
            "evidence": pa.array(result["evidence"].to_list(), pa.list_(pa.string())),
        }
    )


def _found(texts: pl.Series) -> pl.DataFrame:
    """Columns ``row, word, industry, points``: every listed word or pair of each text."""
    rows = pl.DataFrame({"text": texts}).with_row_index("row")
    rows = rows.with_columns(clean.for_scoring(pl.col("text")).fill_null(""))
    words = (
        normalise.tokens(rows)
        .drop_nulls("word")
        .filter(pl.col("word").str.contains(r"^[\p{L}\p{N}]"))
        .with_columns(place=pl.int_range(pl.len()).over("row"))
    )
    pairs = words.with_columns(word=pl.col("word") + " " + pl.col("word").shift(-1).over("row")).drop_nulls(
        "word"
    )
    return (
        pl.concat([words, pairs])
        .join(_words(), on="word", how="inner")
        .with_columns(points=pl.col("weight") * pl.when(pl.col("place") < HEAD).then(2).otherwise(1))
        .sort("row", "place", "word")
    )


@lru_cache(maxsize=1)
def _words() -> pl.DataFrame:
    path = resources.files("gaung.text").joinpath("data/industry_words.csv")
    with path.open(encoding="utf-8") as file:
        rows = [(row["word"], row["industry"], int(row["weight"])) for row in csv.DictReader(file)]
    return pl.DataFrame(
        rows, schema={"word": pl.String, "industry": pl.String, "weight": pl.Int64}, orient="row"
    )
