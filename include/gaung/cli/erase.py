"""Command: erase – a person out of every room, with a search of all of them at the end."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this area's command to the command line."""
    app.command("erase")(erase)


def erase(
    author: Annotated[str, typer.Argument(help="The person's handle or author id.")],
    platform: Annotated[str | None, typer.Option(help="Where, if several platforms know that name.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person: landing, raw, core, marts, before-images, reports; loaders keep the person out."""
    from gaung import erasure
    from gaung.contract import PLATFORMS
    from gaung.errors import SettingsInvalid
    from gaung.warehouse.setup import ready

    if platform is not None and platform not in PLATFORMS:
        raise SettingsInvalid(f"unknown platform {platform!r}; known: {', '.join(PLATFORMS)}")
    ready()
    person = erasure.find(author, platform)
    names = ", ".join(f"@{handle}" for handle in sorted(person.handles)) or "no known handle"
    typer.echo(f"{person.platform} account {person.author_id} ({names}), {len(person.texts)} known texts.")
    if not yes and not typer.confirm("Erase for good? It cannot be undone, and backups must be made anew."):
        raise typer.Exit(1)
    result = erasure.erase(person, progress=lambda step: typer.echo(f"  {step} …"))
    for place, count in result.counts.items():
        if count:
            typer.echo(f"{place:28} {count}")
    typer.echo("Found afterwards (id and handles):")
    for room, count in result.found.items():
        typer.echo(f"{room:28} {count}")
    typer.echo(f"{'in all':28} {sum(result.found.values())}")
    if not result.is_complete:
        typer.secho("Not complete: see where they stand, then run it again.", fg="red", err=True)
        raise typer.Exit(1)
