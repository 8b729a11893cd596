"""Which platform reports which metric, since when and to whom: told by the mapping tables alone.

The models' seed ``metric_coverage`` is rendered from here (``python -m gaung.sources.docs``): where a
post's engagements need a part, a mapping says that its platform reports it.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from gaung.contract import METRICS, PLATFORMS
from gaung.settings import PROJECT_ROOT
from gaung.sources.fileformat import FileFormat
from gaung.sources.mapping import Absent, Const, EntityMapping
from gaung.sources.registry import formats

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "metric_coverage.csv"

STARTED = {
    "x": "2006-03-21",
    "instagram": "2010-10-06",
    "tiktok": "2016-09-01",
    "youtube": "2005-02-14",
    "facebook": "2004-02-04",
    "threads": "2023-07-05",
    "mastodon": "2016-10-06",
    "bluesky": "2023-02-17",
    "reddit": "2005-06-23",
}
"""First day of each platform: a metric whose mapping names no day is as old as its platform."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a format reports a metric of a platform.

    Attributes:
        platform, metric: of the contract.
        format: the format's name.
        is_reported: False where the mapping says NULL.
        since: ISO date from which the platform reports it, if the mapping knows it.
        only: to whom or where alone it is reported; empty if with every observation.
        fields: where it comes from, or why it does not.
    """

    platform: str
    metric: str
    format: str
    is_reported: bool
    since: str | None
    only: str
    fields: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A metric that a platform reports, over all formats.

    Attributes:
        reported_since: ISO date; ``basis`` says whose start it is.
        is_always_reported: False where only some observations can have it: its absence says nothing then.
        formats: names of the formats that give it.
        remark: why not always.
    """

    platform: str
    metric: str
    reported_since: str
    basis: str
    is_always_reported: bool
    formats: tuple[str, ...]
    remark: str


def coverage() -> list[Coverage]:
    """Every metric of every format's platform, by platform, metric and format."""
    items = [item for item in formats() if isinstance(item, FileFormat)]
    found = [line for item in items for table in item.tables for line in _covered(item, table)]
    order = {name: position for position, name in enumerate(METRICS)}
    return sorted(found, key=lambda line: (line.platform, order[line.metric], line.format, line.fields))


def _covered(item: FileFormat, table: EntityMapping) -> Iterator[Coverage]:
    if table.entity.name != "post_metrics":
        return
    platform = table.columns["platform"]
    names = (str(platform.constant),) if isinstance(platform, Const) else item.platforms
    for name in names:
        for metric in METRICS:
            source = table.columns[metric]
            is_reported = not isinstance(source, Absent)
            yield Coverage(name, metric, item.name, is_reported, source.since, source.only, source.words)


def reported() -> list[Reported]:
    """Every metric that a platform reports, in the contract's order of platforms and metrics.

    Raises:
        ValueError: two mappings name different days, or a platform's first day is not known.
    """
    found: dict[tuple[str, str], list[Coverage]] = {}
    for line in coverage():
        if line.is_reported:
            found.setdefault((line.platform, line.metric), []).append(line)
    order = [(platform, metric) for platform in PLATFORMS for metric in METRICS]
    return [_union(*key, found[key]) for key in order if key in found]


def _union(platform: str, metric: str, lines: list[Coverage]) -> Reported:
    days = {line.since for line in lines if line.since}
    if len(days) > 1:
        raise ValueError(f"{platform} {metric}: mappings name different days: {', '.join(sorted(days))}")
    if not days and platform not in STARTED:
        raise ValueError(f"{platform}: add its first day to coverage.STARTED")
    is_always = any(not line.only for line in lines)
    return Reported(
        platform,
        metric,
        reported_since=next(iter(days), "") or STARTED[platform],
        basis="feature start" if days else "platform start",
        is_always_reported=is_always,
        formats=tuple(dict.fromkeys(line.format for line in lines)),
        remark="" if is_always else "; ".join(dict.fromkeys(line.only for line in lines)),
    )


def render_seed() -> str:
    """The seed as it should be: one row per platform and metric."""
    words = io.StringIO()
    writer = csv.writer(words, lineterminator="\n")
    names = ["platform", "metric", "reported_since", "basis", "is_always_reported", "formats", "remark"]
    writer.writerow(names)
    for one in reported():
        is_always = str(one.is_always_reported).lower()
        row = [one.platform, one.metric, one.reported_since, one.basis, is_always]
        writer.writerow([*row, " ".join(one.formats), one.remark])
    return words.getvalue()
