"""The gate on invented marts: it passes what is right and fails closed in every other way."""

from tests.warehouse.publishing import Things


def test_right_candidate_passes(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", None))

    report = things.build()

    assert (report.gate_status, report.gate_evaluated, report.version) == ("passed", 5, 1)
