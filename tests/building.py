"""Builds without gate and publisher: deliver rows through the real door, build, keep what would be live."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from psycopg2 import sql

from gaung import enrich, models
from gaung.settings import get_settings
from gaung.warehouse import builds, latest, loader, marts, partitions
from gaung.warehouse.connect import connect
from tests.fakes import landed

BUILT_AT = datetime(2026, 3, 9, tzinfo=UTC)


def brands(**changes: dict[str, Any]) -> dict[str, Any]:
    """Two invented brands in two time zones, with changes by brand id; None leaves a brand out."""
    base = {
        "kopi": {
            "id": "kopi",
            "name": "Kopi Uji",
            "client": "uji",
            "is_synthetic": True,
            "timezone": "Asia/Jakarta",
            "languages": ["id", "en"],
            "keywords": ["kopi uji"],
            "hashtags": ["#kopiuji"],
            "handles": {"x": ["@kopiuji"]},
            "competitors": ["teh"],
        },
        "teh": {
            "id": "teh",
            "name": "Teh Uji",
            "client": "uji",
            "is_synthetic": True,
            "timezone": "America/New_York",
            "languages": ["en"],
            "keywords": ["teh uji"],
        },
    }
    for brand_id, change in changes.items():
        base[brand_id] |= change
    return {"clients": [{"id": "uji", "name": "Klien Uji"}], "brands": list(base.values())}


def write_brands(**changes: dict[str, Any]) -> None:
    """Write brands.yml where the settings look for it."""
    path: Path = get_settings().brands_file
    path.write_text(yaml.safe_dump(brands(**changes), sort_keys=False), encoding="utf-8")


def deliver(lines: list[Any], name: str = "some.ndjson", **options: Any) -> None:
    """Land and load one batch."""
    outcome = loader.load(landed(lines, name, **options).path)
    assert not outcome.quarantined, outcome


def ask(query: str, parameters: tuple[Any, ...] = (), role: Any = "transformer") -> list[tuple[Any, ...]]:
    """Rows of a query, committed."""
    with closing(connect(role, autocommit=True)) as session, session.cursor() as cur:
        cur.execute(query, parameters or None)
        return list(cur.fetchall()) if cur.description else []


def prepare(mode: builds.Mode = "incremental") -> builds.Build:
    """A build whose dirty keys are noted and which may still be given up or built."""
    build = builds.begin(holder="test", holder_kind="process", mode=mode)
    assert build is not None, "nothing to build"
    latest.refresh(build.build_id, build.token)
    enrich.run(build.build_id, build.token)
    latest.note_partitions(build.build_id, build.token)
    return build


def give_up(build: builds.Build) -> None:
    """End the build as failed: what it noted stays for the next one."""
    builds.finish(build.build_id, build.token, "failed")


def dirty(kind: str) -> set[tuple[Any, ...]]:
    """Keys of a kind that wait for the next publication."""
    return set(ask(f"select * from core.dirty__{kind}"))


def settle(build: builds.Build) -> None:
    """End the build as published and empty what the publisher empties."""
    for kind in partitions.KINDS:
        ask(f"delete from core.dirty__{kind}")
    ask("delete from core.pending_post")
    ask("delete from core.pending_author")
    builds.finish(build.build_id, build.token, "published")


class Shelf:
    """What would be live: rows of each mart by primary key, changed by partition as the publisher does."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {mart.name: {} for mart in marts.load()}
        self.version = 0

    def build(self, mode: builds.Mode = "incremental") -> dict[str, int]:
        """Build and publish once; gives the rows of the candidate."""
        build = prepare(mode)
        self.version += 1
        rows = models.run(build.build_id, build.token, version=self.version, built_at=BUILT_AT)
        for mart in marts.load():
            self._replace(mart)
        settle(build)
        return rows

    def _replace(self, mart: marts.Mart) -> None:
        candidate = candidate_rows(mart)
        live = self.rows[mart.name]
        if mart.kind == "whole":
            live.clear()
        else:
            keys = dirty(mart.kind)
            strays = {key(row, mart.partition) for row in candidate} - keys
            assert not strays, f"{mart.name} built partitions that are not dirty: {strays}"
            for row_key in [k for k, row in live.items() if key(row, mart.partition) in keys]:
                del live[row_key]
        for row in candidate:
            assert key(row, mart.primary_key) not in live
            live[key(row, mart.primary_key)] = row

    def without_lineage(self) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
        """The rows in the columns in which incremental and full builds must be equal."""
        return {
            name: {
                row_key: {k: v for k, v in row.items() if k not in marts.LINEAGE_COLUMNS}
                for row_key, row in sorted(rows.items(), key=repr)
            }
            for name, rows in self.rows.items()
        }


def candidate_rows(mart: marts.Mart) -> list[dict[str, Any]]:
    """All rows of a mart's candidate."""
    with closing(connect("transformer")) as session, session.cursor() as cur:
        cur.execute(sql.SQL("select * from {}").format(sql.Identifier("marts__build", mart.name)))
        names = [column.name for column in cur.description]
        return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]


def key(row: dict[str, Any], columns: tuple[str, ...]) -> tuple[Any, ...]:
    """The values of some columns."""
    return tuple(row[column] for column in columns)


WORDS = (
    "I love kopi uji so much",
    "teh uji is terrible and sad",
    "kopi uji lebih enak dari teh uji di Bandung",
    "nothing to see here",
    "the table stands in the room #kopiuji",
    "",
)


PROFILES: tuple[dict[str, Any], ...] = (
    {"location_text": "Kota Bekasi, Jawa Barat", "bio": "UMKM kue kering, terima pesanan"},
    {"location_text": "Solo", "category": "Batik"},
    {"location_text": "di mana saja"},
)
"""What an account says of itself, while its handle is its id."""


def own_account_lines(day: int, followers: int) -> list[dict[str, Any]]:
    """A snapshot of an account of the brand kopi, and a post by it, on a day of March."""
    moment = f"2026-03-{day:02d}T09:00:00+00:00"
    ids = {"platform": "x", "author_id": "own"}
    own_post = {
        **{"platform": "x", "post_id": f"own{day}", "author_id": "own", "created_at": moment},
        **{
            "text": "selamat pagi dari kopii uji",
            "post_type": "post",
            "is_collected": True,
            "is_deleted": False,
        },
    }
    rows = {
        "authors": [{**ids, "handle": "KopiUji", "location_text": "Bandung", "bio": "kopi lokal"}],
        "author_metrics": [{**ids, "followers": followers}],
        "posts": [own_post],
    }
    return [{"rows": rows, "observed_at": moment}]


def random_lines(rng: random.Random, count: int) -> list[dict[str, Any]]:
    """Versions, tombstones, figures, authors and parts of a few posts, observed in any order."""
    return list(_random_lines(rng, count))


def _random_lines(rng: random.Random, count: int) -> Iterator[dict[str, Any]]:
    for _ in range(count):
        observed = f"2026-03-{rng.randint(1, 4):02d}T{rng.randint(0, 23):02d}:00:00+00:00"
        post_id, author_id = str(rng.randint(1, 12)), f"a{rng.randint(1, 4)}"
        choice = rng.random()
        if choice < 0.55:
            rows = {"posts": [_random_post(rng, post_id, author_id)]}
        elif choice < 0.65:
            rows = {"posts": [{**_random_post(rng, post_id, author_id), "text": None, "is_deleted": True}]}
        elif choice < 0.8:
            metrics = {
                name: rng.choice([None, 0, 3, 50]) for name in ("likes", "comments", "reposts", "quotes")
            }
            full = {"saves": rng.choice([None, 1]), "impressions": rng.choice([None, 0, 1000])}
            rows = {"post_metrics": [{"platform": "x", "post_id": post_id, **metrics, **full}]}
        elif choice < 0.9:
            handle = rng.choice([author_id, "kopiuji"])
            author = {"platform": "x", "author_id": author_id, "handle": handle}
            profile = PROFILES[int(author_id[1:]) % len(PROFILES)] if handle == author_id else {}
            rows = {"authors": [{**author, **profile, "is_verified": rng.choice([None, False, True])}]}
        elif choice < 0.95:
            figures = {"followers": rng.choice([None, 0, 10, 5000])}
            rows = {"author_metrics": [{"platform": "x", "author_id": author_id, **figures}]}
        else:
            part = {
                "platform": "x",
                "post_id": post_id,
                "part": "alt",
                "text": f"picture {rng.randint(1, 3)}",
            }
            rows = {"post_text_parts": [part]}
        yield {"rows": rows, "observed_at": observed}


def _random_post(rng: random.Random, post_id: str, author_id: str) -> dict[str, Any]:
    hour = f"2026-03-{rng.randint(1, 3):02d}T{rng.choice([0, 4, 5, 16, 17, 18]):02d}:30:00+00:00"
    author, moment = rng.choice([None, author_id, author_id, author_id]), rng.choice([None, *[hour] * 4])
    text, post_type = rng.choice(WORDS), rng.choice(["post", "post", "reply", "repost"])
    parent = str((int(post_id) + WORDS.index(text)) % 12 + 1) if post_type == "reply" else None
    return {
        "platform": "x",
        "post_id": post_id,
        "author_id": author,
        "created_at": moment,
        "text": text,
        "post_type": post_type,
        "parent_post_id": parent,
        "hashtags": rng.choice([None, [], ["kopiuji"], ["ramai", "kopiuji"]]),
        "url": f"https://example.com/{post_id}",
        "urls": ["https://example.com"],
        "is_collected": rng.random() < 0.8,
        "is_deleted": False,
    }
