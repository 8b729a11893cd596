"""Deleted posts: their words are in every room, then in none; every count stays; loads obey."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gaung import landing, pipeline
from gaung.cli import app
from gaung.erasure import deleted, rooms
from gaung.settings import get_settings
from gaung.warehouse import known, loader, publisher, setup
from gaung.warehouse.connect import connect
from tests.building import ask, deliver, write_brands
from tests.erasure.test_erasure import deliver_all, everything, on_server, places_of
from tests.fakes import encode, line, lines_format, post
from tests.truth.worlds import DELIVERY_BOUND, checksums

__all__ = ["lines_format"]

FIRST = "saya suka sekali kopi uji yang dibuat tetangga"
SECOND = "ternyata kopi uji pahit, tolong hubungi 08123456789"
ALT = "foto cangkir di meja kayu"
SHORT = "kopi uji"
WORDS = (FIRST, SECOND, ALT)


def own(**columns: Any) -> dict[str, Any]:
    return post("d1", **{"author_id": "7", "text": FIRST, "url": "https://x.com/a/status/d1"} | columns)


LIVING = [
    line(
        own(),
        authors=[{"platform": "x", "author_id": "7", "handle": "budi", "is_verified": True}],
        post_metrics=[{"platform": "x", "post_id": "d1", "likes": 4}],
        post_text_parts=[{"platform": "x", "post_id": "d1", "part": "alt", "text": ALT}],
    ),
    line(post("r1", author_id="8", text=FIRST, post_type="repost", reposted_post_id="d1")),
    line(post("d2", author_id="8", text=SHORT), observed=1),
    line(post("l1", author_id="9", text="kopi uji biasa saja"), post("l2", author_id="9", text=SHORT)),
    {"problem": "bad_date", "text": FIRST},
]
EDITED = [line(own(text=SECOND, hashtags=["senja"]), observed=5)]
TOMBSTONES = [line(post(name, text=None, is_deleted=True), observed=9) for name in ("d1", "d2")]


SAVED = "deleted_saved"


@pytest.fixture(scope="module")
def saved(server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the landing of the built warehouse is kept; its database is kept as a template."""
    yield tmp_path_factory.mktemp("saved") / "landing"
    on_server(f"drop database if exists {SAVED} with (force)")


@pytest.fixture
def shop(warehouse: str, lines: Any, saved: Path, tmp_path: Path) -> str:
    """Posts that were published, edited, deleted, published again; built once, later tests get a copy."""
    write_brands()
    if saved.exists():
        on_server(f"drop database {warehouse} with (force)", f"create database {warehouse} template {SAVED}")
        shutil.copytree(saved, tmp_path / "landing")
        setup.arrange()
        return warehouse
    for content, name in ((LIVING, "first.ndjson"), (EDITED, "second.ndjson"), (TOMBSTONES, "third.ndjson")):
        deliver_all(content, name)
        pipeline.build(holder="test")
    on_server(
        f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{warehouse}'",
        f"create database {SAVED} template {warehouse}",
    )
    shutil.copytree(tmp_path / "landing", saved)
    return warehouse


def counts() -> list[tuple[Any, ...]]:
    """What readers count: posts and matches, whatever they say."""
    posts = "select post_key, is_deleted, post_type, brand_count from fct_post order by 1"
    brands = "select post_key, brand_id, matched_by, matched_term from bridge_post_brand order by 1, 2"
    volume = "select brand_id, hour_at, post_count, repost_count from brand_sentiment_hourly order by 1, 2"
    return [row for query in (posts, brands, volume) for row in ask(query, role="bi_reader")]


def test_words_are_in_every_room_then_in_none_and_every_count_stays(shop: str) -> None:
    reports = get_settings().home / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "brief.html").write_text(f"<p>„{FIRST}“</p><p>lain</p>", "utf-8")
    held = {name.split(".")[0] for name in places_of(*WORDS)}
    assert held >= {"raw", "core", "ops"}, "else nothing is shown"
    assert {"raw.quarantine", "ops.before_image", "core.text_masked"} <= places_of(FIRST)
    before = counts()

    result = deleted.erase(holder="test")

    assert result.found == dict.fromkeys(("landing", *rooms.ROOMS, "reports", "drop folder"), 0)
    assert places_of(*WORDS) == set()
    assert counts() == before
    assert ask("select post_id, text from raw.posts where text is not null order by 1") == [
        ("l1", "kopi uji biasa saja"),
        ("l2", SHORT),
    ]
    assert ask("select text from fct_post where text is not null order by 1", role="bi_reader") == [
        (SHORT,),
        ("kopi uji biasa saja",),
    ]
    assert (reports / "brief.html").read_text("utf-8") == "<p>„[erased]“</p><p>lain</p>"
    get_settings().home.joinpath("reports", "brief.html").unlink()
    _landing_gives_the_same_records_without_words()
    _doing_it_again_or_all_anew_changes_nothing()
    _late_words_are_kept_out_of_raw_and_landing()


def _landing_gives_the_same_records_without_words() -> None:
    paths = {landing.read_manifest(path).files[0].name: path for path in landing.batches()}
    manifest = landing.read_manifest(paths["first.ndjson"])
    assert len(manifest.files[0].replaced_sha256) == 1
    with landing.open_payload(paths["first.ndjson"]) as payload:
        rows = [json.loads(row) for row in payload.read().splitlines()]
    assert len(rows) == manifest.records == len(LIVING)
    post_row = json.loads(encode(LIVING[:1]))["rows"]["posts"][0]
    assert rows[0]["rows"]["posts"][0] == post_row | {"text": "[erased]"}
    assert rows[3] == json.loads(encode([LIVING[3]]))


def _doing_it_again_or_all_anew_changes_nothing() -> None:
    stored = everything()
    again = deleted.erase(holder="test")
    assert (again.is_complete, again.counts) == (True, {"posts": 0})
    assert everything() == stored
    assert pipeline.build(holder="test", full=True).status == "unchanged"


def _late_words_are_kept_out_of_raw_and_landing() -> None:
    sums = checksums(without=DELIVERY_BOUND)
    older = line(own(text=f"{FIRST} sekali"), observed=3)
    outcome = deliver_all([*LIVING[:1], *EDITED, older], "again.ndjson")
    assert (outcome.received, outcome.loaded, outcome.unchanged) == (3, 1, 2)
    assert places_of(*WORDS) == set()
    pipeline.build(holder="test")
    assert checksums(without=DELIVERY_BOUND) == sums


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_post_that_lives_again_has_words_again_and_loses_them_again(shop: str) -> None:
    deleted.erase(holder="test")
    deliver([line(own(text="teh uji lebih enak, sungguh lebih enak"), observed=20)], "back.ndjson")
    pipeline.build(holder="test")
    found = "select b.brand_id, f.text from fct_post as f join bridge_post_brand as b using (post_key) " \
            "where f.text like 'teh uji%'"  # fmt: skip
    assert ask(found, role="bi_reader") == [("teh", "teh uji lebih enak, sungguh lebih enak")]
    deliver([line(post("d1", text=None, is_deleted=True), observed=30)], "gone.ndjson")
    pipeline.build(holder="test")
    before = counts()

    assert deleted.erase(holder="test").is_complete

    assert places_of("teh uji lebih enak") == set()
    assert counts() == before
    assert pipeline.build(holder="test", full=True).status == "unchanged"


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_term_that_goes_takes_its_match_along(shop: str) -> None:
    deleted.erase(holder="test")
    assert ("kopi", "keyword") in ask(MATCHES, role="bi_reader")
    write_brands(kopi={"keywords": ["kopi lain"]})
    pipeline.build(holder="test")
    assert ("kopi", "keyword") not in ask(MATCHES, role="bi_reader")
    assert pipeline.build(holder="test", full=True).status == "unchanged"


MATCHES = """
    select brand_id, matched_by from bridge_post_brand join fct_post using (post_key) where is_deleted
"""


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", ["_clear_landing", "_clear_words", "_clear_raw", "_clear_before_images"])
def test_an_interrupted_erasure_is_ended_by_the_next(
    shop: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts()

    def broken(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deleted, step, broken)
        with pytest.raises(KeyboardInterrupt):
            deleted.erase(holder="test")
    assert deleted.erase(holder="test").is_complete
    assert places_of(*WORDS) == set()
    assert counts() == before


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_rollback_does_not_bring_the_words_back(shop: str) -> None:
    deleted.erase(holder="test")
    publisher.rollback(1, reason="test")
    assert places_of(*WORDS) == set()
    publisher.resume()
    pipeline.build(holder="test")
    assert pipeline.build(holder="test", full=True).status == "unchanged"


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_marts_as_known_before_the_deletion_count_the_post_without_words(shop: str) -> None:
    second: Any = ask("select loaded_at from ops.batch order by batch_id")[1][0]
    deleted.erase(holder="test")
    with known.at(second + timedelta(milliseconds=1)), closing(connect("bi_reader")) as session:
        cur = session.cursor()
        cur.execute(
            "select count(*), count(f.text) from fct_post as f join bridge_post_brand using (post_key) "
            "where matched_by = 'keyword' and not is_deleted"
        )
        assert cur.fetchone() == (5, 2)


def test_the_command_prints_what_is_left(shop: str) -> None:
    done = CliRunner().invoke(app, ["erase", "--deleted"])
    assert done.exit_code == 0, done.output
    assert done.output.rstrip().endswith("in all                       0")
    assert CliRunner().invoke(app, ["erase"]).exit_code != 0
    assert CliRunner().invoke(app, ["erase", "budi", "--deleted"]).exit_code != 0


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_real_forms_of_files(warehouse: str, tmp_path: Path) -> None:
    """The demo's deleted posts, in the files' own forms."""
    from random import Random

    from gaung.demo import generate
    from gaung.demo.generator import DELIVERY
    from tests.truth.worlds import pieces, recut, use_project_brands

    use_project_brands()
    generate(tmp_path / "demo")
    for piece in recut(pieces(tmp_path / "demo" / DELIVERY), tmp_path / "cut", Random(0), keep=0.1):
        piece.ingest()
    pipeline.build(holder="test")
    before = counts()
    texts = [text for (text,) in ask(
        "select v.text from raw.posts as v join core.post as p using (platform, post_id) "
        "where p.is_deleted and v.text is not null and length(v.text) > 30"
    )]  # fmt: skip
    assert texts

    result = deleted.erase(holder="test")

    assert result.found == dict.fromkeys(result.found, 0)
    assert result.counts["posts"] > 0 < result.counts["landing"]
    assert ask("select count(*) from raw.posts join core.post as p using (platform, post_id) "
               "where p.is_deleted and raw.posts.text is not null") == [(0,)]  # fmt: skip
    assert counts() == before
    assert pipeline.build(holder="test", full=True).status == "unchanged"
    for path in landing.batches():
        manifest = landing.read_manifest(path)
        outcome = loader.rehearse(_format(manifest.format), landing.open_payload(path), manifest.context())
        assert outcome.received == manifest.records


def _format(name: str) -> Any:
    from gaung.sources import registry

    return next(format for format in registry.formats() if format.name == name)
