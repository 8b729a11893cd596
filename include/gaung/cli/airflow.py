"""Commands: Airflow, and everything that a clone starts and stops."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("upgrade")(upgrade)
    app.command("logs")(logs)
    app.command("clean")(clean)
    app.command("metabase")(metabase)
    settings = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command("airflow", context_settings=settings, add_help_option=False)(airflow)


def up() -> None:
    """Start the database and Airflow: scheduler, DAG processor, triggerer, web."""
    from rich.console import Console

    from gaung import airflow_home, airflow_processes

    with Console(stderr=True).status("Airflow starts (about a minute on a small machine) …"):
        started = airflow_processes.up()
        healthy = airflow_processes.await_healthy()
    where = f"http://127.0.0.1:{airflow_home.port()}"
    if not healthy:
        typer.secho(f"Airflow does not answer on {where} yet; `gaung logs` says why.", fg="red", err=True)
        raise typer.Exit(1)
    typer.echo(f"Airflow {'is up' if started else 'was up already'}: {where}")
    typer.echo(f"user {airflow_home.USER}, password in {airflow_home.password_file()}")


def down() -> None:
    """Stop everything that this clone started: Airflow and the local database server."""
    from gaung import airflow_processes
    from gaung.warehouse import local

    ended = airflow_processes.down()
    if local.stop():
        ended.append("database server")
    typer.echo(f"Stopped: {', '.join(ended)}." if ended else "Nothing was running.")


def upgrade(
    drain: Annotated[
        bool,
        typer.Option("--drain", help="Only stop, when running tasks have ended; a later one starts."),
    ] = False,
) -> None:
    """Let a running Airflow follow new code: drain, migrate, restart; quick when nothing changed.

    Without a running Airflow there is nothing to do: every command migrates before it begins.
    """
    from rich.console import Console

    from gaung import airflow_processes
    from gaung.warehouse import setup

    is_up = bool(airflow_processes.running())
    if is_up and (drain or airflow_processes.is_outdated() or setup.is_behind()):
        airflow_processes.restart_later()
        with Console(stderr=True).status("running tasks end …"):
            airflow_processes.down(drain_s=airflow_processes.DRAIN_S)
        typer.echo("Airflow was stopped once its running tasks had ended.")
    if not drain and airflow_processes.restart_is_due():
        up()


def logs(lines: Annotated[int, typer.Option(help="Lines per process.")] = 20) -> None:
    """The last lines of Airflow's processes and of the database server."""
    from gaung import airflow_processes
    from gaung.warehouse import local

    tails = airflow_processes.log_tails(lines)
    server_log = local.status().log
    if server_log.is_file():
        tails["database server"] = "\n".join(server_log.read_text("utf-8", "replace").splitlines()[-lines:])
    if not tails:
        typer.echo("There are no logs yet; `make up` starts Airflow.")
    for name, text in tails.items():
        typer.secho(f"== {name}", bold=True)
        typer.echo(text)


def clean() -> None:
    """Stop everything and delete all local data; secrets stay, a server named by GAUNG_DSN is left alone."""
    import shutil

    from gaung import airflow_processes
    from gaung.settings import get_settings
    from gaung.warehouse import local

    airflow_processes.down()
    local.remove()
    home = get_settings().home.resolve()
    if home.is_dir():
        for path in home.iterdir():
            if path.name == "secrets":
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    typer.echo(f"Deleted the local data in {home}; kept {home / 'secrets'}.")


def metabase() -> None:
    """Set up the Metabase of GAUNG_METABASE_URL: an administrator, and the published tables as bi_reader."""
    from gaung import metabase as bi
    from gaung.warehouse import setup

    setup.ready()
    said = "is set up" if bi.set_up() else "was set up already"
    typer.echo(f"Metabase {said}. User {bi.EMAIL}, password in {bi.password_file()}.")


def airflow(context: typer.Context) -> None:
    """Run Airflow's own command line in this project's environment: gaung airflow -- dags list."""
    from gaung import airflow_home

    raise typer.Exit(airflow_home.run(context.args))
