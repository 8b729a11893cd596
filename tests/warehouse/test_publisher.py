"""Publishing: one transaction or nothing, versions, rollback, hold, running totals."""

from decimal import Decimal

import pytest

from tests.warehouse.publishing import HOUR, Things

pytestmark = pytest.mark.usefixtures("open_gate")


def test_first_build_creates_and_fills_the_marts(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", None))

    report = things.build()

    assert report.status == "published"
    assert report.version == 1
    assert things.live() == {
        "dim_thing": [("a", "A"), ("b", "B")],
        "fct_thing": [("p1", "a", Decimal("0.5000")), ("p2", "b", None)],
        "thing_hourly": [("b", HOUR, 2)],
    }
    assert things.totals() == {
        ("dim_thing", "rows", "all"): 2,
        ("fct_thing", "rows", "all"): 2,
        ("fct_thing", "posts", "a"): 1,
        ("fct_thing", "posts", "b"): 1,
        ("thing_hourly", "rows", "all"): 1,
    }
