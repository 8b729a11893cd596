"""The recorded payloads from files to published posts: exactly what the independent count says."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gaung import keys, pipeline
from gaung.ingest import IngestReport, ingest_files
from gaung.settings import get_settings
from gaung.warehouse.connect import connect
from tests.sources import census

AS_OF = datetime(2026, 8, 10, tzinfo=UTC)
FOLDERS = ("mastodon", "reddit", "youtube", "facebook")

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
POSTS = """
    select platform, count(distinct post_id), count(distinct post_id) filter (where post_type = 'comment')
    from raw.posts group by platform
"""
AUTHORS = "select platform, count(distinct author_id) from raw.authors group by platform"
OBSERVATIONS = "select platform, count(*) from raw.post_metrics group by platform"
TABLES = ("posts", "post_text_parts", "post_metrics", "authors", "author_metrics", "quarantine")


def _rows(statement: str) -> list[Any]:
    session = connect("admin")
    try:
        with session.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        session.close()


def _sizes() -> dict[str, int]:
    return {name: _rows(f"select count(*) from raw.{name}")[0][0] for name in TABLES}


def _ingest(test_data: Path) -> IngestReport:
    folders = [test_data / "payloads" / name for name in FOLDERS]
    return ingest_files(folders, brand="contoh", as_of=AS_OF)


@pytest.mark.prove
def test_raw_and_marts_equal_the_independent_count(warehouse: Any, test_data: Path) -> None:
    get_settings().brands_file.write_text(BRANDS, "utf-8")
    payloads = test_data / "payloads"
    counted = {
        "mastodon": census.mastodon(payloads / "mastodon"),
        "reddit": census.reddit(payloads / "reddit"),
        "youtube": census.youtube(payloads / "youtube"),
        "facebook": census.facebook(payloads / "facebook"),
        "instagram": census.instagram(payloads / "facebook"),
    }

    first = _ingest(test_data)
    sizes = _sizes()
    second = _ingest(test_data)

    assert {file.name.rpartition("/")[2] for file in first.files if file.status == "failed"} == {
        "LICENSE",
        "LICENSE.txt",
    }
    assert first.kinds("quarantined") == {"not_public": 28}
    posts = {platform: (total, comments) for platform, total, comments in _rows(POSTS)}
    assert posts == {
        platform: (len(found.posts | found.referenced | found.comments), len(found.comments))
        for platform, found in counted.items()
    }
    assert dict(_rows(AUTHORS)) == {platform: len(found.authors) for platform, found in counted.items()}
    assert dict(_rows(OBSERVATIONS)) == {
        platform: len(found.observations) for platform, found in counted.items()
    }
    assert second.total("loaded") == 0
    assert _sizes() == sizes
    assert 0 < 100 * first.total("quarantined_count") <= first.total("received")

    pipeline.build(holder="test")

    collected = {
        keys.post_key(platform, post_id)
        for platform, found in counted.items()
        for post_id in found.posts | found.comments
    }
    assert {key for (key,) in _rows("select post_key from marts.fct_post")} == collected
    mentions = _rows("select post_key from marts.bridge_post_brand where brand_id = 'contoh'")
    assert {key for (key,) in mentions} == collected
