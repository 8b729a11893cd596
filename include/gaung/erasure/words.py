"""Where a person stands in words: mentions, addresses and whole values, replaced by a neutral mark.

One rule for everything: :func:`hide` asks a judge about each candidate. Erasure's judge knows the
person's id and handles; the loader's judge knows only keyed hashes, and gives the same text.
"""

import re
from collections.abc import Callable

MARK = "[erased]"
Judge = Callable[[str], bool]
"""Whether a token is an erased person's id or handle; asked with the token as written."""

_TOKEN = re.compile(r"\w(?:[\w.:\-]*\w)?")
_CUT = re.compile(r"[.:\-]")
_PIECE = re.compile(r"\w+")
_BEFORE = "@＠/"
SUSPICIOUS = re.compile(r"[@＠/]|\d{5}|did:")
"""What a text must hold to name somebody within it."""

SHORT_ID = 5
"""Shorter ids are told from other words only where they stand alone."""


def hide(text: str, judge: Judge) -> str:
    """The text with what the judge knows replaced by :data:`MARK`; the same object if there is nothing."""
    bare = text.strip().lstrip("@＠")
    if bare and len(bare) < 600 and judge(bare):
        return MARK
    if not SUSPICIOUS.search(text):
        return text

    def replaced(match: re.Match[str]) -> str:
        token = match.group()
        before = text[match.start() - 1] if match.start() else ""
        if before in _BEFORE and before:
            known = _longest(token, judge)
        else:
            return MARK if _is_id(token) and judge(token) else _PIECE.sub(piece, token)
        return MARK + token[len(known) :] if known else token

    def piece(match: re.Match[str]) -> str:
        return MARK if _is_id(match.group()) and judge(match.group()) else match.group()

    return _TOKEN.sub(replaced, text)


def _is_id(token: str) -> bool:
    """Whether a word may be an id: nobody's name for a thing, but digits or a DID."""
    return token.startswith("did:") or (len(token) >= SHORT_ID and any(sign.isdigit() for sign in token))


def tokens(text: str) -> list[str]:
    """Whatever in a text could be an id or a handle."""
    return _TOKEN.findall(text)


def _longest(token: str, judge: Judge) -> str:
    """The longest beginning of a token, ended where a name may end, that the judge knows."""
    if judge(token):
        return token
    for cut in reversed(list(_CUT.finditer(token))):
        if judge(token[: cut.start()]):
            return token[: cut.start()]
    return ""


def plain_judge(author_id: str, handles: frozenset[str]) -> Judge:
    """A judge that knows one person openly."""
    names = {handle.lower().lstrip("@＠") for handle in handles if handle}

    def judge(token: str) -> bool:
        return (author_id != "" and token == author_id) or token.lower() in names

    return judge
