"""Real files of three kinds through the whole path: counted independently, loaded, built, published."""

import csv
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import correlation
from typing import Any

import pytest

from gaung import keys, pipeline
from gaung.ingest import IngestReport, ingest_files
from gaung.settings import get_settings
from gaung.warehouse.connect import connect

AS_OF = datetime(2026, 8, 1, tzinfo=UTC)
BRANDS = """
clients: [{id: konsultan_contoh, name: Konsultan Contoh}]
brands:
  - id: contoh
    name: Merek Contoh
    client: konsultan_contoh
    timezone: Asia/Jakarta
    languages: [id, en]
    keywords: ["merek contoh"]
"""


def _reviews(folder: Path) -> int:
    """Rows of the reviews: each is a post, since none has an id and equal rows are numbered."""
    path = folder / "reviews" / "prdect_id_60pct_of_products.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.DictReader(stream))


def _tweets(folder: Path) -> dict[str, float]:
    """Mean human rating by id of the rated tweets; split by tabs, without the table format."""
    lines = (folder / "sentiment" / "vader" / "tweets_GroundTruth.txt").read_text("utf-8").split("\n")
    cells = [line.split("\t") for line in lines if line.strip()]
    return {tweet_id: float(rating) for tweet_id, rating, *_ in cells}


def _x_posts(value: Any, protected: frozenset[str] = frozenset()) -> set[str]:
    """Ids of posts anywhere in X's example responses whose author is not protected."""
    found: set[str] = set()
    if isinstance(value, dict):
        users = value.get("includes", {}).get("users", [])
        protected |= {user["id"] for user in users if user.get("protected")}
        if "text" in value and "author_id" in value and value["author_id"] not in protected:
            found.add(value["id"])
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found.union(*(_x_posts(one, protected) for one in inner))


def _extracted(folder: Path, target: Path) -> Path:
    """The `response` bodies of X's examples, one file each."""
    target.mkdir()
    for path in sorted((folder / "payloads" / "x").glob("*.json")):
        for number, example in enumerate(json.loads(path.read_text("utf-8"))):
            body = json.dumps(example["response"], ensure_ascii=False)
            (target / f"{path.stem}.{number}.json").write_text(body, "utf-8")
    return target


def _ingest(folder: Path, x_bodies: Path) -> list[IngestReport]:
    reviews = folder / "reviews" / "prdect_id_60pct_of_products.csv"
    tweets = folder / "sentiment" / "vader" / "tweets_GroundTruth.txt"
    return [
        ingest_files([reviews], brand="contoh", map_path="tokopedia_reviews", as_of=AS_OF),
        ingest_files([tweets], brand="contoh", map_path="rated_tweets", as_of=AS_OF),
        ingest_files([x_bodies], brand="contoh", as_of=AS_OF),
    ]


def _published() -> dict[str, float | None]:
    """Compound by post_key of every published post."""
    with closing(connect("bi_reader")) as session, session.cursor() as cur:
        cur.execute("select post_key, sentiment_compound from marts.fct_post")
        return dict(cur.fetchall())


@pytest.mark.timeout(600)
def test_real_files_are_published_to_the_post(warehouse: str, test_data: Path, tmp_path: Path) -> None:
    get_settings().brands_file.write_text(BRANDS, "utf-8")
    x_bodies = _extracted(test_data, tmp_path / "x")
    ratings = _tweets(test_data)
    x_ids = set().union(
        *(_x_posts(json.loads(path.read_text("utf-8"))) for path in sorted(x_bodies.iterdir()))
    )

    first = _ingest(test_data, x_bodies)
    pipeline.build(holder="test")
    published = _published()
    again = _ingest(test_data, x_bodies)

    failed = [file for report in first for file in report.files if file.error]
    assert failed == []
    assert (
        [report.total("received") for report in first[:2]]
        == [3431, 4200]
        == [
            _reviews(test_data),
            len(ratings),
        ]
    )
    assert all(file.outcome is not None and file.outcome.loaded == 0 for r in again for file in r.files)
    x_keys = {keys.post_key("x", post_id) for post_id in ratings.keys() | x_ids}
    assert x_keys <= published.keys()
    assert len(published) == 3431 + len(x_keys)

    scored = [
        (float(compound), rating)
        for tweet_id, rating in ratings.items()
        if (compound := published[keys.post_key("x", tweet_id)]) is not None
    ]
    r = correlation([compound for compound, _ in scored], [rating for _, rating in scored])
    print(f"{len(scored)} of {len(ratings)} tweets scored; Pearson r with the human means {r:.4f}")
    assert len(scored) > 0.97 * len(ratings)
    assert r > 0.865
