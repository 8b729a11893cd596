"""Retention, logs, Airflow's own records, vacuum, and how large each room is."""

import os
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from psycopg2 import sql
from psycopg2.extras import execute_values

from gaung import airflow_home
from gaung.errors import MaintenanceFailed
from gaung.maintenance.skipped import Skipped
from gaung.settings import get_settings
from gaung.warehouse import local
from gaung.warehouse import sizes as rooms
from gaung.warehouse.connect import connect

# What a rollback, the badge or the last build may still ask for is kept however old it is.
OLD_BUILDS = """
select b.build_id from ops.build as b
where b.ended_at < %(before)s
    and b.build_id <> (select max(build_id) from ops.build)
    and not exists (
        select from ops.publication as p
        where p.build_id = b.build_id
            and p.version >= (
                select least(
                    (select min(version) - 1 from ops.before_image), (select version from ops.live)
                )
            )
    )
"""
OF_BUILDS = ("gate_total", "gate_result", "gate_run", "dbt_result", "build_stage")
BY_TIME = {
    "ops.maintenance": "ended_at",
    "ops.room_size": "measured_at",
    "ops.airflow_run": "noted_at",
}

WORN = """
select format('%I.%I', schemaname, relname)
from pg_stat_user_tables
where (n_dead_tup > 1000 and n_dead_tup > 0.2 * n_live_tup)
    or (n_mod_since_analyze > 1000 and n_mod_since_analyze > 0.2 * n_live_tup)
order by 1
"""


def retain(at: datetime) -> dict[str, int]:
    """Rows and files deleted because their time is over, by place."""
    settings = get_settings()
    deleted = {}
    with closing(connect("admin", application_name="gaung maintain retain")) as conn, conn:
        cur = conn.cursor()
        cur.execute(
            "delete from raw.quarantine where loaded_at < %s",
            [at - timedelta(days=settings.keep_quarantine_days)],
        )
        deleted["raw.quarantine"] = cur.rowcount
        before = at - timedelta(days=settings.keep_history_days)
        for table in OF_BUILDS:
            cur.execute(
                sql.SQL("delete from {} where build_id in ({})").format(
                    sql.Identifier("ops", table), sql.SQL(OLD_BUILDS)
                ),
                {"before": before},
            )
            deleted[f"ops.{table}"] = cur.rowcount
        for name, column in BY_TIME.items():
            cur.execute(
                sql.SQL("delete from {} where {} < %s").format(
                    sql.Identifier(*name.split(".")), sql.Identifier(column)
                ),
                [before],
            )
            deleted[name] = cur.rowcount
    done = settings.drop / "done"
    deleted["done files"] = _delete_old(done, at - timedelta(days=settings.keep_files_days))
    return {place: count for place, count in deleted.items() if count}


def logs(at: datetime) -> dict[str, int]:
    """Log files deleted because nothing was written to them for long."""
    before = at - timedelta(days=get_settings().keep_logs_days)
    folders = [airflow_home.home() / "logs", get_settings().home / "dbt" / "logs"]
    deleted = sum(_delete_old(folder, before) for folder in folders)
    rotated = local.folder() / "log.1"
    if rotated.is_file() and rotated.stat().st_mtime < before.timestamp():
        rotated.unlink()
        deleted += 1
    return {"files": deleted}


def airflow(at: datetime) -> dict[str, int]:
    """Airflow's records of runs before the kept days, deleted by its own `airflow db clean`.

    Raises:
        MaintenanceFailed: Airflow's command did not end well.
    """
    if not (airflow_home.home() / "migrated.json").is_file():
        raise Skipped("Airflow was never started here")
    before = at - timedelta(days=get_settings().keep_logs_days)
    command = [str(Path(sys.executable).parent / "airflow"), "db", "clean", "--skip-archive", "--yes"]
    done = subprocess.run(  # noqa: S603 - Airflow's own program, no shell
        [*command, "--clean-before-timestamp", before.isoformat()],
        env=airflow_home.administration(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise MaintenanceFailed(f"`airflow db clean` ended with {done.returncode}:\n{tail}")
    return {}


def vacuum(at: datetime) -> dict[str, int]:
    """Tables vacuumed and analysed because a fifth of their rows changed; the server does the rest itself."""
    with (
        closing(connect("admin", autocommit=True, application_name="gaung maintain vacuum")) as conn,
        conn.cursor() as cur,
    ):
        cur.execute(WORN)
        worn = [name for (name,) in cur.fetchall()]
        for name in worn:
            cur.execute(sql.SQL("vacuum (analyze) {}").format(sql.SQL(name)))
    return {"tables": len(worn)}


def sizes(at: datetime) -> dict[str, int]:
    """Bytes per room, kept in ``ops.room_size`` for the growth that `gaung status` shows."""
    with closing(connect("loader", application_name="gaung maintain sizes")) as conn, conn:
        cur = conn.cursor()
        found = rooms.measure(cur)
        execute_values(
            cur,
            "insert into ops.room_size (measured_at, room, bytes) values %s on conflict do nothing",
            [(at, room, size) for room, size in found.items()],
        )
    return found


def _delete_old(folder: Path, before: datetime) -> int:
    """Files deleted that were last written before; folders left empty go with them."""
    deleted = 0
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            path.unlink()
            deleted += 1
        elif path.is_dir() and not any(os.scandir(path)):
            path.rmdir()
    return deleted
