"""Command: erase – a person, or the words of deleted posts, out of every room; searches all at the end."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gaung.erasure import Erasure


def register(app: typer.Typer) -> None:
    """Add this area's command to the command line."""
    app.command("erase")(erase)


def erase(
    author: Annotated[str | None, typer.Argument(help="The person's handle or author id.")] = None,
    platform: Annotated[str | None, typer.Option(help="Where, if several platforms know that name.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="The words of all deleted posts.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person, or the words of deleted posts, from every room; loaders keep them out."""
    from gaung import erasure
    from gaung.contract import PLATFORMS
    from gaung.errors import SettingsInvalid
    from gaung.warehouse.setup import ready

    if platform is not None and platform not in PLATFORMS:
        raise SettingsInvalid(f"unknown platform {platform!r}; known: {', '.join(PLATFORMS)}")
    if deleted == (author is not None):
        raise SettingsInvalid("name a person, or pass --deleted for the words of deleted posts")
    ready()
    if author is None:
        _erase_deleted()
        return
    person = erasure.find(author, platform)
    names = ", ".join(f"@{handle}" for handle in sorted(person.handles)) or "no known handle"
    typer.echo(f"{person.platform} account {person.author_id} ({names}), {len(person.texts)} known texts.")
    if not yes and not typer.confirm("Erase for good? It cannot be undone, and backups must be made anew."):
        raise typer.Exit(1)
    _tell(erasure.erase(person, progress=_step), "id and handles")


def _erase_deleted() -> None:
    from gaung.erasure import deleted

    _tell(deleted.erase(progress=_step), "words of deleted posts")


def _step(step: str) -> None:
    typer.echo(f"  {step} …")


def _tell(result: "Erasure", sought: str) -> None:
    """Print what was done and what was found afterwards; exit code 1 if that is anything."""
    for place, count in result.counts.items():
        if count:
            typer.echo(f"{place:28} {count}")
    typer.echo(f"Found afterwards ({sought}):")
    for room, count in result.found.items():
        typer.echo(f"{room:28} {count}")
    typer.echo(f"{'in all':28} {sum(result.found.values())}")
    if not result.is_complete:
        typer.secho("Not complete: see where they stand, then run it again.", fg="red", err=True)
        raise typer.Exit(1)
