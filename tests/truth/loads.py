"""A mixed day of invented records, and what a load must leave behind in ``raw`` and its queues."""

import random
from contextlib import closing
from typing import Any

from gaung.contract import ENTITIES
from gaung.warehouse.connect import connect
from tests.fakes import line, post

LINEAGE = ("batch_id", "payload_ref", "loaded_at")


def rows(query: str) -> list[tuple[Any, ...]]:
    """Rows of a query, as admin."""
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def empty() -> None:
    """Forget every load."""
    tables = [f"raw.{name}" for name in ENTITIES]
    tables += ["raw.quarantine", "raw.post_declared_brand", "core.dirty_entity", "ops.cursor", "ops.outcome"]
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(f"truncate {', '.join(tables)}, ops.batch cascade")


def checksums() -> dict[str, Any]:
    """One checksum per raw table over all columns but lineage, rows in key order."""
    found: dict[str, Any] = {}
    for name, entity in ENTITIES.items():
        columns = ", ".join(item.name for item in entity.schema if item.name not in LINEAGE)
        key = ", ".join(entity.key)
        one = f"md5(string_agg(md5(row({columns})::text), '' order by {key}))"
        found[name] = rows(f"select count(*), {one} from raw.{name}")
    found["declared"] = sorted(rows("select platform, post_id, brand_id from raw.post_declared_brand"))
    found["dirty"] = sorted(rows("select distinct entity, platform, entity_id from core.dirty_entity"))
    found["quarantine"] = sorted(rows("select payload_ref, reason from raw.quarantine"))
    return found


def day(generator: random.Random, count: int) -> list[Any]:
    """Lines of a mixed day: versions, counts, authors, duplicates, broken records."""
    content: list[Any] = []
    for number in range(count):
        post_id = str(generator.randrange(count))
        content.append(
            line(
                post(post_id, text=f"t{generator.randrange(3)}", is_collected=generator.random() < 0.7),
                post_metrics=[{"platform": "x", "post_id": post_id, "likes": generator.randrange(4)}],
                authors=[{"platform": "x", "author_id": str(generator.randrange(50)), "handle": "h"}],
                observed=generator.randrange(48),
            )
        )
        if number % 40 == 0:
            content.append({"problem": "bad_date"})
    return content
