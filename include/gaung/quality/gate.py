"""The gate: one run of all suites on a candidate; it fails closed.

Keys are real constraints, and totals are judged as *live − replaced + candidate*, so that a tick
reads the candidate and constant-size facts only. A candidate passes when every declared
expectation was evaluated and no critical one failed; anything unexpected – no suite, an unknown
type, an exception, a missing table, a time-out – blocks. Verdicts go to ``ops.gate_run`` and
``ops.gate_result``; nothing is decided by Great Expectations' own ``success``.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection, cursor
from psycopg2.extras import Json

from gaung.errors import GaungError
from gaung.quality import suites
from gaung.quality.suites import Suite
from gaung.quality.verdict import Check, Result, RunStatus, Verdict
from gaung.settings import get_settings
from gaung.warehouse import builds, live_tables, marts, next_views, totals
from gaung.warehouse.connect import connect
from gaung.warehouse.marts import Mart
from gaung.warehouse.partitions import KINDS, WHOLE

log = logging.getLogger(__name__)


class _GateError(GaungError):
    """The gate could not judge."""


def judge(build_id: int, token: str) -> Verdict:
    """The verdict on a build's candidate, recorded; a verdict that blocks is returned, not raised.

    Raises:
        BuildFenced: the build was taken over or is over.
    """
    started_at = datetime.now(UTC)
    with _session(build_id) as conn:
        with conn, conn.cursor() as cur:
            builds.fence(cur, build_id, token)
            for table in ("gate_result", "gate_run", "gate_total"):
                cur.execute(
                    sql.SQL("delete from {} where build_id = %s").format(sql.Identifier("ops", table)),
                    (build_id,),
                )
        verdict = _judge(conn, build_id)
        with conn, conn.cursor() as cur:
            builds.fence(cur, build_id, token)
            _record(cur, verdict, started_at)
    log.info(
        "build %s: gate %s, %s of %s expectations evaluated, %s critical and %s warnings not passed",
        build_id,
        verdict.status,
        verdict.evaluated_count,
        verdict.declared_count,
        len(verdict.critical),
        len(verdict.warnings),
    )
    return verdict


@contextmanager
def _session(build_id: int) -> Iterator[connection]:
    with closing(connect("publisher", application_name=f"gaung gate {build_id}")) as conn:
        yield conn


def _judge(conn: connection, build_id: int) -> Verdict:
    """The verdict; whatever goes wrong becomes a blocking one."""
    results: list[Result] = []
    checks: list[Check] = []
    try:
        declared = marts.load()
        checks = [
            Check(suite.mart, expectation)
            for suite in suites.load().values()
            for expectation in suite.expectations
        ]
        with conn, conn.cursor() as cur:
            results += _structure(cur, declared)
        if all(result.status == "passed" for result in results):
            with conn, conn.cursor() as cur:
                next_views.ensure(cur, declared)
            _measure(conn, build_id, declared)
            with conn, conn.cursor() as cur:
                results += _emptiness(cur, build_id, declared)
            results += _evaluate(build_id, checks)
    except Exception as error:
        conn.rollback()
        log.debug("the gate of build %s could not judge", build_id, exc_info=True)
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:1000]}"
        return _verdict(build_id, checks, results, reason)
    return _verdict(build_id, checks, results, None)


def _verdict(build_id: int, checks: list[Check], results: list[Result], error: str | None) -> Verdict:
    expected = {check.name for check in checks}
    evaluated = {r.name for r in results if r.name in expected and r.status != "error"}
    broken = [r for r in results if r.status == "error"]
    if error is None and broken:
        error = f"{len(broken)} checks could not be made, first {broken[0].sentence}"
    if error is None and evaluated != expected:
        error = (
            f"{len(expected)} expectations are declared but {len(evaluated)} were evaluated; "
            f"missing {', '.join(sorted(expected - evaluated)[:5])}"
        )
    failed = [r for r in results if r.status == "failed"]
    status: RunStatus = "passed"
    if error is not None:
        status = "error"
    elif any(r.severity == "critical" for r in failed):
        status = "failed"
    elif failed:
        status = "warned"
    return Verdict(build_id, status, len(expected), len(evaluated), tuple(results), error)


def _structure(cur: cursor, declared: tuple[Mart, ...]) -> list[Result]:
    """Suites, tables and columns are there, and the candidate holds dirty partitions only."""
    if not declared:
        raise _GateError("no marts are declared under dbt_project/models/marts")
    found = suites.load()
    results = []
    for mart in declared:
        suite = found.get(mart.name)
        results.append(_own(mart, "suite_is_complete", _suite_gap(mart, suite), "a mart would go unjudged"))
        results.append(
            _own(mart, "candidate_is_there", _candidate_gap(cur, mart), "the models did not build it")
        )
        if results[-1].status == "passed":
            results.append(
                _own(mart, "only_dirty_partitions", _stray_rows(cur, mart), "rows outside what is replaced")
            )
    for name in sorted(found.keys() - {mart.name for mart in declared}):
        raise _GateError(f"expectations/{name}.yml is about a mart that is not declared; remove or rename it")
    return results


def _own(mart: Mart, check: str, gap: str | None, if_fails: str) -> Result:
    """A result of the gate itself. It cannot be accepted away, so it is an error, not a failure."""
    return Result(
        suite=mart.name,
        expectation_id=check,
        severity="critical",
        status="error" if gap else "passed",
        target="gate",
        if_fails=f"then {if_fails}: nothing is published until it is corrected",
        observed={"found": gap} if gap else {},
    )


def _suite_gap(mart: Mart, suite: Suite | None) -> str | None:
    if suite is None:
        return f"there is no expectations/{mart.name}.yml"
    if not any(expectation.severity == "critical" for expectation in suite.expectations):
        return f"expectations/{mart.name}.yml declares no critical expectation"
    judges_totals = any(expectation.target == "totals" for expectation in suite.expectations)
    if judges_totals and not any(total.raw_sql for total in suite.totals):
        return f"expectations/{mart.name}.yml judges totals but declares none with a raw statement"
    return None


def _candidate_gap(cur: cursor, mart: Mart) -> str | None:
    present = live_tables.columns(cur, "marts__build", mart.name)
    if not present:
        return f"there is no table marts__build.{mart.name}"
    missing = [name for name in mart.column_names if name not in present]
    extra = [name for name in present if name not in mart.column_names]
    if missing or extra:
        return f"columns missing: {', '.join(missing) or 'none'}; not declared: {', '.join(extra) or 'none'}"
    return None


def _stray_rows(cur: cursor, mart: Mart) -> str | None:
    if mart.kind == WHOLE:
        return None
    cur.execute(
        sql.SQL("select count(*) from {cand} where ({keys}) not in (select {names} from {dirty})").format(
            cand=sql.Identifier("marts__build", mart.name),
            keys=sql.SQL(", ").join(map(sql.Identifier, mart.key_columns)),
            names=sql.SQL(", ").join(map(sql.Identifier, KINDS[mart.kind])),
            dirty=sql.Identifier("core", f"dirty__{mart.kind}"),
        )
    )
    row: Any = cur.fetchone()
    return f"{row[0]} rows in partitions that are not dirty" if row[0] else None


def _measure(conn: connection, build_id: int, declared: tuple[Mart, ...]) -> None:
    limit_ms = int(get_settings().gate_timeout_s * 1000)
    with (
        closing(connect("transformer", application_name=f"gaung gate {build_id} totals")) as other,
        conn,
        conn.cursor() as publisher,
        other,
        other.cursor() as transformer,
    ):
        for cur in (publisher, transformer):
            cur.execute("set local statement_timeout = %s", (limit_ms,))
        publisher.execute("select mode = 'full' from ops.build where build_id = %s", (build_id,))
        row: Any = publisher.fetchone()
        totals.measure(publisher, transformer, build_id, declared, is_full=bool(row[0]))


def _emptiness(cur: cursor, build_id: int, declared: tuple[Mart, ...]) -> list[Result]:
    """A mart that would be empty although its source has rows for it."""
    results = []
    for mart in declared:
        cur.execute(
            """
            select
                coalesce(sum(next_total) filter (where measure = %s), 0) = 0
                and coalesce(sum(raw_total), 0) > 0
            from ops.gate_total where build_id = %s and mart = %s
            """,
            (totals.ROWS, build_id, mart.name),
        )
        row: Any = cur.fetchone()
        gap = "the mart would be empty while its source has rows" if row[0] else None
        results.append(_own(mart, "not_empty_while_source_has_rows", gap, "readers would lose the mart"))
    return results


def _evaluate(build_id: int, checks: list[Check]) -> list[Result]:
    """The results of all expectations within the time limit; raises when it is over."""
    from gaung.quality import engine

    limit = get_settings().gate_timeout_s
    box: dict[str, Any] = {}

    def work() -> None:
        try:
            box["results"] = engine.evaluate(build_id, checks, timeout_s=limit)
        except BaseException as error:
            box["error"] = error

    started = time.monotonic()
    thread = threading.Thread(target=work, name=f"gate {build_id}", daemon=True)
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        raise _GateError(f"the gate took longer than {limit:.0f} s (GAUNG_GATE_TIMEOUT_S)")
    if "error" in box:
        raise box["error"]
    log.debug("expectations evaluated in %.1f s", time.monotonic() - started)
    outcome: list[Result] = box["results"]
    return outcome


def _record(cur: cursor, verdict: Verdict, started_at: datetime) -> None:
    for result in verdict.results:
        cur.execute(
            """
            insert into ops.gate_result (build_id, suite, expectation_id, severity, status, target, observed,
                if_fails)
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            (
                verdict.build_id,
                result.suite,
                result.expectation_id,
                result.severity,
                result.status,
                result.target,
                Json(result.observed),
                result.if_fails,
            ),
        )
    cur.execute(
        """
        insert into ops.gate_run (build_id, status, declared_count, evaluated_count, critical_failed_count,
            warning_failed_count, error_message, started_at, ended_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())
        """,
        (
            verdict.build_id,
            verdict.status,
            verdict.declared_count,
            verdict.evaluated_count,
            len(verdict.critical),
            len(verdict.warnings),
            verdict.error_message,
            started_at,
        ),
    )
    if not verdict.is_blocked:
        cur.execute("update ops.build set status = 'judged' where build_id = %s", (verdict.build_id,))
