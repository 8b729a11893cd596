"""Partition kinds: what a change makes dirty, and what a publication replaces.

A mart declares one kind in its model's YAML (``config.meta.partition``). For each kind but
``whole`` there is a table ``core.dirty__<kind>`` with exactly the kind's columns as primary key:
the keys that the next publication must rebuild. dbt selects by it, the gate subtracts it from the
live rows, the publisher replaces by it and then empties it. A mart of kind ``whole`` is rebuilt
entirely.
"""

WHOLE = "whole"

KINDS: dict[str, dict[str, str]] = {
    "post": {"post_key": "text"},
    "author": {"author_key": "text"},
    "brand_date": {"brand_id": "text", "local_date": "date"},
    "brand_hour": {"brand_id": "text", "hour_at": "timestamptz"},
    "topic_hour": {"topic_type": "text", "topic": "text", "hour_at": "timestamptz"},
    "topic_date": {"topic_type": "text", "topic": "text", "utc_date": "date"},
    "source_hour": {"source": "text", "hour_at": "timestamptz"},
    "topic_span": {"topic_type": "text", "topic": "text", "span": "text"},
    "topic_span_author": {"topic_type": "text", "topic": "text", "span": "text", "author_key": "text"},
    "panel_date": {"panel_id": "text", "local_date": "date"},
    "msme_cell": {"week_date": "date", "province_code": "text", "industry": "text", "activity": "text"},
    "brand_spelling": {"brand_id": "text", "spelling": "text"},
    "msme_media": {"week_date": "date", "industry": "text", "activity": "text", "media_type": "text"},
}


def dirty_table(kind: str) -> str:
    """Qualified name of the table of dirty keys of a kind."""
    if kind not in KINDS:
        raise KeyError(f"unknown partition kind {kind!r}; known: {', '.join(KINDS)}")
    return f"core.dirty__{kind}"
