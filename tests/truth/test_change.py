"""Whatever changes – data, brands, formulas, seeds, engines, settings – steps equal a full rebuild."""

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gaung import pipeline
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.text import registry
from gaung.warehouse import builds, diff, marts
from tests.building import ask, deliver, own_account_lines, random_lines, write_brands
from tests.fakes import at, line, lines_format, post
from tests.truth.worlds import checksums

__all__ = ["lines_format"]

SEED = 20251107
PLAIN = {"author_id": "quiet", "post_type": "post", "hashtags": []}


class World:
    """Two brands and some hundred records, with what can be changed about them."""

    def __init__(self, project: Path, patch: pytest.MonkeyPatch) -> None:
        """Copy the models, so that they can be changed, and deliver the records."""
        self.project, self.patch = project, patch
        self.brands: dict[str, dict[str, Any]] = {"kopi": {}, "teh": {}}
        shutil.copytree(PROJECT_ROOT / "dbt_project", project)
        self.set("GAUNG_DBT_PROJECT", str(project))
        write_brands()
        deliver(random_lines(random.Random(SEED), 160), "world.ndjson")
        deliver(
            [
                line(post("edited", **PLAIN | {"text": "kopi uji pagi", "hashtags": ["kopiuji"]})),
                line(post("gone", **PLAIN | {"text": "I love kopi uji, it is great"})),
                line(post("asked", **PLAIN | {"text": "harganya kopi uji berapa kak? mahal ya"})),
                line(post("mocha", **PLAIN | {"text": "what a nice mocha uji this is"})),
                line(post("shown", **PLAIN | {"text": "teh uji is wonderful", "url": "https://x.com/1"})),
                line(
                    authors=[{"platform": "x", "author_id": "quiet", "handle": "quiet_one"}],
                    author_metrics=[{"platform": "x", "author_id": "quiet", "followers": 10}],
                    post_metrics=[
                        {"platform": "x", "post_id": "shown", "likes": 3, "comments": 1, "reposts": 0}
                        | {"quotes": 0, "saves": 2}
                    ],
                ),
            ],
            "known.ndjson",
        )

    def set(self, name: str, value: str) -> None:
        """Change a setting."""
        self.patch.setenv(name, value)
        get_settings.cache_clear()

    def change_brand(self, brand_id: str, **change: Any) -> None:
        """Change what brands.yml says of a brand."""
        self.brands[brand_id] |= change
        write_brands(**self.brands)

    def change_file(self, name: str, old: str, new: str) -> None:
        """Change a file of the models."""
        path = self.project / name
        words = path.read_text("utf-8")
        assert words.count(old) == 1, f"{name} holds {old!r} {words.count(old)} times"
        path.write_text(words.replace(old, new), "utf-8")


def add_keyword(world: World) -> None:
    world.change_brand("kopi", keywords=["kopi uji", "mocha uji"])


def remove_keyword(world: World) -> None:
    world.change_brand("teh", keywords=["teh melati"])


def edit_post(world: World) -> None:
    deliver(
        [line(post("edited", **PLAIN | {"text": "ramai sekali", "hashtags": ["ramai"]}), observed=9)],
        "edit.ndjson",
    )


def delete_post(world: World) -> None:
    deliver([line(post("gone", text=None, is_deleted=True), observed=9)], "delete.ndjson")


def move_time_zone(world: World) -> None:
    world.change_brand("kopi", timezone="Pacific/Honolulu")


def change_formula(world: World) -> None:
    world.change_file("macros/rates.sql", "set z = '1.959964'", "set z = '1.644854'")


def change_seed(world: World) -> None:
    world.change_file("seeds/metric_coverage.csv", "x,saves,2023-03-16", "x,saves,2026-03-09")


def activate_engine(world: World) -> None:
    world.patch.setattr(registry, "_engines", dict(registry._engines))
    registry.register("sentiment", "flipped", "1", _flipped, languages=("en",))


def change_targets(world: World) -> None:
    world.change_brand("kopi", targets=["uji so much", "lebih enak"])


def change_products(world: World) -> None:
    world.change_brand("kopi", products=[{"id": "mocha", "name": "Mocha"}])


def answer_question(world: World) -> None:
    reply = {"author_id": "shop", "post_type": "reply", "parent_post_id": "asked", "created_at": at(30)}
    shop = [{"platform": "x", "author_id": "shop", "handle": "KopiUji"}]
    deliver(
        [line(post("answer", **reply | {"text": "halo kak"}), observed=31, authors=shop)], "answer.ndjson"
    )


def activate_reasons(world: World) -> None:
    world.patch.setattr(registry, "_engines", dict(registry._engines))
    registry.register("reasons", "silent", "1", _silent)


def make_public_voice(world: World) -> None:
    metrics = [{"platform": "x", "author_id": "quiet", "followers": 5000}]
    deliver([line(author_metrics=metrics, observed=9)], "famous.ndjson")


def observe_own_account(world: World) -> None:
    deliver([*own_account_lines(2, 100), *own_account_lines(3, 110)], "own.ndjson")


def change_panel(world: World) -> None:
    world.change_brand("teh", competitors=["kopi"])
    world.change_brand("kopi", earlier_panels=[{"until": date(2026, 3, 2), "competitors": []}])


def raise_public_voice(world: World) -> None:
    world.set("GAUNG_PUBLIC_VOICE_MIN_FOLLOWERS", "100000")


def _flipped(batch: Any) -> Any:
    """The English engine with its signs turned."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from gaung.text import sentiment

    result = sentiment.vader(batch)
    compound = pc.negate(result.column("compound")).cast(sentiment.COMPOUND)
    label = pa.array([sentiment.label_of(float(value)) for value in compound.to_pylist()])
    return pa.RecordBatch.from_arrays([compound, label, result.column(2)], names=result.schema.names)


def _silent(batch: Any) -> Any:
    """Rules that find intents only."""
    import pyarrow as pa

    from gaung.text import reasons

    found = reasons.find(batch)
    nothing = pa.array([[] for _ in range(batch.num_rows)], found.schema.field("aspects").type)
    return pa.RecordBatch.from_arrays([found["intents"], nothing], names=found.schema.names)


BRAND_MARTS = {"bridge_post_brand", "brand_sentiment_daily", "fct_post"}
CHANGES: dict[str, tuple[Callable[[World], None], set[str]]] = {
    "a keyword is added": (add_keyword, BRAND_MARTS),
    "a keyword is removed": (remove_keyword, BRAND_MARTS),
    "a post moves to another topic": (edit_post, {"fct_post", "bridge_post_brand", "topic_trend_hourly"}),
    "a post is deleted": (delete_post, {"fct_post", "brand_sentiment_hourly"}),
    "a brand's time zone moves": (move_time_zone, {"dim_brand", "brand_sentiment_daily"}),
    "a formula changes": (change_formula, {"brand_sentiment_daily", "brand_sentiment_hourly"}),
    "a seed changes": (change_seed, {"fct_post"}),
    "a new engine is active": (activate_engine, {"fct_post", "brand_sentiment_daily"}),
    "a brand answers a question": (answer_question, {"customer_question", "response_time_daily"}),
    "new rules of reasons are active": (
        activate_reasons,
        {"aspect_value_sentiment", "customer_question", "fct_post_aspect", "fct_post_intent"},
    ),
    "a brand's target terms change": (change_targets, {"target_term_coverage"}),
    "a brand's products change": (change_products, {"entity_sentiment_daily", "fct_post_entity"}),
    "an author becomes a public voice": (make_public_voice, {"dim_author", "fct_post"}),
    "a brand's own account is observed": (observe_own_account, {"brand_growth_daily"}),
    "a panel changes": (change_panel, {"share_of_voice_daily"}),
    "the bound of public voices rises": (raise_public_voice, {"dim_author"}),
}
"""What changes, and marts in which a reader must see it."""
TOLD_OF_ONE = {"fct_post", "bridge_post_brand", "dim_author", "dim_brand", "topic_trend_hourly"}
TOLD_OF_ONE |= {"brand_sentiment_daily", "brand_sentiment_hourly", "brand_growth_daily"}
"""Marts whose rows none of the changes brings back to what they were."""


@pytest.fixture
def world(warehouse: str, lines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that was built once."""
    made = World(tmp_path / "dbt_project", monkeypatch)
    pipeline.build(holder="test")
    return made


@pytest.fixture(autouse=True)
def no_lock_is_left() -> Iterator[None]:
    yield
    for build_id in list(builds._sessions):
        builds.release(build_id)


Key = tuple[str, ...]
Rows = dict[str, dict[Key, dict[str, Any]]]


def live_version() -> int:
    [(version,)] = ask("select version from ops.live")
    return int(version)


def rows_now() -> Rows:
    """Every published row without lineage, by mart and primary key."""
    found: Rows = {}
    for mart in marts.load():
        rows = [row for (row,) in ask(f"select to_jsonb(m) from marts.{mart.name} as m", role="bi_reader")]
        found[mart.name] = {
            _key(row, mart.primary_key): {
                name: value for name, value in row.items() if name not in marts.LINEAGE_COLUMNS
            }
            for row in rows
        }
    return found


def _key(row: dict[str, Any], columns: tuple[str, ...]) -> Key:
    return tuple(str(row[name]) for name in columns)


Change = tuple[str, Key, int, int, int]


def differing(old: Rows, new: Rows) -> set[Change]:
    """What differs per mart and partition, counted by hand: rows added, removed, altered.

    A row that moves to another partition is removed from the one and added to the other.
    """
    counts: dict[tuple[str, Key], list[int]] = {}
    for mart in marts.load():
        before, after = _placed(old, mart), _placed(new, mart)
        for place in before.keys() | after.keys():
            was, is_now = before.get(place), after.get(place)
            if was == is_now:
                continue
            kind = 0 if was is None else 1 if is_now is None else 2
            counts.setdefault((mart.name, place[0]), [0, 0, 0])[kind] += 1
    return {(*place, *found) for place, found in counts.items()}  # type: ignore[misc]


def _placed(rows: Rows, mart: marts.Mart) -> dict[tuple[Key, Key], dict[str, Any]]:
    """A mart's rows by partition and primary key."""
    return {(_key(row, mart.key_columns), key): row for key, row in rows[mart.name].items()}


def told_by_diff(first: int, second: int) -> set[Change]:
    """What ``gaung diff`` says of two versions, in the same form."""
    columns = {mart.name: mart.key_columns for mart in marts.load()}
    return {
        (entry.mart, _key(entry.key, columns[entry.mart]), entry.added, entry.removed, entry.altered)
        for entry in diff.between(first, second)
    }


def came_back(shown: list[Rows]) -> list[tuple[str, Key]]:
    """Rows that some publication showed as they were before an earlier one had changed them."""
    found = []
    for mart in shown[0]:
        for key in set().union(*(rows[mart] for rows in shown)):
            seen: list[Any] = []
            for rows in shown:
                row = rows[mart].get(key)
                if not seen or row != seen[-1]:
                    seen.append(row)
            if any(row in seen[at + 1 :] for at, row in enumerate(seen)):
                found.append((mart, key))
    return found


def _built(told: str) -> dict[str, str]:
    """Checksums after a build of what waits, once they are seen to hold and to need no second build."""
    assert builds.work_waiting(), f"{told}: no build would start"
    report = pipeline.build(holder="test")
    assert report.status == "published", f"{told}: {report.status}"
    sums = checksums()
    assert not builds.work_waiting(), f"{told}: a build with nothing new would start"
    assert pipeline.build(holder="test").status == "nothing_to_do", told
    return sums


def _assert_equals_rebuild(told: str, sums: dict[str, str]) -> None:
    version = ask("select version from ops.live")
    rebuilt = pipeline.build(holder="test", full=True)
    wrong = {mart for mart, digest in checksums().items() if sums[mart] != digest}
    assert wrong == set(), f"{told}: a full rebuild differs"
    assert (rebuilt.status, ask("select version from ops.live")) == ("unchanged", version), told


@pytest.mark.timeout(1200)
def test_after_each_change_the_marts_equal_a_full_rebuild(world: World) -> None:
    before, shown, first = checksums(), [rows_now()], live_version()
    for told, (change, seen_in) in CHANGES.items():
        version = live_version()
        change(world)
        after = _built(told)
        unmoved = {mart for mart in seen_in if after[mart] == before[mart]}
        assert unmoved == set(), f"{told}: readers do not see it"
        shown.append(rows_now())
        assert told_by_diff(version, live_version()) == differing(shown[-2], shown[-1]), told
        _assert_equals_rebuild(told, after)
        assert rows_now() == shown[-1], f"{told}: a later build moved a number"
        before = after
    assert told_by_diff(first, live_version()) == differing(shown[0], shown[-1])
    # the last change takes back that an author is a public voice; shares, clouds, norms and values may
    # meet an earlier number on their way, what is said of one post, author, brand or hour may not
    back = [place for place in came_back(shown[:-1]) if place[0] in TOLD_OF_ONE]
    assert back == [], "a row is again what it was before an earlier change"


@pytest.mark.timeout(600)
def test_changes_of_data_and_brands_at_once_equal_a_full_rebuild(world: World) -> None:
    together = [add_keyword, remove_keyword, edit_post, delete_post, move_time_zone, activate_engine]
    for change in (*together, make_public_voice, raise_public_voice, observe_own_account, change_panel):
        change(world)
    _assert_equals_rebuild("all at once", _built("all at once"))


@pytest.mark.timeout(600)
def test_a_change_taken_back_brings_the_same_numbers_again(world: World) -> None:
    before = checksums()
    add_keyword(world)
    assert _built("added") != before
    world.change_brand("kopi", keywords=["kopi uji"])
    assert _built("taken back") == before


def test_a_change_touches_its_own_partitions_only(world: World) -> None:
    total = int(checksums()["fct_post"].split(":")[0])
    edit_post(world)
    report = pipeline.build(holder="test")
    assert report.partitions_by_mart["fct_post"] == 1
    assert total > 5
