"""A tiny warehouse of three invented marts, so that publishing is tested without dbt.

``dim_thing`` is whole, ``fct_thing`` is by post and refers to it, ``thing_hourly`` is by brand and hour.
The source that totals are checked against is ``core.thing``, which tests fill by hand.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg2.extras import execute_values

from gaung import pipeline
from gaung.quality import suites
from gaung.warehouse import builds, marts
from gaung.warehouse.builds import Build
from gaung.warehouse.connect import Role, connect

HOUR = datetime(2026, 3, 1, 8, tzinfo=UTC)


def column(name: str, data_type: str, **meta: str) -> dict[str, Any]:
    """A documented column."""
    return {
        "name": name,
        "data_type": data_type,
        "description": f"The {name}.",
        "config": {"meta": {"id": f"Kolom {name}.", **meta}},
    }


def models() -> list[dict[str, Any]]:
    """The declarations of the three marts, fresh, so that a test may change them."""
    return [
        {
            "name": "dim_thing",
            "description": "Things. One row per thing.",
            "config": {"meta": {"id": "Barang. Satu baris per barang.", "partition": {"kind": "whole"}}},
            "constraints": [{"type": "primary_key", "columns": ["thing_id"]}],
            "columns": [
                column("thing_id", "text"),
                column("thing_name", "text"),
                column("is_synthetic", "boolean"),
                column("built_at", "timestamp with time zone"),
            ],
        },
        {
            "name": "fct_thing",
            "description": "Posts about things. One row per post.",
            "config": {
                "meta": {
                    "id": "Kiriman. Satu baris per kiriman.",
                    "partition": {"kind": "post", "columns": ["post_key"]},
                    "foreign_keys": [{"columns": ["thing_id"], "to": "dim_thing"}],
                }
            },
            "constraints": [{"type": "primary_key", "columns": ["post_key"]}],
            "columns": [
                column("post_key", "text"),
                column("thing_id", "text"),
                column(
                    "mood_score", "numeric(5,4)", unit="−1 to 1", formula="compound", null_rule="unscored"
                ),
                column("is_synthetic", "boolean"),
                column("built_at", "timestamp with time zone"),
            ],
        },
        {
            "name": "thing_hourly",
            "description": "Posts by the hour. One row per brand and hour.",
            "config": {
                "meta": {
                    "id": "Kiriman per jam.",
                    "partition": {"kind": "brand_hour", "columns": ["brand_id", "hour_at"]},
                }
            },
            "constraints": [{"type": "primary_key", "columns": ["brand_id", "hour_at"]}],
            "columns": [
                column("brand_id", "text"),
                column("hour_at", "timestamp with time zone"),
                column("post_count", "bigint"),
            ],
        },
    ]


def expectation(name: str, kind: str, target: str = "candidate", **more: Any) -> dict[str, Any]:
    """An expectation as a suite's file declares it."""
    severity = more.pop("severity", "critical")
    query = {"query": more.pop("query")} if "query" in more else {}
    return {
        "id": name,
        "type": kind,
        "kwargs": more,
        "target": target,
        "severity": severity,
        "if_fails": f"then {name} is wrong",
        **query,
    }


def default_suites() -> dict[str, dict[str, Any]]:
    """A suite per mart, fresh, so that a test may change them."""
    return {
        "dim_thing": {
            "expectations": [
                expectation("thing_id_known", "expect_column_values_to_not_be_null", column="thing_id")
            ]
        },
        "fct_thing": {
            "totals": [
                {
                    "measure": "posts",
                    "by": "thing_id",
                    "mart": "count(*)",
                    "raw": (
                        "select t.thing_id as grain_value, count(*) as total from core.thing as t "
                        "join core.dirty__post using (post_key) group by 1"
                    ),
                }
            ],
            "expectations": [
                expectation(
                    "mood_in_range",
                    "expect_column_values_to_be_between",
                    column="mood_score",
                    min_value=-1,
                    max_value=1,
                ),
                expectation(
                    "posts_equal_source",
                    "expect_column_values_to_be_between",
                    target="totals",
                    column="difference",
                    min_value=0,
                    max_value=0,
                ),
                expectation(
                    "mood_is_mostly_known",
                    "expect_column_values_to_not_be_null",
                    column="mood_score",
                    mostly=0.5,
                    severity="warning",
                ),
            ],
        },
        "thing_hourly": {
            "expectations": [
                expectation(
                    "hours_sum_to_posts",
                    "expect_table_row_count_to_equal",
                    target="query",
                    value=0,
                    query="""
                        select 1 as wrong
                        where (select coalesce(sum(post_count), 0) from marts__next.thing_hourly)
                            <> (select count(*) from marts__next.fct_thing)
                    """,
                )
            ]
        },
    }


class Things:
    """The invented warehouse: what stands in its source and files, and builds over it."""

    def __init__(self, folder: Path) -> None:
        """Write the files and create the source."""
        self.folder = folder
        self.models = models()
        self.suites = default_suites()
        self.rows: dict[str, tuple[str, str | None]] = {}
        self.write()
        self.run("create table core.thing (post_key text primary key, thing_id text, mood_score numeric)")

    def write(self) -> None:
        """Write the declarations and suites as they are now."""
        (self.folder / "marts").mkdir(exist_ok=True)
        (self.folder / "suites").mkdir(exist_ok=True)
        (self.folder / "marts" / "things.yml").write_text(yaml.safe_dump({"models": self.models}))
        for path in (self.folder / "suites").glob("*.yml"):
            path.unlink()
        for name, suite in self.suites.items():
            (self.folder / "suites" / f"{name}.yml").write_text(yaml.safe_dump(suite))
        marts._load_cached.cache_clear()
        suites._load.cache_clear()

    def run(self, statement: str, *values: Any, role: Role = "transformer") -> list[tuple[Any, ...]]:
        """Rows of one statement."""
        with closing(connect(role, autocommit=True)) as conn, conn.cursor() as cur:
            cur.execute(statement, values or None)
            return cur.fetchall() if cur.description else []

    def put(self, *posts: tuple[str, str, float | None]) -> None:
        """Change posts (key, thing, mood) at the source, and note that they changed."""
        with closing(connect("transformer")) as conn, conn, conn.cursor() as cur:
            execute_values(
                cur,
                "insert into core.thing values %s on conflict (post_key) do update "
                "set thing_id = excluded.thing_id, mood_score = excluded.mood_score",
                posts,
            )
            self._note(cur, [key for key, _, _ in posts])

    def remove(self, *keys: str) -> None:
        """Remove posts at the source, and note that they changed."""
        with closing(connect("transformer")) as conn, conn, conn.cursor() as cur:
            cur.execute("delete from core.thing where post_key = any(%s)", (list(keys),))
            self._note(cur, list(keys))

    @staticmethod
    def _note(cur: Any, keys: list[str]) -> None:
        execute_values(
            cur,
            "insert into core.dirty_entity (entity, platform, entity_id, cause) values %s",
            [("post", "x", key, "test") for key in keys],
        )

    def candidate(self, build: Build, _token: str) -> None:
        """What dbt would do: build the candidate tables for the dirty keys."""
        statements = [
            "insert into core.dirty__post select post_id from core.pending_post on conflict do nothing",
            "insert into core.dirty__brand_hour values ('b', %(hour)s) on conflict do nothing",
            "drop table if exists marts__build.dim_thing cascade",
            "drop table if exists marts__build.fct_thing cascade",
            "drop table if exists marts__build.thing_hourly cascade",
            """create table marts__build.dim_thing as select distinct thing_id, upper(thing_id) as thing_name,
                false as is_synthetic, %(now)s::timestamptz as built_at from core.thing""",
            """create table marts__build.fct_thing as select post_key, thing_id,
                mood_score::numeric(5, 4) as mood_score, false as is_synthetic,
                %(now)s::timestamptz as built_at
                from core.thing join core.dirty__post using (post_key)""",
            """create table marts__build.thing_hourly as select 'b' as brand_id,
                %(hour)s::timestamptz as hour_at, count(*) as post_count
                from core.thing having count(*) > 0""",
        ]
        with closing(connect("transformer")) as conn, conn, conn.cursor() as cur:
            for statement in statements:
                cur.execute(statement, {"hour": HOUR, "now": build.started_at})

    def live(self) -> dict[str, list[tuple[Any, ...]]]:
        """What readers see, without lineage."""
        return {
            "dim_thing": self.run(
                "select thing_id, thing_name from marts.dim_thing order by 1", role="bi_reader"
            ),
            "fct_thing": self.run(
                "select post_key, thing_id, mood_score from marts.fct_thing order by 1", role="bi_reader"
            ),
            "thing_hourly": self.run("select * from marts.thing_hourly order by 1, 2", role="bi_reader"),
        }

    def totals(self) -> dict[tuple[str, str, str], int]:
        """The running totals that are not zero."""
        return {
            (mart, measure, grain): int(total)
            for mart, measure, grain, total in self.run(
                "select mart, measure, grain_value, total from ops.mart_total where total <> 0"
            )
        }

    def begin(self, **options: Any) -> Build:
        """A build that has begun."""
        build = builds.begin(holder="test", holder_kind="process", **options)
        assert build is not None
        return build

    def build(self, **options: Any) -> pipeline.BuildReport:
        """A whole build."""
        return pipeline.build(holder="test", **options)


def ready(things: Things) -> Build:
    """A build whose every stage but the last is done."""
    build = things.begin()
    for name in pipeline.STAGES:
        if name != "publish":
            pipeline.run_stage(name, build.build_id, build.token)
    return build


@contextmanager
def pass_gate(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Builds whose gate lets everything pass at no cost, for tests of what comes after it."""

    def judge(build: Build, _token: str) -> Any:
        from gaung.quality.verdict import Verdict

        with closing(connect("publisher")) as conn, conn, conn.cursor() as cur:
            cur.execute(
                "insert into ops.gate_run values (%s, 'passed', 0, 0, 0, 0, null, now(), now())",
                (build.build_id,),
            )
        return Verdict(build.build_id, "passed", 0, 0, ())

    with patch.context() as inner:
        inner.setitem(pipeline.STAGES, "gate", judge)
        yield
