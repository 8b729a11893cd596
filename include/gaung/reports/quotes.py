"""Which observations a brief's choice of posts rests on; the maintenance never thins these."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from gaung.reports.facts import Facts
from gaung.warehouse.connect import connect

NAMING_POSTS = ("explanation", "contacts")
"""The named queries whose rows name a post, with ``post_key`` and ``metrics_observed_at``."""


def note(facts: Facts) -> int:
    """Observations that were not noted before for this brand and day; the same facts again note nothing."""
    quoted = sorted(set(_quoted(facts)))
    if not quoted:
        return 0
    with (
        closing(connect("publisher", application_name="gaung report quotes")) as session,
        session,
        session.cursor() as cur,
    ):
        cur.execute(
            """
            insert into ops.report_quote (brand_id, local_date, post_key, metrics_observed_at)
            select %s, %s, post_key, metrics_observed_at
            from unnest(%s::text[], %s::timestamptz[]) as q (post_key, metrics_observed_at)
            on conflict do nothing
            """,
            (facts.brand_id, facts.day, [key for key, _ in quoted], [at for _, at in quoted]),
        )
        return int(cur.rowcount)


def _quoted(facts: Facts) -> Iterator[tuple[str, datetime]]:
    for name in NAMING_POSTS:
        for row in facts.rows[name]:
            if row["metrics_observed_at"] is not None:
                yield row["post_key"], row["metrics_observed_at"]
