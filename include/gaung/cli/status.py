"""Commands: status on one screen, and dismiss for files that nobody will load."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gaung.status import Status

SHOWN_FAILURES = 5


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.command("status")(status)
    app.command("dismiss")(dismiss)


def status() -> None:
    """Show what runs, what is published, gaps, failures, sizes; exit 1 when a person is needed."""
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


def _print_status(found: "Status") -> None:
    from rich.console import Console

    console = Console(soft_wrap=True)
    badge = found.badge
    _print_components(console, found)
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
    marts = " · ".join(f"{name} {count:,}" for name, count in found.rows_by_mart.items())
    console.print(f"Marts: {marts or 'empty'}", markup=False)
    _print_room(console, found)
    for problem in found.problems:
        console.print(f"! {problem.sentence} → runbook: {problem.entry}", style="red", markup=False)
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


def _print_components(console: Any, found: "Status") -> None:
    names = []
    for one in found.components:
        state = (one.health or "runs") if one.is_alive else "dead"
        again = f" (started again {one.restarts}×)" if one.restarts else ""
        names.append(f"{one.name} {state}{again}")
    console.print(f"Airflow: {' · '.join(names) or 'not started here (`make up`)'}", markup=False)
    if found.runs:
        runs = (f"{run.dag_id} {run.state} {run.ended_at:%m-%d %H:%M}" for run in found.runs)
        console.print(f"Last runs: {' · '.join(runs)}", markup=False)


def _print_room(console: Any, found: "Status") -> None:
    """Sizes per room with their growth, free space, the newest backup."""
    rooms = []
    for name, size in found.sizes.items():
        growth = found.growth.get(name)
        sign = "" if growth is None else f" ({'+' if growth >= 0 else '−'}{_bytes_text(abs(growth))}/day)"
        rooms.append(f"{name} {_bytes_text(size)}{sign}")
    note = "" if found.growth or not found.sizes else " · growth not measured yet"
    console.print(f"Rooms: {' · '.join(rooms) or 'empty'}{note}", markup=False)
    age = found.backup_age
    backup = "no backup" if age is None else f"newest backup {age.total_seconds() / 3600:.0f} h old"
    free = " · ".join(f"{_bytes_text(size)} free at {folder}" for folder, size in found.free.items())
    console.print(f"Disk: {free} · {backup}", markup=False)


def _bytes_text(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
