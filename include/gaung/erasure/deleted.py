"""Deleted posts lose their words in every room; the posts go on counting.

A platform's tombstone says that a post is gone. From then on nothing publishes its words, but landing,
``raw`` and before-images still hold them. :func:`erase` takes them out – its reposts' too, whose words
are its own – and keeps in ``raw.erased_text`` which brands and topics they decided, so that no count
moves. Loads obey that table (:mod:`gaung.erasure.deletions`): words of that time or before do not come back.

Every step can be repeated: first the posts are noted, then the landing is rewritten, then ``raw`` loses
the words; a post is done when all that is behind it, and a command that was cut off is run again.
"""

import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg2 import sql
from psycopg2.extras import execute_values

from gaung.erasure import Erasure, Progress, clear_files, folders, rooms, stored_files
from gaung.erasure.payload_words import Words, bare, wordless, words_left
from gaung.erasure.payloads import DISTINCT
from gaung.erasure.words import MARK, SHORT_ID

if TYPE_CHECKING:
    import polars as pl
    from psycopg2.extensions import cursor

log = logging.getLogger(__name__)

Key = tuple[str, str]


@dataclass
class Gone:
    """The posts whose words are to go.

    Attributes:
        texts: words by platform and post: every version's, every part's, and as they were published.
        keys: published keys of the posts.
        shared: texts that living posts have, too; they are nobody's alone.
    """

    texts: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    keys: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    @property
    def words(self) -> Words:
        """What payloads are searched for."""
        known = frozenset(text for texts in self.texts.values() for text in texts)
        distinct = frozenset(text for text in known - self.shared if len(bare(text)) >= DISTINCT)
        return Words(frozenset(post_id for _, post_id in self.texts), known, distinct)

    def add(self, key: Key, texts: Iterable[str | None]) -> None:
        """Note words of a post."""
        self.texts[key] |= {text for text in texts if text and text != MARK}


def erase(*, holder: str | None = None, progress: Progress | None = None) -> Erasure:
    """What taking the words of all deleted posts came to; doing it again changes nothing.

    Raises:
        BuildBusy, PublishingHeld, GateFailed: the marts could not be published; what was done until then
            stays done. Remove the cause and run it again.
    """
    from gaung import pipeline

    tell = progress or (lambda step: None)
    result = Erasure()
    tell("build")
    pipeline.build(holder=holder)
    tell("deleted posts")
    gone = _note()
    result.counts["posts"] = len(gone.texts)
    if gone.texts:
        tell("landing")
        result.counts["landing"] = _clear_landing(gone.words)
        tell("files, before-images")
        result.counts["files"] = clear_files(lambda data: wordless(data, gone.words))
        with _locked(holder) as cur:
            result.counts["words"] = _clear_words(cur, gone)
        tell("raw")
        with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
            result.counts |= _clear_raw(cur, gone)
        tell("build")
        pipeline.build(holder=holder)
        tell("scores, before-images")
        with _locked(holder) as cur:
            result.counts |= rooms.clear_unused_scores(cur)
            result.counts["ops.before_image"] = _clear_before_images(cur, gone)
            _done(cur, gone)
    tell("search")
    result.found = search(gone)
    log.info("erased the words of deleted posts: %s", result.counts)
    return result


@contextmanager
def _locked(holder: str | None) -> Iterator["cursor"]:
    """A cursor of one transaction beside which nothing is built or published."""
    from gaung.warehouse import builds

    lock = builds.take_lock(purpose="erase", holder=holder or builds.default_holder())
    try:
        with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
            yield cur
    finally:
        lock.close()


def search(gone: Gone) -> dict[str, int]:
    """How often words of the posts stand in each room, payloads decompressed, files included."""
    from gaung import landing

    words = gone.words
    found = {"landing": 0}
    for path in landing.batches():
        files = landing.stored(path).values()
        if any(_may_hold(data, words) for data in files):
            found["landing"] += sum(words_left(data, words) for data in files) + _mapped(path, gone)
    with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
        found |= _search_rooms(cur, gone)
    for name, folder in folders().items():
        found[name] = sum(words_left(path.read_bytes(), words) for path in stored_files(folder))
    return found


# --- which posts ----------------------------------------------------------------------------------

_CANDIDATES = """
with deleted as (
    select p.platform, p.post_id, max(t.observed_at) as deleted_at
    from core.post as p
    inner join raw.posts as t on p.platform = t.platform and p.post_id = t.post_id and t.is_deleted
    where
        p.is_deleted
        and not exists (
            select from core.dirty_entity as d
            where d.entity = 'post' and d.platform = p.platform and d.entity_id = p.post_id
        )
    group by p.platform, p.post_id
),

posts as (
    select platform, post_id, deleted_at from deleted
    union
    -- a repost's words are its original's
    select r.platform, r.post_id, greatest(d.deleted_at, r.observed_at)
    from deleted as d
    inner join core.post as r on d.platform = r.platform and d.post_id = r.reposted_post_id
    where r.post_type = 'repost' and not r.is_deleted
)

select c.platform, c.post_id, c.deleted_at
from posts as c
where
    exists (
        select from raw.posts as v
        where
            v.platform = c.platform and v.post_id = c.post_id and v.observed_at <= c.deleted_at
            and coalesce(v.text, v.url, v.urls::text) is not null and not v.is_deleted
    )
    or exists (
        select from raw.post_text_parts as v
        where
            v.platform = c.platform and v.post_id = c.post_id and v.observed_at <= c.deleted_at
            and v.text is not null
    )
    or exists (
        select from raw.erased_text as e
        where e.platform = c.platform and e.post_id = c.post_id and e.done_at is null
    )
order by c.platform, c.post_id
"""


def _note() -> Gone:
    """The posts, written down with what their words decide, before any of these goes."""
    gone = Gone()
    with closing(rooms.session("erase")) as conn, conn, conn.cursor() as cur:
        cur.execute(_CANDIDATES)
        found = {(platform, post_id): deleted_at for platform, post_id, deleted_at in cur.fetchall()}
        if not found:
            return gone
        until = _gather(cur, gone, found)
        rows = [
            (*key, found[key], until.get(key), brands, topics) for key, brands, topics in _decided(set(found))
        ]
        execute_values(
            cur,
            """
            insert into raw.erased_text (platform, post_id, deleted_at, words_until, brands, topics)
            values %s
            on conflict (platform, post_id) do update
            set
                deleted_at = excluded.deleted_at,
                words_until = coalesce(excluded.words_until, erased_text.words_until),
                brands = case
                    when excluded.words_until is null then erased_text.brands else excluded.brands
                end,
                topics = case
                    when excluded.words_until is null then erased_text.topics else excluded.topics
                end,
                done_at = null
            """,
            rows,
        )
    return gone


def _gather(cur: "cursor", gone: Gone, found: dict[Key, datetime]) -> dict[Key, datetime]:
    """Fill in the words; gives the time of the last version that has any."""
    cur.execute("create temporary table erasing (platform text, post_id text, deleted_at timestamptz) "
                "on commit drop")  # fmt: skip
    execute_values(cur, "insert into erasing values %s", [(*key, moment) for key, moment in found.items()])
    until: dict[Key, datetime] = {}
    gone.texts.update({key: set() for key in found})
    cur.execute(
        """
        select v.platform, v.post_id, v.observed_at, v.text, m.text_masked
        from erasing as e
        inner join raw.posts as v on e.platform = v.platform and e.post_id = v.post_id
        left join core.text_masked as m on m.text_hash = encode(sha256(convert_to(v.text, 'UTF8')), 'hex')
        where not v.is_deleted and v.observed_at <= e.deleted_at
        """
    )
    for platform, post_id, observed_at, *texts in cur.fetchall():
        gone.add((platform, post_id), texts)
        if texts[0] is not None:
            key = (platform, post_id)
            until[key] = max(until.get(key, observed_at), observed_at)
    cur.execute(
        """
        select v.platform, v.post_id, v.text
        from erasing as e
        inner join raw.post_text_parts as v on e.platform = v.platform and e.post_id = v.post_id
        where v.text is not null and v.observed_at <= e.deleted_at
        """
    )
    for platform, post_id, text in cur.fetchall():
        gone.add((platform, post_id), (text, *text.splitlines()))
    cur.execute("select k.post_key from erasing as e inner join core.post_key as k using (platform, post_id)")
    gone.keys = frozenset(row[0] for row in cur.fetchall())
    cur.execute(
        """
        select distinct p.text
        from core.post as p
        where
            not p.is_deleted and p.text = any(%s)
            and not exists (
                select from erasing as e where e.platform = p.platform and e.post_id = p.post_id
            )
        """,
        (sorted({text for texts in gone.texts.values() for text in texts}),),
    )
    gone.shared = frozenset(row[0] for row in cur.fetchall())
    return until


def _decided(found: set[Key]) -> Iterator[tuple[Key, str, str]]:
    """Brands and topics of each post by its words, as far as these are there."""
    from gaung import enrich
    from gaung.brands import kept
    from gaung.brands.config import load

    brands = load()
    left = set(found)
    where = "p.is_deleted or p.post_type = 'repost'"
    for posts in enrich.posts_to_match(where):
        for platform, post_id, matches, topics in kept.decided(_only(posts, found), brands):
            left.discard((platform, post_id))
            yield (platform, post_id), matches, topics
    for key in left:
        yield key, "[]", "[]"


def _only(posts: "pl.DataFrame", found: set[Key]) -> "pl.DataFrame":
    import polars as pl

    keys = pl.DataFrame(sorted(found), {"platform": pl.String, "post_id": pl.String}, orient="row")
    return posts.join(keys, on=["platform", "post_id"], how="semi")


# --- landing --------------------------------------------------------------------------------------


def _may_hold(data: bytes, words: Words) -> bool:
    """Whether a payload can hold any of the posts: cheap, and never no where it does."""
    is_plain = data[:2] not in (b"PK", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff") and b"base64" not in data
    if not is_plain or b"!!binary" in data:
        return True
    return any(_longest(post_id) in data for post_id in words.posts) or any(
        _longest(text) in data for text in words.distinct
    )


def _longest(text: str) -> bytes:
    """The longest run of plain letters and digits, which every way of writing leaves as it is."""
    return max(re.findall(r"[A-Za-z0-9_]+", text), key=len, default="").encode()


def _clear_landing(words: Words) -> int:
    """Batches changed."""
    from gaung import landing
    from gaung.erasure import known_formats

    formats = known_formats()
    return sum(
        landing.rewrite(
            path,
            format,
            lambda data: wordless(data, words) if _may_hold(data, words) else data,
            lambda name: name,
        )
        for path, format in formats.items()
    )


def _mapped(path: str, gone: Gone) -> int:
    """Words of the posts that a batch would still give when it is loaded again."""
    from gaung import landing
    from gaung.erasure import known_formats
    from gaung.sources import registry

    manifest, format = landing.read_manifest(path), known_formats([path])[path]
    found = 0
    for ordinal in range(len(manifest.files)):
        context = manifest.context(ordinal)
        with landing.open_payload(path, ordinal) as payload:
            for record in format.records(landing.lent(payload), context):
                rows = registry.map_record(format, record, context).rows
                found += sum(_holds_words(row, gone) for name in TEXT_ROWS for row in rows.get(name, []))
    return found


TEXT = "text"
TEXT_ROWS = ("posts", "post_text_parts")


def _holds_words(row: dict[str, Any], gone: Gone) -> bool:
    texts = gone.texts.get((str(row.get("platform")), str(row.get("post_id"))), set())
    return row.get("text") in texts


# --- tables ---------------------------------------------------------------------------------------


def _clear_raw(cur: "cursor", gone: Gone) -> dict[str, int]:
    """Rows changed per raw table; reposts are marked for the next build, since they are published."""
    counts = {}
    names = sql.SQL("raw.{}")
    for table, columns, until in (
        ("posts", ("text", "url", "urls"), "e.words_until"),
        ("post_text_parts", ("text",), "e.deleted_at"),
    ):
        cur.execute(
            sql.SQL(
                """
                update {table} as v set {emptied}
                from raw.erased_text as e
                where
                    e.done_at is null and v.platform = e.platform and v.post_id = e.post_id
                    and ({filled}) and (
                        v.observed_at <= coalesce({until}, e.deleted_at)
                        or (v.text is null and v.observed_at <= e.deleted_at)
                    )
                """
            ).format(
                table=names.format(sql.SQL(table)),
                emptied=sql.SQL(", ").join(
                    sql.SQL("{} = null").format(sql.Identifier(name)) for name in columns
                ),
                filled=sql.SQL(" or ").join(
                    sql.SQL("v.{} is not null").format(sql.Identifier(name)) for name in columns
                ),
                until=sql.SQL(until),
            )
        )
        counts[f"raw.{table}"] = int(cur.rowcount)
    cur.execute(
        """
        insert into core.dirty_entity (entity, platform, entity_id, cause)
        select 'post', p.platform, p.post_id, 'erased'
        from raw.erased_text as e inner join core.post as p using (platform, post_id)
        where e.done_at is null and not p.is_deleted
        """
    )
    counts["raw.quarantine"] = _clear_quarantine(cur, gone)
    return counts


def _clear_quarantine(cur: "cursor", gone: Gone) -> int:
    """Records in quarantine that are of the posts keep their reason and lose their words."""
    words = gone.words
    ids = [post if len(post) >= SHORT_ID else f'"{post}"' for post in sorted(words.posts)]
    needles = [f"%{rooms.like(text)}%" for text in (*ids, *sorted(words.distinct))]
    cur.execute(
        """
        update raw.quarantine set excerpt = %s, message = %s
        where excerpt <> %s and (excerpt like any(%s) or message like any(%s))
        """,
        (MARK, MARK, MARK, needles, needles),
    )
    return int(cur.rowcount)


def _clear_before_images(cur: "cursor", gone: Gone) -> int:
    """Rows of before-images that lost words."""
    changed = 0
    for place, rows in _before_images(cur, gone):
        new = [_without_words(row, gone) for row in rows]
        if new != rows:
            cur.execute(
                "update ops.before_image set old_rows = %s where ctid = %s::tid", (json.dumps(new), place)
            )
            changed += sum(one != other for one, other in zip(rows, new, strict=True))
    return changed


def _before_images(cur: "cursor", gone: Gone) -> list[tuple[str, list[dict[str, Any]]]]:
    cur.execute(
        """
        select b.ctid::text, b.old_rows from ops.before_image as b
        where b.partition_key ->> 'post_key' = any(%(keys)s) or exists (
            select from jsonb_array_elements(b.old_rows) as r (row) where r.row ->> 'post_key' = any(%(keys)s)
        )
        """,
        {"keys": sorted(gone.keys)},
    )
    return list(cur.fetchall())


def _without_words(row: dict[str, Any], gone: Gone) -> dict[str, Any]:
    """A published row; in those of the posts every value that is one of their texts is NULL."""
    if row.get("post_key") not in gone.keys:
        return row
    texts = gone.words.texts
    return {
        name: None if name == TEXT or (isinstance(value, str) and value in texts) else value
        for name, value in row.items()
    }


def _clear_words(cur: "cursor", gone: Gone) -> int:
    """Cells changed: distinct words wherever else they stand in ``ops``, ``app``, ``outreach``."""
    changed = 0
    for schema, table, column, dtype in list(rooms.columns(cur, TOLD)):
        for place, value in _cells(cur, gone, schema, table, column):
            new = _replaced(value, gone)
            cur.execute(
                sql.SQL("update {}.{} set {} = %s where ctid = %s::tid").format(
                    *map(sql.Identifier, (schema, table, column))
                ),
                (json.dumps(new) if dtype in ("json", "jsonb") else new, place),
            )
            changed += 1
    return changed


def _replaced(value: Any, gone: Gone) -> Any:
    if isinstance(value, str):
        for text in sorted(gone.words.distinct, key=len, reverse=True):
            value = value.replace(text, MARK)
        return value
    if isinstance(value, list):
        return [_replaced(item, gone) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, gone) for key, item in value.items()}
    return value


TOLD = ("ops", "app", "outreach")
"""Rooms in which words may stand within others; in the rest a text is a whole value, or its writer's own."""


def _cells(cur: "cursor", gone: Gone, schema: str, table: str, column: str) -> list[tuple[str, Any]]:
    """Values of a column that are, or in some rooms hold, distinct words."""
    distinct = sorted(gone.words.distinct)
    if not distinct:
        return []
    if schema in TOLD or table == "quarantine":
        forms = {form for text in distinct for form in (text, json.dumps(text, ensure_ascii=False)[1:-1])}
        needles = [f"%{rooms.like(form)}%" for form in sorted(forms)]
    else:
        needles = [rooms.like(text) for text in distinct]
    cur.execute(
        sql.SQL("select ctid::text, {column} from {table} where {column}::text like any(%s)").format(
            column=sql.Identifier(column), table=sql.Identifier(schema, table)
        ),
        (needles,),
    )
    return list(cur.fetchall())


def _done(cur: "cursor", gone: Gone) -> None:
    execute_values(
        cur,
        """
        update raw.erased_text as e set done_at = clock_timestamp()
        from (values %s) as d (platform, post_id)
        where e.platform = d.platform and e.post_id = d.post_id
        """,
        sorted(gone.texts),
    )


def _search_rooms(cur: "cursor", gone: Gone) -> dict[str, int]:
    """How often words of the posts stand in the tables of each room."""
    found = dict.fromkeys(rooms.ROOMS, 0)
    for schema, table, column, _ in list(rooms.columns(cur, rooms.ROOMS)):
        found[schema] += len(_cells(cur, gone, schema, table, column))
    own = sorted(gone.texts)
    for schema, table in (("raw", "posts"), ("raw", "post_text_parts"), ("core", "post")):
        for chunk in (own[at : at + 1000] for at in range(0, len(own), 1000)):
            cur.execute(
                sql.SQL(
                    """
                    select count(*) from {} as p inner join raw.erased_text as e using (platform, post_id)
                    where p.text is not null and (platform, post_id) in %s
                        and p.observed_at <= e.deleted_at
                    """
                ).format(sql.Identifier(schema, table)),
                (tuple(chunk),),
            )
            row: Any = cur.fetchone()
            found[schema] += int(row[0])
    found["ops"] += sum(
        _without_words(row, gone) != row for _, rows in _before_images(cur, gone) for row in rows
    )
    return found
