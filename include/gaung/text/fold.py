"""Text as comparisons see it: without case and accents, words apart, punctuation as words of its own.

A space stands on both sides of every word, so that ``" kopi senja "`` is found in the folded text
exactly where the phrase stands between word boundaries, whatever the script.
"""

from collections.abc import Callable

import polars as pl

ACCENTS = r"[\x{0300}-\x{036f}]"
INVISIBLE = r"[\x{00ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{fe00}-\x{fe0f}\x{feff}]"
JOINTS = r"[\s\-_'’‘`\x{2010}-\x{2015}]+"


def plain(text: pl.Expr) -> pl.Expr:
    """Lower case without accents and invisible characters."""
    folded = text.str.replace_all(INVISIBLE, "").str.normalize("NFKD").str.replace_all(ACCENTS, "")
    return folded.str.to_lowercase().str.replace_all("ß", "ss")


def words(text: pl.Expr) -> pl.Expr:
    """The folded words and signs, a space around each; hyphens, underscores and apostrophes part words.

    Other punctuation stays as a word of its own: "beli kopi. Senja indah" does not hold "kopi senja".
    """
    spread = (
        plain(text)
        .str.replace_all(r"([^\w\s\-_'’‘`\x{2010}-\x{2015}])", " ${1} ")
        .str.replace_all(JOINTS, " ")
    )
    return pl.concat_str(pl.lit(" "), spread.str.strip_chars(" "), pl.lit(" "))


def squeezed(text: pl.Expr) -> pl.Expr:
    """The folded letters and digits alone, without anything between them."""
    return plain(text).str.replace_all(r"[^\w]|_", "")


def topic(text: pl.Expr) -> pl.Expr:
    """A hashtag or keyword as a topic's name: lower case, composed, accents kept."""
    return text.str.normalize("NFKC").str.to_lowercase().str.strip_chars("#＃ ")


def all_words(values: list[str]) -> list[str]:
    """:func:`words` of a list of texts."""
    return _of(values, words)


def all_squeezed(values: list[str]) -> list[str]:
    """:func:`squeezed` of a list of texts."""
    return _of(values, squeezed)


def _of(values: list[str], function: Callable[[pl.Expr], pl.Expr]) -> list[str]:
    frame = pl.DataFrame({"text": values}, schema={"text": pl.String})
    folded: list[str] = frame.select(function(pl.col("text"))).to_series().to_list()
    return folded
