"""Score all texts with the engines of today beside the scores in use, before a build needs them.

Nothing is activated and no post becomes pending: the next build finds its texts scored, makes the new
versions the ones that the marts show and builds the posts anew. It takes no part in the build lock, so
that ticks go on beside it. Scores are added, never changed, under versions that no mart shows yet; a build
that adds the same ones meets them in the same order, and the second to come adds nothing. Only an erasure
takes scores away: it locks their tables, and each transaction here looks, after its own lock on them, which
of its texts some post still has.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gaung import enrich, scores
from gaung.brands.config import load
from gaung.text.registry import Task
from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    import polars as pl
    from psycopg2.extensions import cursor

log = logging.getLogger(__name__)

Progress = Callable[[int], None]
"""Called after each chunk with the texts scored so far."""


@dataclass(frozen=True)
class Lack:
    """What today's engines have not scored.

    Attributes:
        texts: distinct texts of the warehouse.
        lacking: those that some task has not scored.
        by_task: those that each task has not scored.
    """

    texts: int
    lacking: int
    by_task: dict[Task, int]


def lack() -> Lack:
    """How many distinct texts each task has not scored under its version of today."""
    versions = scores.versions(load())
    missing = [f"{task.name}.text_hash is null" for task in scores.TASKS]
    counts = ", ".join(f"count(*) filter (where {one})" for one in (" or ".join(missing), *missing))
    with (
        closing(connect("transformer", application_name="gaung rescore")) as session,
        session.cursor() as cur,
    ):
        cur.execute(
            f"select count(*), {counts} from {enrich.texts_with_scores(enrich.TEXTS)}",  # noqa: S608
            tuple(versions[task.name] for task in scores.TASKS),
        )
        row: Any = cur.fetchone()
    return Lack(row[0], row[1], {task.name: n for task, n in zip(scores.TASKS, row[2:], strict=True)})


def run(progress: Progress | None = None) -> int:
    """Texts that were scored; each chunk is kept when it is done, so that running it again goes on there.

    Raises:
        SettingsInvalid: brands.yml cannot be used as written.
    """
    brands = load()
    versions = scores.versions(brands)
    done = 0
    with closing(connect("transformer", application_name="gaung rescore")) as session:
        for rows in enrich.lacking(enrich.TEXTS, versions):
            found = enrich.scored(rows, brands, versions)
            with session, session.cursor() as cur:
                _write(cur, [row[0] for row in rows], found)
            done += len(rows)
            log.info("%s texts scored so far", done)
            if progress:
                progress(done)
    return done


def _write(cur: "cursor", text_hashes: list[str], found: dict[str, "pl.DataFrame"]) -> None:
    """Add a chunk's scores, but not of texts that no post has any more."""
    import polars as pl

    tables = ", ".join(f"core.{table}" for table in found)
    cur.execute(f"lock table {tables} in row exclusive mode")
    cur.execute(
        """
        select a.text_hash
        from unnest(%s) as a (text_hash)
        where exists (select from core.post as p where p.text_hash = a.text_hash)
            or exists (select from core.post_text as p where p.text_hash = a.text_hash)
        """,
        (text_hashes,),
    )
    kept = [key for (key,) in cur.fetchall()]
    for table, part in found.items():
        enrich.merge(cur, part.filter(pl.col("text_hash").is_in(kept)), f"core.{table}")
