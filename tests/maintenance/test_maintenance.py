"""The nightly maintenance: each step does its work, finds what is wrong, and stops no other."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gaung import maintenance
from gaung.cli import app
from gaung.errors import DriftFound, MaintenanceFailed, SettingsInvalid
from gaung.maintenance import backups, checks, cleaning, thinning
from gaung.maintenance.skipped import Skipped
from gaung.reports import quotes
from gaung.reports.facts import Facts
from gaung.settings import get_settings
from gaung.warehouse.connect import connect
from tests.building import Shelf, ask, deliver, prepare, settle, write_brands
from tests.fakes import lines_format
from tests.warehouse.conftest import open_gate, things
from tests.warehouse.publishing import Things

__all__ = ["lines_format", "open_gate", "things"]

NOW = datetime(2026, 9, 1, tzinfo=UTC)
LIKED = {"platform": "x", "post_id": "1"}


@pytest.fixture
def own_home(warehouse: str, reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The warehouse's server, but a place of this test's own for backups."""
    monkeypatch.setattr(backups, "folder", lambda: reachable_folder / "backups")
    yield reachable_folder


# ---------------------------------------------------------------------------------------------
# The runner
# ---------------------------------------------------------------------------------------------


def test_a_failing_step_stops_no_other_and_everything_is_noted(
    warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(at: datetime) -> dict[str, int]:
        raise MaintenanceFailed("no luck")

    def skip(at: datetime) -> dict[str, int]:
        raise Skipped("nothing there")

    steps = {"one": fail, "two": skip, "three": lambda at: {"rows": 3}}
    monkeypatch.setattr(maintenance, "STEPS", steps)

    result = CliRunner().invoke(app, ["maintain"])

    assert result.exit_code == 1
    assert ask("select step, status, counts, error_class, error_message from ops.maintenance order by 1") == [
        ("one", "failed", {}, "MaintenanceFailed", "no luck"),
        ("three", "succeeded", {"rows": 3}, None, None),
        ("two", "skipped", {}, "Skipped", "nothing there"),
    ]
    assert "no luck" in CliRunner().invoke(app, ["status"]).output
    monkeypatch.setitem(steps, "one", lambda at: {})
    assert CliRunner().invoke(app, ["maintain", "one"]).exit_code == 0
    assert "no luck" not in CliRunner().invoke(app, ["status"]).output
    with pytest.raises(SettingsInvalid, match="there is no step 'four'"):
        maintenance.run(["four"])


# ---------------------------------------------------------------------------------------------
# Checks
# ---------------------------------------------------------------------------------------------


def test_whole_live_tables_are_judged(things: Things, open_gate: None) -> None:
    with pytest.raises(Skipped, match="nothing is published"):
        checks.live_marts(NOW)
    things.put(("p1", "a", 0.5), ("p2", "b", -0.5))
    things.build()
    assert checks.live_marts(NOW) == {"checks": 4, "warnings": 0}

    things.run("update marts.fct_thing set mood_score = 7 where post_key = 'p1'", role="publisher")
    with pytest.raises(DriftFound, match=r"1 of 4 checks .*fct_thing\.mood_in_range \(.*if this fails, then"):
        checks.live_marts(NOW)

    things.run("update marts.fct_thing set mood_score = 0.5", role="publisher")
    things.run("delete from marts.fct_thing where post_key = 'p2'", role="publisher")
    with pytest.raises(DriftFound, match=r"totals differ.*fct_thing rows all: counted 1, kept 2"):
        checks.live_marts(NOW)


def line(observed: str, **rows: Any) -> dict[str, Any]:
    """A line of the invented format."""
    return {"rows": {name: [row] for name, row in rows.items()}, "observed_at": observed}


def post(number: int, **more: Any) -> dict[str, Any]:
    """A post about the invented brand."""
    base = {"platform": "x", "post_id": str(number), "author_id": "a1", "text": "kopi uji enak"}
    times = {"created_at": "2026-03-02T12:00:00+00:00", "post_type": "post", "is_collected": True}
    return {**base, **times, "is_deleted": False, **more}


def figures(followers: int) -> dict[str, Any]:
    """What an author has."""
    return {"platform": "x", "author_id": "a1", "followers": followers}


@pytest.mark.usefixtures("lines")
def test_latest_is_compared_with_its_views_but_for_what_waits(warehouse: str) -> None:
    write_brands()
    deliver([line("2026-03-02T12:00:00+00:00", posts=post(1), author_metrics=figures(5))])
    settle(prepare())
    assert checks.latest(NOW)["post"] == 1

    deliver([line("2026-03-03T12:00:00+00:00", posts=post(1, text="kopi uji pahit"))], "later.ndjson")
    assert checks.latest(NOW)["post"] == 0, "what waits for a build is no difference"
    settle(prepare())

    ask("update core.post set text = 'forged'")
    ask("delete from core.author_metrics_latest")
    with pytest.raises(DriftFound, match=r"core\.post 2 rows, core\.author_metrics_latest 1 rows"):
        checks.latest(NOW)


# ---------------------------------------------------------------------------------------------
# Thinning
# ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lines")
def test_thinning_keeps_first_last_one_a_day_and_what_rates_rest_on(warehouse: str) -> None:
    write_brands()
    times = [f"2026-03-0{day}T{hour:02d}:00:00+00:00" for day in (1, 2, 3) for hour in (1, 7, 13, 19)]
    lines = [
        line(time, author_metrics=figures(100 + n), post_metrics={**LIKED, "likes": n})
        for n, time in enumerate(times)
    ]
    later = post(2, author_id="a2", created_at="2026-03-10T12:00:00+00:00")
    deliver([line(times[-1], posts=post(1)), *lines, line("2026-03-10T13:00:00+00:00", posts=later)])
    shelf = Shelf()
    shelf.build()
    before = shelf.without_lineage()
    assert sorted((row["followers_at_post"] for row in before["fct_post"].values()), key=str) == [106, None]

    assert thinning.thin(NOW) == {"raw.post_metrics": 8, "raw.author_metrics": 7, "raw.authors": 0}

    kept = [n for (n,) in ask("select followers from raw.author_metrics order by observed_at")]
    assert kept == [100, 103, 106, 107, 111], "first, one a day, and 106, nearest to the post's publication"
    assert [n for (n,) in ask("select likes from raw.post_metrics order by observed_at")] == [0, 3, 7, 11]
    assert set(thinning.thin(NOW).values()) == {0}, "again changes nothing"
    rebuilt = Shelf()
    rebuilt.build("full")
    assert rebuilt.without_lineage() == before


@pytest.mark.usefixtures("lines")
def test_an_observation_that_a_brief_quoted_is_not_thinned(warehouse: str) -> None:
    write_brands()
    times = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (13, 15, 17, 19)]
    lines = [line(f"{at:%FT%T%z}", post_metrics={**LIKED, "likes": n}) for n, at in enumerate(times)]
    later = post(2, created_at="2026-03-10T12:00:00+00:00")
    deliver(
        [line(f"{times[0]:%FT%T%z}", posts=post(1)), *lines, line("2026-03-10T13:00:00+00:00", posts=later)]
    )
    Shelf().build()
    [(key,)] = ask("select post_key from core.post_key where post_id = '1'")
    quoted = {"post_key": key, "metrics_observed_at": times[1]}
    unknown = {"post_key": key, "metrics_observed_at": None}
    facts = Facts("kopi", date(2026, 3, 2), {"explanation": [quoted], "contacts": [quoted, unknown]})

    assert (quotes.note(facts), quotes.note(facts)) == (1, 0)

    assert thinning.thin(NOW)["raw.post_metrics"] == 1
    assert ask("select likes from raw.post_metrics order by observed_at") == [(0,), (1,), (3,)]


@pytest.mark.usefixtures("lines")
def test_what_an_active_score_span_rests_on_is_not_thinned(warehouse: str) -> None:
    write_brands()
    lines = [
        line(f"2026-03-02T{hour:02d}:00:00+00:00", author_metrics=figures(hour)) for hour in (1, 7, 13, 19)
    ]
    deliver([line("2026-03-02T13:00:00+00:00", posts=post(1)), *lines])
    shelf = Shelf()
    shelf.build()
    assert shelf.rows["influence_norms"]
    assert set(thinning.thin(NOW).values()) == {0}
    rebuilt = Shelf()
    rebuilt.build("full")
    assert rebuilt.without_lineage() == shelf.without_lineage()


@pytest.mark.usefixtures("lines")
def test_young_observations_are_left_alone(warehouse: str) -> None:
    deliver([line(f"2026-03-01T{hour:02d}:00:00+00:00", author_metrics=figures(hour)) for hour in range(9)])
    age = timedelta(days=get_settings().keep_observations_days)

    assert set(thinning.thin(datetime(2026, 3, 1, tzinfo=UTC) + age).values()) == {0}
    assert thinning.thin(datetime(2026, 3, 2, tzinfo=UTC) + age)["raw.author_metrics"] == 7


# ---------------------------------------------------------------------------------------------
# Cleaning
# ---------------------------------------------------------------------------------------------


def touch(path: Path, days_ago: float) -> Path:
    """A file that was last written so long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    when = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp()
    os.utime(path, (when, when))
    return path


def test_retention_deletes_what_is_over_and_keeps_what_may_be_asked_for(
    things: Things, open_gate: None
) -> None:
    for mood in (0.1, 0.2, 0.3):
        things.put(("p1", "a", mood))
        things.build()
    things.run("delete from ops.before_image where version < 3", role="publisher")
    things.run("update ops.build set ended_at = now() - interval '500 days'")
    for ago in (100, 10):
        things.run(
            "insert into raw.quarantine values (1, %s, 's', 'r', 'p', 'm', 'e', null, now() - %s::interval)",
            str(ago),
            f"{ago} days",
            role="admin",
        )
    old = touch(get_settings().drop / "done" / "a" / "old.json", 40)
    young = touch(get_settings().drop / "done" / "young.json", 5)
    waiting = touch(get_settings().drop / "waiting.json", 40)

    deleted = cleaning.retain(datetime.now(UTC))

    assert deleted["raw.quarantine"] == 1
    assert deleted["done files"] == 1
    assert not old.parent.exists()
    assert young.exists()
    assert waiting.exists()
    assert things.run("select distinct build_id from ops.gate_run order by 1") == [(2,), (3,)], (
        "the live version, and the one that a rollback would bring back"
    )


def test_old_logs_are_deleted(warehouse: str) -> None:
    home = get_settings().home
    old = touch(home / "airflow" / "logs" / "dag_id=x" / "old.log", 40)
    young = touch(home / "airflow" / "logs" / "young.log", 1)

    assert cleaning.logs(datetime.now(UTC))["files"] >= 1
    assert not old.exists()
    assert young.exists()
    young.unlink()


def test_worn_tables_are_vacuumed(warehouse: str) -> None:
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute("create table raw.worn (n int) with (autovacuum_enabled = off)")
        cursor.execute("insert into raw.worn select generate_series(1, 3000)")
        cursor.execute("delete from raw.worn where n < 2000")
        cursor.execute("select pg_stat_force_next_flush()")

        assert cleaning.vacuum(NOW)["tables"] >= 1

        cursor.execute("select last_vacuum is not null from pg_stat_user_tables where relname = 'worn'")
        assert cursor.fetchone() == (True,)


def test_sizes_are_kept(warehouse: str) -> None:
    found = cleaning.sizes(NOW)

    assert found["raw"] > 0
    assert dict(ask("select room, bytes from ops.room_size")) == found


# ---------------------------------------------------------------------------------------------
# Backups
# ---------------------------------------------------------------------------------------------


def test_backups_rotate(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUNG_KEEP_BACKUPS", "2")
    get_settings.cache_clear()

    counts = [backups.backup(NOW + timedelta(days=day)) for day in range(3)]

    assert [count["removed"] for count in counts] == [0, 0, 1]
    assert [backups.made_at(path) for path in backups.kept()] == [
        NOW + timedelta(days=1),
        NOW + timedelta(days=2),
    ]


@pytest.mark.usefixtures("lines")
def test_the_newest_backup_is_restored_elsewhere_and_a_broken_one_is_found(own_home: Path) -> None:
    with pytest.raises(Skipped, match="no backup"):
        backups.rehearse(NOW)
    deliver([line("2026-03-02T12:00:00+00:00", posts=post(1))])
    backups.backup(NOW)

    rehearsed = backups.rehearse(NOW)

    assert rehearsed["rows"] > 1
    assert not (get_settings().home / "rehearsal").exists()
    assert ask("select count(*) from raw.posts") == [(1,)], "ours is untouched"

    dump = backups.kept()[-1] / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-10])
    with pytest.raises(MaintenanceFailed, match=r"(?s)`gaung restore` .*is damaged: database\.dump"):
        backups.rehearse(NOW)
    assert not (get_settings().home / "rehearsal").exists()
