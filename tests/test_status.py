"""`gaung status` on invented marts: one screen, and an exit code for monitoring."""

import pytest
from typer.testing import CliRunner

from gaung import status
from gaung.cli import app
from gaung.errors import GaungError, ModelFailed
from gaung.warehouse import builds, publisher
from tests.warehouse.conftest import open_gate, things
from tests.warehouse.publishing import Things

__all__ = ["open_gate", "things"]

pytestmark = pytest.mark.usefixtures("open_gate")


def fail_load(things: Things, name: str) -> None:
    things.run(
        "insert into ops.outcome (step, status, source, file_name, error_class, error_message, started_at) "
        "values ('load', 'failed', 'files', %s, 'UnknownFormat', 'no idea', now())",
        name,
        role="loader",
    )


def succeed(things: Things, name: str, quarantined: int) -> None:
    things.run(
        "with b as (insert into ops.batch (batch_key, source, format, landing_path, manifest, record_count, "
        "is_synthetic) values (%s, 'files', 'x', '/', '{}', 10, false) returning batch_id) "
        "insert into ops.outcome (step, status, source, file_name, batch_key, batch_id, received_count, "
        "loaded_count, unchanged_count, ignored_count, quarantined_count, quarantined, started_at) "
        "select 'load', 'succeeded', 'files', %s, %s, batch_id, 10, 10 - %s, 0, 0, %s, "
        "jsonb_build_object('bad_id', %s), now() from b",
        f"key {name}",
        name,
        f"key {name}",
        *[quarantined] * 3,
        role="admin",
    )


def test_empty_warehouse_needs_nobody(things: Things) -> None:
    found = status.collect()

    assert found.problems == ()
    assert found.exit_code == 0
    assert found.badge["completeness_id"] == "belum cukup data"
    assert found.running is None
    assert found.sizes["raw"] > 0


def test_published_warehouse_says_version_rows_and_coverage(things: Things) -> None:
    succeed(things, "a.json", 1)
    things.put(("p1", "a", 0.5))
    things.build()

    found = status.collect()

    assert (found.badge["version"], found.badge["last_build_status"]) == (1, "published")
    assert found.badge["collection_coverage_pct"] == 90
    assert found.badge["quarantined_count"] == 1
    assert found.badge["waiting_batch_count"] == 0
    assert found.quarantined == {"bad_id": 1}
    assert found.rows_by_mart == {"dim_thing": 1, "fct_thing": 1, "thing_hourly": 1}
    assert found.problems == ()


def test_running_build_is_shown(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    build = things.begin()

    found = status.collect()

    assert found.running is not None
    assert (found.running.build_id, found.running.holder, found.running.stage) == (
        build.build_id,
        "test",
        "begin",
    )


def test_what_needs_a_person_is_said_and_gives_exit_code_1(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    things.build()
    fail_load(things, "b.json")
    things.put(("p1", "b", 0.5))
    build = things.begin()
    builds.fail(build.build_id, build.token, ModelFailed("no such column"))
    publisher.rollback(0, reason="all wrong")

    found = status.collect()

    assert found.exit_code == 1
    held, failed, lost = (problem.sentence for problem in found.problems)
    assert "publishing is held: rollback to version 0" in held
    assert "all wrong" in held
    assert f"build {build.build_id} was failed: no such column" in failed
    assert "1 files or batches could not be loaded" in lost
    assert [(load.file_name, load.error) for load in found.failed_loads] == [
        ("b.json", "UnknownFormat: no idea")
    ]
    assert found.badge["completeness_en"] == "not enough data yet"
    assert found.badge["reason_en"].startswith("publishing is held; the last build was failed; 1 files")


def test_failed_load_is_forgotten_once_the_file_is_loaded(things: Things) -> None:
    fail_load(things, "b.json")
    fail_load(things, "b.json")
    fail_load(things, "c.json")
    assert len(status.collect().failed_loads) == 2

    succeed(things, "b.json", 0)

    assert [load.file_name for load in status.collect().failed_loads] == ["c.json"]


def test_dismissed_file_is_no_longer_missing_until_it_fails_again(things: Things) -> None:
    fail_load(things, "b.json")
    fail_load(things, "c.json")
    fail_load(things, "d.json")
    with pytest.raises(GaungError, match=r"x\.json is not among"):
        status.dismiss(["x.json"], reason="gone")

    assert status.dismiss(["c.json"], reason="fetched under another name") == ["c.json"]
    assert sorted(load.file_name for load in status.collect().failed_loads) == ["b.json", "d.json"]
    assert sorted(status.dismiss([], reason="of no use")) == ["b.json", "d.json"]
    found = status.collect()
    assert (found.failed_loads, found.exit_code, found.badge["failed_load_count"]) == ((), 0, 0)
    kept = things.run("select file_name, error_message from ops.outcome where error_class = 'Dismissed'")
    assert ("c.json", "fetched under another name") in kept

    fail_load(things, "c.json")
    assert [load.file_name for load in status.collect().failed_loads] == ["c.json"]


def test_batch_that_waits_for_long_is_a_gap(things: Things) -> None:
    succeed(things, "a.json", 0)
    assert status.collect().problems == ()

    things.run("update ops.batch set loaded_at = now() - interval '61 minutes'", role="admin")

    (problem,) = status.collect().problems
    assert problem.sentence == "a loaded batch waits 61 minutes to be published; run `gaung build`"


def test_command_prints_one_screen(things: Things) -> None:
    succeed(things, "a.json", 1)
    things.put(("p1", "a", 0.5))
    things.build()

    result = CliRunner().invoke(app, ["status"])

    assert result.exit_code == 0, result.output
    assert "Version 1, published" in result.output
    assert "1 records quarantined" in result.output
    assert "Nothing needs a person." in result.output
    assert len(result.output.splitlines()) < 25


def test_commands_build_rollback_resume_diff(things: Things) -> None:
    runner = CliRunner()
    things.put(("p1", "a", 0.5))
    first = runner.invoke(app, ["build"])
    things.put(("p1", "a", -0.5))
    second = runner.invoke(app, ["build"])
    nothing = runner.invoke(app, ["build"])
    differ = runner.invoke(app, ["diff", "1", "2"])
    back = runner.invoke(app, ["rollback", "--reason", "wrong"])
    resumed = runner.invoke(app, ["publish", "--resume"])
    third = runner.invoke(app, ["build"])

    assert "published as version 1" in first.output
    assert "published as version 2" in second.output
    assert "Nothing waits to be built" in nothing.output
    assert "post_key=p1: +0 −0 ~1 (mood_score)" in differ.output
    assert "Version 3 is live (shows version 1)" in back.output
    assert "The hold is lifted" in resumed.output
    assert "published as version 4" in third.output
    assert runner.invoke(app, ["publish"]).exit_code == 2
    assert runner.invoke(app, ["publish", "--accept", "x"]).exit_code == 2
