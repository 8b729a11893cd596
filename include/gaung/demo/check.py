"""What a comparison of planted and found facts is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2.extensions import connection


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: how many facts agree, and the lines that do not (planted against found)."""

    name: str
    fact_count: int
    differences: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """True if everything planted was found and nothing else; an empty comparison proves nothing."""
        return self.fact_count > 0 and not self.differences


def ask(session: "connection", query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with session.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def compare(name: str, planted: Mapping[Any, Any], found: Mapping[Any, Any]) -> Check:
    """A check of two mappings; a key that only one side has differs as well."""
    keys = sorted({*planted, *found}, key=str)
    lines = [
        f"{_words(key)}: planted {planted.get(key, 'nothing')}, found {found.get(key, 'nothing')}"
        for key in keys
        if planted.get(key) != found.get(key)
    ]
    return Check(name, len(keys), tuple(lines))


def _words(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(
        part.strftime("%Y-%m-%d %H:%MZ") if isinstance(part, datetime) else str(part) for part in parts
    )
