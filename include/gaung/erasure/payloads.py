"""A person out of a payload: objects and rows of the person blanked, mentions elsewhere hidden.

Works on the form of the file (JSON values, tables, workbooks, any text), not on platforms: an object
is a person's own if one of its author fields, or of its account's, holds the person's id or handle.
Whatever stands in a list or on a line keeps its place, so that other records keep their numbers.
"""

import base64
import binascii
import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

from gaung.erasure.words import MARK, SHORT_ID, Judge, hide, plain_judge
from gaung.sources import jsonio
from gaung.sources.exchange.yaml_items import is_recording

BLANK = {"erased": True}
HEAD_CHARS = 64 * 1024
DISTINCT = 20
"""Characters from which on a text is taken as the person's own wherever it stands."""


def fields(words: str) -> frozenset[str]:
    """Names of fields, in lower case, as they stand in a text."""
    return frozenset(words.split())


ACCOUNT_FIELDS = fields(
    "user author owner account from actor by creator poster user_info userinfo authorinfo profile "
    "authorchannelid snippet uploader channel repo"
)
"""Fields that hold the account of an object's author."""

NAME_FIELDS = fields("username user_name handle screen_name screenname uniqueid unique_id acct")
ID_FIELDS = fields("id id_str pk pk_id did uid rest_id value url uri")
AUTHOR_FIELDS = NAME_FIELDS | fields(
    "author_id authorid user_id userid user_id_str owner_id ownerid from_id authorchannelid channelid "
    "author_fullname account_id accountid did author secuid repo"
)
"""Fields that name an object's author."""

POST_FIELDS = fields("post_id postid tweet_id tweetid video_id videoid media_id mediaid")
"""Fields by which something is about a post."""


@dataclass(frozen=True)
class Person:
    """Whom to erase.

    Attributes:
        posts: ids of the person's posts, by which side files name them.
        texts: what the person wrote as far as it is known (posts, parts, bio, names), to be found elsewhere.
    """

    platform: str
    author_id: str
    handles: frozenset[str]
    texts: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()

    @property
    def judge(self) -> Judge:
        """Tells the person's id and handles."""
        return plain_judge(self.author_id, self.handles)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds id and handles in running text; handles where a name stands, not as a word."""
        parts = []
        for handle in sorted(self.handles):
            name = re.escape(handle.lstrip("@＠"))
            parts += [rf"(?<=[@＠/]){name}(?![\w\-])", rf"(?<=\"){name}(?=\")", rf"(?m:^){name}(?m:$)"]
        if len(self.author_id) >= SHORT_ID:
            parts.append(rf"(?<![\w]){re.escape(self.author_id)}(?![\w])")
        elif self.author_id:
            parts.append(rf"(?<=\"){re.escape(self.author_id)}(?=\")|(?m:^){re.escape(self.author_id)}(?m:$)")
        return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def erased(
    data: bytes, judge: Judge, texts: frozenset[str] = frozenset(), is_post: Judge = lambda post_id: False
) -> bytes:
    """The payload without whom the judge knows, their posts and texts; equal if they are not in it."""
    return Eraser(judge, texts, is_post).data(data)


def occurrences(data: bytes, person: Person) -> int:
    """How often id and handles stand in a payload: in its words, and as whole cells of a table."""
    if data[:2] == b"\x1f\x8b":
        return occurrences(gzip.decompress(data), person)
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return sum(occurrences(book.read(name), person) for name in book.namelist())
    encoding, skip = jsonio._encoding(data[:64])
    text = data[skip:].decode(encoding, "replace")
    found = count(text, person) + (count(_unescaped(text), person) if "\\u" in text else 0)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return found
    cells = re.split(r"[,;\t|\n\r]", text)
    return found + sum(1 for cell in cells if cell and person.judge(cell))


def count(text: str, person: Person) -> int:
    """How often id and handles stand in a text."""
    return sum(1 for _ in person.pattern.finditer(text))


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)


class Eraser:
    """Takes whom a judge knows, their posts and texts out of files of any form."""

    def __init__(self, judge: Judge, texts: frozenset[str], is_post: Judge) -> None:
        """Keep those texts that are long enough to be told from others'."""
        self.judge, self.is_post = judge, is_post
        self.texts = {text for text in texts if len(text.strip()) >= DISTINCT}

    def data(self, data: bytes) -> bytes:
        """Any file; the same bytes if nothing in it changes."""
        if data[:2] == b"\x1f\x8b":
            try:
                inner = gzip.decompress(data)
            except (EOFError, OSError, zlib.error):
                return data
            new_inner = self.data(inner)
            return data if new_inner == inner else gzip.compress(new_inner, mtime=0)
        if zipfile.is_zipfile(io.BytesIO(data)):
            return self.archive(data)
        encoding, skip = jsonio._encoding(data[:64])
        try:
            text = data[skip:].decode(encoding, "surrogateescape")
        except UnicodeDecodeError:
            return data
        new = self.text(text)
        return data if new == text else data[:skip] + new.encode(encoding, "surrogateescape")

    def text(self, text: str) -> str:
        """Any text file."""
        if is_recording(text[:HEAD_CHARS]):
            return self.recording(text)
        if text.lstrip(" \t\r\n\ufeff")[:1] in ("{", "["):
            return self.json(text)
        start = re.match(r"\s*window\.[\w.]+\s*=\s*", text)
        if start:
            return start.group() + self.json(text[start.end() :])
        delimiter = _delimiter(text)
        return self.table(text, delimiter) if delimiter else self.words(text)

    def json(self, text: str) -> str:
        """JSON values, one or many, one after the other or by line; what is no JSON is taken as words."""
        decoder = json.JSONDecoder()
        parts, position = [], 0
        while position < len(text):
            blank = re.compile(r"[\s,\ufeff]*").match(text, position)
            assert blank is not None
            parts.append(blank.group())
            position = blank.end()
            if position >= len(text):
                break
            try:
                value, end = decoder.raw_decode(text, position)
            except (ValueError, RecursionError):
                end = text.find("\n", position)
                end = len(text) if end < 0 else end
                parts.append(self.words(text[position:end]))
            else:
                new = self.value(value)
                parts.append(text[position:end] if new == value else _dump(new))
            position = end
        return "".join(parts)

    def value(self, value: Any, key: str = "") -> Any:
        """A JSON value without the person."""
        if isinstance(value, dict):
            if self._is_persons(value):
                return BLANK
            return {self.string(name): self.value(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, key) for inner in value]
        if isinstance(value, str):
            return self.packed(value, key) or self.string(value)
        if isinstance(value, int) and not isinstance(value, bool) and self.judge(str(value)):
            is_id = len(str(value)) > SHORT_ID or "id" in key.lower() or key.lower() == "pk"
            return MARK if is_id else value
        return value

    def packed(self, value: str, key: str) -> str | None:
        """A recorded body (JSON within a string, base64) with its inside changed; None for other text."""
        if key == "base64_string":
            return self._base64(value)
        start, end = value[:1], value[-1:]
        if (start, end) not in (("{", "}"), ("[", "]")):
            return None
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return None
        return self.json(value) if inner and not isinstance(inner, str) else None

    def _base64(self, value: str) -> str | None:
        try:
            inner = base64.b64decode(value)
        except (binascii.Error, ValueError):
            return None
        new = self.data(inner)
        return value if new == inner else base64.b64encode(new).decode()

    def recording(self, text: str) -> str:
        """Recorded exchanges in YAML: the bodies, JSON within strings, packed or not."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        changed = False
        events: list[yaml.Event] = []
        try:
            for event in yaml.parse(text, Loader=loader):
                if isinstance(event, yaml.ScalarEvent):
                    is_packed = event.tag == "tag:yaml.org,2002:binary"
                    new = (
                        self._base64(event.value)
                        if is_packed
                        else self.packed(event.value, "") or self.string(event.value)
                    )
                    changed = changed or (new or event.value) != event.value
                    event.value = new or event.value
                events.append(event)
        except yaml.YAMLError:
            return self.words(text)
        return yaml.emit(events, allow_unicode=True) if changed else text

    def _is_persons(self, value: dict[str, Any]) -> bool:
        for name, inner in value.items():
            lower = name.lower()
            if lower in AUTHOR_FIELDS and self._names(inner):
                return True
            if lower in POST_FIELDS and isinstance(inner, str | int) and self.is_post(str(inner)):
                return True
            if lower in ACCOUNT_FIELDS and isinstance(inner, dict) and self._is_account(inner):
                return True
        return self._is_account(value)

    def _is_account(self, value: dict[str, Any]) -> bool:
        return any(
            name.lower() in (ID_FIELDS | AUTHOR_FIELDS) and self._names(inner)
            for name, inner in value.items()
        )

    def _names(self, value: Any) -> bool:
        if isinstance(value, dict):
            return "value" in value and self._names(value["value"])
        return isinstance(value, str | int) and self.judge(str(value).strip().lstrip("@"))

    def string(self, value: str) -> str:
        """A text without the person."""
        return MARK if value in self.texts else hide(value, self.judge)

    def table(self, text: str, delimiter: str) -> str:
        """A table; the cells of the person's rows are emptied."""
        header = text.lstrip("\ufeff").split("\n", 1)[0].lower().split(delimiter)
        of_posts = [at for at, name in enumerate(header) if name.strip(' "\r') in POST_FIELDS]

        def changed(row: list[str]) -> list[str]:
            is_persons = any(cell in self.texts or self.judge(cell.strip().lstrip("@")) for cell in row)
            is_persons = is_persons or any(self.is_post(row[at]) for at in of_posts if at < len(row))
            new = ["" for _ in row] if is_persons else [self.string(cell) for cell in row]
            return new if any(new) or not is_persons else [MARK, *new[1:]]

        return rewritten_rows(text, delimiter, changed)

    def words(self, text: str) -> str:
        """Any other text: what the person wrote, and every word that is the person's id or handle."""
        for known in sorted(self.texts, key=len, reverse=True):
            for form in (known, escape(known), json.dumps(known)[1:-1]):
                text = text.replace(form, MARK)
        text = hide(text, self.judge)
        return re.sub(r"\w(?:[\w.:\-]*\w)?", lambda m: MARK if self.judge(m.group()) else m.group(), text)

    def archive(self, data: bytes) -> bytes:
        """A zip archive, or a workbook, which is one: the same in all of its parts."""
        target = io.BytesIO()
        has_changed = False
        with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(target, "w") as out:
            for item in book.infolist():
                content = book.read(item)
                is_xml = item.filename.endswith((".xml", ".rels"))
                new = self.xml(content) if is_xml else self.inner(content)
                has_changed = has_changed or new != content
                out.writestr(item, new, zipfile.ZIP_DEFLATED)
        return target.getvalue() if has_changed else data

    def inner(self, content: bytes) -> bytes:
        """A file of an archive."""
        return self.data(content)

    def xml(self, content: bytes) -> bytes:
        """The texts between tags."""

        def replaced(match: re.Match[str]) -> str:
            words = unescape(match[1])
            new = self.string(words)
            return match.group() if new == words else f">{escape(new, quote=False)}<"

        text = content.decode("utf-8", "surrogateescape")
        return re.sub(r">([^<]+)<", replaced, text).encode("utf-8", "surrogateescape")


def rewritten_rows(text: str, delimiter: str, changed: Callable[[list[str]], list[str]]) -> str:
    """A table with some rows written anew; all others stand as they stood, damaged ones too."""
    lines = iter(io.StringIO(text, newline=""))
    taken: list[str] = []

    def follow() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    parts = []
    for row in csv.reader(follow(), delimiter=delimiter):
        new = changed(row)
        if new != row:
            parts.append(_written(new, delimiter, taken[-1]))
        elif len(taken) == 1:
            parts += taken
        else:  # a cell of several lines, or a quote that was never closed and took in other rows
            for line in taken:
                alone = next(csv.reader([line], delimiter=delimiter), [])
                new = changed(alone)
                parts.append(line if new == alone else _written(new, delimiter, line))
        taken.clear()
    return "".join(parts)


def _written(row: list[str], delimiter: str, line: str) -> str:
    """A row as text, ended like the line that it replaces."""
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=_line_end(line)).writerow(row)
    return target.getvalue()


def _line_end(line: str) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if line.endswith(end)), "")


def _dump(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def _delimiter(text: str) -> str:
    """What parts the cells of a table's first line, else nothing."""
    head = text.lstrip("\ufeff").split("\n", 1)[0]
    best = max(",;\t|", key=head.count)
    return best if head.count(best) else ""
