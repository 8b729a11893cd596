"""How long dashboards wait: ten queries as ``bi_reader``, each run several times; milliseconds.

"Now" is the newest published hour, so that the answers do not depend on the day of the measurement.
"""

import statistics
import time
from contextlib import closing
from typing import Any

REPEATS = 5

QUERIES: dict[str, str] = {
    "mood of every brand, last 24 hours": """
        select brand_id, hour_at, post_count, net_sentiment_all_pct
        from marts.brand_sentiment_hourly
        where hour_at > %(now)s - interval '24 hours'
        order by brand_id, hour_at
    """,
    "one brand by day, last 30 days": """
        select local_date, post_count, positive_share_pct, positive_share_low_pct, positive_share_high_pct
        from marts.brand_sentiment_daily
        where brand_id = %(brand)s and local_date > %(now)s::date - 30
        order by local_date
    """,
    "share of posts by brand, last 7 days": """
        select b.brand_name, sum(d.post_count) as post_count
        from marts.brand_sentiment_daily as d
        inner join marts.dim_brand as b using (brand_id)
        where d.local_date > %(now)s::date - 7
        group by b.brand_name
        order by post_count desc
    """,
    "most engaging posts of a brand, last 24 hours": """
        select p.post_key, p.text, p.sentiment_label, p.engagements
        from marts.bridge_post_brand as m
        inner join marts.fct_post as p using (post_key)
        where m.brand_id = %(brand)s and m.local_date >= %(now)s::date - 1
            and p.created_at > %(now)s - interval '24 hours'
        order by p.engagements desc nulls last, p.post_key
        limit 20
    """,
    "most negative posts of a brand, last 24 hours": """
        select p.post_key, p.text, p.sentiment_compound
        from marts.bridge_post_brand as m
        inner join marts.fct_post as p using (post_key)
        where m.brand_id = %(brand)s and m.local_date >= %(now)s::date - 1 and p.sentiment_label = 'negative'
        order by p.sentiment_compound, p.post_key
        limit 20
    """,
    "loudest authors about a brand, last 24 hours": """
        select a.author_key, a.handle, a.followers, count(*) as post_count
        from marts.bridge_post_brand as m
        inner join marts.fct_post as p using (post_key)
        inner join marts.dim_author as a using (author_key)
        where m.brand_id = %(brand)s and m.local_date >= %(now)s::date - 1
        group by a.author_key, a.handle, a.followers
        order by a.followers desc nulls last, a.author_key
        limit 20
    """,
    "posts by platform and type, last 24 hours": """
        select platform, post_type, count(*) as post_count, count(engagements) as known_count
        from marts.fct_post
        where hour_at > %(now)s - interval '24 hours'
        group by platform, post_type
        order by platform, post_type
    """,
    "one topic by the hour, last 72 hours": """
        select hour_at, post_count, velocity, acceleration, burstiness
        from marts.topic_trend_hourly
        where topic_type = %(topic_type)s and topic = %(topic)s and hour_at > %(now)s - interval '72 hours'
        order by hour_at
    """,
    "burstiest topics, last 24 hours": """
        select topic_type, topic, max(burstiness) as burstiness, sum(post_count) as post_count
        from marts.topic_trend_hourly
        where hour_at > %(now)s - interval '24 hours'
        group by topic_type, topic
        order by burstiness desc nulls last, topic_type, topic
        limit 20
    """,
    "collection by source, last 48 hours": """
        select source, sum(received_count) as received, sum(loaded_count) as loaded
        from marts.collection_coverage
        where hour_at > %(now)s - interval '48 hours'
        group by source
        order by source
    """,
}


def measure(repeats: int = REPEATS) -> dict[str, dict[str, Any]]:
    """Median and longest milliseconds of each query, and its rows, in the database of the settings."""
    from gaung.warehouse.connect import connect

    found = {}
    session = connect("bi_reader", autocommit=True, application_name="gaung bench")
    with closing(session), session.cursor() as cur:
        values = _values(cur)
        for name, query in QUERIES.items():
            taken = []
            for _ in range(repeats + 1):
                started = time.perf_counter()
                cur.execute(query, values)
                rows = len(cur.fetchall())
                taken.append((time.perf_counter() - started) * 1000)
            found[name] = {
                "rows": rows,
                "first_ms": round(taken[0], 1),
                "median_ms": round(statistics.median(taken[1:]), 1),
                "longest_ms": round(max(taken[1:]), 1),
            }
    return found


def _values(cur: Any) -> dict[str, Any]:
    """The newest hour, and the brand and topic with most posts in the day before it."""
    cur.execute("select max(hour_at) from marts.brand_sentiment_hourly")
    (now,) = cur.fetchone()
    cur.execute(
        """
        select brand_id from marts.brand_sentiment_hourly where hour_at > %s - interval '24 hours'
        group by brand_id order by sum(post_count) desc, brand_id limit 1
        """,
        (now,),
    )
    (brand,) = cur.fetchone()
    cur.execute(
        """
        select topic_type, topic from marts.topic_trend_hourly where hour_at > %s - interval '24 hours'
        group by topic_type, topic order by sum(post_count) desc, topic_type, topic limit 1
        """,
        (now,),
    )
    topic_type, topic = cur.fetchone() or (None, None)
    return {"now": now, "brand": brand, "topic_type": topic_type, "topic": topic}
