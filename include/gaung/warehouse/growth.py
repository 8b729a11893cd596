"""Days to rebuild of panels and of brands' own accounts: share of voice, followers, own posts.

A panel's day is a local date of the brand whose panel it is. It is dirty when a mention of one of its
brands came, went or changed its figures, and when the panel or that time zone changed. A brand's day
is dirty, beside its posts, when a snapshot of one of its own accounts lies in it or in the day before.
``core.panel_day`` and ``core.account_day`` remember each day that was ever noted, so that days which
are empty after a change are rebuilt as well.
"""

from psycopg2.extensions import cursor

from gaung.warehouse.inputs import has_changed


def note(cur: cursor, build_id: int, *, full: bool) -> None:
    """Nothing; adds the dirty days. Dirty posts and brand hours must have been noted before."""
    _note_accounts(cur, build_id, full=full)
    cur.execute(_TOUCHED_PANEL_DAYS)
    _note_panels(cur, full=full)
    cur.execute(_KEEP_PANEL_DAYS)


def _note_accounts(cur: cursor, build_id: int, *, full: bool) -> None:
    cur.execute(
        """
        select b.brand_id, b.timezone, t.platform, t.term
        from core.brand as b left join core.brand_term as t on b.brand_id = t.brand_id and t.kind = 'handle'
        order by 1, 2, 3, 4
        """
    )
    everyone = has_changed(cur, "brand_accounts", cur.fetchall()) or full
    cur.execute(_MOVE_ACCOUNTS, {"everyone": everyone})
    cur.execute(ANSWERED_DAYS)
    cur.execute(_SNAPSHOT_DAYS, {"build_id": build_id, "everyone": everyone})
    cur.execute(_OWN_POST_DAYS)
    if everyone:
        cur.execute(_EVERY_ACCOUNT_DAY)
    cur.execute(_KEEP_ACCOUNT_DAYS)


def _note_panels(cur: cursor, *, full: bool) -> None:
    """Every day of the panels that changed, the gone ones included."""
    cur.execute(
        """
        select m.panel_id, m.brand_id, m.first_date, m.last_date, b.timezone
        from core.panel_member as m left join core.brand as b on m.panel_id = b.brand_id
        order by 1, 2, 3
        """
    )
    panels: dict[str, list[tuple[object, ...]]] = {}
    for panel_id, *rest in cur.fetchall():
        panels.setdefault(panel_id, []).append(tuple(rest))
    cur.execute("select distinct panel_id from core.panel_day order by panel_id")
    known = {panel_id for (panel_id,) in cur.fetchall()}
    changed = [
        panel_id
        for panel_id in sorted(panels.keys() | known)
        if has_changed(cur, f"panel {panel_id}", panels.get(panel_id, [])) or full
    ]
    if changed:
        cur.execute(_EVERY_PANEL_DAY, {"panels": changed})


_MOVE_ACCOUNTS = """
with candidates as (
    select platform, author_id from core.pending_author
    union
    select platform, author_id from core.author where %(everyone)s
    union
    select platform, author_id from core.brand_account where %(everyone)s
),
own as (
    select c.platform, c.author_id, t.brand_id
    from candidates as c
    inner join core.author as a on c.platform = a.platform and c.author_id = a.author_id
    inner join core.brand_term as t
        on t.kind = 'handle' and c.platform = t.platform and lower(ltrim(a.handle, '@')) = t.term
),
gone as (
    delete from core.brand_account as b
    using candidates as c
    where
        b.platform = c.platform
        and b.author_id = c.author_id
        and not exists (
            select from own as o
            where o.platform = b.platform and o.author_id = b.author_id and o.brand_id = b.brand_id
        )
    returning b.platform, b.author_id, b.brand_id
),
come as (
    insert into core.brand_account (platform, author_id, brand_id)
    select platform, author_id, brand_id from own
    on conflict do nothing
    returning platform, author_id, brand_id
),
moved as (
    select platform, author_id, brand_id from gone
    union
    select platform, author_id, brand_id from come
)
insert into core.dirty__brand_date (brand_id, local_date)
select distinct m.brand_id, (s.observed_at at time zone b.timezone)::date + d.day
from moved as m
inner join core.brand as b on m.brand_id = b.brand_id
inner join raw.author_metrics as s on m.platform = s.platform and m.author_id = s.author_id
cross join (values (0), (1)) as d (day)
union
select distinct p.brand_id, p.local_date
from moved as m
inner join core.post as o on m.platform = o.platform and m.author_id = o.author_id
inner join core.placed_brand as p
    on o.platform = p.platform and o.post_id = p.post_id and m.brand_id = p.brand_id
union
select distinct p.brand_id, p.local_date
from moved as m
inner join core.post as o on m.platform = o.platform and m.author_id = o.author_id
inner join core.placed_brand as p
    on o.platform = p.platform and o.parent_post_id = p.post_id and m.brand_id = p.brand_id
union
select distinct d.brand_id, d.local_date
from moved as m
inner join core.account_day as d on m.brand_id = d.brand_id
on conflict do nothing
"""
"""Accounts that became, or ceased to be, a brand's own: all days of their snapshots and posts, of what their
posts answer, and, because a sum needs every account, all days of the brand's others."""

ANSWERED_DAYS = """
insert into core.dirty__brand_date (brand_id, local_date)
select distinct q.brand_id, q.local_date
from core.pending_post as w
inner join core.post as o on w.platform = o.platform and w.post_id = o.post_id
inner join core.placed_brand as q on o.platform = q.platform and o.parent_post_id = q.post_id
inner join core.brand_account as a
    on o.platform = a.platform and o.author_id = a.author_id and q.brand_id = a.brand_id
on conflict do nothing
"""
"""Days of what pending posts of a brand's own accounts answer: a question is open until then. Noted by what
the posts were before they are refreshed, and by what they are after."""

_SNAPSHOT_DAYS = """
with snapshots as (
    select s.platform, s.author_id, s.observed_at
    from ops.build_batch as b
    inner join raw.author_metrics as s on b.batch_id = s.batch_id
    where b.build_id = %(build_id)s and not %(everyone)s
    union all
    select s.platform, s.author_id, s.observed_at
    from core.brand_account as a
    inner join raw.author_metrics as s on a.platform = s.platform and a.author_id = s.author_id
    where %(everyone)s
)
insert into core.dirty__brand_date (brand_id, local_date)
select distinct a.brand_id, (s.observed_at at time zone b.timezone)::date + d.day
from snapshots as s
inner join core.brand_account as a on s.platform = a.platform and s.author_id = a.author_id
inner join core.brand as b on a.brand_id = b.brand_id
cross join (values (0), (1)) as d (day)
on conflict do nothing
"""

_OWN_POST_DAYS = """
insert into core.dirty__brand_date (brand_id, local_date)
select distinct p.brand_id, p.local_date
from core.dirty__post as d
inner join core.post_key as k on d.post_key = k.post_key
inner join core.post as o on k.platform = o.platform and k.post_id = o.post_id
inner join core.brand_account as a on o.platform = a.platform and o.author_id = a.author_id
inner join core.placed_brand as p
    on o.platform = p.platform and o.post_id = p.post_id and a.brand_id = p.brand_id
on conflict do nothing
"""
"""A snapshot near an own post changes its rate by followers (``latest`` noted the post)."""

_EVERY_ACCOUNT_DAY = """
insert into core.dirty__brand_date (brand_id, local_date)
select brand_id, local_date from core.account_day
on conflict do nothing
"""

_KEEP_ACCOUNT_DAYS = """
insert into core.account_day (brand_id, local_date)
select d.brand_id, d.local_date
from core.dirty__brand_date as d
where exists (select from core.brand_account as a where a.brand_id = d.brand_id)
on conflict do nothing
"""

_TOUCHED_PANEL_DAYS = """
with places as (
    select brand_id, hour_at from core.dirty__brand_hour
    union
    select p.brand_id, p.hour_at
    from core.dirty__post as d
    inner join core.post_key as k on d.post_key = k.post_key
    inner join core.placed_brand as p on k.platform = p.platform and k.post_id = p.post_id
)
insert into core.dirty__panel_date (panel_id, local_date)
select distinct m.panel_id, ((p.hour_at + e.edge) at time zone b.timezone)::date
from places as p
inner join core.panel_member as m on p.brand_id = m.brand_id
inner join core.brand as b on m.panel_id = b.brand_id
cross join (values (interval '0'), (interval '59 minutes 59 seconds')) as e (edge)
on conflict do nothing
"""
"""Where a UTC hour holds midnight, both days: it is not known any more on which side a gone post stood."""

_EVERY_PANEL_DAY = """
insert into core.dirty__panel_date (panel_id, local_date)
select panel_id, local_date from core.panel_day where panel_id = any(%(panels)s)
union
select distinct m.panel_id, ((p.hour_at + e.edge) at time zone b.timezone)::date
from core.panel_member as m
inner join core.brand as b on m.panel_id = b.brand_id
inner join core.placed_brand as p on m.brand_id = p.brand_id
cross join (values (interval '0'), (interval '59 minutes 59 seconds')) as e (edge)
where m.panel_id = any(%(panels)s)
on conflict do nothing
"""

_KEEP_PANEL_DAYS = """
insert into core.panel_day (panel_id, local_date)
select panel_id, local_date from core.dirty__panel_date
on conflict do nothing
"""
