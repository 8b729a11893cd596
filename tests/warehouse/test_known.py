"""The marts as known at an earlier moment equal what was published then."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from typer.testing import CliRunner

from gaung import pipeline
from gaung.cli import app
from gaung.errors import GaungError, LandingFailed
from gaung.settings import get_settings
from gaung.warehouse import builds, known
from gaung.warehouse.connect import connect, other_database, working_in
from tests.building import ask, deliver, random_lines, write_brands
from tests.fakes import LineFormat, line, lines_format, post
from tests.truth.worlds import checksums

__all__ = ["lines_format"]


@pytest.fixture(autouse=True)
def with_brands(warehouse: str, lines: LineFormat) -> Iterator[None]:
    write_brands()
    yield
    for build_id in list(builds._sessions):
        builds.release(build_id)


def now() -> datetime:
    """The server's time."""
    [(moment,)] = ask("select clock_timestamp()")
    assert isinstance(moment, datetime)
    return moment


def scratch() -> list[str]:
    """Scratch databases on the server."""
    rows = ask("select datname from pg_database where datname like 'gaung\\_known\\_%'", role="admin")
    return [name for (name,) in rows]


def test_what_was_known_equals_what_was_published() -> None:
    with closing(connect("admin", autocommit=True)) as session:
        session.cursor().execute("create database gaung_known_left")
    rng = Random(5)
    deliver(random_lines(rng, 60), "0.ndjson")
    pipeline.build(holder="test")
    moment, published = now(), checksums()
    deliver(random_lines(rng, 60), "1.ndjson")
    pipeline.build(holder="test")
    later = checksums()
    live = ask("select version, (select count(*) from ops.build) from ops.live")

    with known.at(moment) as then:
        assert checksums() == published
        assert scratch() == [then.database], "what a process left that is gone is dropped"
        assert ask("select current_database()") == [(then.database,)]
        assert ask("select max(loaded_at) <= %s from ops.batch", (moment,)) == [(True,)]

    assert checksums() == later != published
    assert ask("select version, (select count(*) from ops.build) from ops.live") == live
    assert scratch() == []


def test_a_version_that_was_seen_again_later_is_not_taken_for_the_latest() -> None:
    deliver([line(post(text="kopi uji one"), observed=1)], "1.ndjson")
    deliver([line(post(text="kopi uji two"), observed=2)], "2.ndjson")
    moment = now().isoformat()
    deliver([line(post(text="kopi uji one"), observed=3)], "3.ndjson")

    said = CliRunner().invoke(
        app, ["known-at", moment, "--sql", "select text from fct_post", "--format", "csv"]
    )

    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines() == ["text", "kopi uji two"]


def test_work_goes_to_another_database_and_comes_back() -> None:
    with working_in("postgres"):
        assert other_database() == "postgres"
        assert ask("select current_database()", role="admin") == [("postgres",)]
    assert other_database() is None
    assert ask("select current_database()") == [(get_settings().database,)]


def test_refusals_leave_nothing_behind() -> None:
    with pytest.raises(GaungError, match="nothing was loaded yet"), known.at(now()):
        pass
    deliver([line(post(), observed=1)])
    with (
        pytest.raises(GaungError, match="the first batch was loaded at"),
        known.at(now() - timedelta(days=1)),
    ):
        pass
    with pytest.raises(GaungError, match="has no time zone"), known.at(datetime(2026, 3, 1)):
        pass
    ask("update ops.batch set landing_path = 'nowhere'", role="admin")
    with pytest.raises(LandingFailed, match="no batch at"), known.at(datetime(2999, 1, 1, tzinfo=UTC)):
        pass
    assert scratch() == []
