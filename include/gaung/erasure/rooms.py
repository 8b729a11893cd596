"""A person out of the tables: raw, what is derived from it, before-images, and whatever text is left."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psycopg2 import sql

from gaung import keys, scores
from gaung.contract import AUTHORS, POST_TEXT_PARTS, POSTS, Entity
from gaung.erasure.guard import handle_key, hidden, remember
from gaung.erasure.payloads import Person, count
from gaung.erasure.words import MARK, hide
from gaung.errors import SettingsInvalid

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

ROOMS = ("raw", "core", "marts", "marts__build", "ops", "app", "outreach")
TOPICS = frozenset({"topic", "hashtags", "term"})
"""Columns of words, not of names: a hashtag spelt like a handle is a topic."""

POST_TABLES = ("posts", "post_metrics", "post_text_parts", "post_declared_brand", "erased_text")


def find(cur: "cursor", author: str, platform: str | None) -> Person:
    """The person of that id or handle, with every handle and text that raw holds.

    Raises:
        SettingsInvalid: nobody is known by that name and no platform is given, or several are.
    """
    cur.execute(
        """
        select platform, author_id from raw.authors
        where author_id = %(name)s or lower(ltrim(handle, '@')) = lower(ltrim(%(name)s, '@'))
        union
        select platform, author_id from raw.posts where author_id = %(name)s
        union
        select platform, author_id from raw.author_metrics where author_id = %(name)s
        order by 1, 2
        """,
        {"name": author},
    )
    found = [row for row in cur.fetchall() if platform in (None, row[0])]
    if len(found) > 1:
        named = ", ".join(f"{place} {author_id}" for place, author_id in found)
        raise SettingsInvalid(
            f"{author!r} is {len(found)} accounts: {named}; name one by its id and --platform"
        )
    if not found and platform is None:
        raise SettingsInvalid(
            f"nobody is known as {author!r}; look at the spelling, or pass --platform to keep that id or "
            "handle out from now on"
        )
    where, author_id = found[0] if found else (str(platform), author)
    cur.execute(
        "select distinct handle from raw.authors where platform = %s and author_id = %s and handle <> ''",
        (where, author_id),
    )
    handles = {row[0].lstrip("@＠") for row in cur.fetchall()} | (
        {author.lstrip("@＠")} if not found else set()
    )
    if found and author != author_id:
        handles.add(author.lstrip("@＠"))
    _refuse_brand(cur, where, handles)
    person = Person(where, author_id, frozenset(handles), frozenset(_texts(cur, where, author_id)))
    return replace(person, posts=frozenset(post_ids(cur, person)))


def _refuse_brand(cur: "cursor", platform: str, handles: set[str]) -> None:
    cur.execute(
        "select brand_id from core.brand_term where kind = 'handle' and platform = %s and term = any(%s)",
        (platform, [handle.lower() for handle in handles]),
    )
    row = cur.fetchone()
    if row:
        raise SettingsInvalid(
            f"this is the account of brand {row[0]}: take it out of brands.yml and build, then erase it"
        )


def _texts(cur: "cursor", platform: str, author_id: str) -> Iterator[str]:
    """What the person wrote."""
    cur.execute(
        """
        select p.text from raw.posts as p where p.platform = %(p)s and p.author_id = %(a)s
        union select t.text from raw.post_text_parts as t
        join raw.posts as p using (platform, post_id) where p.platform = %(p)s and p.author_id = %(a)s
        union select bio from raw.authors where platform = %(p)s and author_id = %(a)s
        union select display_name from raw.authors where platform = %(p)s and author_id = %(a)s
        """,
        {"p": platform, "a": author_id},
    )
    return iter([row[0] for row in cur.fetchall() if row[0]])


def post_ids(cur: "cursor", person: Person) -> list[str]:
    """The person's posts."""
    cur.execute(
        "select distinct post_id from raw.posts where platform = %s and author_id = %s order by 1",
        (person.platform, person.author_id),
    )
    return [row[0] for row in cur.fetchall()]


def keep_out(cur: "cursor", person: Person) -> None:
    """Write the keyed hashes; loads that are under way end first, later ones obey."""
    secret = keys.secret()
    cur.execute("lock table raw.erased in access exclusive mode")
    remember(cur, "author", {keys.keyed(secret, "author", person.platform, person.author_id)})
    remember(cur, "handle", {handle_key(secret, person.platform, name) for name in person.handles})
    posts = {keys.keyed(secret, "post", person.platform, post_id) for post_id in post_ids(cur, person)}
    remember(cur, "post", posts)


def clear_raw(cur: "cursor", person: Person) -> dict[str, int]:
    """Rows removed or changed per raw table; what is derived from them is marked for the next build."""
    posts = post_ids(cur, person)
    counts = {}
    for post_id in posts:
        _dirty(cur, "post", person.platform, post_id)
    cur.execute(
        "select exists (select from core.author_key where platform = %s and author_id = %s)",
        (person.platform, person.author_id),
    )
    row = cur.fetchone()
    if row and row[0]:
        _dirty(cur, "author", person.platform, person.author_id)
    for table in POST_TABLES:
        counts[table] = _delete(cur, table, "post_id", person.platform, posts)
    for table in ("authors", "author_metrics"):
        counts[table] = _delete(cur, table, "author_id", person.platform, [person.author_id])
    for entity in (POSTS, POST_TEXT_PARTS, AUTHORS):
        counts[f"{entity.name} of others"] = _hide_in(cur, entity, person)
    counts["quarantine"] = _clear_quarantine(cur, person)
    return counts


def _delete(cur: "cursor", table: str, column: str, platform: str, ids: Sequence[str]) -> int:
    cur.execute(
        sql.SQL("delete from raw.{} where platform = %s and {} = any(%s)").format(
            sql.Identifier(table), sql.Identifier(column)
        ),
        (platform, list(ids)),
    )
    return int(cur.rowcount)


def _dirty(cur: "cursor", entity: str, platform: str, entity_id: str) -> None:
    cur.execute(
        "insert into core.dirty_entity (entity, platform, entity_id, cause) values (%s, %s, %s, 'erased')",
        (entity, platform, entity_id),
    )


def _needles(person: Person) -> list[str]:
    return [f"%{like(name)}%" for name in sorted({person.author_id, *person.handles}) if name]


def like(text: str) -> str:
    """The text as a pattern of LIKE that means itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _hide_in(cur: "cursor", entity: Entity, person: Person) -> int:
    """Rows of other people that named the person, now with the name hidden and hashed anew."""
    columns = [item.name for item in entity.schema]
    cur.execute(
        sql.SQL("select {} from raw.{} as r where platform = %s and r::text ilike any(%s)").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(entity.name)
        ),
        (person.platform, _needles(person)),
    )
    changed = 0
    for values in cur.fetchall():
        row = dict(zip(columns, values, strict=True))
        content = {name: row[name] for name in entity.content.names}
        new = hidden(content, person.judge, entity.id_columns)
        if new is not content:
            _replace(cur, entity, row, {**row, **new, "content_hash": _hash(entity, new, row["observed_at"])})
            kind = "author" if "author_id" in entity.id_columns else "post"
            _dirty(cur, kind, row["platform"], row[entity.id_columns[1]])
            changed += 1
    return changed


def _hash(entity: Entity, content: dict[str, Any], observed_at: Any) -> str:
    from gaung.warehouse import staging

    frame, _ = staging.typed(entity, staging.Collected([content], [0], [observed_at]))
    return str(staging.content_hashes(entity, frame)[0])


def _replace(cur: "cursor", entity: Entity, old: dict[str, Any], new: dict[str, Any]) -> None:
    table = sql.Identifier("raw", entity.name)
    key = sql.SQL(" and ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in entity.key)
    cur.execute(sql.SQL("delete from {} where {}").format(table, key), [old[name] for name in entity.key])
    widened = ""
    if entity.rule == "version":
        widened = (
            "update set observed_at = greatest(held.observed_at, excluded.observed_at), "
            "first_observed_at = least(held.first_observed_at, excluded.first_observed_at)"
        )
        widened += "".join(f", {name} = held.{name} or excluded.{name}" for name in entity.sticky)
    cur.execute(
        sql.SQL("insert into {} as held ({}) values ({}) on conflict ({}) do {}").format(
            table,
            sql.SQL(", ").join(map(sql.Identifier, new)),
            sql.SQL(", ").join(sql.Placeholder() * len(new)),
            sql.SQL(", ").join(map(sql.Identifier, entity.key)),
            sql.SQL(widened or "nothing"),
        ),
        list(new.values()),
    )


def _clear_quarantine(cur: "cursor", person: Person) -> int:
    """Records in quarantine that name the person keep their reason and lose their words."""
    cur.execute(
        """
        update raw.quarantine as q set excerpt = %s, message = %s
        where q.excerpt ilike any(%s) or q.message ilike any(%s)
        """,
        (MARK, MARK, _needles(person), _needles(person)),
    )
    return int(cur.rowcount)


def clear_derived(cur: "cursor") -> dict[str, int]:
    """Rows removed from what outlives a build: keys, standings, unused scores, before-images."""
    gone = "(select person_hash from raw.erased where kind = '{}')"
    authors, posts = gone.format("author"), gone.format("post")
    statements = {
        "core.standing_author": f"""
            delete from core.standing_author as s using core.author_key as k
            where s.platform = k.platform and s.author_id = k.author_id and k.author_key in {authors}
        """,  # noqa: S608 - names of this file
        "core.author_business": f"""
            delete from core.author_business as b using core.author_key as k
            where b.platform = k.platform and b.author_id = k.author_id and k.author_key in {authors}
        """,  # noqa: S608 - names of this file
        "core.placed_msme": f"""
            delete from core.placed_msme where post_key in {posts} or author_key in {authors}
        """,  # noqa: S608 - names of this file
        "core.placed_spelling": f"delete from core.placed_spelling where post_key in {posts}",  # noqa: S608 - names of this file
        "core.author_key": f"delete from core.author_key where author_key in {authors}",  # noqa: S608 - names of this file
        "ops.report_quote": f"delete from ops.report_quote where post_key in {posts}",  # noqa: S608 - names of this file
        "core.post_key": f"delete from core.post_key where post_key in {posts}",  # noqa: S608 - names of this file
        "ops.before_image": f"""
            delete from ops.before_image
            where partition_key ->> 'post_key' in {posts} or partition_key ->> 'author_key' in {authors}
        """,  # noqa: S608 - names of this file
        "ops.before_image of others": f"""
            update ops.before_image as b
            set old_rows = (
                select coalesce(jsonb_agg(r.row order by r.number), '[]'::jsonb)
                from jsonb_array_elements(b.old_rows) with ordinality as r (row, number)
                where coalesce(r.row ->> 'post_key', '') not in {posts}
                    and coalesce(r.row ->> 'author_key', '') not in {authors}
            )
            where exists (
                select from jsonb_array_elements(b.old_rows) as r (row)
                where r.row ->> 'post_key' in {posts} or r.row ->> 'author_key' in {authors}
            )
        """,  # noqa: S608 - names of this file
    }
    counts = {}
    for name, statement in statements.items():
        cur.execute(statement)
        counts[name] = int(cur.rowcount)
    return counts | clear_unused_scores(cur)


def clear_unused_scores(cur: "cursor") -> dict[str, int]:
    """Rows removed per table of text scores: those of texts that no post has any more."""
    counts = {}
    tables = ", ".join(f"core.{table}" for table in scores.TABLES)
    # who scores history beside builds (gaung.rescore) has written by now, or looks at the posts afterwards
    cur.execute(f"lock table {tables} in share row exclusive mode")
    for table in scores.TABLES:
        cur.execute(
            f"""
            delete from core.{table} as t
            where not exists (select from core.post_text as p where p.text_hash = t.text_hash)
            """  # noqa: S608 - names of this file
        )
        counts[f"core.{table}"] = int(cur.rowcount)
    return counts


def clear_words(cur: "cursor", person: Person) -> int:
    """Cells changed: id and handles in any text that is left in ``raw``, ``ops``, ``app`` or ``outreach``."""
    changed = 0
    for schema, table, column, dtype in list(columns(cur, ("raw", "ops", "app", "outreach"))):
        for place, value in _cells(cur, person, schema, table, column):
            new = _without(value, person)
            if new != value:
                cur.execute(
                    sql.SQL("update {}.{} set {} = %s where ctid = %s::tid").format(
                        *map(sql.Identifier, (schema, table, column))
                    ),
                    (json.dumps(new) if dtype in ("json", "jsonb") else new, place),
                )
                changed += 1
    return changed


def _without(value: Any, person: Person) -> Any:
    if isinstance(value, str):
        return hide(value, person.judge)
    if isinstance(value, list):
        return [_without(item, person) for item in value]
    if isinstance(value, dict):
        return {key: _without(item, person) for key, item in value.items()}
    return value


def search(cur: "cursor", person: Person) -> dict[str, int]:
    """How often id and handles stand in the tables of each room."""
    found = dict.fromkeys(ROOMS, 0)
    for schema, table, column, _ in list(columns(cur, ROOMS)):
        for _, value in _cells(cur, person, schema, table, column):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            found[schema] += count(text, person)
    return found


def columns(cur: "cursor", schemas: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Every column of a table that can hold words."""
    cur.execute(
        """
        select n.nspname, c.relname, a.attname, format_type(a.atttypid, null)
        from pg_catalog.pg_class as c
        join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'm') and n.nspname = any(%s)
            and format_type(a.atttypid, null) in ('text', 'text[]', 'json', 'jsonb', 'character varying')
        order by 1, 2, a.attnum
        """,
        (list(schemas),),
    )
    for schema, table, column, dtype in cur.fetchall():
        if column not in TOPICS:
            yield schema, table, column, dtype


def _cells(cur: "cursor", person: Person, schema: str, table: str, column: str) -> list[tuple[Any, Any]]:
    """Values of a column that may name the person, of the person's platform where the table has one."""
    cur.execute(
        "select exists (select from information_schema.columns "
        "where table_schema = %s and table_name = %s and column_name = 'platform')",
        (schema, table),
    )
    row: Any = cur.fetchone()
    cur.execute(
        sql.SQL("select ctid::text, {column} from {table} where {column}::text ilike any(%s) {where}").format(
            column=sql.Identifier(column),
            table=sql.Identifier(schema, table),
            where=sql.SQL("and platform = {}").format(sql.Literal(person.platform))
            if row[0]
            else sql.SQL(""),
        ),
        (_needles(person),),
    )
    return list(cur.fetchall())


def session(purpose: str) -> "connection":
    """A session that may change every room."""
    from gaung.warehouse.connect import connect

    return connect("admin", application_name=f"gaung {purpose}")
