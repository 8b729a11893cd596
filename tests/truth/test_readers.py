"""Readers during publications: no failed query, no mixture of two versions, each publication quick."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

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


@dataclass(frozen=True)
class Took:
    """How long a publication took, and how much of it it waited for one of the machine's processors."""

    seconds: float
    starved: float

    @property
    def own(self) -> float:
        """Seconds that more processors would not have saved."""
        return self.seconds - self.starved


class Starved:
    """How long the publisher's processes stood in the queue for a processor, as the kernel counts it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Follow every session of the publisher: this thread, and its backend on the server."""
        self.seconds = 0.0
        genuine = publisher._session

        @contextmanager
        def followed(name: str) -> Iterator[Any]:
            ours = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
            before = self._queued(ours)
            with genuine(name) as conn:
                backend = Path(f"/proc/{conn.info.backend_pid}/schedstat")
                yield conn
                self.seconds += self._queued(backend)
            self.seconds += self._queued(ours) - before

        patch.setattr(publisher, "_session", followed)

    @staticmethod
    def _queued(path: Path) -> float:
        return int(path.read_text().split()[1]) / 1e9 if path.exists() else 0.0


def publish_version(things: Things, version: int, starved: Starved) -> Took:
    """How long publishing the next version took."""
    things.put(*((f"p{n}", f"t{version:04}", version / 1000) for n in range(ROWS + version)))
    build = ready(things)
    started, queued = time.perf_counter(), starved.seconds
    assert publisher.publish(build.build_id, build.token).version == version
    took = Took(time.perf_counter() - started, starved.seconds - queued)
    builds.release(build.build_id)
    return took


def run(
    things: Things, patch: pytest.MonkeyPatch, publications: int, readers: int, long_s: float
) -> dict[str, Any]:
    starved = Starved(patch)
    publish_version(things, 1, starved)
    crowd = Readers(readers)
    took = []
    with closing(connect("bi_reader")) as patient, patient.cursor() as cur:
        patient.set_session(isolation_level="REPEATABLE READ")
        cur.execute(JOINED)
        first = version_seen(cur.fetchone() or ())
        started = time.monotonic()
        for version in range(2, publications + 1):
            took.append(publish_version(things, version, starved))
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
        "publish_seconds_max": round(max(one.seconds for one in took), 3),
        "publish_seconds_median": round(sorted(one.seconds for one in took)[len(took) // 2], 3),
        "publish_seconds_max_but_for_queue": round(max(one.own for one in took), 3),
        "processor_queue_seconds_max": round(max(one.starved for one in took), 3),
        "load_average": os.getloadavg()[0],
    }


@pytest.mark.usefixtures("open_gate")
def test_readers_see_one_version_during_publications(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = run(things, monkeypatch, publications=8, readers=4, long_s=0)

    assert figures["versions_seen"] > 1
    assert figures["publish_seconds_max_but_for_queue"] <= 1


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("open_gate")
def test_readers_in_full(
    things: Things, monkeypatch: pytest.MonkeyPatch, record_figures: Callable[..., None]
) -> None:
    """Publications take a second at most; what a busy machine's queue adds is shown apart."""
    figures = run(things, monkeypatch, publications=100, readers=8, long_s=60)

    record_figures("readers", **figures)
    assert figures["versions_seen"] > 10
    assert figures["publish_seconds_max_but_for_queue"] <= 1
