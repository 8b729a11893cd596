"""dbt in this process: the candidate of a build, and the unit tests of the models.

One invocation a build. A tick rebuilds the marts and the tables of touched posts below them; seeds
and views are written again when their files change. The parsed project is kept, so that a later
build of the same process does not parse.
"""

import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaung.errors import ModelFailed
from gaung.settings import get_settings, quieten_libraries
from gaung.warehouse import marts
from gaung.warehouse.builds import fence
from gaung.warehouse.connect import connect, other_database, parameters

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

log = logging.getLogger(__name__)

TICK = "tag:tick"
"""Marts and the tables they are built from: what a tick builds."""
FOUNDATION = ("models/sources.yml", "models/staging", "models/intermediate", "macros", "seeds")
"""What views and seeds are made of; the hash of these files says whether they must be written again."""

_one_at_a_time = threading.Lock()
_parsed: dict[str, Any] = {}
"""The manifest of the project as it was last parsed, by the hash of its files."""


def run(build_id: int, token: str, *, version: int, built_at: datetime) -> dict[str, int]:
    """Rows per mart of the candidate in ``marts__build``: the dirty partitions, and nothing else.

    Args:
        build_id: the build whose dirty keys are in ``core.dirty__<kind>``.
        token: its token.
        version: the version that the candidate is to become; stands in every row.
        built_at: when the build began; stands in every row.

    Raises:
        ModelFailed: a model could not be built; names the first, what the database said, what to do.
        BuildFenced: another build took over.
    """
    with _session(f"gaung build {build_id} models") as cur:
        fence(cur, build_id, token)
        foundation = _hash(FOUNDATION)
        selection = [] if _noted(cur) != foundation else ["--select", TICK]
    values = {"version": version, "built_at": f"{built_at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"}
    arguments = ["build", "--resource-type", "model", "--resource-type", "seed", *selection]
    outcome = _invoke([*arguments, "--vars", json.dumps(values)])
    with _session(f"gaung build {build_id} models") as cur:
        fence(cur, build_id, token)
        rows = {} if _failures(outcome) else _measure(cur)
        _record(cur, build_id, outcome, rows)
        if not _failures(outcome):
            _note(cur, foundation)
    _raise_failure(outcome)
    log.info("build %s: candidate rows %s", build_id, rows)
    return rows


def unit_test() -> dict[str, str]:
    """The status of every dbt unit test and data test by its name; the models must have been built once.

    Raises:
        ModelFailed: a test failed; names each and says what differs.
    """
    outcome = _invoke(["test"])
    results = {result.node.name: str(result.status) for result in _results(outcome)}
    failed = _failures(outcome)
    if failed or outcome.exception:
        told = "\n".join(f"{name}: {message}" for name, message in failed.items())
        raise ModelFailed(
            f"{len(failed)} of {len(results)} tests of the models failed; compare formula and test in "
            f"dbt_project/models\n{told or outcome.exception}"
        )
    return results


@contextmanager
def _session(application_name: str) -> Iterator["cursor"]:
    with (
        closing(connect("transformer", application_name=application_name)) as conn,
        conn,
        conn.cursor() as cur,
    ):
        yield cur


def _hash(paths: tuple[str, ...]) -> str:
    digest, project = hashlib.sha256(), get_settings().dbt_project
    for name in paths:
        top = project / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                digest.update(
                    f"{path.relative_to(project).as_posix()}\0".encode() + path.read_bytes() + b"\0"
                )
    return digest.hexdigest()


def _noted(cur: "cursor") -> str | None:
    """Hash of the files that the database's views and seeds were written from."""
    cur.execute("select input_hash from core.model_input where name = 'foundation'")
    row = cur.fetchone()
    return row[0] if row else None


def _note(cur: "cursor", foundation: str) -> None:
    cur.execute(
        """
        insert into core.model_input (name, input_hash) values ('foundation', %s)
        on conflict (name) do update set input_hash = excluded.input_hash
        """,
        (foundation,),
    )


def _invoke(arguments: list[str]) -> Any:
    """dbt's own result of one invocation; one at a time, because dbt keeps global state."""
    quieten_libraries()
    with _one_at_a_time, _environment(_connection()):
        from dbt.cli.main import dbtRunner

        return dbtRunner(manifest=_manifest()).invoke([*arguments, *_options()])


def lineage() -> Path:
    """dbt's own documentation with the graph of all models, as one file that needs no server.

    Raises:
        ModelFailed: dbt could not write it.
    """
    outcome = _invoke(["docs", "generate", "--static", "--empty-catalog", "--no-compile"])
    page = _home() / "target" / "static_index.html"
    if not outcome.success or not page.is_file():
        raise ModelFailed(f"dbt could not write its documentation: {outcome.exception}")
    return page


def _manifest() -> Any:
    """The parsed project; parsed again only when a file of it changed."""
    from dbt.cli.main import dbtRunner

    key = _hash(("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests"))
    if key not in _parsed:
        outcome = dbtRunner().invoke(["parse", *_options()])
        if not outcome.success:
            raise ModelFailed(
                f"dbt cannot read the project in {get_settings().dbt_project}: {outcome.exception}; "
                "correct the file it names"
            )
        _parsed.clear()
        _parsed[key] = outcome.result
    return _aimed(_parsed[key].deepcopy(), parameters("transformer")["dbname"])


def _aimed(manifest: Any, database: str) -> Any:
    """The same project for another database: its name is all that the parsed form holds of a connection."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if node.relation_name:
            node.relation_name = node.relation_name.replace(f'"{node.database}".', f'"{database}".', 1)
        node.database = database
    return manifest


def _options() -> list[str]:
    home, project = _home(), str(get_settings().dbt_project.resolve())
    return [
        *("--project-dir", project, "--profiles-dir", project),
        *("--target-path", str(home / "target"), "--log-path", str(home / "logs")),
        *("--log-level", "none", "--log-level-file", "info", "--no-send-anonymous-usage-stats"),
    ]


def _connection() -> dict[str, str]:
    """What ``profiles.yml`` and libpq read from the environment while dbt runs."""
    wanted = parameters("transformer")
    return {
        "GAUNG_DBT_HOST": wanted.get("host", "localhost"),
        "GAUNG_DBT_PORT": wanted.get("port", "5432"),
        "GAUNG_DBT_USER": wanted["user"],
        "DBT_ENV_SECRET_GAUNG_PASSWORD": wanted.get("password", ""),
        "GAUNG_DBT_DATABASE": wanted["dbname"],
        "GAUNG_DBT_SSLMODE": wanted.get("sslmode", "prefer"),
        "PGTZ": "UTC",
    }


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _results(outcome: Any) -> list[Any]:
    return list(getattr(outcome.result, "results", None) or [])


def _failures(outcome: Any) -> dict[str, str]:
    """Message per failed node; one entry without a name when dbt itself failed."""
    failed = {
        result.node.name: " ".join(str(result.message).split())
        for result in _results(outcome)
        if str(result.status) in ("error", "fail", "runtime error")
    }
    if not failed and not outcome.success:
        failed["dbt"] = str(outcome.exception or "no model was built")
    return failed


def _measure(cur: "cursor") -> dict[str, int]:
    """Rows of each mart's candidate, with fresh statistics for the gate and the publisher."""
    from psycopg2 import sql

    rows = {}
    for mart in marts.load():
        table = sql.Identifier("marts__build", mart.name)
        cur.execute(sql.SQL("analyze {}").format(table))
        cur.execute(sql.SQL("select count(*) from {}").format(table))
        row = cur.fetchone()
        rows[mart.name] = int(row[0]) if row else 0
    return rows


def _record(cur: "cursor", build_id: int, outcome: Any, rows: Mapping[str, int]) -> None:
    """One line per node in ``ops.dbt_result``; a repeated run of the build replaces its own."""
    for result in sorted(_results(outcome), key=lambda result: str(result.node.unique_id)):
        cur.execute(
            """
            insert into ops.dbt_result (build_id, node, status, seconds, row_count, message)
            values (%s, %s, %s, %s, %s, %s)
            on conflict (build_id, node) do update set
                status = excluded.status, seconds = excluded.seconds,
                row_count = excluded.row_count, message = excluded.message
            """,
            (
                build_id,
                result.node.unique_id,
                str(result.status),
                round(float(result.execution_time), 3),
                rows.get(result.node.name),
                str(result.message)[:2000] if result.message else None,
            ),
        )


def _raise_failure(outcome: Any) -> None:
    failed = _failures(outcome)
    if not failed:
        return
    name, message = next(iter(failed.items()))
    others = f" ({len(failed) - 1} more failed too)" if len(failed) > 1 else ""
    raise ModelFailed(
        f"dbt could not build {name}{others}: {message}. What readers see is unchanged. Correct the model "
        f"in {get_settings().dbt_project / 'models'}, then run `gaung build`; "
        f"the whole story is in {_log_file()}"
    )


def _home() -> Path:
    """Where dbt writes; work in another database has a folder of its own, so that builds do not meet."""
    return get_settings().home.resolve() / "dbt" / (other_database() or "")


def _log_file() -> Path:
    return _home() / "logs" / "dbt.log"
