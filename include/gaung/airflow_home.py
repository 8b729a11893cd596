"""Everything Airflow needs to run here, as environment variables: no ``airflow.cfg`` is edited by hand.

Airflow's metadata lives in a database of its own (:data:`DATABASE`) in the warehouse's server, owned
by a role that sees nothing of the warehouse. Nothing here imports Airflow.
"""

import base64
import hashlib
import json
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

from gaung.errors import GaungError
from gaung.settings import PROJECT_ROOT, get_settings, library_environment

log = logging.getLogger(__name__)

DATABASE = "airflow"
ROLE = "gaung_airflow"
USER = "admin"
PREFERRED_PORT = 8080


class AirflowFailed(GaungError):
    """A command of Airflow did not end well."""


def home() -> Path:
    """Airflow's own folder: logs, generated configuration, process list."""
    return get_settings().home.resolve() / "airflow"


def password_file() -> Path:
    """Where the password of Airflow's web user is kept (0600), as its simple auth manager reads it."""
    return get_settings().secrets.resolve() / "airflow_users.json"


def environment() -> dict[str, str]:
    """What to add to the environment of every Airflow process; holds secrets, so never log it.

    An option of Airflow that the environment sets already (``AIRFLOW__…``) is left as it is. The
    database need not be reachable; :func:`ready` sees to that.
    """
    keys = _keys()
    settings = get_settings()
    web = f"http://127.0.0.1:{port()}"
    sections: dict[str, dict[str, str]] = {
        "core": {
            "dags_folder": str(PROJECT_ROOT / "dags"),
            "plugins_folder": str(PROJECT_ROOT / "plugins"),
            "executor": "LocalExecutor",
            "parallelism": "4",
            "load_examples": "False",
            "dags_are_paused_at_creation": "False",
            "default_timezone": "utc",
            "fernet_key": keys["fernet_key"],
            "execution_api_server_url": f"{web}/execution/",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(password_file()),
            "max_templated_field_length": "4096",
        },
        "database": {"sql_alchemy_conn": _database_url()},
        "api": {
            "host": "127.0.0.1",
            "port": str(port()),
            "base_url": web,
            "workers": "1",
            "secret_key": keys["secret_key"],
        },
        "api_auth": {"jwt_secret": keys["jwt_secret"]},
        "scheduler": {"task_instance_heartbeat_timeout": "60", "orphaned_tasks_check_interval": "60"},
        "dag_processor": {"parsing_processes": "1"},
        # A web server that is slow (a small machine under load) or just starting must not fail tasks.
        "workers": {"execution_api_timeout": "60", "execution_api_retries": "10"},
        "triggerer": {"capacity": "100"},
        "logging": {"base_log_folder": str(home() / "logs")},
    }
    variables = {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, options in sections.items()
        for option, value in options.items()
    }
    explicit = {name: os.environ[name] for name in variables if name in os.environ}
    return {
        "AIRFLOW_HOME": str(home()),
        "GAUNG_HOME": str(settings.home.resolve()),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        **library_environment(),
        **variables,
        **explicit,
    }


def port() -> int:
    """The web port: the one used before, else the preferred one, else any that is free."""
    file = home() / "port"
    if file.is_file():
        return int(file.read_text())
    chosen = next(number for number in (PREFERRED_PORT, 0) if number == 0 or _is_free(number))
    if chosen == 0:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            chosen = int(probe.getsockname()[1])
    home().mkdir(parents=True, exist_ok=True)
    file.write_text(f"{chosen}\n")
    return chosen


def ready() -> dict[str, str]:
    """The environment for Airflow, once warehouse, metadata database and its tables are in place.

    Raises:
        ServerUnavailable, ServerRefused: as the warehouse's own set-up.
        AirflowFailed: Airflow could not migrate its tables; the message ends with its last lines.
    """
    from gaung.warehouse import setup

    setup.ready()
    _make_database()
    variables = environment()
    _migrate(variables)
    return variables


def administration() -> dict[str, str]:
    """The whole environment for a command that works on Airflow's own database, also from within a task.

    Airflow hides that database from its tasks by two variables, which are set right here.
    """
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    given = os.environ.get(name, "")
    url = given if given and "not-allowed" not in given else _database_url()
    kept = {key: value for key, value in os.environ.items() if key != "_AIRFLOW_PROCESS_CONTEXT"}
    return {**kept, **environment(), name: url}


def code() -> str:
    """Hash of the code that Airflow's processes hold in memory: library, plugins, pinned packages."""
    digest = hashlib.sha256((PROJECT_ROOT / "requirements" / "base.txt").read_bytes())
    for folder in ("include", "plugins"):
        for path in sorted((PROJECT_ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def apply(variables: dict[str, str]) -> None:
    """Make this process an Airflow process; call it before Airflow is imported."""
    if "airflow" in sys.modules:
        raise AirflowFailed("Airflow was imported before its environment was set")
    os.environ.update(variables)


def run(arguments: list[str]) -> int:
    """Exit code of an ``airflow`` command run with the project's environment."""
    command = [str(Path(sys.executable).parent / "airflow"), *arguments]
    return subprocess.run(command, env={**os.environ, **ready()}, check=False).returncode  # noqa: S603


def forget() -> None:
    """Delete Airflow's folder; its database goes with the server's data, its secrets stay."""
    shutil.rmtree(home(), ignore_errors=True)


# --------------------------------------------------------------------------------------------
# Secrets
# --------------------------------------------------------------------------------------------


def _keys() -> dict[str, str]:
    """Generated keys of Airflow, the metadata database's password and the web user's among them."""
    file = get_settings().secrets / "airflow.json"
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    wanted = {
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "secret_key": secrets.token_urlsafe(32),
        "jwt_secret": secrets.token_urlsafe(48),
        "database_password": secrets.token_urlsafe(24),
        "user_password": secrets.token_urlsafe(12),
    }
    if missing := {name: value for name, value in wanted.items() if name not in known}:
        known |= missing
        _write_secret(file, known)
    if not password_file().is_file():
        _write_secret(password_file(), {USER: known["user_password"]})
    return known


def _write_secret(file: Path, content: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(content, stream)
    draft.replace(file)


# --------------------------------------------------------------------------------------------
# The metadata database
# --------------------------------------------------------------------------------------------


def _database_url() -> str:
    from gaung.warehouse.connect import parameters

    wanted = parameters("admin", DATABASE)
    host, number = wanted.pop("host", ""), wanted.pop("port", "5432")
    for name in ("user", "password", "dbname"):
        wanted.pop(name, None)
    authority = f"{ROLE}:{quote(_keys()['database_password'], safe='')}@{host}:{number}"
    return f"postgresql+psycopg2://{authority}/{DATABASE}" + (f"?{urlencode(wanted)}" if wanted else "")


def _make_database() -> None:
    """Role and database of Airflow in the warehouse's server; changes nothing when they are there."""
    from psycopg2 import OperationalError, connect, sql

    from gaung.warehouse.connect import connect as connect_as
    from gaung.warehouse.setup import ensure_database

    try:
        connect(_database_url().replace("+psycopg2", ""), connect_timeout=10).close()
    except OperationalError:
        log.info("creating the role %s and the database %s", ROLE, DATABASE)
    else:
        return
    with closing(connect_as("admin", autocommit=True)) as session, session.cursor() as cursor:
        role, secret = sql.Identifier(ROLE), sql.Literal(_keys()["database_password"])
        cursor.execute("select 1 from pg_catalog.pg_roles where rolname = %s", [ROLE])
        verb = "alter" if cursor.fetchone() else "create"
        cursor.execute(sql.SQL(verb + " role {} login password {}").format(role, secret))
        cursor.execute(sql.SQL("grant {} to current_user").format(role))
        ensure_database(DATABASE)
        statement = sql.SQL("alter database {} owner to {}")
        cursor.execute(statement.format(sql.Identifier(DATABASE), role))


def _migrate(variables: dict[str, str]) -> None:
    """Let Airflow migrate its tables, unless this version has done so in this database already."""
    from importlib.metadata import version

    note = home() / "migrated.json"
    current = {"airflow": version("apache-airflow-core"), "revision": _revision()}
    if current["revision"] and note.is_file() and json.loads(note.read_text()) == current:
        return
    command = [str(Path(sys.executable).parent / "airflow"), "db", "migrate"]
    done = subprocess.run(  # noqa: S603
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise AirflowFailed(f"Airflow could not migrate its metadata database {DATABASE}:\n{tail}")
    home().mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({**current, "revision": _revision()}))


def _revision() -> str | None:
    """Which migration Airflow's database is at; None before the first."""
    from psycopg2 import connect, errors

    url = _database_url().replace("+psycopg2", "")
    with closing(connect(url, connect_timeout=10)) as session, session.cursor() as cursor:
        try:
            cursor.execute("select version_num from alembic_version")
        except errors.UndefinedTable:
            return None
        row = cursor.fetchone()
    return str(row[0]) if row else None


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True
