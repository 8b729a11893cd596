"""The figures of a run as tables, for the terminal and for docs/benchmarks.md."""

from collections.abc import Iterator
from typing import Any

from gaung.bench.ticks import STAGES

Rows = list[tuple[str, ...]]
Table = tuple[str, tuple[str, ...], Rows]
"""Title, headings, rows."""


def tables(figures: dict[str, Any]) -> Iterator[Table]:
    """One table per subject that was measured, and several for ticks."""
    if "formats" in figures:
        yield _formats(figures["formats"])
    if "loading" in figures:
        yield _loading(figures["loading"])
        yield _loading_memory(figures["loading"])
    if "enriching" in figures:
        yield _enriching(figures["enriching"])
    if "ticks" in figures:
        yield _ticks(figures["ticks"])
    if "history" in figures:
        yield _history(figures["history"])
        yield _queries(figures["history"])
    yield _memory(figures["peak_mib"])


def markdown(table: Table) -> str:
    """The table for a page of documentation."""
    title, headings, rows = table
    lines = [f"| {' | '.join(headings)} |", f"|---{'|---:' * (len(headings) - 1)}|"]
    return "\n".join([f"**{title}**", "", *lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _formats(found: list[dict[str, Any]]) -> Table:
    rows: Rows = [
        (
            f"{one['format']}: {one['file']}",
            f"{one['records_per_second']:,}",
            f"{one['posts_per_second']:,}",
            f"{one['megabytes_per_second']:.1f}",
            f"{one['times_plain']:.1f}",
            one["plain"],
        )
        for one in found
    ]
    return "Extract and map", ("format", "records/s", "posts/s", "MB/s", "× plain", "plain loop"), rows


def _loading(found: dict[str, Any]) -> Table:
    names = {
        "loader": "loader, from dictionaries",
        "columns": "loader, from checked columns",
        "copy": "server-side COPY",
        "execute_values": "execute_values",
    }
    rows: Rows = []
    for arm, words in names.items():
        costs = found["seconds"][arm]
        rows.append(
            (
                words,
                f"{found['rows_per_second'][arm]:,}",
                f"{found['share_of_copy'][arm]:.2f}" if arm in found["share_of_copy"] else "",
                f"{found['times_execute_values'][arm]:.1f}" if arm in found["times_execute_values"] else "",
                f"{_middle([one['process'] for one in costs]):.2f}",
            )
        )
    headings = ("arm", "rows/s", "share of COPY", "× execute_values", "own processor s")
    return f"Loading {found['rows']:,} rows", headings, rows


def _loading_memory(found: dict[str, Any]) -> Table:
    rows: Rows = [
        (f"{int(count):,}", "unknown" if peak is None else f"{peak:,.0f}")
        for count, peak in found["peak_mib"].items()
    ]
    return "Peak memory of a process that loads", ("rows", "MiB"), rows


def _enriching(found: dict[str, Any]) -> Table:
    rows: Rows = [(step, f"{rate:,}") for step, rate in found["texts_per_processor_second"].items()]
    rows.append(("enrichment, × vaderSentiment", f"{found['times_vadersentiment']:.2f}"))
    rows += [
        (f"peak MiB after {int(texts):,} texts", "unknown" if peak is None else f"{peak:,.0f}")
        for texts, peak in found["peak_mib_by_texts"].items()
    ]
    return f"Enriching {found['texts']:,} distinct texts", ("step", "texts per processor second"), rows


def _ticks(found: dict[str, Any]) -> Table:
    spreads = {"whole tick": found["tick_seconds"], **found["stage_seconds"]}
    rows: Rows = [
        (name, *(f"{one[part]:.2f}" for part in ("p50", "p95", "max")), str(one["n"]))
        for name, one in spreads.items()
    ]
    rows.append(
        (
            "whole tick, processor",
            *(f"{found['tick_processor_seconds'][part]:.2f}" for part in ("p50", "p95", "max")),
            str(found["tick_processor_seconds"]["n"]),
        )
    )
    if found["other_tick_seconds"] is not None:
        one = found["other_tick_seconds"]
        rows.append(("other ticks", *(f"{one[part]:.2f}" for part in ("p50", "p95", "max")), str(one["n"])))
    within = f"{found['ticks_within_their_window']} of {found['ticks']} ticks within their quarter of an hour"
    return f"Seconds per tick at the peak; {within}", ("stage", "p50", "p95", "max", "ticks"), rows


def _history(found: dict[str, Any]) -> Table:
    multiples = list(found["medians"])
    ratios = found["ratio_of_medians"]
    rows: Rows = []
    for stage in ("all", *STAGES):
        seconds = [f"{found['medians'][one]['seconds'][stage]:.2f}" for one in multiples]
        told = [_ratio(ratios[name][stage]) for name in ("seconds", "processor_seconds", "rows_read")]
        rows.append(("whole tick" if stage == "all" else stage, *seconds, *told))
    heads = (*(f"{one}×, p50 s" for one in multiples), "ratio", "ratio, processor", "ratio, rows read")
    return "Ticks by length of history", ("stage", *heads), rows


def _queries(found: dict[str, Any]) -> Table:
    multiples = list(found["queries_ms"])
    rows: Rows = [
        (name, *(f"{found['queries_ms'][one][name]['median_ms']:.1f}" for one in multiples))
        for name in found["queries_ms"][multiples[0]]
    ]
    return "Dashboard queries, median ms", ("query", *(f"{one}×" for one in multiples)), rows


def _memory(found: dict[str, float | None]) -> Table:
    rows: Rows = [(name, "unknown" if peak is None else f"{peak:,.0f}") for name, peak in found.items()]
    return "Peak memory of the process, MiB", ("subject", "MiB"), rows


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
