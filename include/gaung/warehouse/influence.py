"""Authors whose influence must be scored again, the score spans, and when their norms are due.

A span ends with the hour of the newest collected post (one dated later than it was seen does not
count), so it follows the data and never a clock. Scored again are the authors of topics whose posts
changed, came or left – also by the span moving on –, whose figures changed, or whose topic
began or ceased to be published. Norms are computed from full days before the day of the span's end: they
are due when that day begins, when something that belongs to those days came late, and with every
build as long as a platform has too few authors in them (``int_influence__basis``).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg2.extensions import cursor
from psycopg2.extras import execute_values

SPANS = {"24h": 24, "7d": 168}
"""Hours of each score span."""

REMEMBER_PLACES = """
create temporary table left_topic on commit drop as
select t.*
from core.placed_topic as t
inner join core.pending_post as p on t.platform = p.platform and t.post_id = p.post_id
"""
"""Where the pending posts stand before their places are written anew."""


@dataclass(frozen=True)
class Span:
    """A score span: from ``start_at`` to before ``end_at``."""

    name: str
    start_at: datetime
    end_at: datetime

    @property
    def hours(self) -> int:
        """Its length."""
        return SPANS[self.name]

    @property
    def norm_at(self) -> datetime:
        """The midnight (UTC) before the span's last hour; the norms rest on full days before it."""
        last = (self.end_at - timedelta(hours=1)).astimezone(UTC)
        return last.replace(hour=0, minute=0, second=0, microsecond=0)


def note(cur: cursor, build_id: int, *, everyone: bool) -> None:
    """Nothing; adds dirty authors and topics and what norms are due. Places must have been written before.

    Args:
        everyone: score every author again (a full build, another text engine).
    """
    before, now = _known_spans(cur), _spans(cur)
    windows = [(s.name, s.start_at, s.end_at) for s in (*before, *now)]
    _work_table(cur, "influence_window", windows)
    _work_table(cur, "influence_gap", [gap for name in SPANS for gap in _gaps(name, before, now)])
    for rows in (_EVERYONE,) if everyone else (_TOUCHED, _PROFILES, _MOVED, _TURNED):
        cur.execute(_MARK.format(rows=rows))
    if everyone:
        cur.execute(_EVERY_STANDING)
    cur.execute(_TOPIC_SPANS)
    if everyone or _are_norms_due(cur, build_id, before, now):
        _norms_are_due(cur, now)
    _keep_spans(cur, now)


def _known_spans(cur: cursor) -> list[Span]:
    cur.execute("select span, start_at, end_at from core.influence_span order by span")
    return [Span(*row) for row in cur.fetchall()]


def _spans(cur: cursor) -> list[Span]:
    """The spans as of the newest collected post; none without any."""
    cur.execute(
        """
        select date_trunc('hour', created_at, 'UTC') + interval '1 hour'
        from core.post
        where is_collected and created_at <= observed_at
        order by created_at desc limit 1
        """
    )
    row = cur.fetchone()
    if row is None:
        return []
    return [Span(name, row[0] - timedelta(hours=hours), row[0]) for name, hours in SPANS.items()]


def _gaps(name: str, before: list[Span], now: list[Span]) -> list[tuple[str, datetime, datetime]]:
    """Times that are in the span of before or of now, not in both."""
    old = [(s.start_at, s.end_at) for s in before if s.name == name]
    new = [(s.start_at, s.end_at) for s in now if s.name == name]
    if not old or not new or old[0][1] <= new[0][0] or new[0][1] <= old[0][0]:
        return [(name, *window) for window in (*old, *new)]
    edges = [sorted((old[0][side], new[0][side])) for side in (0, 1)]
    return [(name, first, last) for first, last in edges if first < last]


def _work_table(cur: cursor, table: str, rows: list[tuple[str, datetime, datetime]]) -> None:
    columns = "span text, from_at timestamptz, until_at timestamptz"
    cur.execute(f"create temporary table {table} ({columns}) on commit drop")
    if rows:
        execute_values(cur, f"insert into {table} (span, from_at, until_at) values %s", rows)  # noqa: S608 - names of this file


def _are_norms_due(cur: cursor, build_id: int, before: list[Span], now: list[Span]) -> bool:
    if {(s.name, s.norm_at) for s in before} != {(s.name, s.norm_at) for s in now}:
        return True
    if not now:
        return False
    longest = max(now, key=lambda span: span.hours)
    basis = {"start": longest.norm_at - timedelta(hours=longest.hours), "end": longest.norm_at}
    for question in (_UNSETTLED, _LATE_PLACES, _LATE_FIGURES, _LATE_PROFILES):
        cur.execute(question, {"build_id": build_id, **basis})
        row = cur.fetchone()
        if row and row[0]:
            return True
    return False


def _norms_are_due(cur: cursor, now: list[Span]) -> None:
    cur.execute("delete from core.influence_due")
    for span in now:
        cur.execute(
            """
            insert into core.influence_due (span, norm_date, basis_start_at, basis_end_at, start_at, end_at)
            values (%s, %s, %s, %s, %s, %s)
            """,
            (
                span.name,
                span.norm_at.date(),
                span.norm_at - timedelta(hours=span.hours),
                span.norm_at,
                span.start_at,
                span.end_at,
            ),
        )


def _keep_spans(cur: cursor, now: list[Span]) -> None:
    cur.execute("delete from core.influence_span")
    for span in now:
        cur.execute(
            "insert into core.influence_span (span, hours, start_at, end_at, norm_date) "
            "values (%s, %s, %s, %s, %s)",
            (span.name, span.hours, span.start_at, span.end_at, span.norm_at.date()),
        )


_MARK = """
insert into core.dirty__topic_span_author (topic_type, topic, span, author_key)
select distinct w.topic_type, w.topic, w.span, k.author_key
from ({rows}) as w
inner join core.author_key as k on w.platform = k.platform and w.author_id = k.author_id
where
    exists (
        select from core.standing_topic as q
        where q.topic_type = w.topic_type and q.topic = w.topic and q.is_qualified
    )
    or exists (select from turned_topic as c where c.topic_type = w.topic_type and c.topic = w.topic)
    or exists (
        select from core.standing_influence as i
        where i.topic_type = w.topic_type and i.topic = w.topic and i.span = w.span
    )
on conflict do nothing
"""

_TOUCHED = """
select t.topic_type, t.topic, s.span, t.platform, t.author_id
from (
    select platform, author_id, topic_type, topic, hour_at from left_topic
    union all
    select n.platform, n.author_id, n.topic_type, n.topic, n.hour_at
    from core.pending_post as p
    inner join core.placed_topic as n on p.platform = n.platform and p.post_id = n.post_id
) as t
inner join influence_window as s on t.hour_at >= s.from_at and t.hour_at < s.until_at
"""

_PROFILES = """
select t.topic_type, t.topic, s.span, t.platform, t.author_id
from core.pending_author as a
inner join core.placed_topic as t on a.platform = t.platform and a.author_id = t.author_id
inner join influence_window as s on t.hour_at >= s.from_at and t.hour_at < s.until_at
"""

_MOVED = """
select t.topic_type, t.topic, g.span, t.platform, t.author_id
from influence_gap as g
inner join core.placed_topic as t on t.hour_at >= g.from_at and t.hour_at < g.until_at
"""

_TURNED = """
select t.topic_type, t.topic, s.span, t.platform, t.author_id
from turned_topic as c
inner join core.placed_topic as t on c.topic_type = t.topic_type and c.topic = t.topic
inner join influence_window as s on t.hour_at >= s.from_at and t.hour_at < s.until_at
"""

_EVERYONE = """
select t.topic_type, t.topic, s.span, t.platform, t.author_id
from influence_window as s
inner join core.placed_topic as t on t.hour_at >= s.from_at and t.hour_at < s.until_at
"""

_EVERY_STANDING = """
insert into core.dirty__topic_span_author (topic_type, topic, span, author_key)
select topic_type, topic, span, author_key from core.standing_influence
on conflict do nothing
"""

_TOPIC_SPANS = """
insert into core.dirty__topic_span (topic_type, topic, span)
select distinct topic_type, topic, span from core.dirty__topic_span_author
on conflict do nothing
"""

_UNSETTLED = """
select
    exists (select from core.influence_due)
    or exists (select from core.influence_norm where is_provisional)
    or exists (select from turned_topic)
    or exists (
        select from core.dirty__topic_span_author as d
        inner join core.author_key as k on d.author_key = k.author_key
        where not exists (
            select from core.influence_norm as n where n.platform = k.platform and n.span = d.span
        )
    )
"""

_LATE_PLACES = """
with now_topic as (
    select t.*
    from core.placed_topic as t
    inner join core.pending_post as p on t.platform = p.platform and t.post_id = p.post_id
)
select exists (
    select from (
        (select * from left_topic except select * from now_topic)
        union all
        (select * from now_topic except select * from left_topic)
    ) as m
    where m.hour_at >= %(start)s and m.hour_at < %(end)s and not m.is_repost
)
"""

_LATE_FIGURES = """
select exists (
    select from core.pending_post as p
    inner join core.placed_topic as t on p.platform = t.platform and p.post_id = t.post_id
    inner join raw.post_metrics as m on p.platform = m.platform and p.post_id = m.post_id
    inner join ops.build_batch as b on m.batch_id = b.batch_id and b.build_id = %(build_id)s
    where
        t.hour_at >= %(start)s
        and t.hour_at < %(end)s
        and (
            m.observed_at < %(end)s
            or not exists (
                select from raw.post_metrics as e
                where e.platform = m.platform and e.post_id = m.post_id and e.observed_at < m.observed_at
            )
        )
)
"""

_LATE_PROFILES = """
select exists (
    select from ops.build_batch as b
    inner join raw.author_metrics as m on b.batch_id = m.batch_id
    where
        b.build_id = %(build_id)s
        and (
            m.observed_at < %(end)s
            or not exists (
                select from raw.author_metrics as e
                where e.platform = m.platform and e.author_id = m.author_id and e.observed_at < m.observed_at
            )
        )
        and exists (
            select from core.placed_topic as t
            where
                t.platform = m.platform
                and t.author_id = m.author_id
                and t.hour_at >= %(start)s
                and t.hour_at < %(end)s
                and not t.is_repost
        )
)
"""
