"""How fast the loader is, against a server-side COPY and against ``execute_values`` of the same rows.

The rows are invented: per record a post and its metrics, in every fourth an author with metrics, as pages
of a platform give them. Every arm begins with empty tables and ends with a commit:

- *loader*: from what mappers give (dictionaries) to the commit, the whole of it: types and contract
  checked, content hashed, duplicates and versions merged, keys noted dirty, every record accounted for.
  Reading files and mapping are measured apart (:mod:`gaung.bench.formats`).
- *columns*: the same from where the dictionaries were checked and made columns.
- *copy*: ``COPY … FROM file (FORMAT binary)`` by the server itself, of the very rows that the loader wrote,
  into tables of the same columns and primary keys, in the order of these keys, which suits the index
  best. Nothing is parsed, checked, hashed, merged or noted: it is the limit of the server.
- *execute_values*: psycopg2's, pages of 1,000, into such tables, from tuples made beforehand.

The arms take turns within each round, so that all meet the same machine; ratios are made within a round,
and their median is given.

Memory is measured in a process of its own, which invents each record when it is asked for, with few rows
and with many: what a load needs follows its chunks, not its files.
"""

import gc
import io
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from unittest import mock

from gaung.bench.clock import Cost, cost
from gaung.bench.scratch import scratch
from gaung.contract import ENTITIES
from gaung.sources.base import Context, Mapped, Record, Sample
from gaung.warehouse.staging import Chunk

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

    from gaung.landing import Landed

DATABASE = "gaung_bench_loading"
ROWS = 500_000
ROUNDS = 3
SHARE = 5
"""execute_values gets every fifth row; it is slow, and its rate hardly depends on their number."""

_T0 = datetime(2026, 3, 1, tzinfo=UTC)
_WORDS = (
    *("warung", "kopi", "enak", "banget", "tapi", "antrenya", "lama", "pelayanan", "ramah", "harga", "naik"),
    *("pesan", "antar", "cepat", "rasanya", "kurang", "manis", "gratis", "promo", "hari", "ini", "anak"),
    *("the", "coffee", "was", "cold", "but", "staff", "were", "kind"),
)
_TABLES = tuple(ENTITIES)


@dataclass
class Loading:
    """What the rounds came to.

    Attributes:
        rows: of all entities together, as the loader wrote them.
        sampled: rows that execute_values wrote.
        differing: rows that differ between the loader's tables and the server's copy of them; 0 is right.
        costs: per arm, one per round.
        peak_mib: most memory of a process that does nothing but load, by how many rows it loaded.
    """

    rows: int = 0
    sampled: int = 0
    differing: int = 0
    costs: dict[str, list[Cost]] = field(
        default_factory=lambda: {"loader": [], "columns": [], "copy": [], "execute_values": []}
    )

    peak_mib: dict[int, float | None] = field(default_factory=dict)

    def _rows(self, arm: str) -> int:
        return self.sampled if arm == "execute_values" else self.rows

    def rate(self, arm: str) -> float:
        """Rows per second on the wall, the median of the rounds."""
        return float(statistics.median(self._rows(arm) / one.wall for one in self.costs[arm]))

    def ratio(self, arm: str, other: str) -> float:
        """How many times the other arm's rate an arm's is, the median of the rounds."""
        rates = [[self._rows(name) / one.wall for one in self.costs[name]] for name in (arm, other)]
        return float(statistics.median(mine / theirs for mine, theirs in zip(*rates, strict=True)))

    def figures(self) -> dict[str, Any]:
        """All figures, for JSON."""
        return {
            "rows": self.rows,
            "rounds": len(self.costs["loader"]),
            "differing_rows": self.differing,
            "rows_per_second": {arm: round(self.rate(arm)) for arm in self.costs},
            "share_of_copy": {arm: round(self.ratio(arm, "copy"), 3) for arm in ("loader", "columns")},
            "times_execute_values": {
                arm: round(self.ratio(arm, "execute_values"), 2) for arm in ("loader", "columns")
            },
            "seconds": {arm: [one.figures() for one in costs] for arm, costs in self.costs.items()},
            "peak_mib": {str(rows): peak for rows, peak in self.peak_mib.items()},
        }


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> Loading:
    """The figures of as many rounds, in a database of their own on the local server."""
    from gaung import landing
    from gaung.sources import registry

    format = Invented(rows)
    with scratch(DATABASE) as folder, mock.patch.object(registry, "formats", lambda: (format,)):
        folder.chmod(0o777)  # the server's account writes and reads its files there
        batch = landing.land(_Stand("invented.bin", rows), format=format, is_synthetic=True)
        return _rounds(format, batch, folder, rounds)


def _rounds(format: "Invented", batch: "Landed", folder: Path, rounds: int) -> Loading:
    from gaung.warehouse import loader
    from gaung.warehouse.connect import connect

    found = Loading()
    sample: dict[str, list[tuple[Any, ...]]] = {}
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cur:
        for number in range(rounds):
            with _empty(cur, format), cost() as spent:
                loader.load(batch.path)
            found.costs["loader"].append(spent)
            if not number:
                found.rows, sample = _export(cur, folder), _sample(cur)
                found.sampled = sum(map(len, sample.values()))
            with _twins(cur), cost() as spent:
                _copy(cur, folder)
            found.costs["copy"].append(spent)
            if not number:
                found.differing = _differing(cur)
            with _empty(cur, format), _columns_ready(format), cost() as spent:
                loader.load(batch.path)
            found.costs["columns"].append(spent)
            with _twins(cur), cost() as spent:
                _execute_values(cur, sample)
            found.costs["execute_values"].append(spent)
        for rows in (found.rows // 5, found.rows * 2):
            with _empty(cur, format):
                found.peak_mib[rows] = _peak_of(rows)
    return found


def _peak_of(rows: int) -> float | None:
    """Most memory of a new process that loads so many invented rows."""
    code = f"from gaung.bench.loading import load_lazily; print(load_lazily({rows}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    told = done.stdout.split()[-1]
    return None if told == "None" else float(told)


def load_lazily(rows: int) -> float | None:
    """Most memory of this process in MiB, once it has loaded so many rows, invented one by one."""
    from gaung import landing
    from gaung.bench.memory import peak_mib
    from gaung.sources import registry
    from gaung.warehouse import loader

    format = Lazy(rows)
    with mock.patch.object(registry, "formats", lambda: (format,)):
        batch = landing.land(_Stand(f"invented_{rows}.bin", rows), format=format, is_synthetic=True)
        loader.load(batch.path)
    return peak_mib()


# ---------------------------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------------------------


class Invented:
    """A format whose records were mapped beforehand: what the loader alone takes is left."""

    name = "bench_invented"
    ignored_kinds: frozenset[str] = frozenset()

    def __init__(self, rows: int) -> None:
        """Invent about so many rows: four for a record in four, two for the others."""
        rng = random.Random(7)  # noqa: S311
        self.mapped = [Mapped(_rows(rng, number)) for number in range(round(rows / 2.5))]
        self.ready: list[Record] = []
        gc.collect()
        gc.freeze()  # looking through the measurement's own rows is not the loader's work

    def detect(self, sample: Sample, context: Context) -> bool:
        """Never: it reads no file."""
        return False

    def records(self, stream: BinaryIO, context: Context) -> Iterator[Record]:
        """A record per mapped one."""
        while stream.read(1 << 16):
            pass
        yield from self.ready or self._records()

    def read_ahead(self) -> None:
        """Have new records ready, so that making them is not taken for the loader's work."""
        self.ready = list(self._records())

    def _records(self) -> Iterator[Record]:
        for number in range(len(self.mapped)):
            yield Record(number, number, "", _T0 + timedelta(days=3))

    def map(self, record: Record, context: Context) -> Mapped:
        """What was mapped beforehand."""
        found: Mapped = self.mapped[record.payload]
        return found


class Lazy(Invented):
    """The same, each record invented when it is mapped."""

    def __init__(self, rows: int) -> None:
        """Nothing yet."""
        self.count = round(rows / 2.5)
        self.rng = random.Random(7)  # noqa: S311 - invented data

    def records(self, stream: BinaryIO, context: Context) -> Iterator[Record]:
        """A record per number."""
        while stream.read(1 << 16):
            pass
        for number in range(self.count):
            yield Record(number, number, "", _T0 + timedelta(days=3))

    def map(self, record: Record, context: Context) -> Mapped:
        """What is invented for its number."""
        return Mapped(_rows(self.rng, record.payload))


class _Stand:
    """A tiny file that stands for the records in the landing."""

    def __init__(self, name: str, rows: int) -> None:
        self.name = name
        self.data = str(rows).encode()
        self.sha256 = sha256(self.data).hexdigest()

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


def _rows(rng: random.Random, number: int) -> dict[str, list[dict[str, Any]]]:
    post_id = str(1_900_000_000_000_000_000 + number * 7_919)
    author_id = str(10_000_000 + number // 4 * 31)
    hashtags = [f"#{word}" for word in rng.sample(_WORDS, rng.randrange(3))]
    post = {
        "platform": "x", "post_id": post_id, "author_id": author_id,
        "created_at": _T0 + timedelta(seconds=number), "text": " ".join(rng.choices(_WORDS, k=18)),
        "lang_reported": "in", "url": f"https://x.com/i/status/{post_id}", "post_type": "post",
        "root_post_id": post_id, "hashtags": hashtags, "mentions": [], "urls": [], "is_collected": True,
    }  # fmt: skip
    counts = {name: rng.randrange(500) for name in ("likes", "comments", "reposts", "quotes", "views")}
    found = {"posts": [post], "post_metrics": [{"platform": "x", "post_id": post_id, **counts}]}
    if number % 4 == 0:
        author = {"platform": "x", "author_id": author_id}
        person = {"handle": f"akun_{number}", "display_name": f"Akun {number}", "created_at": _T0}
        person |= {"bio": " ".join(rng.choices(_WORDS, k=8)), "is_verified": False}
        found["authors"] = [{**author, **person}]
        found["author_metrics"] = [{**author, "followers": rng.randrange(9_000), "following": 80, "posts": 7}]
    return found


@dataclass(slots=True)
class _Ready(Chunk):
    """A chunk whose rows were checked and made columns beforehand."""

    built: list[Any] = field(default_factory=list)

    def frames(self) -> list[Any]:
        """What was built."""
        return self.built


@contextmanager
def _columns_ready(format: Invented) -> Iterator[None]:
    """Let the loader begin with columns."""
    from gaung.erasure.guard import Guard
    from gaung.warehouse import loader

    ready = [
        _Ready(one.received, one.entities, records=one.records, built=one.frames())
        for one in loader._chunks(format, io.BytesIO(), Context("invented.bin"), 0, lambda: 0, Guard())
    ]
    gc.collect()
    with mock.patch.object(loader, "_chunks", lambda *_: iter(ready)):
        yield


# ---------------------------------------------------------------------------------------------
# Arms
# ---------------------------------------------------------------------------------------------


@contextmanager
def _empty(cur: "cursor", format: Invented) -> Iterator[None]:
    """Empty tables for the loader."""
    tables = [f"raw.{name}" for name in _TABLES] + ["core.dirty_entity", "ops.outcome"]
    cur.execute(f"truncate {', '.join(tables)}, ops.batch cascade")
    cur.execute("checkpoint")
    format.read_ahead()
    yield


@contextmanager
def _twins(cur: "cursor") -> Iterator[None]:
    """Empty tables of the same columns and keys as those of ``raw``."""
    cur.execute("drop schema if exists twin cascade; create schema twin")
    for name in _TABLES:
        cur.execute(f"create table twin.{name} (like raw.{name} including all)")
    cur.execute("checkpoint")
    yield


def _export(cur: "cursor", folder: Path) -> int:
    """How many rows the loader wrote; they stand in files of the server afterwards, in key order."""
    from psycopg2 import sql

    total = 0
    for name in _TABLES:
        key = sql.SQL(", ").join(map(sql.Identifier, ENTITIES[name].key))
        cur.execute(
            sql.SQL("copy (select * from {} order by {}) to {} (format binary)").format(
                sql.Identifier("raw", name), key, sql.Literal(str(folder / name))
            )
        )
        total += cur.rowcount
    return total


def _copy(cur: "cursor", folder: Path) -> None:
    """All rows into the twins, by the server itself, in one transaction."""
    from psycopg2 import sql

    cur.execute("begin")
    for name in _TABLES:
        cur.execute(
            sql.SQL(f"copy twin.{name} from {{}} (format binary)").format(sql.Literal(str(folder / name)))
        )
    cur.execute("commit")


def _sample(cur: "cursor") -> dict[str, list[tuple[Any, ...]]]:
    """One row in ``SHARE`` of each table, as tuples."""
    from psycopg2 import sql

    query = sql.SQL("select * from {} where mod(split_part(payload_ref, '#', 2)::int / 4, %s) = 0")
    found = {}
    for name in _TABLES:
        cur.execute(query.format(sql.Identifier("raw", name)), [SHARE])
        found[name] = cur.fetchall()
    return found


def _execute_values(cur: "cursor", rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """The sample into the twins, in one transaction."""
    from psycopg2.extras import execute_values

    cur.execute("begin")
    for name, some in rows.items():
        execute_values(cur, f"insert into twin.{name} values %s", some, page_size=1_000)  # noqa: S608
    cur.execute("commit")


def _differing(cur: "cursor") -> int:
    """Rows that stand in only one of ``raw`` and the twins."""
    total = 0
    for name in _TABLES:
        cur.execute(
            f"select count(*) from ((table raw.{name} except all table twin.{name}) "  # noqa: S608
            f"union all (table twin.{name} except all table raw.{name})) as one_sided"
        )
        total += int((cur.fetchone() or (0,))[0])
    return total
