"""The loader against a real server: what goes in comes out, once, in any order, or not at all."""

from contextlib import closing
from typing import Any

import pytest

from gaung.warehouse.connect import connect
from gaung.warehouse.loader import load
from tests.fakes import LineFormat, at, landed, line, lines, post  # noqa: F401

pytestmark = pytest.mark.usefixtures("warehouse", "lines")


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the administrator reads."""
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall()


def test_a_batch_goes_in_whole() -> None:
    batch = landed(
        [
            line(post("1"), post_metrics=[{"platform": "x", "post_id": "1", "likes": 3}]),
            {"ignored": "settings"},
            {"problem": "bad_date"},
            b'{"rows": ',
            line(post("1")),
        ]
    )
    outcome = load(batch.path)
    assert (outcome.status, outcome.received, outcome.loaded, outcome.unchanged) == ("succeeded", 5, 1, 1)
    assert outcome.ignored == {"settings": 1}
    assert outcome.quarantined == {"bad_date": 1, "invalid_json": 1}
    assert outcome.entity_rows["posts"] == {"received": 2, "inserted": 1, "changed": 0}
    assert rows("select post_id, payload_ref, source from raw.posts") == [("1", "0#0", "files:lines")]
    assert rows("select payload_ref, reason from raw.quarantine order by 1") == [
        ("0#2", "bad_date"),
        ("0#3", "invalid_json"),
    ]
