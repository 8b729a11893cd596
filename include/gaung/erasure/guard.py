"""What every loader obeys: records of erased persons are ignored as ``erased``, mentions are hidden.

``raw.erased`` holds keyed hashes only; who was erased cannot be read from it without the secret.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gaung import keys
from gaung.contract import ENTITIES, PLATFORMS
from gaung.erasure.words import MARK, Judge, hide, tokens
from gaung.sources.base import Mapped, Record, Row

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

KIND = "erased"
EXEMPT = frozenset(
    {"platform", "post_type", "part", "media_type", "visibility", "hashtags", "method", "lang"}
)
"""Columns that name no person; a hashtag spelt like a handle is a topic, not the person."""


@dataclass
class Guard:
    """The persons a load must not bring back.

    Attributes:
        authors: published keys of erased authors.
        handles: keyed hashes of their handles.
        posts: published keys of their posts.
        new_posts: keys of further posts that this load kept out.
    """

    authors: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()
    new_posts: set[str] = field(default_factory=set)
    secret: bytes = b""
    hits: int = 0
    known: dict[str, dict[str, bool]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """False when nobody was erased, so that a load need not look."""
        return bool(self.authors or self.handles)

    def apply(self, record: Record, mapped: Mapped) -> Mapped:
        """The outcome of a record without the erased persons in it."""
        if not self:
            return mapped
        if mapped.problem is not None:
            return self._quarantined(record, mapped)
        if not mapped.rows:
            return mapped
        gone = {post for row in mapped.rows.get("posts", []) if (post := self._post_of_erased(row))}
        rows = {
            name: [self._hidden(name, row) for row in kept if not self._is_erased(name, row, gone)]
            for name, kept in mapped.rows.items()
        }
        rows = {name: kept for name, kept in rows.items() if kept}
        if rows:
            self.hits += rows != mapped.rows
            return replace(mapped, rows=rows)
        self.hits += 1
        return Mapped(ignored=KIND, unknown_fields=mapped.unknown_fields)

    def judge(self, platform: str) -> Judge:
        """Whether a token is an erased person's id or handle on a platform."""
        known = self.known.setdefault(platform, {})

        def judge(token: str) -> bool:
            if token not in known:
                known[token] = (
                    handle_key(self.secret, platform, token) in self.handles
                    or keys.keyed(self.secret, "author", platform, token) in self.authors
                )
            return known[token]

        return judge

    def any_judge(self) -> Judge:
        """Whether a token is an erased person's id or handle on any platform."""
        judges = [self.judge(platform) for platform in PLATFORMS]
        return lambda token: any(judge(token) for judge in judges)

    def is_post(self, post_id: str) -> bool:
        """Whether a post of any platform is an erased person's."""
        made = {keys.keyed(self.secret, "post", platform, post_id) for platform in PLATFORMS}
        return not made.isdisjoint(self.posts | self.new_posts)

    def _post_of_erased(self, row: Row) -> str | None:
        platform, post_id = str(row.get("platform")), str(row.get("post_id"))
        author = row.get("author_id")
        key = keys.keyed(self.secret, "post", platform, post_id)
        if key in self.posts:
            return key
        if author is not None and self.judge(platform)(str(author)):
            self.new_posts.add(key)
            return key
        return None

    def _is_erased(self, name: str, row: Row, gone: set[str]) -> bool:
        platform = str(row.get("platform"))
        if "author_id" in ENTITIES[name].id_columns:
            return self.judge(platform)(str(row.get("author_id")))
        key = keys.keyed(self.secret, "post", platform, str(row.get("post_id")))
        return key in gone or key in self.posts

    def _hidden(self, name: str, row: Row) -> Row:
        return hidden(row, self.judge(str(row.get("platform"))), ENTITIES[name].id_columns)

    def _quarantined(self, record: Record, mapped: Mapped) -> Mapped:
        """The same problem; an excerpt that names an erased person is not kept."""
        judge = self.any_judge()
        if any(judge(token) for token in set(tokens(record.excerpt))):
            self.hits += 1
            record.excerpt = MARK
        return mapped


def hidden(row: Row, judge: Judge, ids: "tuple[str, ...]") -> Row:
    """The row with every mention and address of whom the judge knows replaced; the same if there is none."""
    changed: dict[str, Any] = {}
    for name, value in row.items():
        if name in EXEMPT or name in ids or not value:
            continue
        if isinstance(value, str):
            new: Any = hide(value, judge)
        elif isinstance(value, list | tuple):
            new = [hide(item, judge) if isinstance(item, str) else item for item in value]
        else:
            continue
        if new != value and list(new) != list(value):
            changed[name] = new
    return {**row, **changed} if changed else row


def handle_key(secret: bytes, platform: str, handle: str) -> str:
    """Keyed hash of a handle, the same however it is written."""
    return keys.keyed(secret, "handle", platform, handle.strip().lstrip("@＠").lower())


def load(cur: "cursor") -> Guard:
    """The guard for a load; reading holds off an erasure until the load has ended."""
    cur.execute("select kind, person_hash from raw.erased")
    found: dict[str, set[str]] = {"author": set(), "handle": set(), "post": set()}
    for kind, value in cur.fetchall():
        found[kind].add(value)
    secret = keys.secret() if any(found.values()) else b""
    return Guard(
        frozenset(found["author"]), frozenset(found["handle"]), frozenset(found["post"]), secret=secret
    )


def remember(cur: "cursor", kind: str, values: "set[str] | frozenset[str]") -> int:
    """How many hashes were new."""
    cur.execute(
        """
        insert into raw.erased (kind, person_hash) select %s, unnest(%s::text[])
        on conflict do nothing
        """,
        (kind, sorted(values)),
    )
    return int(cur.rowcount)
