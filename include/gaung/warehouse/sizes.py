"""How many bytes each room holds."""

from pathlib import Path
from urllib.parse import unquote, urlparse

from psycopg2.extensions import cursor

from gaung.settings import get_settings

ROOMS = ("raw", "core", "marts__build", "marts", "ops", "app", "outreach")


def measure(cur: cursor) -> dict[str, int]:
    """Bytes by room: schemas, and the landing where it is a local folder (elsewhere counting takes long)."""
    cur.execute(
        """
        select n.nspname, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
        from pg_namespace as n
        left join pg_class as c on c.relnamespace = n.oid and c.relkind in ('r', 'm', 'p')
        where n.nspname = any(%s) group by n.nspname
        """,
        (list(ROOMS),),
    )
    found = dict(cur.fetchall())
    return {room: int(found[room]) for room in ROOMS if room in found} | _landing()


def _landing() -> dict[str, int]:
    address = urlparse(get_settings().landing)
    if address.scheme != "file":
        return {}
    folder = Path(unquote(address.path))
    return {"landing": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())}
