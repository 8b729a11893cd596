"""Readers during publications: no failed query, no mixture of two versions, each publication quick."""

import json
import threading
import time
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from gaung.settings import PROJECT_ROOT
from gaung.warehouse import builds, publisher
from gaung.warehouse.connect import connect
from tests.warehouse.conftest import open_gate, things
from tests.warehouse.publishing import Things, ready

__all__ = ["open_gate", "things"]

ROWS = 300

JOINED = """
select count(distinct f.mood_score), count(*), min(h.post_count), max(h.post_count),
    min(f.mood_score), (select min(d.thing_name) from marts.dim_thing as d)
from marts.fct_thing as f
join marts.dim_thing as d using (thing_id)
cross join marts.thing_hourly as h
"""
"""All marts in one statement. Publication n gives every post the mood n / 1000 and the thing t<n>, and
has ROWS + n posts, so that rows of two versions cannot agree."""


def version_seen(row: tuple[Any, ...]) -> int:
    """The one version that a row shows; AssertionError when it shows two."""
    moods, posts, least, most, mood, thing = row
    version = round(mood * 1000)
    assert moods == 1, row
    assert posts == least == most == ROWS + version, row
    assert thing == f"T{version:04}", row
    return version


class Readers:
    """Sessions of ``bi_reader`` that read until they are told to stop."""

    def __init__(self, count: int) -> None:
        """Start half of them with single statements, half with REPEATABLE READ transactions."""
        self.stop = threading.Event()
        self.queries, self.seen, self.failures = 0, set[int](), list[str]()
        self.threads = [
            threading.Thread(target=self._read, args=(number % 2 == 0,), daemon=True)
            for number in range(count)
        ]
        for thread in self.threads:
            thread.start()

    def _read(self, in_transaction: bool) -> None:
        try:
            with closing(connect("bi_reader", autocommit=not in_transaction)) as conn, conn.cursor() as cur:
                if in_transaction:
                    conn.set_session(isolation_level="REPEATABLE READ")
                while not self.stop.is_set():
                    found = set()
                    for _ in range(3 if in_transaction else 1):
                        cur.execute(JOINED)
                        found.add(version_seen(cur.fetchone() or ()))
                        self.queries += 1
                    assert len(found) == 1, found
                    self.seen |= found
                    conn.rollback()
        except (AssertionError, psycopg2.Error) as error:
            self.failures.append(f"{type(error).__name__}: {error}")

    def end(self) -> None:
        """Stop all of them."""
        self.stop.set()
        for thread in self.threads:
            thread.join(30)


def publish_version(things: Things, version: int) -> float:
    """Seconds that publishing the next version took."""
    things.put(*((f"p{n}", f"t{version:04}", version / 1000) for n in range(ROWS + version)))
    build = ready(things)
    started = time.perf_counter()
    assert publisher.publish(build.build_id, build.token).version == version
    seconds = time.perf_counter() - started
    builds.release(build.build_id)
    return seconds


def run(things: Things, publications: int, readers: int, long_s: float) -> dict[str, Any]:
    publish_version(things, 1)
    crowd = Readers(readers)
    seconds = []
    with closing(connect("bi_reader")) as patient, patient.cursor() as cur:
        patient.set_session(isolation_level="REPEATABLE READ")
        cur.execute(JOINED)
        first = version_seen(cur.fetchone() or ())
        started = time.monotonic()
        for version in range(2, publications + 1):
            seconds.append(publish_version(things, version))
        cur.execute("select pg_sleep(%s)", (max(0.0, long_s - (time.monotonic() - started)),))
        cur.execute(JOINED)
        assert version_seen(cur.fetchone() or ()) == first
    crowd.end()
    assert crowd.failures == []
    assert crowd.queries > publications
    return {
        "publications": publications,
        "readers": readers,
        "queries": crowd.queries,
        "versions_seen": len(crowd.seen),
        "publish_seconds_max": round(max(seconds), 3),
        "publish_seconds_median": round(sorted(seconds)[len(seconds) // 2], 3),
    }


@pytest.mark.usefixtures("open_gate")
def test_readers_see_one_version_during_publications(things: Things) -> None:
    figures = run(things, publications=8, readers=4, long_s=0)

    assert figures["versions_seen"] > 1
    assert figures["publish_seconds_median"] <= 1


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("open_gate")
def test_readers_in_full(things: Things) -> None:
    figures = run(things, publications=100, readers=8, long_s=60)

    folder = PROJECT_ROOT / "var" / "prove"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "readers.json").write_text(json.dumps(figures, indent=2))
    print(figures)
    assert figures["versions_seen"] > 10
    assert figures["publish_seconds_median"] <= 1
