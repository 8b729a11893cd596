"""Texts as normal words that know where they stand in the original: what the rules read.

Links, addresses and handles are passed over. The original is never changed: ``start`` and ``end``
count characters of it.
"""

import polars as pl

from gaung.text import clean, normalise

MAX_CHARACTERS = 5_000
"""Of a longer text the head is read."""

LINK = clean.URL.removeprefix("(?i)")
PIECE = rf"(?is){LINK}|[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+|{clean.MENTION}|{normalise.TOKEN}|\s+|."
"""Every character of a text lies in one piece, so that lengths add up to places."""

CLITIC = r"^(\p{L}{3,})nya$"
NO_CLITIC = r"^(?:hanya|tanya|punya|bertanya|menanya|biasanya|akhirnya|sebenarnya|adanya)$"
CONTRASTS = ("tapi", "namun", "but", "padahal", "sayang", "sayangnya", "cuma", "meski", "meskipun", "walau")
ENDS = (".", ",", "!", ";", ":", "?", "/", "(", ")", "\n")


def words(texts: pl.Series) -> pl.DataFrame:
    """The words and signs of texts, one row each, in order.

    Columns: ``row`` (index of the text), ``at`` (place among all words), ``start, end``
    (characters of the original), ``word`` (normal: lower case, slang written out), ``bare`` (without
    the clitic ``-nya``), ``clause`` (number of the part between signs and contrasts; no two texts share one).
    """
    pieces = _pieces(texts.cast(pl.String).str.slice(0, MAX_CHARACTERS)).filter(pl.col("written") != " ")
    known = _normal(pieces.select("written").unique())
    spoken = pieces.join(known, on="written", how="left", maintain_order="left").explode("word")
    return _placed(spoken.drop_nulls("word"))


def handles(texts: pl.Series) -> pl.DataFrame:
    """The mentioned handles, in order: ``row, start, end`` and ``handle`` (lower case, without its sign)."""
    heads = texts.cast(pl.String).str.slice(0, MAX_CHARACTERS)
    # only texts with a sign are read; the others stand as NULL, so that rows keep their numbers
    pieces = _pieces(pl.select(pl.when(heads.str.contains("[@＠]")).then(heads)).to_series())
    mentioned = pieces.filter(pl.col("written").str.contains(r"^[@＠]\w"))
    return mentioned.select("row", "start", "end", handle=pl.col("written").str.slice(1).str.to_lowercase())


def _pieces(heads: pl.Series) -> pl.DataFrame:
    """``row, written, start, end``: every piece of every text."""
    frame = pl.DataFrame({"row": pl.int_range(len(heads), dtype=pl.UInt32, eager=True), "written": heads})
    pieces = (
        frame.with_columns(pl.col("written").str.extract_all(PIECE)).explode("written").drop_nulls("written")
    )
    # pieces cover every character, so places are sums of lengths, from where each text begins in all of them
    sizes = heads.str.len_chars().fill_null(0)
    begins = (sizes.cum_sum() - sizes).cast(pl.Int64)
    length = pieces["written"].str.len_chars().cast(pl.Int64)
    end = length.cum_sum() - begins.gather(pieces["row"])
    return pieces.with_columns(start=end - length, end=end)


def _normal(pieces: pl.DataFrame) -> pl.DataFrame:
    """``written, word``: the normal words of each distinct piece; none for space, links and handles."""
    skipped = pl.col("written").str.contains(rf"(?i)^(?:{LINK}|.+@|[@＠]\w)")
    is_space = pl.col("written").str.contains(r"^\s+$")
    lowered = pl.col("written").str.normalize("NFC").str.to_lowercase()
    told = (
        pl.when(is_space & pl.col("written").str.contains("\n"))
        .then(pl.lit("\n"))
        .when(is_space | skipped)
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("written").str.contains(r"^[!?]*\?[!?]*$"))
        .then(pl.lit("?"))
        .when(pl.col("written").str.contains(r"^!+$"))
        .then(pl.lit("!"))
        .otherwise(normalise.normal(lowered))
    )
    known = pieces.with_columns(word=told)
    slang = known.join(normalise.slang(english_as_is=True), on="word", how="left")
    return slang.select("written", word=pl.coalesce("normal", pl.concat_list("word")))


def _placed(spoken: pl.DataFrame) -> pl.DataFrame:
    is_end = pl.col("word").is_in((*ENDS, *CONTRASTS))
    is_first = (pl.col("row") != pl.col("row").shift(1)).fill_null(True)
    bare = (
        pl.when(pl.col("word").str.contains(CLITIC) & ~pl.col("word").str.contains(NO_CLITIC))
        .then(pl.col("word").str.replace(CLITIC, "${1}"))
        .otherwise(pl.col("word"))
    )
    placed = spoken.with_columns(clause=(is_end | is_first).cum_sum(), bare=bare).filter(
        pl.col("word") != "\n"
    )
    at = pl.int_range(pl.len(), dtype=pl.Int64)
    return placed.select("row", "start", "end", "word", "bare", "clause", at=at)
