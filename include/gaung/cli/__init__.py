"""The command line. One module per area; each keeps its heavy imports inside its commands."""

import sys

import typer

from gaung.cli import airflow, brands, build, demo, erase, ingest, text, warehouse
from gaung.errors import GaungError

app = typer.Typer(
    name="gaung",
    help="What people say about small brands on social media, as tables that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for area in (ingest, brands, text, build, warehouse, erase, airflow, demo):
    area.register(app)

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def main() -> None:
    """Run the command line; our own errors are one clear message, never a traceback."""
    try:
        app()
    except GaungError as error:
        typer.secho(f"{type(error).__name__}: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            typer.echo(
                "Interrupted. What was not finished stays undone; the same command does it again.", err=True
            )
        raise
