"""Indonesian text as engines compare it: lower case, without elongation, slang written out.

The original stays as it is; :func:`spans` says where in it each token stands. The slang table
(``data/slang.csv``) is written for this project.
"""

import csv
from functools import lru_cache
from importlib import resources
from typing import Any

import polars as pl

WORD = r"\p{L}[\p{L}\p{M}]*2?"
TOKEN = rf"{WORD}|\p{{N}}+|[!?]+|[^\s\w]"
"""A word (with the 2 of a written reduplication), a number, a run of ! and ?, or one other sign."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ELONGATED = "|".join(f"({letter}){letter}{{2,}}" for letter in LETTERS)
"""One group per letter, of which a match fills one: all of them together are the letter."""


def tokens(rows: pl.DataFrame, *, english_as_is: bool = False) -> pl.DataFrame:
    """Columns ``row, text`` → ``row, word``: the normal words of each text in order, one row per word.

    The slang table also turns some English words into Indonesian ones; ``english_as_is`` leaves them.
    """
    long, words = coded(rows, english_as_is=english_as_is)
    return long.select("row", word=words.gather(long["code"]))


def coded(rows: pl.DataFrame, *, english_as_is: bool = False) -> tuple[pl.DataFrame, pl.Series]:
    """:func:`tokens` as columns ``row, code``, and the distinct words that the codes count, from 0 on."""
    written = (
        rows.select(
            "row", written=pl.col("text").str.normalize("NFC").str.to_lowercase().str.extract_all(TOKEN)
        )
        .explode("written")
        .drop_nulls("written")
    )
    known = written.select("written").unique(maintain_order=True).with_columns(word=normal(pl.col("written")))
    spoken = (
        known.join(slang(english_as_is=english_as_is), on="word", how="left", maintain_order="left")
        .select("written", word=pl.coalesce("normal", pl.concat_list("word")))
        .explode("word")
        .drop_nulls("word")
    )
    words = spoken["word"].unique(maintain_order=True)
    index = pl.DataFrame({"word": words}).with_row_index("code")
    codes = (
        spoken.join(index, on="word", how="left", maintain_order="left")
        .group_by("written", maintain_order=True)
        .agg("code")
    )
    long = written.join(codes, on="written", how="left", maintain_order="left").select("row", "code")
    return long.explode("code").drop_nulls("code"), words


def normal(word: pl.Expr) -> pl.Expr:
    """A lower-case token without elongation ("bagusss") and without a written reduplication ("bagus2")."""
    return shortened(word).str.replace(r"^(\p{L}[\p{L}\p{M}]+)2$", "${1}")


def shortened(word: pl.Expr) -> pl.Expr:
    """Letters written three times or more, once: "bangettt" is "banget"."""
    return word.str.replace_all(ELONGATED, "".join(f"${{{at + 1}}}" for at in range(len(LETTERS))))


def spans(text: str) -> list[dict[str, Any]]:
    """Tokens of one text with where they stand: ``start, end`` (characters), ``written``, ``normal``."""
    whole = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    written: list[str] = whole.select(pl.col("text").str.extract_all(TOKEN)).to_series()[0].to_list()
    rows = pl.DataFrame({"text": written}, schema={"text": pl.String}).with_row_index("row")
    spoken = tokens(rows).group_by("row", maintain_order=True).agg(pl.col("word").str.join(" "))
    normals: dict[int, str] = dict(spoken.iter_rows())
    found, at = [], 0
    for row, token in enumerate(written):
        start = text.index(token, at)  # nothing that the pattern passes over can hold a token
        at = start + len(token)
        found.append({"start": start, "end": at, "written": token, "normal": normals.get(row, token)})
    return found


def slang_words() -> list[str]:
    """The written forms of the slang table, sorted."""
    return sorted(slang(english_as_is=False)["word"].to_list())


@lru_cache(maxsize=2)
def slang(*, english_as_is: bool) -> pl.DataFrame:
    """Columns ``word, normal`` (a list): the slang table, with or without its English words."""
    with resources.files("gaung.text").joinpath("data/slang.csv").open(encoding="utf-8") as file:
        listed = [row for row in csv.DictReader(file) if not (english_as_is and row["lang"] == "en")]
    rows = [(row["word"], row["normal"].split()) for row in listed]
    return pl.DataFrame(rows, schema={"word": pl.String, "normal": pl.List(pl.String)}, orient="row")
