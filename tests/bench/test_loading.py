"""The loader's measure: its arms write the same rows, and its ratios are made within a round."""

import pytest

from gaung.bench import loading
from gaung.bench.clock import Cost, cost


@pytest.mark.usefixtures("warehouse")
def test_all_arms_write_the_same_rows() -> None:
    found = loading.measure(rows=2_000, rounds=2)

    figures = found.figures()
    assert (found.rows, found.differing) == (2_000, 0)
    assert found.sampled == pytest.approx(2_000 / loading.SHARE, rel=0.02)
    assert set(figures["rows_per_second"]) == {"loader", "columns", "copy", "execute_values"}
    assert all(len(costs) == 2 for costs in found.costs.values())
    assert figures["share_of_copy"]["loader"] > 0
    assert set(figures["peak_mib"]) == {"400", "4000"}


def test_ratios_are_medians_of_the_rounds_own() -> None:
    found = loading.Loading(rows=100, sampled=10)
    found.costs["loader"] = [Cost(1.0), Cost(20.0), Cost(3.0)]
    found.costs["copy"] = [Cost(0.5), Cost(10.0), Cost(3.0)]
    found.costs["execute_values"] = [Cost(1.0), Cost(20.0), Cost(0.3)]

    assert found.ratio("loader", "copy") == 0.5
    assert found.ratio("loader", "execute_values") == pytest.approx(10.0)
    assert found.rate("execute_values") == 10.0


@pytest.mark.usefixtures("warehouse")
def test_the_servers_processor_time_is_seen() -> None:
    from contextlib import closing

    from gaung.warehouse.connect import connect

    # the session outlives the measure: the times of ended processes may be missing
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cur, cost() as spent:
        cur.execute("select count(*) from generate_series(1, 2000000)")
    assert spent.server is not None
    assert spent.server > 0.02
