"""Commands: build, publish, rollback, diff, docs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gaung.errors import GaungError

if TYPE_CHECKING:
    from gaung.pipeline import BuildReport
    from gaung.warehouse.publisher import Publication


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.command("build")(build)
    app.command("publish")(publish)
    app.command("rollback")(rollback)
    app.command("diff")(diff)
    app.command("docs")(docs)


def build(
    full: Annotated[
        bool, typer.Option("--full", help="Rebuild every partition, not only dirty ones.")
    ] = False,
) -> None:
    """Build what is new and publish it: enrich, model, judge, publish, without a scheduler."""
    from rich.console import Console

    from gaung import pipeline
    from gaung.warehouse import setup

    console = Console(stderr=True)
    setup.ready()
    with console.status("begin") as line:

        def progress(stage: str, seconds: float | None) -> None:
            if seconds is None:
                line.update(f"{stage} …")
            else:
                console.print(f"  {stage:<10} {seconds:6.1f} s")

        try:
            report = pipeline.build(full=full, progress=progress)
        finally:
            _watch()
    _print_build(report)


def _watch() -> None:
    """Write and tell alerts, also after a failed build; a fault here never hides how the build went."""
    import logging

    from psycopg2 import Error

    from gaung.alerts import watch

    try:
        for alert in watch.watch():
            typer.secho(
                f"alert: {alert.decision.kind} {alert.decision.subject} {alert.decision.event}", fg="red"
            )
    except (GaungError, Error) as error:
        logging.getLogger(__name__).warning("alerts could not be told: %s", error)


def publish(
    resume: Annotated[bool, typer.Option("--resume", help="Lift the hold that a rollback set.")] = False,
    accept: Annotated[
        str | None,
        typer.Option("--accept", metavar="EXPECTATION", help="Publish although this check failed."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why it is accepted; shown on the badge.")
    ] = None,
) -> None:
    """Lift a hold, or publish the blocked build with a failed check accepted for a reason."""
    from gaung.warehouse import publisher, setup

    if resume == (accept is not None):
        raise typer.BadParameter("give either --resume, or --accept EXPECTATION with --reason TEXT")
    setup.ready()
    if resume:
        lifted = publisher.resume()
        typer.echo("The hold is lifted; `gaung build` catches up." if lifted else "Publishing was not held.")
        return
    if not reason:
        raise typer.BadParameter("--accept needs --reason TEXT")
    _print_publication(publisher.accept(accept or "", reason))


def rollback(
    reason: Annotated[str, typer.Option("--reason", help="Why; shown on the badge.")],
    to: Annotated[
        int | None, typer.Option("--to", metavar="N", help="Version to bring back (default: the one before).")
    ] = None,
) -> None:
    """Bring back what an earlier version showed, and hold publishing."""
    from gaung.warehouse import publisher, setup

    setup.ready()
    publication = publisher.rollback(to, reason=reason)
    _print_publication(publication)
    typer.echo(
        "Publishing is held. When the cause is corrected: `gaung publish --resume`, then `gaung build`."
    )


def diff(
    first: Annotated[int, typer.Argument(metavar="N", help="A version.")],
    second: Annotated[int, typer.Argument(metavar="M", help="Another version.")],
    limit: Annotated[int, typer.Option(help="Partitions listed per mart.")] = 20,
) -> None:
    """Say per mart and partition what changed between two publications."""
    from gaung.warehouse import diff as differ
    from gaung.warehouse import setup

    setup.ready()
    found = differ.between(first, second)
    if not found:
        typer.echo(f"Versions {first} and {second} show the same.")
    for mart in dict.fromkeys(entry.mart for entry in found):
        entries = [entry for entry in found if entry.mart == mart]
        typer.secho(f"{mart}: {len(entries)} partitions differ", bold=True)
        for entry in entries[:limit]:
            key = ", ".join(f"{name}={value}" for name, value in entry.key.items())
            columns = f" ({', '.join(entry.columns)})" if entry.columns else ""
            typer.echo(f"  {key}: +{entry.added} −{entry.removed} ~{entry.altered}{columns}")
        if len(entries) > limit:
            typer.echo(f"  … and {len(entries) - limit} more (--limit)")


def docs(
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to (default: the run-time folder's docs).")
    ] = None,
) -> None:
    """Write glossary, dictionary of metrics and lineage as pages, and the README's table of DAGs."""
    from gaung import docs as pages
    from gaung import models
    from gaung.settings import PROJECT_ROOT, get_settings

    folder = out or get_settings().home / "docs"
    written = pages.write(folder)
    lineage = folder / "lineage.html"
    lineage.write_text(pages.seal(models.lineage().read_text("utf-8")), encoding="utf-8")
    readme = PROJECT_ROOT / "README.md"
    before = readme.read_text("utf-8")
    if (after := pages.with_dag_table(before)) != before:
        readme.write_text(after, "utf-8")
        written.append(readme)
    for path in (*written, lineage):
        typer.echo(path)
    missing = pages.gaps()
    if missing:
        raise GaungError(f"{len(missing)} descriptions are missing, first: {missing[0]}")


def _table(*heads: str) -> Any:
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="left" if head == heads[0] else "right")
    return table


def _print_build(report: "BuildReport") -> None:
    from rich.console import Console

    console = Console(soft_wrap=True)
    if report.status == "nothing_to_do":
        console.print(
            "Nothing waits to be built: no new batch, no dirty key. `gaung build --full` rebuilds all."
        )
        return
    said = (
        "published as version"
        if report.status == "published"
        else "changed nothing readers see; still version"
    )
    console.print(
        f"Build {report.build_id} ({report.mode}, {report.batch_count} batches): "
        f"gate {report.gate_status} ({report.gate_evaluated} checks), {said} {report.version}."
    )
    for warning in report.warnings:
        console.print(f"  warning: {warning}", style="yellow", markup=False)
    table = _table("mart", "rows", "partitions replaced")
    for mart, rows in report.rows_by_mart.items():
        table.add_row(mart, f"{rows:,}", f"{report.partitions_by_mart.get(mart, 0):,}")
    console.print(table)
    console.print('Next: `gaung status`, `gaung sql "select * from marts.trust_badge"`, `gaung connect`.')


def _print_publication(publication: "Publication") -> None:
    shown = (
        f" (shows version {publication.restores_version})" if publication.restores_version is not None else ""
    )
    replaced = sum(publication.partitions_by_mart.values())
    typer.echo(
        f"Version {publication.version} is live{shown}: {replaced} partitions replaced "
        f"in {publication.seconds:.2f} s."
    )
    for entry in publication.accepted:
        typer.echo(f"  accepted: {entry['suite']}.{entry['expectation']} ({entry['reason']})")
