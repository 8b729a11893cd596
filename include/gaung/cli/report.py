"""Command: report."""

from datetime import datetime
from typing import Annotated, Literal

import typer


def register(app: typer.Typer) -> None:
    """Add this area's command to the command line."""
    app.command("report")(report)


def report(
    brand: Annotated[str, typer.Argument(help="Id of a brand in brands.yml.")],
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Local day (default: the newest with posts before today)."),
    ] = None,
    lang: Annotated[Literal["id", "en"] | None, typer.Option(help="Language (default: the brand's).")] = None,
    as_known_at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="As known then, e.g. 2026-03-01T08:00:00Z; never sent."),
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Deliver it to the brand's recipients, each at most once.")
    ] = False,
) -> None:
    """Write the one-page brief of a brand and day, after comparing each number with its query."""
    from gaung.errors import GaungError
    from gaung.reports import delivery
    from gaung.warehouse import setup

    if send and as_known_at:
        raise typer.BadParameter("what was known earlier is not sent; leave out --send or --as-known-at")
    setup.ready()
    try:
        known_at = datetime.fromisoformat(as_known_at) if as_known_at else None
    except ValueError:
        raise GaungError(f"{as_known_at!r} is no time; write e.g. 2026-03-01T08:00:00Z") from None
    made = delivery.make(brand, day=date.date() if date else None, language=lang, known_at=known_at)
    typer.echo(f"{made.path} ({made.number_count} numbers compared with their queries)")
    if send:
        done = delivery.deliver(brand, made.page.facts.day)
        typer.echo(f"{done.channel}: {done.sent} sent, {done.skipped} had it already, {done.failed} refused")
