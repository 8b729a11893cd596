"""The words of deleted posts out of a payload; everything else stays, because a deleted post still counts.

Works on the form of the file, like :mod:`gaung.erasure.payloads`: an object is the post's own if it has
the post's id; what stands in its fields of words goes, and so do its parts' (captions, alternative
texts). A row of a table is the post's own if one of its cells is the id.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Any, Literal

from gaung.erasure.payloads import (
    ACCOUNT_FIELDS,
    DISTINCT,
    ID_FIELDS,
    POST_FIELDS,
    Eraser,
    fields,
    rewritten_rows,
)
from gaung.erasure.words import MARK

WORD_FIELDS = fields(
    "text full_text rawtext content contents body body_html selftext selftext_html title headline summary "
    "caption message story description desc spoiler_text textdisplay textoriginal text_html "
    "alt alt_text ext_alt_text accessibility_caption stickertext transcript tweet review "
    "teks isi keterangan ulasan"
)
"""Fields and columns in which a post's words stand."""

TAG_FIELDS = fields("hashtags cashtags symbols tags textextra user_mentions mentions")
"""Lists whose entries name topics and accounts."""

PART_FIELDS = fields(
    "media media_attachments attachments images photos videos caption edge_media_to_caption note_tweet"
)
"""Objects within a post that are part of it, whatever id they have."""

LINKED_FIELDS = fields("media_keys")
"""Ids within a post of other objects that are part of it."""

AUTHORS = ACCOUNT_FIELDS - {"snippet"}
"""Accounts within a post: their words are not the post's."""

ADDRESSES = fields("url uri")
"""Fields that may be the id of an object, or lead elsewhere."""

OWN_IDS = (ID_FIELDS - ADDRESSES) | fields(
    "name code shortcode media_key resourceid edit_history_tweet_ids edit_history_post_ids"
)
"""Fields that hold the id of an object itself."""

_Owner = Literal["own", "part", "other"] | None


@dataclass(frozen=True)
class Words:
    """Words of deleted posts.

    Attributes:
        posts: ids of the posts.
        texts: what stood in them, to be found within their own objects and rows.
        distinct: those texts that are theirs wherever they stand.
    """

    posts: frozenset[str]
    texts: frozenset[str]
    distinct: frozenset[str]


def wordless(data: bytes, words: Words) -> bytes:
    """The payload without the words; equal if they are not in it."""
    return _WordEraser(words).data(data)


def words_left(data: bytes, words: Words) -> int:
    """How often the words stand in a payload."""
    eraser = _WordEraser(words)
    eraser.data(data)
    return eraser.found


def bare(text: str) -> str:
    """A text without mark-up and blanks, as it is compared."""
    return "".join(unescape(re.sub(r"<[^<>]*>", "", text)).split())


class _WordEraser(Eraser):
    def __init__(self, words: Words) -> None:
        super().__init__(lambda token: False, words.distinct, words.posts.__contains__)
        self.posts = words.posts
        self.ids = words.posts | {tail for post in words.posts if (tail := _record(post))}
        self.own = {bare(text) for text in words.texts} - {""}
        self.distinct = {known for text in words.distinct if len(known := bare(text)) >= DISTINCT}
        self.found = 0

    def value(self, value: Any, key: str = "") -> Any:
        """A JSON value without the words."""
        return self._walk(value, key.lower(), self.ids | set(_parts(value, self.ids)), None)

    def _walk(self, value: Any, key: str, own: frozenset[str], owner: _Owner) -> Any:
        if isinstance(value, dict):
            owner = _owner(value, key, own, owner)
            return {
                name: inner if name.lower() in TAG_FIELDS else self._walk(inner, name.lower(), own, owner)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._walk(inner, key, own, owner) for inner in value]
        if isinstance(value, str):
            is_own = owner in ("own", "part")
            return self.packed(value, key) or self._word(value, is_own=is_own, is_word=key in WORD_FIELDS)
        return value

    def string(self, value: str) -> str:
        """A text of nobody known."""
        return self._word(value, is_own=False, is_word=False)

    def _word(self, value: str, *, is_own: bool, is_word: bool) -> str:
        if not value or value == MARK:
            return value
        known = bare(value)
        is_word = is_word and any(map(str.isalpha, value))
        if (is_own and (is_word or known in self.own)) or known in self.distinct:
            self.found += 1
            return MARK
        return value if is_word or len(value) < DISTINCT else self.words(value)

    def words(self, text: str) -> str:
        """A longer text – a page, a report – without the distinct words in it."""
        for known in sorted(self.texts, key=len, reverse=True):
            for form in dict.fromkeys((known, escape(known), json.dumps(known)[1:-1])):
                if form in text:
                    self.found += text.count(form)
                    text = text.replace(form, MARK)
        return text

    def table(self, text: str, delimiter: str) -> str:
        """A table; the words in the rows of the posts, and distinct ones anywhere."""
        columns: list[str] = []

        def changed(row: list[str]) -> list[str]:
            if not columns:
                columns.extend(name.strip(' "\r\ufeff').lower() for name in row)
            is_own = any(cell in self.posts for cell in row)
            named = [*(name in WORD_FIELDS for name in columns), *[False] * len(row)]
            cells = zip(row, named, strict=False)
            return [self._word(cell, is_own=is_own, is_word=is_word) for cell, is_word in cells]

        return rewritten_rows(text, delimiter, changed)


def _owner(value: dict[str, Any], key: str, own: frozenset[str], owner: _Owner) -> _Owner:
    """Whose words stand in an object: a deleted post's, its part's, another's, or not known."""
    if owner == "part" or (owner == "own" and key in PART_FIELDS):
        return "part"
    ids = _ids(value, may_be_about=owner is None)
    if ids:
        return "own" if ids & own else "other"
    return "other" if key in AUTHORS and owner else owner


def _ids(value: dict[str, Any], *, may_be_about: bool = True) -> set[str]:
    """The ids of an object itself; of one without, if it may be, the post that it is about."""
    weak = _values(value, ADDRESSES)
    strong = _values(value, OWN_IDS)
    found = strong or (_values(value, POST_FIELDS) if may_be_about else set())
    if found or weak:
        found |= weak
        return found | {text.partition("_")[2] for text in found if text.count("_") > 1}
    address = value.get("permalink_url")
    if isinstance(address, str) and (numbers := re.findall(r"(?<=[=/])\d+", address)):
        return {f"{number}_{numbers[-1]}" for number in numbers}
    if "rkey" in value and "collection" in value:
        return {f"{value['collection']}/{value['rkey']}"}
    return set()


def _values(value: dict[str, Any], names: frozenset[str]) -> set[str]:
    return {text for name, inner in value.items() if name.lower() in names for text in _plain(inner)}


def _record(post_id: str) -> str:
    """Where an at:// address lies within its repository, as streams name it."""
    return "/".join(post_id.split("/")[3:]) if post_id.startswith("at://") else ""


def _plain(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return [text for inner in inside for text in _plain(inner)]
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) else []


def _parts(value: Any, posts: frozenset[str]) -> Iterator[str]:
    """Ids of the objects that are parts of the posts, as the posts name them."""
    if isinstance(value, dict):
        if not posts.isdisjoint(_ids(value)):
            yield from _linked(value)
        for inner in value.values():
            yield from _parts(inner, posts)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner, posts)


def _linked(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in LINKED_FIELDS and isinstance(inner, list):
                yield from (part for part in inner if isinstance(part, str))
            else:
                yield from _linked(inner)
