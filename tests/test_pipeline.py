"""A whole build in one process, on invented marts; the gate and the publisher are the real ones."""

import pytest

from gaung import pipeline
from gaung.errors import BuildBusy, ModelFailed
from gaung.warehouse import builds
from gaung.warehouse.builds import Build
from tests.warehouse.conftest import open_gate, things
from tests.warehouse.publishing import Things

__all__ = ["open_gate", "things"]


@pytest.mark.usefixtures("open_gate")
def test_report_tells_stages_version_and_rows(things: Things) -> None:
    things.put(("p1", "a", 0.5), ("p2", "b", None))
    seen: list[tuple[str, bool]] = []

    report = things.build(progress=lambda stage, seconds: seen.append((stage, seconds is not None)))

    stages = ["latest", "enrich", "dirty", "models", "gate", "publish"]
    assert seen == [(stage, ended) for stage in stages for ended in (False, True)]
    assert list(report.stages) == stages
    assert all(seconds >= 0 for seconds in report.stages.values())
    assert (report.status, report.version, report.mode, report.batch_count) == (
        "published",
        1,
        "incremental",
        0,
    )
    assert report.rows_by_mart == {"dim_thing": 2, "fct_thing": 2, "thing_hourly": 1}
    assert report.rows["publish"] == {"dim_thing": 2, "fct_thing": 2, "thing_hourly": 1}
    recorded = things.run("select stage, ended_at is not null from ops.build_stage order by started_at")
    assert recorded == [(stage, True) for stage in stages]


@pytest.mark.usefixtures("open_gate")
def test_failed_stage_ends_the_build_and_the_next_one_catches_up(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(build: Build, token: str) -> None:
        raise ModelFailed("no such column")

    things.put(("p1", "a", 0.5))
    with monkeypatch.context() as patch:
        patch.setitem(pipeline.STAGES, "models", broken)
        with pytest.raises(ModelFailed):
            things.build()

    assert things.run("select status, error_message from ops.build") == [("failed", "no such column")]
    assert things.build().version == 1
    assert things.live()["fct_thing"][0][0] == "p1"


@pytest.mark.usefixtures("open_gate")
def test_error_of_any_kind_gives_the_lock_back(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(build: Build, token: str) -> None:
        raise KeyboardInterrupt

    things.put(("p1", "a", 0.5))
    with monkeypatch.context() as patch:
        patch.setitem(pipeline.STAGES, "enrich", broken)
        with pytest.raises(KeyboardInterrupt):
            things.build()

    assert things.run("select status from ops.build") == [("failed",)]
    assert things.build().status == "published"


@pytest.mark.usefixtures("open_gate")
def test_build_during_a_build_ends_at_once(things: Things) -> None:
    things.put(("p1", "a", 0.5))
    build = things.begin()

    with pytest.raises(BuildBusy, match=f"build {build.build_id} is running"):
        pipeline.build()

    for name in pipeline.STAGES:
        pipeline.run_stage(name, build.build_id, build.token)
    builds.release(build.build_id)
    assert pipeline.build().status == "nothing_to_do"


def test_unknown_stage_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        pipeline.run_stage("modles", 1, "x")
