"""What is expected of each mart, read from ``expectations/<mart>.yml``.

A suite names its expectations – what Great Expectations checks, on what, how bad it is when it
fails and what to do then – and its totals: sums over the mart that must equal the same sums
counted from ``raw`` or ``core``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from gaung.errors import SettingsInvalid
from gaung.settings import PROJECT_ROOT

Severity = Literal["critical", "warning"]
Target = Literal["candidate", "next", "totals", "query"]

FOLDER = PROJECT_ROOT / "expectations"


@dataclass(frozen=True)
class Expectation:
    """One check.

    Attributes:
        type: Great Expectations' name, ``expect_…``.
        target: ``candidate`` (the dirty partitions), ``next`` (what readers would see),
            ``totals`` (the suite's totals of this build) or ``query``.
        query: for ``query``: a statement over ``marts__build``, ``marts__next``, ``core`` and ``ops``;
            ``{build_id}`` stands for the build's id.
        if_fails: "then …": what follows for readers and what to do.
    """

    id: str
    type: str
    kwargs: Mapping[str, Any]
    target: Target
    severity: Severity
    if_fails: str
    query: str | None = None


@dataclass(frozen=True)
class Total:
    """One sum over a mart that is kept running, with its source.

    Attributes:
        mart_sql: additive aggregate over the mart's rows, ``count(*)`` or ``sum(…)``.
        by: column of the mart that groups the sum; None for one total.
        raw_sql: statement giving ``grain_value`` and ``total`` counted from ``raw`` or ``core`` for the
            dirty partitions; None for a total that is only shown.
    """

    measure: str
    mart_sql: str
    by: str | None
    raw_sql: str | None


@dataclass(frozen=True)
class Suite:
    """All that is expected of one mart."""

    mart: str
    expectations: tuple[Expectation, ...]
    totals: tuple[Total, ...]
    path: Path


def load(folder: Path | None = None) -> dict[str, Suite]:
    """The suites by mart.

    Raises:
        SettingsInvalid: a suite cannot be used as written; names file and expectation.
    """
    files = sorted((folder or FOLDER).glob("*.y*ml"))
    return dict(_load(tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)))


@lru_cache(maxsize=8)
def _load(files: tuple[tuple[Path, int, int], ...]) -> tuple[tuple[str, Suite], ...]:
    suites = [_read(path) for path, _, _ in files]
    return tuple((suite.mart, suite) for suite in suites)


def _read(path: Path) -> Suite:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SettingsInvalid(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise SettingsInvalid(f"{path} must be a mapping with `expectations` and `totals`")
    mart = str(content.get("mart") or path.stem)
    if mart != path.stem:
        raise SettingsInvalid(f"{path} is about mart {mart!r}; name the file {mart}.yml")
    expectations = tuple(_expectation(entry, path) for entry in content.get("expectations") or [])
    ids = [expectation.id for expectation in expectations]
    for name in ids:
        if ids.count(name) > 1:
            raise SettingsInvalid(f"{path}: expectation id {name!r} is used twice")
    totals = tuple(_total(entry, path) for entry in content.get("totals") or [])
    return Suite(mart, expectations, totals, path)


def _expectation(entry: Mapping[str, Any], path: Path) -> Expectation:
    name = entry.get("id", "without id")
    missing = [key for key in ("id", "type", "target", "severity", "if_fails") if not entry.get(key)]
    if missing:
        raise SettingsInvalid(f"{path}: expectation {name} lacks {', '.join(missing)}")
    if entry["severity"] not in get_args(Severity):
        raise SettingsInvalid(f"{path}: expectation {name}: severity must be critical or warning")
    if entry["target"] not in get_args(Target):
        raise SettingsInvalid(
            f"{path}: expectation {name}: target must be one of {', '.join(get_args(Target))}"
        )
    if (entry["target"] == "query") != bool(entry.get("query")):
        raise SettingsInvalid(
            f"{path}: expectation {name}: a query belongs to target `query`, and only there"
        )
    return Expectation(
        id=str(entry["id"]),
        type=str(entry["type"]),
        kwargs=dict(entry.get("kwargs") or {}),
        target=entry["target"],
        severity=entry["severity"],
        if_fails=" ".join(str(entry["if_fails"]).split()),
        query=entry.get("query"),
    )


def _total(entry: Mapping[str, Any], path: Path) -> Total:
    missing = [key for key in ("measure", "mart") if not entry.get(key)]
    if missing:
        raise SettingsInvalid(f"{path}: total {entry.get('measure', '?')} lacks {', '.join(missing)}")
    return Total(
        measure=str(entry["measure"]),
        mart_sql=str(entry["mart"]),
        by=entry.get("by"),
        raw_sql=entry.get("raw"),
    )
