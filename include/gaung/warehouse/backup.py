"""Backup and restore: the database, the landing by manifest, the secret of the keys and brands.yml.

A backup is one folder, complete or absent. Its ``backup.json`` holds the sha256 of every file and a
checksum of every table, taken in the snapshot that was dumped; a restore ends by comparing them.
It holds personal data and the secret of the keys: it is readable by its owner alone, and must stay so.
"""

import hashlib
import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaung import keys
from gaung.errors import LandingFailed, ServerRefused, ServerUnavailable, SettingsInvalid
from gaung.settings import get_settings
from gaung.warehouse import local, migrate, setup
from gaung.warehouse.connect import connect, parameters

if TYPE_CHECKING:
    from psycopg2.extensions import connection

log = logging.getLogger(__name__)

CONTENTS = "backup.json"
DUMP = "database.dump"
LANDING = "landing"
SECRET = "pseudonym.key"  # noqa: S105 - a file name
BRANDS = "brands.yml"
BLOCK = 1 << 20

TABLES = """
select format('%I.%I', n.nspname, c.relname)
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
order by 1
"""


@dataclass(frozen=True)
class Contents:
    """What a backup holds.

    Attributes:
        made_at: when its snapshot was taken (UTC, ISO 8601).
        revision: the migration its database stood at.
        files: sha256 by path inside the backup.
        tables: ``[rows, checksum]`` by table; independent of the order of rows.
    """

    made_at: str
    revision: str
    files: dict[str, str]
    tables: dict[str, list[str]]


def backup(target: Path) -> Contents:
    """Write a backup to the new folder ``target`` and give back what it holds.

    Raises:
        SettingsInvalid: ``target`` exists already.
        LandingFailed: a batch of the database is not in the landing.
    """
    if target.exists():
        raise SettingsInvalid(f"{target} exists already; name a new folder")
    setup.ready()
    draft = target.with_name(f".{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        contents = _fill(draft)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    log.info("backed up %d tables and %d files to %s", len(contents.tables), len(contents.files), target)
    return contents


def _fill(draft: Path) -> Contents:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    with closing(connect("admin")) as session:
        session.set_session(isolation_level="REPEATABLE READ", readonly=True)
        snapshot = _value(session, "select pg_export_snapshot()")
        revision = migrate.current(session) or ""
        _dump(draft / DUMP, snapshot)
        tables = checksums(session)
        batches = _column(session, "select landing_path from ops.batch order by landing_path")
    files = {DUMP: _sha256(draft / DUMP), **_copy_landing(draft, batches), **_copy_settings(draft)}
    contents = Contents(made_at=made_at, revision=revision, files=files, tables=tables)
    (draft / CONTENTS).write_text(json.dumps(asdict(contents), indent=2, sort_keys=True), "utf-8")
    return contents


def read(source: Path) -> Contents:
    """What a backup says that it holds.

    Raises:
        SettingsInvalid: ``source`` is not a backup.
    """
    try:
        return Contents(**json.loads((source / CONTENTS).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SettingsInvalid(f"{source} is not a backup: {CONTENTS} cannot be read ({error})") from error


def restore(source: Path) -> Contents:
    """Bring a backup into an empty home and database; give back what it held, every checksum compared.

    Raises:
        SettingsInvalid: ``source`` is not a whole backup.
        ServerRefused: the database or the landing holds something already, or is not equal afterwards.
    """
    contents = _verified(source)
    if contents.revision > migrate.head():
        raise ServerRefused(
            f"the backup is at migration {contents.revision}, this Gaung knows up to {migrate.head()}; "
            "restore it with the newer Gaung"
        )
    _refuse_occupied(source)
    setup.prepare_empty()
    _restore_settings(source)
    _restore_landing(source)
    _load(source / DUMP)
    with closing(connect("admin")) as session:
        session.set_session(isolation_level="REPEATABLE READ", readonly=True)
        found = checksums(session)
    unequal = sorted(
        name for name in contents.tables.keys() | found.keys() if contents.tables.get(name) != found.get(name)
    )
    if unequal:
        raise ServerRefused(f"{len(unequal)} tables differ from the backup after restoring: {unequal[:5]}")
    setup.arrange()
    log.info("restored %d tables from %s, all checksums equal", len(found), source)
    return contents


def checksums(session: "connection") -> dict[str, list[str]]:
    """``[rows, checksum]`` by table of the session's database; equal contents give equal checksums."""
    from psycopg2 import sql

    statement = sql.SQL(
        "select count(*)::text, coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text "
        "from {} as t"
    )
    result = {}
    with session.cursor() as cursor:
        cursor.execute("set local extra_float_digits = 1")
        for name in _column(session, TABLES):
            cursor.execute(statement.format(sql.SQL(name)))
            row = cursor.fetchone()
            assert row is not None, "an aggregate gives one row"
            result[name] = list(row)
    return result


# -- the database ------------------------------------------------------------------------------------


def _dump(target: Path, snapshot: str) -> None:
    _program("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}")


def _load(dump: Path) -> None:
    """Restore in one transaction, without the rights on PostgreSQL's own functions (set-up gives those)."""
    listing = _program("pg_restore", "--list", str(dump), connected=False)
    wanted = dump.parent / ".toc"
    kept = [line for line in listing.splitlines() if " ACL pg_catalog " not in line]
    wanted.write_text("\n".join(kept), "utf-8")
    try:
        _program("pg_restore", "--single-transaction", "--exit-on-error", f"--use-list={wanted}", str(dump))
    finally:
        wanted.unlink()


def _program(name: str, *arguments: str, connected: bool = True) -> str:
    """The output of one of PostgreSQL's programs; the password travels in its environment only."""
    from psycopg2.extensions import make_dsn

    command = [str(local.binaries() / name), *arguments]
    environment = local.environment()
    if connected:
        wanted = parameters("admin")
        environment["PGPASSWORD"] = wanted.pop("password", "")
        command.insert(1, f"--dbname={make_dsn(**wanted)}")
    done = subprocess.run(  # noqa: S603 - PostgreSQL's programs, no shell
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServerUnavailable(f"{name} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _value(session: "connection", statement: str) -> str:
    return _column(session, statement)[0]


def _column(session: "connection", statement: str) -> list[str]:
    with session.cursor() as cursor:
        cursor.execute(statement)
        return [str(row[0]) for row in cursor.fetchall()]


# -- files -------------------------------------------------------------------------------------------


def _landing() -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    store, root = url_to_fs(get_settings().landing)
    return store, str(root).rstrip("/")


def _landed_files() -> Iterator[tuple[Any, str, str]]:
    """File system, full path and path inside the landing of every file, manifests after their payloads."""
    store, root = _landing()
    if not store.exists(root):
        return
    names = (str(path)[len(root) + 1 :] for path in store.find(root))
    for name in sorted((name for name in names if not name.startswith(".tmp/")), key=_manifest_last):
        yield store, f"{root}/{name}", name


def _manifest_last(name: str) -> tuple[bool, str]:
    return name.endswith("manifest.json"), name


def _copy_landing(draft: Path, batches: list[str]) -> dict[str, str]:
    """sha256 by path of the landing's copy, which holds every batch of the database."""
    sums = {}
    for store, path, name in _landed_files():
        sums[f"{LANDING}/{name}"] = _copy(partial(store.open, path, "rb"), draft / LANDING / name)
    missing = [
        path for path in batches if "://" not in path and f"{LANDING}/{path}/manifest.json" not in sums
    ]
    if missing:
        raise LandingFailed(
            f"{len(missing)} batches of the database are not in {get_settings().landing}, "
            f"first {missing[0]}; see that GAUNG_LANDING_URL names the landing they were loaded from"
        )
    return sums


def _copy_settings(draft: Path) -> dict[str, str]:
    sums = {}
    for source, name in ((keys.secret_path(), SECRET), (get_settings().brands_file, BRANDS)):
        if source.exists():
            sums[name] = _copy(partial(source.open, "rb"), draft / name)
    return sums


def _copy(opener: Callable[[], Any], target: Path) -> str:
    """The sha256 of what was copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with opener() as source, target.open("wb") as out:
        while block := source.read(BLOCK):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verified(source: Path) -> Contents:
    """The contents of a backup whose every file is there and unchanged."""
    contents = read(source)
    for name, expected in contents.files.items():
        if not (source / name).is_file():
            raise SettingsInvalid(f"{source} is not whole: {name} is missing; use another backup")
        if _sha256(source / name) != expected:
            raise SettingsInvalid(f"{source} is damaged: {name} has changed; use another backup")
    return contents


def _refuse_occupied(source: Path) -> None:
    """Raise before anything is touched when landing or key would be replaced by something else."""
    occupied = next(_landed_files(), None)
    if occupied:
        raise ServerRefused(f"the landing holds {occupied[1]} already; restore into an empty home")
    kept, brought = keys.secret_path(), source / SECRET
    if kept.exists() and brought.exists() and kept.read_bytes() != brought.read_bytes():
        raise ServerRefused(
            f"{kept} is another secret than the backup's; published keys would not fit. "
            "Move it away (or run `gaung forget-keys`), then restore again"
        )


def _restore_settings(source: Path) -> None:
    kept = keys.secret_path()
    if (source / SECRET).exists() and not kept.exists():
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.touch(mode=0o600, exist_ok=False)
        kept.write_bytes((source / SECRET).read_bytes())
    brands = get_settings().brands_file
    if (source / BRANDS).exists() and not brands.exists():
        brands.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / BRANDS, brands)


def _restore_landing(source: Path) -> None:
    store, root = _landing()
    base = source / LANDING
    names = sorted(
        (str(path.relative_to(base)) for path in base.rglob("*") if path.is_file()), key=_manifest_last
    )
    for name in names:
        store.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
        with (base / name).open("rb") as stream, store.open(f"{root}/{name}", "wb") as out:
            shutil.copyfileobj(stream, out, BLOCK)
