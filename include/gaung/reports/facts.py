"""What a brief says, asked from the marts as a reader: the named queries and their answers."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any

from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

NAMES = ("headline", "days", "hours", "explanation", "contacts", "action", "badge", "last_day")
"""The named queries, in the order in which the page lists them."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """Answers of the named queries for one brand and day, all of one published version.

    Attributes:
        brand_id: the brand.
        day: its local day.
        rows: rows of each query by its name.
    """

    brand_id: str
    day: date
    rows: Mapping[str, list[Row]] = field(default_factory=dict)

    def first(self, name: str) -> Row | None:
        """The first row of a query, None when it has none."""
        found = self.rows[name]
        return found[0] if found else None


def statement(name: str) -> str:
    """The SQL of a named query, with ``%(brand_id)s`` and ``%(local_date)s`` as parameters."""
    text = resources.files("gaung.reports.queries").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return text.strip() + "\n"


def collect(brand_id: str, day: date) -> Facts:
    """The facts of one brand and day, read as ``bi_reader`` in one snapshot.

    Raises:
        ServerUnavailable: the warehouse cannot be reached.
    """
    with _snapshot() as cur:
        rows = {name: list(_ask(cur, name, brand_id, day)) for name in NAMES}
    return Facts(brand_id, day, rows)


def newest_day(brand_id: str, *, until: date) -> date | None:
    """The newest day up to ``until`` on which anything about the brand was seen, None when there is none."""
    with _snapshot() as cur:
        [row] = _ask(cur, "last_day", brand_id, until)
    found = row["local_date"]
    return date.fromisoformat(found) if found else None


@contextmanager
def _snapshot() -> Iterator["cursor"]:
    """A reader's cursor in one REPEATABLE READ transaction: one published version for all queries."""
    with closing(connect("bi_reader", application_name="gaung report")) as session:
        session.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with session.cursor() as cur:
            yield cur


def _ask(cur: "cursor", name: str, brand_id: str, day: date) -> Iterator[Row]:
    cur.execute(statement(name), {"brand_id": brand_id, "local_date": day})
    columns = [column.name for column in cur.description or ()]
    for row in cur.fetchall():
        yield dict(zip(columns, row, strict=True))
