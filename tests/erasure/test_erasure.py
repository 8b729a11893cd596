"""Erasure end to end: a person is in every room, then in none, and no loader brings the person back."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gaung import erasure, ingest, landing, pipeline
from gaung.cli import app
from gaung.erasure import rooms
from gaung.errors import SettingsInvalid
from gaung.settings import get_settings
from gaung.warehouse import loader, publisher, setup
from gaung.warehouse.connect import connect
from tests.building import ask, deliver, write_brands
from tests.fakes import encode, landed, line, lines_format, post
from tests.truth.worlds import DELIVERY_BOUND, checksums

__all__ = ["lines_format"]

ID, HANDLE = "9182736455", "zubaidah_unik"
WORDS = "saya suka sekali kopi uji buatan tetangga"


def own(post_id: str, **columns: Any) -> dict[str, Any]:
    return post(post_id, author_id=ID, text=WORDS, url=f"https://x.com/{HANDLE}/status/{post_id}", **columns)


PERSON_LINES = [
    line(
        own("p1", hashtags=["kopiuji"]),
        authors=[{"platform": "x", "author_id": ID, "handle": HANDLE, "is_verified": True, "bio": "hai"}],
        author_metrics=[{"platform": "x", "author_id": ID, "followers": 9000}],
        post_metrics=[{"platform": "x", "post_id": "p1", "likes": 4}],
        post_text_parts=[{"platform": "x", "post_id": "p1", "part": "alt", "text": "foto saya"}],
    ),
    line(own("p2")),
    {"problem": "bad_date", "by": HANDLE},
]
OTHER = post("o1", author_id="7", text=f"kopi uji kata @{HANDLE} enak", mentions=[HANDLE, "lain"])
OTHER_LINES = [
    line(
        OTHER,
        post("o2", author_id="7", text="kopi uji biasa saja", parent_post_id="p1"),
        authors=[{"platform": "x", "author_id": "7", "handle": "lain", "bio": f"teman @{HANDLE}"}],
    )
]


SAVED = "erasure_saved"


@pytest.fixture(scope="module")
def saved(server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the landing of the built warehouse is kept; its database is kept as a template."""
    yield tmp_path_factory.mktemp("saved") / "landing"
    on_server(f"drop database if exists {SAVED} with (force)")


@pytest.fixture
def shop(warehouse: str, lines: Any, saved: Path, tmp_path: Path) -> str:
    """A warehouse that holds the person everywhere, published twice, so that before-images hold her, too.

    It is built once; later tests get a copy.
    """
    write_brands()
    if saved.exists():
        on_server(f"drop database {warehouse} with (force)", f"create database {warehouse} template {SAVED}")
        shutil.copytree(saved, tmp_path / "landing")
        setup.arrange()
        return warehouse
    deliver_all(PERSON_LINES + OTHER_LINES, "first.ndjson")
    pipeline.build(holder="test")
    deliver([line(own("p1", hashtags=["ramai"]), observed=5)], "second.ndjson")
    pipeline.build(holder="test")
    on_server(
        f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{warehouse}'",
        f"create database {SAVED} template {warehouse}",
    )
    shutil.copytree(tmp_path / "landing", saved)
    return warehouse


def on_server(*statements: str) -> None:
    """Run statements beside all databases."""
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        for statement in statements:
            session.cursor().execute(statement)


def deliver_all(lines_: list[Any], name: str) -> loader.LoadOutcome:
    return loader.load(landed(lines_, name).path)


def erase() -> erasure.Erasure:
    return erasure.erase(erasure.find(HANDLE), holder="test")


def everything() -> dict[str, str]:
    """All that is stored, as text: each table, and each file of the landing."""
    found = {}
    with closing(connect("admin")) as session, session.cursor() as cur:
        cur.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema')"
        )
        for (name,) in cur.fetchall():
            cur.execute(f"select coalesce(string_agg(t::text, E'\n'), '') from {name} as t")
            found[name] = cur.fetchone()[0]
    for path in landing.batches():
        for name, data in landing.stored(path).items():
            found[f"{path}/{name}"] = data.decode()
    return found


def places_of(*needles: str) -> set[str]:
    return {name for name, text in everything().items() if any(needle in text for needle in needles)}


def test_a_person_is_in_every_room_then_in_none(shop: str) -> None:
    reports = get_settings().home / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "brief.html").write_text(f"<p>@{HANDLE}: „{WORDS}“</p><p>lain</p>", "utf-8")
    person = erasure.find(HANDLE)
    before = erasure.search(person)
    assert {room for room, count in before.items() if count} >= {"landing", "raw", "core", "marts", "reports"}
    assert before["ops"] > 0, "before-images hold her"
    keys = ask("select author_key from core.author_key where author_id = %s", (ID,))[0]

    result = erasure.erase(person, holder="test")

    assert result.found == dict.fromkeys(result.found, 0)
    assert set(result.found) == {"landing", *rooms.ROOMS, "reports", "drop folder"}
    assert places_of(HANDLE, ID, WORDS, "foto saya") == set()
    left = places_of(*keys)
    assert left == {"raw.erased"}, "the published key lives on as the keyed hash alone"
    assert (reports / "brief.html").read_text("utf-8").endswith("<p>lain</p>")
    assert erasure.find(HANDLE, "x").texts == frozenset()


def test_what_others_wrote_stays_without_the_name(shop: str) -> None:
    erase()
    assert ask("select post_id, text, mentions, parent_post_id from raw.posts order by 1") == [
        ("o1", "kopi uji kata @[erased] enak", ["[erased]", "lain"], None),
        ("o2", "kopi uji biasa saja", None, "p1"),
    ]
    assert ask("select bio from raw.authors") == [("teman @[erased]",)]
    assert ask("select count(*) from marts.fct_post", role="bi_reader") == [(2,)]
    assert ask("select reason, excerpt from raw.quarantine") == [("bad_date", "[erased]")]


def test_the_marts_equal_a_full_rebuild_and_doing_it_again_changes_nothing(shop: str) -> None:
    person = erasure.find(HANDLE)
    erasure.erase(person, holder="test")
    sums, stored = checksums(), everything()
    again = erasure.erase(person, holder="test")
    assert again.is_complete
    assert {name: n for name, n in again.counts.items() if n} == {}
    assert everything() == stored
    assert pipeline.build(holder="test", full=True).status == "unchanged"
    assert checksums() == sums


def test_later_batches_are_kept_out_and_accounted_for(shop: str) -> None:
    erase()
    sums = checksums(without=DELIVERY_BOUND)
    again = deliver_all(PERSON_LINES + OTHER_LINES, "first.ndjson")
    assert again.status == "skipped"
    recut = deliver_all([*OTHER_LINES, *PERSON_LINES], "recut.ndjson")
    assert (recut.received, recut.loaded, recut.unchanged) == (4, 0, 1)
    assert (recut.ignored, recut.quarantined) == ({"erased": 2}, {"bad_date": 1})
    new = deliver_all(
        [
            line(own("p9"), observed=20),
            line(post_metrics=[{"platform": "x", "post_id": "p1", "likes": 5}], observed=20),
            line(post("o3", author_id="8", text=f"@{HANDLE.upper()} teh uji"), own("p8"), observed=20),
        ],
        "new.ndjson",
    )
    assert (new.received, new.loaded, new.ignored) == (3, 1, {"erased": 2})
    metrics = deliver_all(
        [line(post_metrics=[{"platform": "x", "post_id": "p9", "likes": 5}], observed=21)], "later.ndjson"
    )
    assert metrics.ignored == {"erased": 1}
    assert ask("select text from raw.posts where post_id = 'o3'") == [("@[erased] teh uji",)]
    assert places_of(HANDLE, HANDLE.upper(), ID, WORDS) == set()
    pipeline.build(holder="test")
    after = checksums(without=DELIVERY_BOUND)
    assert after["dim_brand"] == sums["dim_brand"]
    assert ask("select count(*) from marts.fct_post", role="bi_reader") == [(3,)]


def test_a_rollback_does_not_bring_the_person_back(shop: str) -> None:
    erase()
    publisher.rollback(1, reason="test")
    assert places_of(HANDLE, ID, WORDS) == set()
    publisher.resume()
    pipeline.build(holder="test")
    assert pipeline.build(holder="test", full=True).status == "unchanged"


def test_the_landing_stays_readable_and_names_both_digests(shop: str) -> None:
    paths = {landing.read_manifest(path).files[0].name: path for path in landing.batches()}
    before = landing.read_manifest(paths["first.ndjson"])
    erase()
    after = landing.read_manifest(paths["first.ndjson"])
    assert after.files[0].replaced_sha256 == (before.files[0].sha256,)
    assert after.context().sha256 == before.files[0].sha256 != after.files[0].sha256
    assert (after.records, after.batch_key) == (before.records, before.batch_key)
    with landing.open_payload(paths["first.ndjson"]) as payload:
        rows = [json.loads(row) for row in payload.read().splitlines()]
    assert len(rows) == 4
    assert rows[3]["rows"]["posts"][1] == json.loads(encode(OTHER_LINES))["rows"]["posts"][1]


def test_an_erasure_waits_for_loads_under_way(shop: str) -> None:
    ended: list[str] = []
    with closing(connect("loader")) as session, session.cursor() as cur:
        cur.execute("select count(*) from raw.erased")
        thread = threading.Thread(target=lambda: (erase(), ended.append("erasure")))
        thread.start()
        thread.join(1.5)
        assert ended == []
        ended.append("load")
        session.commit()
    thread.join(120)
    assert ended == ["load", "erasure"]


def test_an_interrupted_erasure_is_ended_by_the_next(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "build", broken)
        with pytest.raises(KeyboardInterrupt):
            erase()
    result = erasure.erase(erasure.find(HANDLE, "x"), holder="test")
    assert result.is_complete
    assert places_of(HANDLE, WORDS) == set()


@pytest.mark.parametrize(
    ("author", "platform", "told"),
    [
        ("nobody", None, "nobody is known"),
        ("twice", None, "2 accounts: x 1, x 2"),
        ("kopiuji", None, "brand kopi"),
    ],
)
def test_a_name_that_is_no_one_person_is_refused(
    shop: str, author: str, platform: str | None, told: str
) -> None:
    rows = [("1", "twice"), ("2", "@Twice"), ("3", "kopiuji")]
    deliver(
        [line(authors=[{"platform": "x", "author_id": i, "handle": handle} for i, handle in rows])],
        "more.ndjson",
    )
    with pytest.raises(SettingsInvalid, match=told):
        erasure.find(author, platform)


def test_the_command_asks_and_prints_what_is_left(shop: str) -> None:
    refused = CliRunner().invoke(app, ["erase", HANDLE], input="n\n")
    assert refused.exit_code == 1
    assert places_of(WORDS) != set()
    done = CliRunner().invoke(app, ["erase", f"@{HANDLE}", "--platform", "x", "--yes"])
    assert done.exit_code == 0, done.output
    assert done.output.rstrip().endswith("in all                       0")
    with pytest.raises(SettingsInvalid):
        raise CliRunner().invoke(app, ["erase", HANDLE, "--platform", "y"]).exception or AssertionError


def test_nobody_is_looked_for_when_nobody_was_erased(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gaung.erasure import guard

    monkeypatch.setattr(guard.Guard, "judge", lambda *_: pytest.fail("asked"))
    assert deliver_all([line(post("o5", text=f"@{HANDLE}"))], "plain.ndjson").loaded == 1


def test_real_forms_of_files(warehouse: str, tmp_path: Path) -> None:
    """One author of each platform of the demo's files, each known by what its own format gave."""
    from random import Random

    from gaung.demo import generate
    from gaung.demo.generator import DELIVERY
    from tests.truth.worlds import pieces, recut, use_project_brands

    use_project_brands()
    generate(tmp_path / "demo")
    for piece in recut(pieces(tmp_path / "demo" / DELIVERY), tmp_path / "cut", Random(0), keep=0.05):
        piece.ingest()
    pipeline.build(holder="test")
    people = ask(
        """
        select distinct on (a.platform) a.platform, a.author_id from core.author as a
        where a.handle is not null and exists (
            select from core.post as p where p.platform = a.platform and p.author_id = a.author_id
        ) and not exists (select from core.brand_term as t where t.term = lower(a.handle))
        order by 1, 2
        """
    )
    assert len(people) >= 2
    for platform, author_id in people:
        person = erasure.find(author_id, platform)
        assert erasure.search(person)["landing"] > 0
        result = erasure.erase(person, holder="test")
        assert result.found == dict.fromkeys(result.found, 0), (platform, author_id)
    for path in landing.batches():
        outcome = loader.rehearse(
            next(f for f in _formats() if f.name == landing.read_manifest(path).format),
            landing.open_payload(path),
            landing.read_manifest(path).context(),
        )
        assert outcome.received == landing.read_manifest(path).records
    sums = checksums()
    pipeline.build(holder="test", full=True)
    assert checksums() == sums


def _formats() -> Any:
    from gaung.sources import registry

    return registry.formats()


def test_ingest_reports_erased_records(shop: str, tmp_path: Path) -> None:
    erase()
    path = tmp_path / "again.ndjson"
    path.write_bytes(encode([line(own("p7"))]))
    report = ingest.ingest_files([path])
    assert report.kinds("ignored") == {"erased": 1}
