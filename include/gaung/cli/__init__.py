"""The command line. One module per area; each keeps its heavy imports inside its commands."""

import sys
from typing import NoReturn

import typer

from gaung.cli import (
    airflow,
    bench,
    brands,
    build,
    demo,
    erase,
    ingest,
    maintain,
    report,
    status,
    text,
    warehouse,
)
from gaung.errors import GaungError, ServerUnavailable

app = typer.Typer(
    name="gaung",
    help="What people say about small brands on social media, as tables that can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for area in (ingest, brands, text, build, status, report, warehouse, maintain, erase, airflow, demo, bench):
    area.register(app)

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def main() -> None:
    """Run the command line; our own errors are one clear message, never a traceback."""
    try:
        app()
    except GaungError as error:
        _end(error)
    except Exception as error:
        if not _is_lost_session(error):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        _end(
            ServerUnavailable(
                f"the connection to the database was lost ({reason}). "
                "Nothing is half done: run the same command again"
            )
        )
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            typer.echo(
                "Interrupted. What was not finished stays undone; the same command does it again.", err=True
            )
        raise


def _end(error: GaungError) -> NoReturn:
    typer.secho(f"{type(error).__name__}: {error}", fg="red", err=True)
    sys.exit(error.exit_code)


def _is_lost_session(error: Exception) -> bool:
    """Whether the server went away in the middle of something; psycopg2 is not imported for the question."""
    driver = sys.modules.get("psycopg2")
    if driver is None or not isinstance(error, (driver.OperationalError, driver.InterfaceError)):
        return False
    code = getattr(error, "pgcode", None)
    return code is None or code.startswith("57P")
