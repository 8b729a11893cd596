"""Command: maintain – the nightly steps, also one by one."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this area's command to the command line."""
    app.command("maintain")(maintain)


def maintain(
    steps: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STEP]...", help="Steps to run (default: all), as `--list` names them."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only say what the steps are.")] = False,
) -> None:
    """Check whole tables, thin, delete what is over, vacuum, back up; exit 1 when a step failed."""
    from rich.console import Console

    from gaung import maintenance
    from gaung.warehouse import setup

    console = Console(soft_wrap=True)
    if listed:
        for name, step in maintenance.STEPS.items():
            console.print(f"{name:<10} {(step.__doc__ or '').splitlines()[0]}", markup=False)
        return
    setup.ready()
    with Console(stderr=True).status("maintenance") as line:
        reports = maintenance.run(steps or (), progress=lambda name: line.update(f"{name} …"))
    for report in reports:
        counts = ", ".join(f"{name} {count:,}" for name, count in report.counts.items())
        said = f": {report.error}" if report.error else f": {counts}" if counts else ""
        style = {"failed": "red", "skipped": "yellow"}.get(report.status)
        console.print(
            f"{report.step:<10} {report.status} in {report.seconds:.1f} s{said}", style=style, markup=False
        )
    if any(report.status == "failed" for report in reports):
        raise typer.Exit(1)
