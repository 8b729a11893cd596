"""Commands: the demo – three invented days, with their truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import TaskID

    from gaung.demo.run import DemoReport, Progress

Seed = Annotated[int, typer.Option(help="Another seed, other people and posts.")]
Size = Annotated[str, typer.Option(help="tiny (600 posts), small (12,000) or full (over 100,000).")]
DEFAULT_SEED = 7


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    area = typer.Typer(help="Three days of synthetic posts whose truth is known.", no_args_is_help=True)
    area.command("run")(run)
    area.command("generate")(generate)
    area.command("verify")(verify)
    app.add_typer(area, name="demo")


def run(seed: Seed = DEFAULT_SEED, size: Size = "small") -> None:
    """Generate the days, let both DAGs run, and show what was published."""
    from gaung.demo import run as demo

    with _Steps() as progress:
        report = demo.run(seed, size, progress)
    _show(report)


class _Steps:
    """A bar for the step at work, and a line with its time for each one that is over; on standard error."""

    def __enter__(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        words = TextColumn("{task.fields[step]:<22} {task.description:<40}", markup=False)
        columns = (SpinnerColumn(finished_text="✓"), words, BarColumn(bar_width=24), TimeElapsedColumn())
        self.bar = Progress(*columns, console=Console(stderr=True))
        self.tasks: dict[str, TaskID] = {}
        self.bar.start()
        return self.tell

    def tell(self, step: str, words: str, done: int, total: int) -> None:
        """Show what a step is doing; the first word of another one ends it."""
        if step not in self.tasks:
            self.finish()
            self.tasks[step] = self.bar.add_task(words, total=total or None, step=step)
        task = self.tasks[step]
        if self.bar.tasks[task].finished:
            self.bar.update(task, description=words)
        else:
            self.bar.update(task, description=words, completed=done, total=total or None)

    def finish(self) -> None:
        """Mark every step that was begun as done."""
        for task in self.bar.tasks:
            if not task.finished:
                self.bar.update(task.id, completed=task.total or 1, total=task.total or 1)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()
        self.bar.stop()


def _show(report: "DemoReport") -> None:
    from rich.console import Console
    from rich.table import Table

    from gaung import airflow_home

    console = Console(highlight=False)
    loaded, there = report.files.get("succeeded", 0), report.files.get("skipped", 0)
    console.print(f"\n[bold]Demo[/bold] (synthetic data) in {report.seconds:.0f} s")
    console.print(f"  files      {loaded} loaded, {there} already there")
    counts = ", ".join(f"{name} {number:,}" for name, number in report.records.items())
    console.print(f"  records    {counts}")
    if report.gate:
        console.print(f"  gate       {report.gate['status']}: {report.gate['evaluated']} checks")
    console.print(f"  published  version {report.version}")
    table = Table("mart", "rows", box=None, pad_edge=False, padding=(0, 3))
    table.columns[1].justify = "right"
    for name, number in sorted(report.rows_by_mart.items()):
        table.add_row(f"  {name}", f"{number:,}")
    console.print(table)
    console.print("\n[bold]What next[/bold]")
    for what, how in (
        ("ask", '.venv/bin/gaung sql "table brand_sentiment_daily" (--format csv for a file)'),
        ("connect", ".venv/bin/gaung connect: host, port, user, JDBC line for a BI tool"),
        ("check", ".venv/bin/gaung demo verify: published numbers against the planted truth"),
        ("Airflow", f"make up, then http://127.0.0.1:{airflow_home.port()} as {airflow_home.USER}"),
        ("", f"password in {airflow_home.password_file()}"),
        ("look", "make status"),
        ("stop", "make down"),
    ):
        console.print(f"  {what:<8} {how}", soft_wrap=True)


def generate(
    folder: Annotated[Path, typer.Argument(help="Where to write; replaced if it holds a demo.")],
    seed: Seed = DEFAULT_SEED,
    size: Size = "small",
) -> None:
    """Write the files and their truth into a folder, and load nothing."""
    from gaung.demo import generate as make

    truth = make(folder, seed, size)
    typer.echo(f"{truth.post_count:,} posts in {len(truth.files)} files in {folder}; truth in truth.json")


def verify() -> None:
    """Compare what is published, and what ops says happened, with the planted truth."""
    from gaung.demo.run import planted
    from gaung.demo.verify import SHOWN
    from gaung.demo.verify import verify as check
    from gaung.errors import DemoMismatch
    from gaung.warehouse import setup

    setup.ready()
    checks = check(planted())
    for one in checks:
        mark = typer.style("ok   ", fg="green") if one.is_right else typer.style("WRONG", fg="red")
        typer.echo(f"{mark} {one.name}: {one.fact_count:,} facts, {len(one.differences):,} differ")
        for line in one.differences[:SHOWN]:
            typer.echo(f"        {line}")
        if len(one.differences) > SHOWN:
            typer.echo(f"        … and {len(one.differences) - SHOWN} more")
    wrong = [one.name for one in checks if not one.is_right]
    if wrong:
        raise DemoMismatch(f"{len(wrong)} of {len(checks)} comparisons differ: {', '.join(wrong)}")
    typer.echo(f"All {len(checks)} comparisons agree with the planted truth.")
