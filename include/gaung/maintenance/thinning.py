"""Old observations thinned to first, last and one a day: figures change for ever, disks do not grow so.

Never thinned are the latest observation of anything, what a brief quoted, and follower figures that a post's
rate rests on: the one nearest to its publication, as ``fct_post`` chooses it. A rebuild gives the same rows
as before, and what was *known at* an old moment is replayed from the landing, which keeps everything.
"""

from contextlib import closing
from datetime import datetime, timedelta

from psycopg2 import sql
from psycopg2.extensions import cursor

from gaung.contract import AUTHOR_METRICS_ENTITY, AUTHORS, POST_METRICS, Entity
from gaung.settings import get_settings
from gaung.warehouse.connect import connect
from gaung.warehouse.latest import FOLLOWER_DISTANCE_HOURS

OBSERVED: tuple[Entity, ...] = (POST_METRICS, AUTHOR_METRICS_ENTITY, AUTHORS)

CANDIDATES = """
create temporary table thinned on commit drop as
select platform, {id}, observed_at, content_hash
from (
    select
        platform,
        {id},
        observed_at,
        content_hash,
        row_number() over (
            partition by platform, {id}, (observed_at at time zone 'UTC')::date
            order by observed_at desc, content_hash desc
        ) as from_last_of_day,
        observed_at = min(observed_at) over (partition by platform, {id}) as is_first
    from {table}
    where observed_at < %(before)s
) as o
where from_last_of_day > 1 and not is_first
"""

# The same order as fct_post: nearest, then earlier, then the greater hash.
RESTED_ON = """
delete from thinned using (
    select distinct on (p.platform, p.post_id) m.platform, m.author_id, m.observed_at, m.content_hash
    from core.post as p
    join raw.author_metrics as m
        on p.platform = m.platform and p.author_id = m.author_id
            and m.observed_at >= p.created_at - %(distance)s and m.observed_at <= p.created_at + %(distance)s
    where m.followers is not null
        and exists (
            select from thinned as t where t.platform = p.platform and t.author_id = p.author_id
                and t.observed_at >= p.created_at - %(distance)s
                and t.observed_at <= p.created_at + %(distance)s
        )
    order by
        p.platform, p.post_id,
        abs(extract(epoch from m.observed_at - p.created_at)), m.observed_at, m.content_hash desc
) as kept
where thinned.platform = kept.platform and thinned.author_id = kept.author_id
    and thinned.observed_at = kept.observed_at and thinned.content_hash = kept.content_hash
"""

# Which post a brief names rests on its figures at that time (gaung.reports.quotes).
QUOTED = """
delete from thinned using core.post_key as k, ops.report_quote as q
where thinned.platform = k.platform and thinned.post_id = k.post_id
    and k.post_key = q.post_key and thinned.observed_at = q.metrics_observed_at
"""

DELETED = """
delete from {table} as o using thinned as t
where o.platform = t.platform and o.{id} = t.{id} and o.observed_at = t.observed_at
    and o.content_hash = t.content_hash
"""


def thin(at: datetime) -> dict[str, int]:
    """Observations deleted per table of ``raw``.

    What was observed since the day in which an active score span ends stays whole: norms rest on it.
    """
    before = at - timedelta(days=get_settings().keep_observations_days)
    with closing(connect("admin", application_name="gaung maintain thin")) as conn, conn.cursor() as cur:
        cur.execute("select date_trunc('day', min(end_at), 'UTC') from core.influence_span")
        [span_end] = cur.fetchone() or (None,)
    before = min(before, span_end or before)
    deleted = {}
    for entity in OBSERVED:
        with closing(connect("admin", application_name="gaung maintain thin")) as conn, conn:
            deleted[f"raw.{entity.name}"] = _thin(conn.cursor(), entity, before)
    return deleted


def _thin(cur: cursor, entity: Entity, before: datetime) -> int:
    names = {"table": sql.Identifier("raw", entity.name), "id": sql.Identifier(entity.id_columns[1])}
    cur.execute(sql.SQL(CANDIDATES).format(**names), {"before": before})
    cur.execute("analyze thinned")
    if entity is AUTHOR_METRICS_ENTITY:
        cur.execute(RESTED_ON, {"distance": timedelta(hours=FOLLOWER_DISTANCE_HOURS)})
    if entity is POST_METRICS:
        cur.execute(QUOTED)
    cur.execute(sql.SQL(DELETED).format(**names))
    return int(cur.rowcount)
