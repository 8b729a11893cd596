"""Text as engines may see it: without mentions, links, addresses and hash signs.

A handle must never be scored: "united" alone scores +1.8 in VADER's lexicon. All functions are
polars expressions over a text column, so that they work on whole columns.
"""

import polars as pl

URL = r"(?i)\b(?:https?://|www\.)[^\s<>]+|\b(?:t\.co|bit\.ly|wa\.me|s\.id|linktr\.ee|shope\.ee)/[^\s<>]+"
EMAIL = r"(^|[^\w.+\-@＠])[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"
MENTION = r"[@＠]\w(?:[\w.\-]*\w)?(?:@[\w\-]+(?:\.[\w\-]+)+)?"
REPOST_MARK = r"^\s*RT\s+[@＠]\w+\s*:\s*"
HASHTAG = r"(?:^|[^\w&/])[#＃]+(\w*[\p{L}]\w*)"


def without_links(text: pl.Expr) -> pl.Expr:
    """The text with links and e-mail addresses replaced by a space."""
    return text.str.replace_all(URL, " ").str.replace_all(EMAIL, "${1} ")


def without_mentions(text: pl.Expr) -> pl.Expr:
    """The text with mentioned handles replaced by a space."""
    return text.str.replace_all(MENTION, " ")


def for_scoring(text: pl.Expr) -> pl.Expr:
    """The text as an engine scores it; empty when nothing is left."""
    plain = without_links(text.str.replace(REPOST_MARK, ""))
    plain = without_mentions(plain).str.replace_all(r"[#＃]+(\w)", " ${1}")
    return plain.str.replace_all(r"[\s\p{Cc}\p{Cf}--\x{200d}]+", " ").str.strip_chars()


def hashtags(text: pl.Expr) -> pl.Expr:
    """The hashtags that stand in the text, in order, without the sign, as written."""
    found = without_links(text).str.extract_all(HASHTAG)
    return found.list.eval(pl.element().str.replace(r"^.*[#＃]", ""))


def mentions(text: pl.Expr) -> pl.Expr:
    """The handles that the text mentions, in order, lower case, without the sign."""
    found = without_links(text).str.extract_all(MENTION)
    return found.list.eval(pl.element().str.slice(1).str.to_lowercase())
