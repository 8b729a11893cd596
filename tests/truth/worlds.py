"""Deliveries of the demo's files in any cut and order, and checksums of what was published."""

import shutil
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import yaml
from psycopg2 import sql

from gaung.ingest import ingest_files
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import marts
from gaung.warehouse.connect import connect

DELIVERY_BOUND = {"collection_coverage"}
"""Marts that describe deliveries themselves: they follow how the same posts were cut into files."""


@dataclass(frozen=True)
class Piece:
    """A file to ingest, with what the command line would be told."""

    path: Path
    as_of: datetime
    brand: str | None = None
    map_path: Path | None = None

    def ingest(self) -> None:
        """Load it; an assertion if it is neither accounted for nor just being loaded by another loader."""
        report = ingest_files(
            [self.path], brand=self.brand, map_path=self.map_path, as_of=self.as_of, synthetic=True
        )
        failed = [file for file in report.files if file.error and file.error_class != "BatchBusy"]
        assert not failed, failed


def use_project_brands() -> None:
    """Copy the project's brands.yml to where the test's settings look for it."""
    shutil.copy(PROJECT_ROOT / "brands.yml", get_settings().brands_file)


def pieces(folder: Path) -> list[Piece]:
    """The demo's files as its delivery note lists them."""
    note: dict[str, Any] = yaml.safe_load((folder / "delivery.yml").read_text("utf-8"))
    found = []
    for name, options in note["files"].items():
        as_of = options["as_of"]
        moment = as_of if isinstance(as_of, datetime) else datetime.fromisoformat(as_of)
        column_map = folder / options["map"] if "map" in options else None
        found.append(Piece(folder / name, moment, options.get("brand"), column_map))
    return found


def recut(whole: Iterable[Piece], folder: Path, rng: Random, *, keep: float = 1.0) -> list[Piece]:
    """The same records in other files: lines dealt at random to one to four files each.

    JSON documents stay whole.

    Args:
        keep: share of the lines to keep, for a small dose; the choice depends on the line alone, so
            that every cut of the same files keeps the same lines.
    """
    folder.mkdir(parents=True)
    cut = []
    for piece in whole:
        lines = piece.path.read_bytes().splitlines(keepends=True)
        header, body = (lines[:1], lines[1:]) if piece.path.suffix == ".csv" else ([], lines)
        if piece.path.suffix == ".json" or len(body) < 2:
            cut.append(piece)
            continue
        chosen = [line for line in body if Random(line).random() < keep]
        hands: list[list[bytes]] = [[] for _ in range(rng.randint(1, 4))]
        for line in chosen:
            rng.choice(hands).append(line if line.endswith(b"\n") else line + b"\n")
        for number, hand in enumerate(hand for hand in hands if hand):
            path = folder / f"{piece.path.stem}.{number}{piece.path.suffix}"
            path.write_bytes(b"".join([*header, *hand]))
            cut.append(Piece(path, piece.as_of, piece.brand, piece.map_path))
    return cut


def shuffled(cut: list[Piece], rng: Random) -> list[Piece]:
    """In another order, a third of the files delivered twice, a tenth moved to the very end."""
    order = [*cut, *rng.sample(cut, len(cut) // 3)]
    rng.shuffle(order)
    late = set(rng.sample(range(len(order)), max(1, len(order) // 10)))
    return [p for i, p in enumerate(order) if i not in late] + [p for i, p in enumerate(order) if i in late]


def checksums(without: Iterable[str] = ()) -> dict[str, str]:
    """Checksum of each published mart over all columns but lineage, rows in key order."""
    found = {}
    with closing(connect("bi_reader")) as session, session.cursor() as cur:
        for mart in marts.load():
            if mart.name in set(without):
                continue
            kept = [name for name in mart.column_names if name not in marts.LINEAGE_COLUMNS]
            cur.execute(
                sql.SQL(
                    "select count(*), md5(coalesce(string_agg(md5(({columns})::text), '' order by {key}),"
                    " '')) from marts.{mart}"
                ).format(
                    columns=sql.SQL(", ").join(map(sql.Identifier, kept)),
                    key=sql.SQL(", ").join(map(sql.Identifier, mart.primary_key)),
                    mart=sql.Identifier(mart.name),
                )
            )
            count, digest = cur.fetchone()
            found[mart.name] = f"{count}:{digest}"
    return found


@dataclass(frozen=True)
class Tick:
    """What ``ops`` says of one incremental build.

    Attributes:
        touched_posts: posts that its batches brought anything about, themselves or by their author.
        latest_posts: rows of ``core.post`` recomputed.
        dirty: keys per partition kind, those included that the models add (authors whose rank moves).
        candidate_rows: rows built per mart.
        replaced: partitions that the publication replaced per mart.
    """

    build_id: int
    touched_posts: int
    latest_posts: int
    dirty: dict[str, int]
    candidate_rows: dict[str, int]
    replaced: dict[str, int]


TICKS = """
select b.build_id, s.stages, t.touched + w.widened
from ops.build as b
cross join lateral (
    select jsonb_object_agg(stage, rows_written) as stages from ops.build_stage where build_id = b.build_id
) as s
cross join lateral (
    select count(*) as touched from (
        select platform, post_id from raw.posts join ops.build_batch using (batch_id)
        where build_id = b.build_id
        union
        select platform, post_id from raw.post_metrics join ops.build_batch using (batch_id)
        where build_id = b.build_id
        union
        select platform, post_id from raw.post_text_parts join ops.build_batch using (batch_id)
        where build_id = b.build_id
        union
        select platform, post_id from raw.post_declared_brand join ops.build_batch using (batch_id)
        where build_id = b.build_id
        union
        select p.platform, p.post_id
        from raw.posts as p
        where p.author_id is not null and (p.platform, p.author_id) in (
            select platform, author_id from raw.authors join ops.build_batch using (batch_id)
            where build_id = b.build_id
            union
            select platform, author_id from raw.author_metrics join ops.build_batch using (batch_id)
            where build_id = b.build_id
        )
    ) as touched
) as t
cross join lateral (
    -- an observation of what was known leaves its row to the batch that brought it
    select coalesce(sum((e.value ->> 'changed')::bigint), 0) as widened
    from ops.build_batch as c
    join ops.outcome as o on c.batch_id = o.batch_id and o.step = 'load' and o.status = 'succeeded'
    cross join jsonb_each(o.entity_rows) as e
    where c.build_id = b.build_id
) as w
where b.mode = 'incremental' and b.status = 'published'
order by b.build_id
"""


def ticks() -> list[Tick]:
    """The published incremental builds as ``ops`` tells them, in order."""
    with closing(connect("transformer")) as session, session.cursor() as cur:
        cur.execute(TICKS)
        return [_tick(*row) for row in cur.fetchall()]


def _tick(build_id: int, stages: dict[str, dict[str, int]], touched: int) -> Tick:
    keys = {name: count for name, count in stages["models"].items() if name.startswith("dirty__")}
    rows = {name: count for name, count in stages["models"].items() if name not in keys}
    dirty = {name.removeprefix("dirty__"): count for name, count in keys.items()}
    return Tick(build_id, int(touched), stages["latest"]["post"], dirty, rows, stages["publish"])
