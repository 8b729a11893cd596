"""The latest of each entity, kept for touched keys, and the partitions that a publication must rebuild.

Two steps of a build. :func:`refresh` brings ``core.<table>`` of the pending entities to what the view
``core.<table>_def`` says. After enrichment :func:`note_partitions` compares where each pending post
stood (``core.placed_*``, ``core.standing_*``) with where it stands now, and notes both places in
``core.dirty__<kind>``. Both are one transaction each, so a build that is killed or blocked leaves
places and dirty keys that belong together; the next build goes on from there.

What a mart row depends on, beside its own posts, is compared in the same way: an author's standing
(public voice, a brand's own account), whether a topic qualifies, the past hours of a trend, a follower
snapshot near a post, the active sentiment engine. Enrichment makes the posts pending whose brands,
topics, texts or local dates a changed declaration moves.
"""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager

from psycopg2 import sql
from psycopg2.extensions import cursor

from gaung import scores
from gaung.settings import get_settings
from gaung.warehouse import growth, influence
from gaung.warehouse.builds import fence
from gaung.warehouse.connect import connect
from gaung.warehouse.inputs import has_changed
from gaung.warehouse.partitions import KINDS

log = logging.getLogger(__name__)

LOOK_BACK_HOURS = 168
"""Past hours that a trend row looks at; a change dirties as many following hours of the topic."""

TOPIC_MIN_POSTS = 20
TOPIC_MIN_AUTHORS = 5
FOLLOWER_DISTANCE_HOURS = 48
"""How far a follower snapshot may be from the publication of a post."""

POST_TABLES = ("post", "post_metrics_latest", "post_text_part")
AUTHOR_TABLES = ("author", "author_metrics_latest")

ENRICHED_TABLES = (
    "post_key",
    "author_key",
    "post_brand",
    "post_topic",
    "post_target",
    *scores.TABLES,
    "placed_brand",
    "placed_topic",
    "placed_outcome",
    "placed_msme",
    "placed_spelling",
    "author_business",
    "standing_author",
    "standing_topic",
    "panel_member",
    "panel_day",
    "brand_account",
    "account_day",
    "standing_influence",
    "influence_rank",
)
STATISTICS_GROWTH = 1.2
"""A table that grew by more than this factor since it was analysed is analysed again."""

PENDING_TABLES = ("pending_post", "pending_author")
DIRTY_TABLES = tuple(f"dirty__{kind}" for kind in KINDS)


def refresh(build_id: int, token: str) -> dict[str, int]:
    """Rows per ``core`` table recomputed from ``raw`` for the pending entities.

    Raises:
        BuildFenced: another build took over.
    """
    with _work(build_id, token, "latest") as cur:
        if _is_full(cur, build_id):
            cur.execute(_ALL_PENDING)
        _analyze(cur, PENDING_TABLES)
        cur.execute(_AUTHORS_OF_PENDING_POSTS)
        cur.execute(growth.ANSWERED_DAYS)
        rows = {table: _recompute(cur, table, "pending_post", "post_id") for table in POST_TABLES}
        rows |= {table: _recompute(cur, table, "pending_author", "author_id") for table in AUTHOR_TABLES}
        _refresh_statistics(cur, tuple(rows))
    log.info("build %s: latest rows recomputed: %s", build_id, rows)
    return rows


def note_partitions(build_id: int, token: str) -> dict[str, int]:
    """Dirty keys per partition kind that wait for the next publication, this build's included.

    Raises:
        BuildFenced: another build took over.
    """
    with _work(build_id, token, "dirty") as cur:
        full = _is_full(cur, build_id)
        _note_authors(cur, build_id, full=full)
        _note_posts(cur)
        _note_words(cur)
        _note_topics(cur, full=full)
        _note_outcomes(cur, full=full)
        _note_businesses(cur, full=full)
        is_rescored = _note_engines(cur, full=full)
        growth.note(cur, build_id, full=full)
        influence.note(cur, build_id, everyone=is_rescored)
        _refresh_statistics(cur, ENRICHED_TABLES)
        _analyze(cur, (*DIRTY_TABLES, *PENDING_TABLES))
        counts = {table.removeprefix("dirty__"): _count(cur, table) for table in DIRTY_TABLES}
    log.info("build %s: dirty keys %s", build_id, counts)
    return counts


def dirty_keys(build_id: int, token: str) -> dict[str, int]:
    """Keys per table of dirty keys (``dirty__<kind>``) that wait for the next publication.

    Raises:
        BuildFenced: another build took over.
    """
    with _work(build_id, token, "keys") as cur:
        return {table: _count(cur, table) for table in DIRTY_TABLES}


@contextmanager
def _work(build_id: int, token: str, step: str) -> Iterator[cursor]:
    """A cursor of one fenced transaction: committed when all went well, else rolled back."""
    with (
        closing(connect("transformer", application_name=f"gaung build {build_id} {step}")) as conn,
        conn,
        conn.cursor() as cur,
    ):
        fence(cur, build_id, token)
        yield cur


def _is_full(cur: cursor, build_id: int) -> bool:
    cur.execute("select mode = 'full' from ops.build where build_id = %s", (build_id,))
    row = cur.fetchone()
    return bool(row and row[0])


def _refresh_statistics(cur: cursor, tables: tuple[str, ...]) -> None:
    """Analyse the tables whose size is no longer what the planner knows; else its plans fit no more."""
    for table in tables:
        cur.execute(
            """
            select reltuples, pg_relation_size(oid) / 8192.0 / greatest(relpages, 1)
            from pg_class where oid = %s::regclass
            """,
            (f"core.{table}",),
        )
        row = cur.fetchone()
        if row and (row[0] < 0 or row[1] > STATISTICS_GROWTH):
            _analyze(cur, (table,))


def _analyze(cur: cursor, tables: tuple[str, ...]) -> None:
    for table in tables:
        cur.execute(sql.SQL("analyze core.{}").format(sql.Identifier(table)))


def _count(cur: cursor, table: str) -> int:
    cur.execute(sql.SQL("select count(*) from core.{}").format(sql.Identifier(table)))
    row = cur.fetchone()
    return int(row[0]) if row else 0


def _recompute(cur: cursor, table: str, pending: str, entity_id: str) -> int:
    """Rows written: the pending keys of one table replaced by what its defining view says."""
    names = {
        "table": sql.Identifier("core", table),
        "view": sql.Identifier("core", f"{table}_def"),
        "pending": sql.Identifier("core", pending),
        "id": sql.Identifier(entity_id),
    }
    cur.execute(
        sql.SQL(
            "delete from {table} as t using {pending} as p where t.platform = p.platform and t.{id} = p.{id}"
        ).format(**names)
    )
    # offset 0 keeps the view's aggregate below the join, so that it runs once per key over an index
    cur.execute(
        sql.SQL(
            """
            insert into {table}
            select d.*
            from (select platform, {id} from {pending} order by platform, {id}) as p
            cross join lateral (
                select * from {view} as v where v.platform = p.platform and v.{id} = p.{id} offset 0
            ) as d
            """
        ).format(**names)
    )
    return int(cur.rowcount)


def _note_authors(cur: cursor, build_id: int, *, full: bool) -> None:
    minimum = get_settings().public_voice_min_followers
    cur.execute("select platform, term from core.brand_term where kind = 'handle' order by platform, term")
    everyone = has_changed(cur, "author_standing", [minimum, cur.fetchall()]) or full
    cur.execute(_STANDING_CHANGED, {"everyone": everyone, "minimum": minimum})
    cur.execute(_PENDING_AUTHORS_DIRTY)
    cur.execute(
        _NEAR_SNAPSHOTS,
        {"build_id": build_id, "distance": f"{FOLLOWER_DISTANCE_HOURS} hours"},
    )


def _note_posts(cur: cursor) -> None:
    """Old and new places of the pending posts."""
    cur.execute("delete from core.touched_topic")
    cur.execute(influence.REMEMBER_PLACES)
    for statement in (_LEAVE_BRANDS, _ENTER_BRANDS, _LEAVE_TOPICS, _ENTER_TOPICS):
        cur.execute(statement)
    cur.execute(_PENDING_POSTS_DIRTY)
    cur.execute(_AUTHORS_OF_PENDING_POSTS)


def _note_words(cur: cursor) -> None:
    """Days of brands whose words changed: a cloud marks them, a coverage has a row for each."""
    cur.execute(
        "select brand_id, kind, term from core.brand_term "
        "where kind in ('keyword', 'hashtag', 'target') order by brand_id, kind, term"
    )
    words: dict[str, list[tuple[str, str]]] = {}
    for brand_id, kind, term in cur.fetchall():
        words.setdefault(brand_id, []).append((kind, term))
    cur.execute("select brand_id from core.brand order by brand_id")
    brand_ids = [brand_id for (brand_id,) in cur.fetchall()]
    changed = [b for b in brand_ids if has_changed(cur, f"words of {b}", words.get(b, []))]
    cur.execute(_DAYS_OF_BRANDS, {"brands": changed})


def _note_topics(cur: cursor, *, full: bool) -> None:
    """Hours of touched topics that are, or were, published, with the hours whose past they are."""
    cur.execute("select topic_type, topic from core.declared_topic order by topic_type, topic")
    everything = has_changed(cur, "declared_topics", cur.fetchall()) or full
    _analyze(cur, ("touched_topic",))
    cur.execute(_FORGET_TOPIC_DAYS)
    cur.execute(_COUNT_TOPIC_DAYS)
    values = {
        "everything": everything,
        "posts": TOPIC_MIN_POSTS,
        "authors": TOPIC_MIN_AUTHORS,
        "look_back": f"{LOOK_BACK_HOURS} hours",
    }
    cur.execute(_TOPICS_DIRTY, values)
    cur.execute(_TOPIC_DATES_DIRTY, values)
    cur.execute(_TOPICS_TURNED, values)
    cur.execute(_KEEP_TOPICS, values)
    cur.execute(_FORGET_TOPICS)


def _note_outcomes(cur: cursor, *, full: bool) -> None:
    if full:
        cur.execute("delete from core.placed_outcome")
    cur.execute(_OUTCOMES_DIRTY)


def _note_businesses(cur: cursor, *, full: bool) -> None:
    """In a full build every cell and spelling: posts are placed anew, under keys that may be new as well."""
    if full:
        cur.execute(_LEAVE_ALL_CELLS)
        cur.execute(_LEAVE_ALL_SPELLINGS)


def _note_engines(cur: cursor, *, full: bool) -> bool:
    """Whether every key is dirty, as when another engine is active that each row names."""
    cur.execute(_ENGINES_OF_ROWS)
    everything = has_changed(cur, "sentiment_engine", cur.fetchall()) or full
    if everything:
        for statement in _EVERY_KEY:
            cur.execute(statement)
    return everything


_ALL_PENDING = """
insert into core.pending_post (platform, post_id)
select platform, post_id from core.post
union
select platform, post_id from core.placed_brand
union
select platform, post_id from core.placed_topic
order by 1, 2
on conflict do nothing;
insert into core.pending_author (platform, author_id)
select platform, author_id from core.author
union
select platform, author_id from core.standing_author
order by 1, 2
on conflict do nothing
"""

_AUTHORS_OF_PENDING_POSTS = """
insert into core.dirty__author (author_key)
select distinct k.author_key
from core.pending_post as p
inner join core.post as o on p.platform = o.platform and p.post_id = o.post_id
inner join core.author_key as k on o.platform = k.platform and o.author_id = k.author_id
on conflict do nothing
"""

_PENDING_AUTHORS_DIRTY = """
insert into core.dirty__author (author_key)
select k.author_key
from core.pending_author as p
inner join core.author_key as k on p.platform = k.platform and p.author_id = k.author_id
on conflict do nothing
"""

_PENDING_POSTS_DIRTY = """
insert into core.dirty__post (post_key)
select k.post_key
from core.pending_post as p
inner join core.post_key as k on p.platform = k.platform and p.post_id = k.post_id
on conflict do nothing
"""

_STANDING_CHANGED = """
with candidates as (
    select platform, author_id from core.pending_author
    union
    select platform, author_id from core.author where %(everyone)s
    union
    select platform, author_id from core.author_metrics_latest where %(everyone)s
    union
    select platform, author_id from core.standing_author where %(everyone)s
),
standing as (
    select
        c.platform,
        c.author_id,
        coalesce(a.is_verified, false)
        or coalesce(a.is_business, false)
        or coalesce(m.followers >= %(minimum)s, false) as is_public_voice,
        exists (
            select from core.brand_term as t
            where t.kind = 'handle' and t.platform = c.platform and t.term = lower(ltrim(a.handle, '@'))
        ) as is_brand_account
    from candidates as c
    left join core.author as a on c.platform = a.platform and c.author_id = a.author_id
    left join core.author_metrics_latest as m on c.platform = m.platform and c.author_id = m.author_id
),
changed as (
    select
        n.platform,
        n.author_id,
        n.is_brand_account <> coalesce(o.is_brand_account, false) as is_account_changed
    from standing as n
    left join core.standing_author as o on n.platform = o.platform and n.author_id = o.author_id
    where
        n.is_public_voice <> coalesce(o.is_public_voice, false)
        or n.is_brand_account <> coalesce(o.is_brand_account, false)
),
kept as (
    insert into core.standing_author as s (platform, author_id, is_public_voice, is_brand_account)
    select platform, author_id, is_public_voice, is_brand_account from standing
    order by platform, author_id
    on conflict (platform, author_id) do update
    set is_public_voice = excluded.is_public_voice, is_brand_account = excluded.is_brand_account
    where (s.is_public_voice, s.is_brand_account) <> (excluded.is_public_voice, excluded.is_brand_account)
),
authors as (
    insert into core.dirty__author (author_key)
    select k.author_key
    from changed as c
    inner join core.author_key as k on c.platform = k.platform and c.author_id = k.author_id
    on conflict do nothing
),
-- a brief neither thanks nor quotes accounts of brands, so their days depend on who is one
days as (
    insert into core.dirty__brand_date (brand_id, local_date)
    select distinct b.brand_id, b.local_date
    from changed as c
    inner join core.post as o on c.platform = o.platform and c.author_id = o.author_id
    inner join core.placed_brand as b on o.platform = b.platform and o.post_id = b.post_id
    where c.is_account_changed
    on conflict do nothing
)
insert into core.dirty__post (post_key)
select k.post_key
from changed as c
inner join core.post as o on c.platform = o.platform and c.author_id = o.author_id
inner join core.post_key as k on o.platform = k.platform and o.post_id = k.post_id
on conflict do nothing
"""

_NEAR_SNAPSHOTS = """
insert into core.dirty__post (post_key)
select distinct k.post_key
from ops.build_batch as b
inner join raw.author_metrics as m on b.batch_id = m.batch_id
inner join core.post as o
    on
        m.platform = o.platform
        and m.author_id = o.author_id
        and o.created_at between m.observed_at - %(distance)s::interval
        and m.observed_at + %(distance)s::interval
inner join core.post_key as k on o.platform = k.platform and o.post_id = k.post_id
cross join lateral (
    select greatest(m.observed_at - o.created_at, o.created_at - m.observed_at) as distance
) as d
where
    b.build_id = %(build_id)s
    and m.followers is not null
    and not exists (
        select from raw.author_metrics as e
        where
            e.platform = m.platform
            and e.author_id = m.author_id
            and e.observed_at > o.created_at - d.distance
            and e.observed_at < o.created_at + d.distance
            and e.followers is not null
    )
on conflict do nothing
"""
"""Posts whose nearest snapshot is new; one farther away than another changes nothing."""

_LEAVE_BRANDS = """
with gone as (
    delete from core.placed_brand as b
    using core.pending_post as p
    where b.platform = p.platform and b.post_id = p.post_id
    returning b.brand_id, b.hour_at, b.local_date
),
hours as (
    insert into core.dirty__brand_hour (brand_id, hour_at)
    select distinct brand_id, hour_at from gone
    on conflict do nothing
)
insert into core.dirty__brand_date (brand_id, local_date)
select distinct brand_id, local_date from gone
on conflict do nothing
"""

_ENTER_BRANDS = """
with placed as (
    insert into core.placed_brand (platform, post_id, brand_id, hour_at, local_date)
    select
        o.platform,
        o.post_id,
        m.brand_id,
        date_trunc('hour', o.created_at, 'UTC'),
        (o.created_at at time zone b.timezone)::date
    from core.pending_post as p
    inner join core.post as o on p.platform = o.platform and p.post_id = o.post_id
    inner join core.post_brand as m on p.platform = m.platform and p.post_id = m.post_id
    inner join core.brand as b on m.brand_id = b.brand_id
    where o.is_collected and o.created_at is not null
    order by o.platform, o.post_id, m.brand_id
    returning brand_id, hour_at, local_date
),
hours as (
    insert into core.dirty__brand_hour (brand_id, hour_at)
    select distinct brand_id, hour_at from placed
    on conflict do nothing
)
insert into core.dirty__brand_date (brand_id, local_date)
select distinct brand_id, local_date from placed
on conflict do nothing
"""

_DAYS_OF_BRANDS = """
insert into core.dirty__brand_date (brand_id, local_date)
select distinct brand_id, local_date from core.placed_brand where brand_id = any(%(brands)s)
on conflict do nothing
"""

_LEAVE_TOPICS = """
with gone as (
    delete from core.placed_topic as t
    using core.pending_post as p
    where t.platform = p.platform and t.post_id = p.post_id
    returning t.topic_type, t.topic, t.hour_at
)
insert into core.touched_topic (topic_type, topic, hour_at)
select distinct topic_type, topic, hour_at from gone
on conflict do nothing
"""

_ENTER_TOPICS = """
with placed as (
    insert into core.placed_topic (platform, post_id, topic_type, topic, hour_at, is_repost, author_id)
    select
        o.platform,
        o.post_id,
        t.topic_type,
        t.topic,
        date_trunc('hour', o.created_at, 'UTC'),
        o.post_type = 'repost',
        o.author_id
    from core.pending_post as p
    inner join core.post as o on p.platform = o.platform and p.post_id = o.post_id
    inner join core.post_topic as t on p.platform = t.platform and p.post_id = t.post_id
    where o.is_collected and o.created_at is not null
    order by o.platform, o.post_id, t.topic_type, t.topic
    returning topic_type, topic, hour_at
)
insert into core.touched_topic (topic_type, topic, hour_at)
select distinct topic_type, topic, hour_at from placed
on conflict do nothing
"""

_FORGET_TOPIC_DAYS = """
delete from core.topic_day as d
using (
    select distinct topic_type, topic, (hour_at at time zone 'UTC')::date as utc_date
    from core.touched_topic
) as t
where d.topic_type = t.topic_type and d.topic = t.topic and d.utc_date = t.utc_date
"""

_COUNT_TOPIC_DAYS = """
insert into core.topic_day (topic_type, topic, utc_date, post_count, author_count)
select
    t.topic_type,
    t.topic,
    t.utc_date,
    count(*),
    count(distinct (o.platform, o.author_id)) filter (where o.author_id is not null)
from (
    select distinct topic_type, topic, (hour_at at time zone 'UTC')::date as utc_date
    from core.touched_topic
) as t
inner join core.placed_topic as p
    on
        t.topic_type = p.topic_type
        and t.topic = p.topic
        and p.hour_at >= t.utc_date::timestamp at time zone 'UTC'
        and p.hour_at < (t.utc_date + 1)::timestamp at time zone 'UTC'
inner join core.post as o on p.platform = o.platform and p.post_id = o.post_id
where not p.is_repost
group by t.topic_type, t.topic, t.utc_date
"""

_STANDING_NOW = """
candidates as (
    select topic_type, topic from core.touched_topic
    union
    select topic_type, topic from core.standing_topic where %(everything)s
),
declared as (
    select
        c.topic_type,
        c.topic,
        exists (
            select from core.declared_topic as t
            where t.topic_type = c.topic_type and t.topic = c.topic
        ) as is_declared,
        (
            select min(p.hour_at) from core.placed_topic as p
            where p.topic_type = c.topic_type and p.topic = c.topic
        ) as first_hour_at
    from candidates as c
),
standing as (
    select
        d.topic_type,
        d.topic,
        d.is_declared,
        d.is_declared or exists (
            select from core.topic_day as y
            where
                y.topic_type = d.topic_type
                and y.topic = d.topic
                and y.post_count >= %(posts)s
                and y.author_count >= %(authors)s
        ) as is_qualified,
        d.first_hour_at
    from declared as d
)
"""

_TOPICS_DIRTY = f"""
with {_STANDING_NOW},
published as (
    select
        s.topic_type,
        s.topic,
        s.is_qualified <> coalesce(o.is_qualified, false) as is_changed,
        s.first_hour_at is distinct from o.first_hour_at as is_first_moved,
        greatest(s.first_hour_at, o.first_hour_at) + %(look_back)s::interval as first_matters_until
    from standing as s
    left join core.standing_topic as o on s.topic_type = o.topic_type and s.topic = o.topic
    where s.is_qualified or o.is_qualified
)
insert into core.dirty__topic_hour (topic_type, topic, hour_at)
select t.topic_type, t.topic, t.hour_at
from core.touched_topic as t
inner join published as p on t.topic_type = p.topic_type and t.topic = p.topic
union
select h.topic_type, h.topic, h.hour_at
from core.placed_topic as h
inner join published as p on h.topic_type = p.topic_type and h.topic = p.topic
where p.is_changed or (p.is_first_moved and h.hour_at <= p.first_matters_until)
union
select h.topic_type, h.topic, h.hour_at
from published as p
inner join core.touched_topic as t on p.topic_type = t.topic_type and p.topic = t.topic
inner join core.placed_topic as h
    on
        t.topic_type = h.topic_type
        and t.topic = h.topic
        and t.hour_at < h.hour_at
        and t.hour_at + %(look_back)s::interval >= h.hour_at
on conflict do nothing
"""  # noqa: S608 - constants of this file

_TOPIC_DATES_DIRTY = f"""
with {_STANDING_NOW},
published as (
    select
        s.topic_type,
        s.topic,
        s.is_qualified <> coalesce(o.is_qualified, false) as is_changed
    from standing as s
    left join core.standing_topic as o on s.topic_type = o.topic_type and s.topic = o.topic
    where s.is_qualified or o.is_qualified
)
insert into core.dirty__topic_date (topic_type, topic, utc_date)
select distinct t.topic_type, t.topic, (t.hour_at at time zone 'UTC')::date
from core.touched_topic as t
inner join published as p on t.topic_type = p.topic_type and t.topic = p.topic
union
select distinct h.topic_type, h.topic, (h.hour_at at time zone 'UTC')::date
from core.placed_topic as h
inner join published as p on h.topic_type = p.topic_type and h.topic = p.topic
where p.is_changed
on conflict do nothing
"""  # noqa: S608 - constants of this file

_TOPICS_TURNED = f"""
create temporary table turned_topic on commit drop as
with {_STANDING_NOW}
select s.topic_type, s.topic
from standing as s
left join core.standing_topic as o on s.topic_type = o.topic_type and s.topic = o.topic
where s.is_qualified <> coalesce(o.is_qualified, false)
"""  # noqa: S608 - constants of this file

_KEEP_TOPICS = f"""
with {_STANDING_NOW}
insert into core.standing_topic as s (topic_type, topic, is_declared, is_qualified, first_hour_at)
select topic_type, topic, is_declared, is_qualified, first_hour_at from standing
order by topic_type, topic
on conflict (topic_type, topic) do update
set
    is_declared = excluded.is_declared,
    is_qualified = excluded.is_qualified,
    first_hour_at = excluded.first_hour_at
where
    (s.is_declared, s.is_qualified, s.first_hour_at)
    is distinct from (excluded.is_declared, excluded.is_qualified, excluded.first_hour_at)
"""  # noqa: S608 - constants of this file

_FORGET_TOPICS = """
delete from core.standing_topic as s
using core.touched_topic as t
where s.topic_type = t.topic_type and s.topic = t.topic and s.first_hour_at is null
"""

_OUTCOMES_DIRTY = """
with placed as (
    insert into core.placed_outcome (outcome_id, source, hour_at)
    select o.outcome_id, o.source, date_trunc('hour', coalesce(b.collection_start_at, o.started_at), 'UTC')
    from ops.outcome as o
    left join ops.batch as b on o.batch_id = b.batch_id
    where not exists (select from core.placed_outcome as p where p.outcome_id = o.outcome_id)
    order by o.outcome_id
    returning outcome_id, source, hour_at
)
insert into core.dirty__source_hour (source, hour_at)
select source, hour_at from placed
union
-- an earlier failure of the same batch counts no longer once it is loaded
select e.source, e.hour_at
from placed as p
inner join ops.outcome as o on p.outcome_id = o.outcome_id
inner join ops.outcome as b on o.batch_key = b.batch_key
inner join core.placed_outcome as e on b.outcome_id = e.outcome_id
on conflict do nothing
"""

_ENGINES_OF_ROWS = """
select case task when 'entities' then split_part(engine_version, '+', 1) else engine_version end
from core.active_engine
where task in ('sentiment', 'terms', 'reasons', 'business', 'entities')
order by task
"""

_LEAVE_ALL_CELLS = """
with gone as (
    delete from core.placed_msme returning week_date, province_code, industry, activity, media_type
),
cells as (
    insert into core.dirty__msme_cell (week_date, province_code, industry, activity)
    select distinct week_date, province_code, industry, activity from gone
    on conflict do nothing
)
insert into core.dirty__msme_media (week_date, industry, activity, media_type)
select distinct week_date, industry, activity, media_type from gone
on conflict do nothing
"""

_LEAVE_ALL_SPELLINGS = """
with gone as (
    delete from core.placed_spelling returning brand_id, spelling
)
insert into core.dirty__brand_spelling (brand_id, spelling)
select distinct brand_id, spelling from gone
on conflict do nothing
"""

_EVERY_KEY = (
    """
    insert into core.dirty__post (post_key)
    select k.post_key
    from core.post as o
    inner join core.post_key as k on o.platform = k.platform and o.post_id = k.post_id
    where o.is_collected
    on conflict do nothing
    """,
    """
    insert into core.dirty__author (author_key)
    select author_key from core.author_key
    on conflict do nothing
    """,
    """
    insert into core.dirty__brand_hour (brand_id, hour_at)
    select distinct brand_id, hour_at from core.placed_brand
    on conflict do nothing
    """,
    """
    insert into core.dirty__brand_date (brand_id, local_date)
    select distinct brand_id, local_date from core.placed_brand
    on conflict do nothing
    """,
    """
    insert into core.dirty__topic_hour (topic_type, topic, hour_at)
    select distinct p.topic_type, p.topic, p.hour_at
    from core.placed_topic as p
    inner join core.standing_topic as s on p.topic_type = s.topic_type and p.topic = s.topic
    where s.is_qualified
    on conflict do nothing
    """,
    """
    insert into core.dirty__topic_date (topic_type, topic, utc_date)
    select distinct p.topic_type, p.topic, (p.hour_at at time zone 'UTC')::date
    from core.placed_topic as p
    inner join core.standing_topic as s on p.topic_type = s.topic_type and p.topic = s.topic
    where s.is_qualified
    on conflict do nothing
    """,
)
