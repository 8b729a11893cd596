"""READMEs' field tables and the page of formats, rendered from the mapping tables themselves.

``python -m gaung.sources.docs`` rewrites what is not current; with ``--check`` it only says so and
ends with 1.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from gaung.contract import METRICS
from gaung.settings import PROJECT_ROOT
from gaung.sources.fileformat import FileFormat
from gaung.sources.mapping import Absent, Const, EntityMapping, Source
from gaung.sources.registry import FORMATS, formats

BEGIN = "<!-- generated from the mapping tables by `python -m gaung.sources.docs`: begin -->"
END = "<!-- generated: end -->"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a format reports a metric of a platform.

    Attributes:
        platform, metric: of the contract.
        format: the format's name.
        is_reported: False where the mapping says NULL.
        since: ISO date from which the platform reports it, if the mapping knows it.
        fields: where it comes from, or why it does not.
    """

    platform: str
    metric: str
    format: str
    is_reported: bool
    since: str | None
    fields: str


def coverage() -> list[Coverage]:
    """Every metric of every format's platform, by platform, metric and format."""
    found = [line for item in _file_formats() for table in item.tables for line in _covered(item, table)]
    order = {name: position for position, name in enumerate(METRICS)}
    return sorted(found, key=lambda line: (line.platform, order[line.metric], line.format, line.fields))


def reported() -> dict[tuple[str, str], tuple[str, ...]]:
    """(platform, metric) → names of the formats that give it."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in coverage():
        if line.is_reported:
            found.setdefault((line.platform, line.metric), []).append(line.format)
    return {key: tuple(dict.fromkeys(names)) for key, names in found.items()}


def _covered(item: FileFormat, table: EntityMapping) -> Iterator[Coverage]:
    if table.entity.name != "post_metrics":
        return
    platform = table.columns["platform"]
    names = (str(platform.constant),) if isinstance(platform, Const) else item.platforms
    for name in names:
        for metric in METRICS:
            source = table.columns[metric]
            is_reported = not isinstance(source, Absent)
            since = getattr(source, "since", None)
            yield Coverage(name, metric, item.name, is_reported, since, source.words)


def _file_formats() -> tuple[FileFormat, ...]:
    return tuple(item for item in formats() if isinstance(item, FileFormat))


# ---------------------------------------------------------------------------------------------
# READMEs
# ---------------------------------------------------------------------------------------------


def render_readme(item: FileFormat) -> str:
    """The generated part of a format's README: a table per entity, then the ignored kinds."""
    parts = [BEGIN, ""]
    for table in item.tables:
        parts += [f"### {table.entity.name} {table.label}".rstrip(), "", *_rows(table), ""]
    if item.ignored:
        parts += ["### Ignored kinds", "", "| kind | what it is |", "|---|---|"]
        parts += [f"| `{kind}` | {_cell(meaning)} |" for kind, meaning in sorted(item.ignored.items())]
        parts += [""]
    return "\n".join([*parts, END])


def _rows(table: EntityMapping) -> Iterable[str]:
    yield "| column | from |"
    yield "|---|---|"
    for name in table.entity.content.names:
        if name in table.columns:
            yield f"| {name} | {_cell(_words(table.columns[name]))} |"


def _words(source: Source) -> str:
    return source.words or "–"


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def readme_path(line: str) -> Path:
    """README.md of the package that a registration line names."""
    package = import_module(line.partition(":")[0])
    return Path(str(package.__file__)).parent / "README.md"


def readmes() -> dict[Path, str]:
    """README → its text as it should be; a README without the marks is left as it is."""
    found: dict[Path, str] = {}
    for line, item in zip(FORMATS, formats(), strict=True):
        path = readme_path(line)
        if not isinstance(item, FileFormat) or not item.tables or not path.is_file():
            continue
        words = path.read_text(encoding="utf-8")
        before, begin, rest = words.partition(BEGIN)
        _, end, after = rest.partition(END)
        if begin and end:
            found[path] = before + render_readme(item) + after
    return found


# ---------------------------------------------------------------------------------------------
# The page of formats
# ---------------------------------------------------------------------------------------------


def render_page() -> str:
    """docs/formats.md: every format, and which metrics of which platform come from where."""
    parts = [
        "# Formats",
        "",
        "Generated by `python -m gaung.sources.docs` from the mapping tables; do not edit.",
        "Each format's own README lists every column. A metric that is not listed is NULL, never 0.",
        "",
        "| format | what | platforms | kinds it passes over |",
        "|---|---|---|---|",
    ]
    for item in _file_formats():
        platforms = ", ".join(item.platforms) or "as the map says"
        parts.append(f"| `{item.name}` | {item.title} | {platforms} | {len(item.ignored)} |")
    parts += ["", "## Metrics", "", "| platform | metric | format | from | since |", "|---|---|---|---|---|"]
    parts += [
        f"| {line.platform} | {line.metric} | `{line.format}` | {_cell(line.fields)} | {line.since or ''} |"
        for line in coverage()
        if line.is_reported
    ]
    return "\n".join(parts) + "\n"


PAGE = PROJECT_ROOT / "docs" / "formats.md"


def pages() -> dict[Path, str]:
    """Every generated file → its text as it should be."""
    return {**readmes(), PAGE: render_page()}


def stale() -> list[Path]:
    """Generated files that are not current."""
    return [
        path
        for path, words in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != words
    ]


def main(arguments: list[str]) -> int:
    """Write what is not current, or with ``--check`` say so; 1 if anything was stale then."""
    found = stale()
    is_check = "--check" in arguments
    for path in found:
        if not is_check:
            path.write_text(pages()[path], encoding="utf-8")
        sys.stdout.write(f"{'not current' if is_check else 'written'}: {path.relative_to(PROJECT_ROOT)}\n")
    return int(is_check and bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
