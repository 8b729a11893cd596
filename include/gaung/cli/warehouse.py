"""Commands: the warehouse – its server, questions to the marts, how to connect, migrations, backup."""

import json
import os
import sys
from contextlib import closing
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor
    from rich.console import Console
    from rich.text import Text

TABLE_ROWS = 200
RECORD_ROWS = 20
"""Rows shown when there are too many columns for the terminal, and each value gets a line of its own."""
COLUMN_WIDTH = 24
"""A wider value may be folded; narrower columns are not readable then."""
CHUNK_ROWS = 5_000
ANSWERS = ("select", "with", "table", "values", "(")
"""What a statement begins with whose rows the server hands out in portions."""
SIZES = (
    "select mart_name, mart_total as rows from marts.reconciliation where measure_name = 'rows' order by 1"
)
LIST_TABLES = "select tablename from pg_tables where schemaname = $$marts$$"

server = typer.Typer(help="The local database server: start, stop, status.", no_args_is_help=True)


class Format(StrEnum):
    """How `gaung sql` prints its answer."""

    table = "table"
    csv = "csv"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.add_typer(server, name="server")
    app.command("sql")(ask)
    app.command("known-at")(known_at)
    app.command("connect")(connect_how)
    app.command("migrate")(migrate)
    app.command("forget-keys")(forget_keys)
    app.command("backup")(backup)
    app.command("restore")(restore)


# -- questions ---------------------------------------------------------------------------------------


def ask(
    query: Annotated[str, typer.Argument(help="One SQL statement; the schema marts is searched first.")],
    format: Annotated[Format, typer.Option(help="table: the first rows; csv and json: all.")] = Format.table,
) -> None:
    """Ask the marts, as bi_reader, who may read them and nothing else."""
    from gaung.warehouse.connect import connect
    from gaung.warehouse.setup import ready

    ready()
    with closing(connect("bi_reader", application_name="gaung sql")) as session:
        _answer(session, query, format)


def known_at(
    moment: Annotated[
        str, typer.Argument(metavar="TIME", help="With a time zone, e.g. 2026-03-05T07:00+07:00.")
    ],
    sql: Annotated[
        str | None, typer.Option(help="One SQL statement on the marts of that moment (default: their sizes).")
    ] = None,
    format: Annotated[Format, typer.Option(help="table: the first rows; csv and json: all.")] = Format.table,
) -> None:
    """Ask the marts as known at a moment: built anew, beside the live ones, from what was loaded then."""
    from datetime import datetime

    from rich.console import Console

    from gaung.warehouse import known
    from gaung.warehouse.setup import ready

    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        raise typer.BadParameter(f"{moment!r} is no ISO time; write e.g. 2026-03-05T07:00+07:00") from None
    ready()
    line = Console(stderr=True).status(f"loading what was known at {when.isoformat()} …")
    with line, known.at(when, progress=lambda stage, seconds: line.update(f"{stage} …")) as then:
        line.stop()
        with closing(then.connect()) as session:
            _answer(session, sql or SIZES, format)


def _answer(session: "connection", query: str, format: Format) -> None:
    """Print what the marts of a session answer."""
    import psycopg2

    statement = query.strip().rstrip(";")
    try:
        if format is Format.csv:
            _print_csv(session, statement)
        else:
            _print_rows(session, statement, format)
    except psycopg2.Error as error:
        typer.secho(_explain(error), fg="red", err=True)
        raise typer.Exit(1) from error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: Any) -> str:
    """What the server said, and what to do where bi_reader has no right."""
    from psycopg2 import errors

    said = str(error).strip()
    if isinstance(error, errors.InsufficientPrivilege):
        return f"{said}\nbi_reader reads the schema marts only; `gaung sql` shows what is published."
    if isinstance(error, errors.UndefinedTable):
        return f"{said}\nThe tables are listed by: gaung sql {LIST_TABLES!r}"
    return said


def _print_csv(session: "connection", statement: str) -> None:
    with session.cursor() as cursor:
        cursor.copy_expert(f"copy (\n{statement}\n) to stdout (format csv, header)", sys.stdout)


def _print_rows(session: "connection", statement: str, format: Format) -> None:
    with closing(_cursor(session, statement)) as cursor:
        rows = cursor.fetchmany(CHUNK_ROWS) if cursor.name or cursor.description else []
        if cursor.description is None:
            typer.echo(cursor.statusmessage)
            return
        names = [column.name for column in cursor.description]
        if format is Format.json:
            _print_json(names, rows, cursor)
        else:
            _print_table(names, rows)


def _cursor(session: "connection", statement: str) -> "cursor":
    """A cursor after the statement; where that is possible, one that never holds the whole answer."""
    if not statement.lower().startswith(ANSWERS):
        plain = session.cursor()
        plain.execute(statement)
        return plain
    named = session.cursor(name="answer")
    named.execute(f"\n{statement}")
    return named


def _print_json(names: list[str], rows: list[tuple[Any, ...]], cursor: "cursor") -> None:
    """A list, an object per line."""
    separator = "["
    while rows:
        for row in rows:
            one = dict(zip(names, map(_plain, row), strict=True))
            typer.echo(f"{separator}\n{json.dumps(one, ensure_ascii=False)}", nl=False)
            separator = ","
        rows = cursor.fetchmany(CHUNK_ROWS)
    typer.echo("[]" if separator == "[" else "\n]")


def _plain(value: Any) -> Any:
    """A value as JSON has it: a number stays one if nothing of it is lost, times are ISO 8601."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        near = int(value) if value == value.to_integral_value() else float(value)
        return near if Decimal(str(near)) == value else str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _print_table(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    """The first rows: as a table, or, where that is too wide to read, a line per value."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    cells = [[None if value is None else str(value) for value in row] for row in rows[:TABLE_ROWS]]
    widths = [
        max(len(name), *(min(COLUMN_WIDTH, len(row[index] or "NULL")) for row in cells), 0)
        for index, name in enumerate(names)
    ]
    shown = TABLE_ROWS
    if sum(widths) + 3 * len(widths) - 1 > console.width and cells:
        shown = RECORD_ROWS
        _print_records(console, names, cells[:shown])
    else:
        table = Table(show_edge=False, header_style="bold")
        for index, name in enumerate(names):
            is_number = any(isinstance(row[index], int | float | Decimal) for row in rows)
            table.add_column(name, justify="right" if is_number else "left", overflow="fold")
        for row in cells:
            table.add_row(*map(_cell, row))
        console.print(table)
    if len(rows) > shown:
        typer.echo(f"rows: the first {shown}; all with --format csv or json", err=True)
    else:
        typer.echo(f"rows: {len(rows)}", err=True)


def _print_records(console: "Console", names: list[str], cells: list[list[str | None]]) -> None:
    from rich.table import Table

    for number, row in enumerate(cells, 1):
        console.print(f"row {number}", style="bold", highlight=False)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        for name, value in zip(names, row, strict=True):
            table.add_row(name, _cell(value))
        console.print(table)


def _cell(value: str | None) -> "Text":
    from rich.text import Text

    return Text("NULL", style="dim") if value is None else Text(value)


def connect_how(
    show_password: Annotated[bool, typer.Option("--show-password", help="Print the password, too.")] = False,
) -> None:
    """How to connect a BI tool, as bi_reader."""
    from urllib.parse import urlencode

    from gaung.warehouse import credentials, local
    from gaung.warehouse.connect import parameters
    from gaung.warehouse.setup import ready

    ready()
    wanted = parameters("bi_reader")
    password = wanted.pop("password")
    host, port, name = wanted.get("host", "localhost"), wanted.get("port", "5432"), wanted["dbname"]
    extra = {key: value for key, value in wanted.items() if key not in ("host", "port", "dbname", "user")}
    query = urlencode({"user": wanted["user"], "currentSchema": "marts", **extra})
    line = " ".join(f"{key}={value}" for key, value in wanted.items())
    shown = password if show_password else f'under "bi_reader" in {credentials.path()} (or --show-password)'
    for label, value in (
        ("Host", host),
        ("Port", port),
        ("Database", name),
        ("Schema", "marts"),
        ("User", wanted["user"]),
        ("Password", shown),
        ("JDBC", f"jdbc:postgresql://{host}:{port}/{name}?{query}"),
        ("psql", f'{local.binaries() / "psql"} "{line}"'),
    ):
        typer.echo(f"{label:<9} {value}")


# -- the server --------------------------------------------------------------------------------------


@server.command("start")
def server_start() -> None:
    """Start the local server and bring the warehouse into place."""
    from gaung.settings import get_settings
    from gaung.warehouse import local
    from gaung.warehouse.setup import ready

    ready()
    where = "GAUNG_DSN names the server; it answers." if get_settings().dsn else _where(local.status())
    typer.echo(where)


@server.command("stop")
def server_stop() -> None:
    """Stop the local server; its data stays. A server of GAUNG_DSN is left alone."""
    from gaung import airflow_processes
    from gaung.errors import GaungError
    from gaung.settings import get_settings
    from gaung.warehouse import local

    if get_settings().dsn:
        typer.echo("GAUNG_DSN names the server: it is not ours to stop.")
        return
    if airflow_processes.running():
        raise GaungError("Airflow runs and would start the server again; `gaung down` stops both")
    typer.echo("Stopped." if local.stop() else "It was not running.")


@server.command("status")
def server_status() -> None:
    """Say whether the local server runs and where; exits 1 when it does not."""
    from gaung.settings import get_settings
    from gaung.warehouse import local

    if get_settings().dsn:
        typer.echo("GAUNG_DSN names the server.")
        return
    found = local.status()
    typer.echo(_where(found))
    if found.pid is None:
        raise typer.Exit(1)


def _where(found: Any) -> str:
    from gaung.warehouse import local

    state = f"running as process {found.pid}" if found.pid else "not running"
    return (
        f"PostgreSQL {local.MAJOR} on {local.HOST}:{found.port}, {state}\ndata {found.data}\nlog  {found.log}"
    )


# -- care --------------------------------------------------------------------------------------------


def migrate() -> None:
    """Bring database, roles, passwords and rights to what this Gaung wants."""
    from gaung.warehouse import migrate as migrations
    from gaung.warehouse.setup import arrange

    verb = "Migrated to" if arrange() else "Already at"
    typer.echo(f"{verb} {migrations.head()}; roles and rights are in place.")


def forget_keys(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the secret behind author_key and post_key: no published key can be traced back any more."""
    from gaung import keys

    if not keys.secret_path().exists():
        typer.echo("There is no secret to forget.")
        return
    typer.echo(
        f"This deletes {keys.secret_path()}. Published keys can then be linked to nobody, every key changes "
        "with the next `gaung build --full`, a backup made before cannot be continued, and people who were "
        "erased are no longer recognised when a later file brings them again."
    )
    if not yes and not typer.confirm("Forget the keys?"):
        raise typer.Exit(1)
    keys.forget()
    typer.echo("Forgotten. Now run `gaung build --full`.")


def backup(
    target: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
) -> None:
    """Back up database, landing, the secret of the keys and brands.yml into one folder."""
    from gaung.warehouse.backup import backup as run

    contents = run(target)
    typer.echo(
        f"{target}: {len(contents.tables)} tables, {len(contents.files)} files, "
        f"migration {contents.revision}.\n"
        "It holds personal data and the secret of the keys: keep it where only you can read it."
    )


def restore(
    source: Annotated[Path, typer.Argument(help="A folder made by `gaung backup`.", exists=True)],
) -> None:
    """Restore a backup into an empty home (GAUNG_HOME), comparing every checksum."""
    from gaung.warehouse.backup import restore as run

    contents = run(source)
    rows = sum(int(count) for count, _ in contents.tables.values())
    typer.echo(
        f"Restored the state of {contents.made_at}: {len(contents.tables)} tables, {rows} rows, "
        f"{len(contents.files)} files, all checksums equal."
    )
