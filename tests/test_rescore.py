"""Scoring history before a build needs it: beside the old scores, on from where it stopped."""

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from gaung import enrich, pipeline, rescore, scores
from gaung.cli import app
from gaung.erasure import rooms
from gaung.text import reasons, registry
from tests.building import ask, deliver, write_brands
from tests.fakes import LineFormat, line, lines_format, post

__all__ = ["lines_format"]
TEXTS = ("kopi uji enak", "kopi uji mahal", "teh uji biasa saja", "halo semua")


@pytest.fixture
def bump(warehouse: str, lines: LineFormat, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A published warehouse of four texts; gives what changes the engine of reasons."""
    write_brands()
    deliver([line(*(post(str(at), text=text) for at, text in enumerate(TEXTS)))])
    assert pipeline.build().status == "published"
    monkeypatch.setattr(registry, "_engines", dict(registry._engines))
    monkeypatch.setattr(enrich, "CHUNK", 2)

    def praising(batch: pa.RecordBatch) -> pa.RecordBatch:
        intents = pa.array([["praises"]] * batch.num_rows, pa.list_(pa.string()))
        return pa.RecordBatch.from_pydict({"intents": intents, "aspects": reasons.aspects(batch)["aspects"]})

    def change() -> None:
        registry.register("reasons", "other", "1", praising)

    return change


def versions() -> list[tuple[Any, ...]]:
    """Texts by version of the engine of reasons."""
    return ask("select engine_version, count(*) from core.text_reasons group by 1 order by 1")


def test_scores_stand_beside_the_old_and_the_next_build_shows_them(bump: Callable[[], None]) -> None:
    assert rescore.lack() == rescore.Lack(4, 0, {task.name: 0 for task in scores.TASKS})
    bump()
    assert rescore.lack().by_task == {task.name: 4 * (task.name == "reasons") for task in scores.TASKS}
    seen: list[int] = []
    assert rescore.run(seen.append) == 4
    assert seen == [2, 4]
    assert [count for _, count in versions()] == [4, 4]
    shown = "select engine_version from core.active_engine where task = 'reasons'"
    assert ask(shown)[0][0].startswith("gaung-reasons")
    assert ask("select count(*) from core.pending_post") == [(0,)]

    report = pipeline.build()

    assert report.rows["enrich"]["texts_scored"] == 0
    assert ask(shown) == [("other-1",)]
    assert ask("select engine_version, count(*) from marts.fct_post_intent group by 1", role="admin") == [
        ("other-1", 4)
    ]
    assert rescore.lack().lacking == 0


def test_what_was_stopped_goes_on_where_it_was(bump: Callable[[], None]) -> None:
    bump()

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rescore.run(stop)
    assert rescore.lack().lacking == 2
    assert rescore.run() == 2
    assert [count for _, count in versions()] == [4, 4]


def test_a_text_that_was_erased_meanwhile_is_not_kept(
    bump: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bump()
    work = enrich.scored

    def erasing(rows: list[tuple[Any, ...]], *others: Any) -> Any:
        found = work(rows, *others)
        with closing(rooms.session("erase")) as session, session, session.cursor() as cur:
            cur.execute("update core.post set text = null, text_hash = null where post_id = '0'")
            rooms.clear_unused_scores(cur)
        return found

    monkeypatch.setattr(enrich, "scored", erasing)
    rescore.run()
    assert [count for _, count in versions()] == [3, 3]


def test_the_command_says_what_lacks_and_what_comes_next(bump: Callable[[], None]) -> None:
    bump()
    asked = CliRunner().invoke(app, ["text", "rescore", "--dry-run"])
    assert "4 of 4 texts lack scores: reasons 4" in asked.output
    assert [count for _, count in versions()] == [4]
    told = CliRunner().invoke(app, ["text", "rescore"])
    assert told.exit_code == 0, told.output
    assert re.search(r"4 texts scored\. .*gaung build", told.output)
    again = CliRunner().invoke(app, ["text", "rescore"])
    assert "0 of 4 texts lack scores" in again.output
