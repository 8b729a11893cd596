"""Nightly checks of what a tick never reads: whole live marts, and ``core`` against ``raw``."""

from contextlib import closing
from datetime import datetime

from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, cursor

from gaung.errors import DriftFound
from gaung.maintenance.skipped import Skipped
from gaung.quality import suites
from gaung.quality.verdict import Check
from gaung.settings import get_settings
from gaung.warehouse import marts, totals
from gaung.warehouse.connect import connect
from gaung.warehouse.latest import AUTHOR_TABLES, POST_TABLES

SHOWN = 3


def live_marts(at: datetime) -> dict[str, int]:
    """Number of checks made on whole published tables: their suites, and their totals counted anew.

    Raises:
        DriftFound: a critical check does not hold, or a kept total is not what the table says.
    """
    from gaung.quality import engine

    with closing(connect("publisher", application_name="gaung maintain gates")) as conn:
        conn.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        with conn, conn.cursor() as cur:
            cur.execute("select version from ops.live")
            if cur.fetchone() in (None, (0,)):
                raise Skipped("nothing is published yet")
            wrong = _wrong_totals(cur)
    checks = [
        Check(suite.mart, expectation)
        for suite in suites.load().values()
        for expectation in suite.expectations
        if expectation.target in ("candidate", "next")
        or (expectation.target == "query" and "{build_id}" not in (expectation.query or ""))
    ]
    results = engine.evaluate(0, checks, timeout_s=get_settings().gate_timeout_s, live=True)
    failed = [result for result in results if result.status != "passed"]
    critical = [result.sentence for result in failed if result.severity == "critical"]
    if wrong or critical:
        raise DriftFound(
            f"{len(critical)} of {len(checks)} checks of whole published tables do not hold and {len(wrong)} "
            f"totals differ, first: {'; '.join([*critical, *wrong][:SHOWN])}. Readers see this now: "
            "`gaung build --full` builds everything again, `gaung rollback` brings an earlier version back"
        )
    return {"checks": len(checks), "warnings": len(failed)}


def _wrong_totals(cur: cursor) -> list[str]:
    """Sentences about kept totals that the live tables, or what raw came to, contradict."""
    found = []
    for mart in marts.load():
        for total in totals.of(mart):
            cur.execute(
                "select grain_value, total, raw_total from ops.mart_total where mart = %s and measure = %s",
                (mart.name, total.measure),
            )
            kept = {grain: (amount, raw) for grain, amount, raw in cur.fetchall()}
            counted = totals.whole(cur, mart, total)
            for grain in sorted(kept.keys() | counted.keys()):
                amount, raw = kept.get(grain, (0, None))
                said = {counted.get(grain, 0), amount, amount if raw is None else raw}
                if len(said) > 1:
                    found.append(
                        f"{mart.name} {total.measure} {grain}: counted {counted.get(grain, 0)}, "
                        f"kept {amount}, from raw {raw}"
                    )
    return found


def latest(at: datetime) -> dict[str, int]:
    """Rows compared per table of ``core`` with the view that defines it, but for what waits for a build.

    Raises:
        DriftFound: rows differ.
    """
    rows, differing = {}, {}
    with closing(connect("transformer", application_name="gaung maintain latest")) as conn:
        conn.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        with conn, conn.cursor() as cur:
            for kind, tables in (("post", POST_TABLES), ("author", AUTHOR_TABLES)):
                for table in tables:
                    rows[table], differing[table] = _compared(cur, kind, table)
    wrong = {table: count for table, count in differing.items() if count}
    if wrong:
        said = ", ".join(f"core.{table} {count} rows" for table, count in wrong.items())
        raise DriftFound(
            f"core differs from what raw says: {said}. `gaung build --full` computes it again; then find "
            "out who wrote there"
        )
    return rows


def _compared(cur: cursor, kind: str, table: str) -> tuple[int, int]:
    """Rows of a table, and rows that only the table or only its view has."""
    names = {
        "table": sql.Identifier("core", table),
        "view": sql.Identifier("core", f"{table}_def"),
        "id": sql.Identifier(f"{kind}_id"),
        "pending": sql.Identifier("core", f"pending_{kind}"),
        "kind": sql.Literal(kind),
    }
    settled = sql.SQL(
        "select * from {source} as s where not exists (select from core.dirty_entity as d where "
        "d.entity = {kind} and d.platform = s.platform and d.entity_id = s.{id}) and not exists "
        "(select from {pending} as p where p.platform = s.platform and p.{id} = s.{id})"
    )
    mine = settled.format(source=names["table"], **names)
    defined = settled.format(source=names["view"], **names)
    cur.execute(
        sql.SQL(
            "with mine as materialized ({mine}), defined as materialized ({defined}) select "
            "(select count(*) from mine), (select count(*) from ("
            "(select * from mine except all select * from defined) union all "
            "(select * from defined except all select * from mine)) as differing)"
        ).format(mine=mine, defined=defined)
    )
    row = cur.fetchone()
    assert row is not None, "an aggregate gives one row"
    return int(row[0]), int(row[1])
