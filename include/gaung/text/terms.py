"""The words and word pairs that a text is about: what word clouds and term counts count.

Slang is written out and elongation shortened (:mod:`gaung.text.normalise`), the clitic ``-nya`` is
taken off; stop words of both languages (``data/stop_words.csv``, written for this project) are left
out. Links, addresses, handles and numbers are no terms.
"""

import csv
from functools import lru_cache
from importlib import resources

import polars as pl
import pyarrow as pa

from gaung.text import clean, linear, normalise

MIN_LETTERS = 3
MAX_CHARACTERS = 10_000
"""Of a longer text the head is read."""

MAX_TERMS = 200
"""Of each kind, kept per text, the first ones."""

WORD = rf"^\p{{L}}[\p{{L}}\p{{M}}]{{{MIN_LETTERS - 1},39}}$"
CLITIC = r"^(\p{L}{4,})nya$"
NO_CLITIC = r"(?:tanya|punya)$"


def extract(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → ``words, pairs``: two lists of text per row; same rows, same order.

    Each word and each pair ("kopi susu", "tidak enak") stands once per text, in order of first
    mention. A pair is two neighbours without a sign between them, neither a stop word; its first may
    be a negator. A text without terms, or without text, has empty lists.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String)
    rows = pl.DataFrame({"text": texts}).with_row_index("row")
    head = clean.for_scoring(pl.col("text").str.slice(0, MAX_CHARACTERS)).fill_null("")
    written = normalise.tokens(rows.with_columns(text=head), english_as_is=True)
    tokens = _marked(written.drop_nulls("word"))
    words = tokens.filter(pl.col("is_term")).select("row", term=pl.col("word"))
    pairs = tokens.filter(_is_pair()).select("row", term=pl.concat_str("word", "next", separator=" "))
    result = rows.select("row")
    for name, found in (("words", words), ("pairs", pairs)):
        listed = _listed(found, name)
        result = result.join(listed, on="row", how="left", maintain_order="left")
    result = result.with_columns(pl.col("words", "pairs").fill_null([]))
    return pa.RecordBatch.from_pydict(
        {name: pa.array(result[name].to_list(), pa.list_(pa.string())) for name in ("words", "pairs")}
    )


def _marked(tokens: pl.DataFrame) -> pl.DataFrame:
    """Adds whether each token is a term or a negator, and the term that stands next to it."""
    bare = (
        pl.when(pl.col("word").str.contains(CLITIC) & ~pl.col("word").str.contains(NO_CLITIC))
        .then(pl.col("word").str.replace(CLITIC, "${1}"))
        .otherwise(pl.col("word"))
    )
    known = tokens.select("word").unique().with_columns(bare=bare)
    is_stop = pl.col("word").is_in(stop_words()) | pl.col("bare").is_in(stop_words())
    known = known.with_columns(
        is_term=pl.col("bare").str.contains(WORD) & ~is_stop,
        is_negator=pl.col("word").is_in(linear.NEGATORS),
    )
    marked = tokens.join(known, on="word", how="left", maintain_order="left")
    marked = marked.select("row", "is_term", "is_negator", word=pl.col("bare"))
    follows = pl.col("row") == pl.col("row").shift(-1)
    return marked.with_columns(
        next=pl.when(follows & pl.col("is_term").shift(-1)).then(pl.col("word").shift(-1))
    )


def _is_pair() -> pl.Expr:
    is_pair: pl.Expr = (pl.col("is_term") | pl.col("is_negator")) & pl.col("next").is_not_null()
    return is_pair & (pl.col("word") != pl.col("next"))


def _listed(found: pl.DataFrame, name: str) -> pl.DataFrame:
    kept = found.unique(maintain_order=True)
    return kept.group_by("row", maintain_order=True).agg(pl.col("term").head(MAX_TERMS).alias(name))


@lru_cache(maxsize=1)
def stop_words() -> tuple[str, ...]:
    """Words that no cloud shows, of both languages."""
    path = resources.files("gaung.text").joinpath("data/stop_words.csv")
    with path.open(encoding="utf-8") as file:
        return tuple(sorted({row["word"] for row in csv.DictReader(file)}))
