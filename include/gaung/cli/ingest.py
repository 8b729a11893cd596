"""Commands: ingest."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gaung.ingest import FileReport, IngestReport, Progress

SHOWN = 10
COLUMNS = ("received", "loaded", "unchanged", "ignored_count", "quarantined_count")


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    area = typer.Typer(help="Bring posts into the warehouse.", no_args_is_help=True)
    area.command("files")(files)
    area.command("drop")(drop)
    app.add_typer(area, name="ingest")


def files(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, zip or gzip archives.")],
    brand: Annotated[str | None, typer.Option(help="Brand of brands.yml that the files are about.")] = None,
    column_map: Annotated[
        Path | None, typer.Option("--map", help="Column map (YAML) for CSV and Excel tables.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="When the data was captured, with zone, e.g. 2026-03-01T08:00:00+07:00."),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what the files hold; write nothing.")] = False,
    synthetic: Annotated[bool, typer.Option(help="Mark every row as invented data.")] = False,
) -> None:
    """Ingest files: recognised by content, kept as received, each record accounted for."""
    from gaung.ingest import ingest_files, parse_as_of

    moment = parse_as_of(as_of) if as_of else None
    with _Bar() as progress:
        report = ingest_files(
            paths,
            brand=brand,
            map_path=column_map,
            as_of=moment,
            dry_run=dry_run,
            synthetic=synthetic,
            progress=progress,
        )
    show(report, dry_run=dry_run)
    raise typer.Exit(report.exit_code)


def drop() -> None:
    """Ingest the complete files of the drop folder; loaded ones move to its folder ``done``."""
    from gaung.ingest import ingest_drop
    from gaung.settings import get_settings

    with _Bar() as progress:
        report = ingest_drop(progress=progress)
    if not report.files:
        typer.echo(f"Nothing complete in {get_settings().drop}.")
        raise typer.Exit(0)
    show(report)
    raise typer.Exit(report.exit_code)


class _Bar:
    """A progress bar over files, on standard error."""

    def __enter__(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self.task = self.bar.add_task("looking", total=None)
        self.bar.start()
        return self.tell

    def tell(self, name: str, step: str, number: int, total: int) -> None:
        """Show where we are."""
        from rich.markup import escape

        description = f"{step} {escape(Path(name).name)}"
        self.bar.update(self.task, description=description, completed=number + (step == "done"), total=total)

    def __exit__(self, *_: object) -> None:
        self.bar.stop()


def show(report: "IngestReport", *, dry_run: bool = False) -> None:
    """Print what became of every file and record, and what to do next."""
    from rich.console import Console

    console = Console()
    _show_files(console, report, dry_run)
    for name, label in (("ignored", "Ignored"), ("quarantined", "Quarantined")):
        kinds = report.kinds(name)  # type: ignore[arg-type]
        if kinds:
            console.print(f"{label}: " + ", ".join(f"{kind} {count:,}" for kind, count in kinds.items()))
    _show_examples(console, report)
    for file in report.files:
        if file.error:
            console.print(f"[red]failed[/red] {_plain(file.name)}: {_plain(file.error)}")
        if file.note:
            console.print(f"[yellow]note[/yellow] {_plain(file.name)}: {_plain(file.note)}")
    _show_hint(console, report, dry_run)


def _show_files(console: "Console", report: "IngestReport", dry_run: bool) -> None:
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("file", overflow="fold", min_width=14)
    table.add_column("result", no_wrap=True)
    for head in ("received", "would load" if dry_run else "loaded", "unchanged", "ignored", "quarantined"):
        table.add_column(head, justify="right", no_wrap=True)
    for file in report.files:
        counts = [f"{getattr(file.outcome, name):,}" if file.outcome else "–" for name in COLUMNS]
        table.add_row(_named(file), file.status, *counts)
    if len(report.files) > 1:
        table.add_section()
        totals = [f"{report.total(name):,}" for name in COLUMNS]
        table.add_row(f"{len(report.files)} files", "", *totals)
    console.print(table)
    if dry_run:
        _show_kinds(console, report)


def _named(file: "FileReport") -> str:
    name = _plain(Path(file.name).name)
    return f"{name} ({file.format})" if file.format else name


def _show_kinds(console: "Console", report: "IngestReport") -> None:
    """Rows that would be loaded, by format and kind."""
    from collections import Counter

    from rich.box import SIMPLE
    from rich.table import Table

    found: Counter[tuple[str, str]] = Counter()
    for file in report.files:
        for name, counts in file.outcome.entity_rows.items() if file.outcome else ():
            found[file.format or "", name] += counts["received"]
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("format")
    table.add_column("kind")
    table.add_column("rows", justify="right")
    for (form, name), count in found.items():
        table.add_row(form, name, f"{count:,}")
    if found:
        console.print(table)


def _show_examples(console: "Console", report: "IngestReport") -> None:
    from rich.table import Table

    examples = report.examples
    if not examples:
        return
    table = Table("file", "record", "field", "reason", "message", title="First quarantined records")
    for one in examples[:SHOWN]:
        table.add_row(
            _plain(Path(one.file_name).name),
            str(one.record),
            _plain(one.path),
            one.reason,
            _plain(one.message),
        )
    console.print(table)
    more = report.total("quarantined_count") - min(len(examples), SHOWN)
    if more:
        console.print(f"and {more:,} more; all of them stand in raw.quarantine")


def _show_hint(console: "Console", report: "IngestReport", dry_run: bool) -> None:
    if not report.files:
        console.print("[red]No file found.[/red] Name files, folders or archives that exist.")
    elif dry_run:
        console.print("Nothing was written. Run again without --dry-run to load.")
    elif report.total("loaded"):
        console.print("Next: [bold]gaung build[/bold] publishes what is new.")
    elif not report.exit_code:
        console.print("Nothing new: all of this was loaded before.")


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text.encode("utf-8", "replace").decode())
