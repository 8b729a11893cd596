"""Commands: build, publish, rollback, diff, status, dismiss, docs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gaung.errors import GaungError

if TYPE_CHECKING:
    from gaung.pipeline import BuildReport
    from gaung.status import Status
    from gaung.warehouse.publisher import Publication

SHOWN_FAILURES = 5


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.command("build")(build)
    app.command("publish")(publish)
    app.command("rollback")(rollback)
    app.command("diff")(diff)
    app.command("status")(status)
    app.command("dismiss")(dismiss)
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

        report = pipeline.build(full=full, progress=progress)
    _print_build(report)


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


def status() -> None:
    """Show what runs, what is published, gaps, failures and sizes; exit 1 when a person is needed."""
    from gaung import status as state
    from gaung.warehouse import setup

    setup.ready()
    found = state.collect()
    _print_status(found)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def dismiss(
    reason: Annotated[str, typer.Option("--reason", help="Why nobody will load them; kept in ops.outcome.")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Files as `gaung status` names them (default: all).")
    ] = None,
) -> None:
    """Let go of files that could not be loaded, so that badge and status no longer count them as missing."""
    from gaung import status as state
    from gaung.warehouse import setup

    setup.ready()
    gone = state.dismiss(names or (), reason=reason)
    for name in gone:
        typer.echo(f"dismissed: {name}")
    if not gone:
        typer.echo("No file is missing.")


def docs(
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to (default: the run-time folder's docs).")
    ] = None,
) -> None:
    """Write the glossary of the published tables in both languages, as Markdown and HTML."""
    from gaung import docs as glossary
    from gaung.settings import get_settings

    folder = out or get_settings().home / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("glossary.md", glossary.markdown()), ("glossary.html", glossary.page())):
        (folder / name).write_text(content, encoding="utf-8")
        typer.echo(folder / name)
    missing = glossary.gaps()
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


def _print_status(found: "Status") -> None:
    from rich.console import Console

    console = Console(soft_wrap=True)
    badge = found.badge
    when = f", published {badge['published_at']:%Y-%m-%d %H:%M} UTC" if badge["published_at"] else ""
    ago = f" ({badge['minutes_since_published']} min ago)" if badge["published_at"] else ""
    console.print(f"[bold]Version {badge['version']}[/bold]{when}{ago}")
    reason = f": {badge['reason_en']}" if badge["reason_en"] else ""
    console.print(f"Badge: {badge['completeness_en']} / {badge['completeness_id']}{reason}", markup=False)
    _print_build_line(console, found)
    coverage = badge["collection_coverage_pct"]
    unmatched = badge["unmatched_post_count"]
    console.print(
        f"Coverage {'unknown' if coverage is None else f'{coverage} %'} · "
        f"{badge['quarantined_count']:,} records quarantined · "
        f"{'?' if unmatched is None else f'{unmatched:,}'} posts of no brand · "
        f"{badge['waiting_batch_count']} batches wait"
    )
    for reason, count in list(found.quarantined.items())[:5]:
        console.print(f"  quarantined: {count:,} {reason}", markup=False)
    for load in found.failed_loads[:SHOWN_FAILURES]:
        console.print(f"  not loaded: {load.file_name}: {load.error}", style="red", markup=False)
    more = len(found.failed_loads) - SHOWN_FAILURES
    if more > 0:
        console.print(f"  … and {more} more", style="red")
    for title, numbers, form in (
        ("Marts", found.rows_by_mart, _rows_text),
        ("Rooms", found.sizes, _bytes_text),
    ):
        shown = " · ".join(f"{name} {form(number)}" for name, number in numbers.items())
        console.print(f"{title}: {shown or 'empty'}", markup=False)
    for problem in found.problems:
        console.print(f"! {problem}", style="red", markup=False)
    if not found.problems:
        console.print("Nothing needs a person.", style="green")


def _print_build_line(console: Any, found: "Status") -> None:
    badge, running = found.badge, found.running
    if running is not None:
        console.print(
            f"Build {running.build_id} runs since {running.started_at:%H:%M} UTC by {running.holder}, "
            f"stage {running.stage}",
            markup=False,
        )
    elif badge["last_build_id"] is None:
        console.print("No build yet: `gaung ingest files PATH…`, then `gaung build`")
    else:
        console.print(
            f"Last build {badge['last_build_id']}: {badge['last_build_status']} "
            f"{badge['minutes_since_last_build']} min ago; "
            f"gate of the live version: {badge['gate_status'] or 'not run'}"
        )
    for name in badge["failed_expectations"]:
        console.print(f"  blocked by {name}", style="red", markup=False)
    for name in badge["warning_expectations"]:
        console.print(f"  warning {name}", style="yellow", markup=False)
    for name in badge["accepted_expectations"]:
        console.print(f"  accepted {name}", style="yellow", markup=False)


def _rows_text(count: int) -> str:
    return f"{count:,}"


def _bytes_text(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
