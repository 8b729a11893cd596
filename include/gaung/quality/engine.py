"""Great Expectations, held at arm's length: declared checks in, one result for each out.

One ephemeral context per run, nothing written to disk, no progress bars, no analytics. First the
checks of the same rows run together in the cheapest form (BOOLEAN_ONLY); only those that did not pass
run again, each by itself, for what was seen.
"""

import logging
import re
import warnings
from collections.abc import Iterable
from typing import Any

from gaung.errors import SettingsInvalid
from gaung.quality.verdict import Check, Result, ResultStatus
from gaung.settings import quieten_libraries
from gaung.warehouse.connect import url

SEEN = ("observed_value", "unexpected_count", "element_count", "unexpected_percent")


def evaluate(build_id: int, checks: list[Check], *, timeout_s: float, live: bool = False) -> list[Result]:
    """One result per check, in any order; raises for an expectation that is not one.

    With ``live`` the published tables are judged, whole, instead of a build's candidate.
    """
    quieten_libraries()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource

    # What goes wrong comes back in the results; Great Expectations would log each with three tracebacks.
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("great_expectations")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    expectations = [(check, _expectation(number, check)) for number, check in enumerate(checks)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        source = PostgresDatasource(
            name="warehouse",
            connection_string=_url(build_id, timeout_s),
            create_temp_table=False,
        )
        try:
            batches = _grouped(source, build_id, expectations, live)
            context.add_datasource(datasource=source)  # last: with every change the context saves all of it
            return [result for batch, group in batches for result in _judge_all(batch.get_batch(), group)]
        finally:
            source.get_execution_engine().engine.dispose()


def _url(build_id: int, timeout_s: float) -> str:
    separator = "&" if "?" in url("publisher") else "?"
    options = f"-c%20statement_timeout%3D{int(timeout_s * 1000)}%20-c%20timezone%3DUTC"
    address = url("publisher").replace("postgresql://", "postgresql+psycopg2://", 1)
    return f"{address}{separator}application_name=gaung%20gate%20{build_id}&options={options}"


def _expectation(number: int, check: Check) -> Any:
    """Great Expectations' own object, numbered; what it does not know or refuses is an error of the suite."""
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.metadata_types import FailureSeverity
    from great_expectations.expectations.registry import get_expectation_impl

    declared = check.expectation
    try:
        implementation = get_expectation_impl(declared.type)
    except ExpectationNotFoundError as error:
        raise SettingsInvalid(f"{check.name}: there is no expectation type {declared.type!r}") from error
    try:
        severity = FailureSeverity(declared.severity)
        return implementation(**declared.kwargs, severity=severity, meta={"number": number})
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SettingsInvalid(
            f"{check.name}: {declared.type} does not take these arguments: {reason}"
        ) from error


def _grouped(
    source: Any, build_id: int, expectations: Iterable[tuple[Check, Any]], live: bool
) -> list[tuple[Any, list[tuple[Check, Any]]]]:
    """One batch definition for all checks that read the same rows."""
    groups: dict[tuple[str, ...], list[tuple[Check, Any]]] = {}
    for check, expectation in expectations:
        groups.setdefault(_key(check, build_id, live), []).append((check, expectation))
    batches = []
    for number, (key, group) in enumerate(groups.items()):
        name = f"{number}: {group[0][0].name}"
        if key[0] == "table":
            asset = source.add_table_asset(name=name, schema_name=key[1], table_name=key[2])
        else:
            asset = source.add_query_asset(name=name, query=key[1])
        batches.append((asset.add_batch_definition("all"), group))
    return batches


def _key(check: Check, build_id: int, live: bool) -> tuple[str, ...]:
    expectation = check.expectation
    if live and expectation.target in ("candidate", "next"):
        return ("table", "marts", check.suite)
    if expectation.target == "candidate":
        return ("table", "marts__build", check.suite)
    if expectation.target == "next":
        return ("table", "marts__next", check.suite)
    if expectation.target == "totals":
        mart = check.suite.replace("'", "''")
        return (
            "query",
            "select *, candidate_total - source_total as difference from ops.gate_total "  # noqa: S608
            f"where build_id = {build_id:d} and mart = '{mart}' and source_total is not null",
        )
    query = (expectation.query or "").replace("{build_id}", str(build_id)).strip().rstrip(";")
    return ("query", re.sub(r"\bmarts__(build|next)\.", "marts.", query) if live else query)


def _judge_all(batch: Any, group: list[tuple[Check, Any]]) -> list[Result]:
    """All checks of the same rows at once, then each that did not pass by itself."""
    from great_expectations import ExpectationSuite

    suite = ExpectationSuite(name=group[0][0].name, expectations=[expectation for _, expectation in group])
    found = batch.validate(suite, result_format="BOOLEAN_ONLY")
    passed = {
        result.expectation_config.meta["number"]
        for result in found.results
        if result.success and _exception(result) is None
    }
    return [
        _result(check, "passed", {})
        if expectation.meta["number"] in passed
        else _judge(batch, check, expectation)
        for check, expectation in group
    ]


def _judge(batch: Any, check: Check, expectation: Any) -> Result:
    found = batch.validate(expectation, result_format="BOOLEAN_ONLY")
    trouble = _exception(found)
    observed: dict[str, Any] = {}
    if trouble is None and not found.success:
        found = batch.validate(expectation, result_format="BASIC")
        trouble = _exception(found)
        observed = {key: _plain(found.result[key]) for key in SEEN if found.result.get(key) is not None}
    if trouble is not None:
        observed = {"exception": trouble}
    return _result(check, "error" if trouble else "passed" if found.success else "failed", observed)


def _result(check: Check, status: ResultStatus, observed: dict[str, Any]) -> Result:
    declared = check.expectation
    return Result(
        suite=check.suite,
        expectation_id=declared.id,
        severity=declared.severity,
        status=status,
        target=declared.target,
        if_fails=declared.if_fails,
        observed=observed,
    )


def _exception(found: Any) -> str | None:
    """The first exception that Great Expectations caught, in one line."""
    info = found.exception_info or {}
    nested = [info] if "raised_exception" in info else list(info.values())
    for entry in nested:
        if isinstance(entry, dict) and entry.get("raised_exception"):
            return " ".join(str(entry.get("exception_message")).split())[:500]
    return None


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool)) else str(value)
