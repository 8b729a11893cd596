"""Command: bench – how fast Gaung is on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gaung.bench.tables import Table


def register(app: typer.Typer) -> None:
    """Add this area's command to the command line."""
    app.command("bench")(bench)


def bench(
    only: Annotated[
        list[str] | None,
        typer.Option(help="formats, loading, enriching, ticks or history. Repeatable; all if none is named."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="All: 24 ticks and every twelfth other, 30 histories, 5,000,000 texts."),
    ] = False,
    history: Annotated[
        list[int] | None, typer.Option(help="Lengths of history in demos, beside 1. Repeatable.")
    ] = None,
    peak: Annotated[
        int | None, typer.Option(min=1, help="How many of the fullest ticks in a row are measured.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Size of the demo whose ticks are measured, with history and without.")
    ] = None,
) -> None:
    """Measure formats, loader, enrichment, ticks, histories; the figures also go to <home>/bench as JSON."""
    from dataclasses import replace

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from gaung.bench import run, ticks
    from gaung.bench.tables import tables

    unknown = sorted(set(only or ()) - set(run.SUBJECTS))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(run.SUBJECTS)}")
    plan = ticks.FULL if full else ticks.Plan()
    if history:
        plan = replace(plan, multiples=(1, *sorted({*history} - {1})))
    if peak:
        plan = replace(plan, peak=peak)
    if size:
        plan = replace(plan, size=size, history_size=size)
    subjects = tuple(name for name in run.SUBJECTS if not only or name in only)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    shown = Console(stderr=True, highlight=False)
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task("begin", total=None)

        def told(subject: str, words: str) -> None:
            bar.update(task, description=f"{subject}: {words}")
            if not shown.is_terminal:
                shown.print(f"{subject}: {words}", soft_wrap=True)

        figures, target = run.measure(subjects, plan, told)
    console = Console(highlight=False)
    for table in tables(figures):
        _show(console, table)
    console.print(f"written to {target}", soft_wrap=True)


def _show(console: "Console", table: "Table") -> None:
    from rich.table import Table as Shown

    title, headings, rows = table
    shown = Shown(
        *headings, title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in shown.columns[1:]:
        column.justify = "right"
    for row in rows:
        shown.add_row(*row)
    console.print(shown, "")
