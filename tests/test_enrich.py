"""Enrichment against a real warehouse: once per text, whole per post, and what makes posts pending."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gaung import enrich, scores
from gaung.cli import app
from gaung.errors import SettingsInvalid
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import builds
from gaung.warehouse.connect import connect

DIRTY = "insert into core.dirty_entity (entity, platform, entity_id, cause) values (%s, %s, %s, 'new')"
AT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def shop(warehouse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A warehouse with the shipped brands and a secret of its own; gives the path of brands.yml."""
    file = tmp_path / "brands.yml"
    shutil.copy(PROJECT_ROOT / "brands.yml", file)
    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(file))
    get_settings.cache_clear()
    yield file


def put(*posts: dict[str, Any], observed_at: datetime = AT) -> None:
    """Write versions of posts into raw as the loader does, and mark them dirty."""
    with closing(connect("loader")) as session, session.cursor() as cur:
        for post in posts:
            row = {
                "platform": "x",
                "post_id": "1",
                "author_id": None,
                "text": None,
                "hashtags": None,
                "mentions": None,
                "is_deleted": False,
            } | post
            cur.execute(
                """
                insert into raw.posts (
                    platform, post_id, author_id, created_at, text, post_type, hashtags, mentions,
                    is_collected, is_deleted, is_text_altered, first_observed_at, content_hash,
                    observed_at, loaded_at, batch_id, source, payload_ref, is_synthetic
                ) values (
                    %(platform)s, %(post_id)s, %(author_id)s, %(at)s, %(text)s, 'post', %(hashtags)s,
                    %(mentions)s, true, %(is_deleted)s, false, %(at)s, md5(%(whole)s), %(at)s, %(at)s, 1,
                    'files:test', 'r', true
                )
                """,
                row | {"at": observed_at, "whole": repr(sorted(row.items(), key=str))},
            )
            cur.execute(DIRTY, ("post", row["platform"], row["post_id"]))
        session.commit()


def put_author(author_id: str, handle: str, observed_at: datetime = AT) -> None:
    with closing(connect("loader")) as session, session.cursor() as cur:
        cur.execute(
            """
            insert into raw.authors (
                platform, author_id, handle, is_text_altered, content_hash, observed_at, loaded_at, batch_id,
                source, payload_ref, is_synthetic
            ) values ('x', %s, %s, false, md5(%s), %s, %s, 1, 'files:test', 'r', true)
            """,
            (author_id, handle, handle, observed_at, observed_at),
        )
        cur.execute(DIRTY, ("author", "x", author_id))
        session.commit()


def build(mode: builds.Mode = "incremental") -> enrich.EnrichCounts:
    """Begin a build, refresh, enrich and end the build; posts stay pending until :func:`publish`."""
    from gaung.warehouse import latest

    begun = builds.begin(holder="test", holder_kind="process", mode=mode)
    assert begun is not None
    try:
        latest.refresh(begun.build_id, begun.token)
        return enrich.run(begun.build_id, begun.token)
    finally:
        builds.finish(begun.build_id, begun.token, "published")


def publish() -> None:
    """What a publication does to the pending posts."""
    ask("delete from core.pending_post returning 1")
    ask("delete from core.pending_author returning 1")


def ask(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with closing(connect("transformer", autocommit=True)) as session, session.cursor() as cur:
        cur.execute(query, parameters or None)
        return list(cur.fetchall())


def test_posts_get_keys_language_sentiment_mask_brands_and_topics(shop: Path) -> None:
    put(
        {
            "post_id": "1",
            "author_id": "a",
            "text": "I really love it at Kopi Senja, call 0812-3456-7890 @budi #KopiSenja",
        },
        {"post_id": "2", "author_id": "a", "text": "pelayanannya lambat banget, kecewa"},
        {"post_id": "3", "text": None},
    )
    counts = build()
    assert (counts.posts_enriched, counts.texts_scored, counts.texts_masked, counts.posts_unmatched) == (
        3,
        2,
        2,
        2,
    )
    assert counts.keys_made == 4
    assert ask("select brand_id, matched_by, matched_term from core.post_brand") == [
        ("kopi_senja", "hashtag", "kopisenja")
    ]
    assert ask("select post_id, topic_type, topic from core.post_topic order by 2") == [
        ("1", "hashtag", "kopisenja"),
        ("1", "keyword", "kopi senja"),
    ]
    scored = ask(
        """
        select p.post_id, s.lang, s.label, s.compound is null, s.unscored_reason, m.text_masked
        from core.post p
        join core.text_sentiment s using (text_hash)
        join core.text_masked m using (text_hash)
        order by 1
        """
    )
    assert [row[:4] for row in scored] == [
        ("1", "en", "positive", False),
        ("2", "id", scored[1][2], scored[1][3]),
    ]
    assert scored[0][5] == "I really love it at Kopi Senja, call [telepon] [akun] #KopiSenja"


def test_nothing_is_scored_twice(shop: Path) -> None:
    put(
        {"post_id": "1", "text": "good coffee at this place"},
        {"post_id": "2", "text": "good coffee at this place"},
    )
    assert build().texts_scored == 1
    again = build()
    assert (again.texts_scored, again.texts_masked, again.texts_reused, again.keys_made) == (0, 0, 1, 0)
    publish()
    put({"post_id": "3", "text": "good coffee at this place"})
    third = build()
    assert (third.posts_enriched, third.texts_scored, third.texts_reused) == (1, 0, 1)
    assert ask("select count(*) from core.text_sentiment") == [(1,)]


def test_no_task_reads_a_text_twice(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[tuple[str, str]] = Counter()
    rows = scores.TextTask.rows

    def counted(task: scores.TextTask, texts: Any, *others: Any) -> Any:
        read.update((task.name, text) for text in texts.frame["text"])
        return rows(task, texts, *others)

    monkeypatch.setattr(scores.TextTask, "rows", counted)
    put(*({"post_id": str(at), "text": text} for at, text in enumerate(("enak", "mahal", "enak"))))
    build()
    build("full")
    put({"post_id": "3", "text": "enak"}, {"post_id": "4", "text": "kirim"})
    build()
    assert read == {(task.name, text): 1 for task in scores.TASKS for text in ("enak", "mahal", "kirim")}


def test_reasons_are_kept_as_lists_without_the_words(shop: Path) -> None:
    put({"post_id": "1", "text": "harganya mahal, yg merah ada?"}, {"post_id": "2", "text": "!"})
    build()
    kept = ask(
        "select p.post_id, r.intents, r.aspects from core.post p join core.text_reasons r using (text_hash) "
        "order by 1"
    )
    assert kept[1] == ("2", [], [])
    assert kept[0][1] == ["complains"]
    price, colour = kept[0][2]
    assert price == {
        "aspect": "price",
        "mood": "negative",
        "words": [{"start": 0, "end": 8}, {"start": 9, "end": 14}],
        "values": [{"value": "mahal", "start": 9, "end": 14}],
    }
    assert (colour["aspect"], [one["value"] for one in colour["values"]]) == ("colour", ["merah"])


def test_new_rules_of_reasons_read_every_text_beside_the_old(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaung.text import registry

    put({"post_id": "1", "text": "harganya berapa?"}, {"post_id": "2", "text": "halo semua"})
    build()
    publish()
    monkeypatch.setattr(registry, "_engines", dict(registry._engines))

    def silent(batch: Any) -> Any:
        import pyarrow as pa

        from gaung.text import reasons

        found = reasons.find(batch)
        intents = pa.array([[] for _ in range(batch.num_rows)], pa.list_(pa.string()))
        return pa.RecordBatch.from_arrays([intents, found["aspects"]], names=found.schema.names)

    registry.register("reasons", "silent", "1", silent)
    counts = build()
    assert (counts.posts_added, counts.texts_scored, counts.texts_masked) == (1, 2, 0)
    assert ask("select post_id from core.pending_post") == [("1",)]
    assert ask("select engine_version, count(*) from core.text_reasons group by 1 order by 1") == [
        ("gaung-reasons-intent1+aspect1", 2),
        ("silent-1", 2),
    ]


def test_a_changed_brand_rematches_and_only_changed_posts_become_pending(shop: Path) -> None:
    put({"post_id": "1", "text": "ngopi di Senja Raya"}, {"post_id": "2", "text": "Kopi Senja"})
    build()
    publish()
    shop.write_text(
        shop.read_text().replace('keywords: ["kopi senja"]', 'keywords: ["kopi senja", "senja raya"]')
    )
    counts = build()
    assert (counts.posts_added, counts.posts_enriched) == (1, 1)
    assert ask("select post_id, brand_id, matched_term from core.post_brand order by 1") == [
        ("1", "kopi_senja", "senja raya"),
        ("2", "kopi_senja", "kopi senja"),
    ]
    publish()
    shop.write_text(
        shop.read_text().replace('keywords: ["kopi senja", "senja raya"]', 'keywords: ["senja raya"]')
    )
    counts = build()
    assert counts.posts_added == 1
    assert ask("select post_id from core.post_brand") == [("1",)]


def test_target_terms_are_found_in_posts_of_the_brand_and_again_when_they_change(shop: Path) -> None:
    put(
        {"post_id": "1", "text": "Kopi Senja: kopi enaaaak bgt #kopisenja"},
        {"post_id": "2", "text": "KOSEN COFFEE sore", "hashtags": ["NgopiSore", "KopiSenja"]},
        {"post_id": "3", "text": "kopi enak di rumah"},
        {"post_id": "4", "text": "Kopi Senja, paling murah"},
    )
    build()
    publish()
    held = "select post_id, target_type, target from core.post_target order by 1, 2, 3"
    assert ask(held) == [
        ("1", "hashtag", "kopisenja"),
        ("1", "keyword", "kopi senja"),
        ("1", "target", "kopi enak"),
        ("2", "hashtag", "kopisenja"),
        ("2", "keyword", "kosen coffee"),
        ("4", "keyword", "kopi senja"),
    ]
    shop.write_text(shop.read_text().replace('["kopi enak", "ngopi sore"]', '["kopi enak", "paling murah"]'))
    assert build().posts_added == 1
    assert ask(held)[-1] == ("4", "target", "paling murah")


def test_entities_are_kept_and_changed_products_touch_the_posts_that_name_them(shop: Path) -> None:
    texts = ("Kopi Senja: latte, ke Kota Bekasi", "Kopi Senja aja", "kopi tubruk Kopi Senja")
    put(*({"post_id": str(at), "text": text} for at, text in enumerate(texts, start=1)))
    build()
    publish()
    kept = (
        "select p.post_id, jsonb_path_query_array(e.entities, '$[*].id') from core.post as p "
        "join core.text_entities as e using (text_hash) join core.active_engine as a using (engine_version) "
        "order by 1"
    )
    assert ask(kept) == [
        ("1", ["kopi_senja", "32.75"]),
        ("2", ["kopi_senja"]),
        ("3", ["kopi_tubruk", "kopi_senja"]),
    ]
    one = {"type": "place", "id": "32.75", "name": "Kota Bekasi", "brand_id": None, "is_ambiguous": False}
    [(place,)] = ask('select entities -> 1 from core.text_entities where entities @> \'[{"id": "32.75"}]\'')
    assert place == {**one, "candidates": [], "start": 22, "end": 33}

    shop.write_text(
        shop.read_text().replace("{id: kopi_tubruk, name: Kopi Tubruk}", "{id: latte, name: Latte}")
    )
    counts = build()

    assert (counts.posts_added, counts.texts_scored, counts.texts_masked) == (2, 3, 0)
    assert ask("select post_id from core.pending_post order by 1") == [("1",), ("3",)]
    assert ask(kept) == [
        ("1", ["kopi_senja", "latte", "32.75"]),
        ("2", ["kopi_senja"]),
        ("3", ["kopi_senja"]),
    ]
    publish()
    assert build("full").texts_scored == 0


def test_a_moved_time_zone_makes_the_brands_posts_pending(shop: Path) -> None:
    put({"post_id": "1", "text": "Batik Arum"}, {"post_id": "2", "text": "Kopi Senja"})
    build()
    publish()
    shop.write_text(shop.read_text().replace("Asia/Makassar", "Asia/Jayapura"))
    assert build().posts_added == 1
    assert ask("select post_id from core.pending_post") == [("1",)]
    assert ask("select timezone from core.brand where brand_id = 'batik_arum'") == [("Asia/Jayapura",)]


def test_a_removed_brand_leaves_no_match(shop: Path) -> None:
    put({"post_id": "1", "text": "Batik Arum"})
    build()
    publish()
    text = shop.read_text()
    head, tail = text.split("  - id: batik_arum")
    shop.write_text(head + "\n" + tail[tail.index("# Discovery") :])
    assert build().posts_added == 1
    assert ask("select * from core.post_brand") == []
    assert ask("select count(*) from core.brand where brand_id = 'batik_arum'") == [(0,)]


def test_a_declared_brand_matches_by_file(shop: Path) -> None:
    put({"post_id": "1", "text": "barang sampai"})
    with closing(connect("loader")) as session, session.cursor() as cur:
        cur.execute(
            """
            insert into raw.post_declared_brand
            values ('x', '1', 'contoh', 1, now()), ('x', '1', 'asing', 1, now())
            """
        )
        session.commit()
    counts = build()
    assert counts.brands_unknown == 1
    assert ask("select brand_id, matched_by, matched_term from core.post_brand") == [
        ("contoh", "file", "contoh")
    ]


def test_a_deleted_post_keeps_its_brand_but_has_no_text(shop: Path) -> None:
    put({"post_id": "1", "text": "Kopi Senja enak"})
    build()
    publish()
    put({"post_id": "1", "is_deleted": True}, observed_at=datetime(2026, 11, 2, tzinfo=UTC))
    build()
    assert ask("select brand_id from core.post_brand") == [("kopi_senja",)]
    assert ask("select text, text_hash from core.post") == [(None, None)]


def test_an_author_who_takes_the_brands_handle_makes_the_posts_match(shop: Path) -> None:
    put({"post_id": "1", "author_id": "a", "text": "menu baru"})
    put_author("a", "someone")
    build()
    assert ask("select * from core.post_brand") == []
    publish()
    put_author("a", "KopiSenjaID", datetime(2026, 11, 2, tzinfo=UTC))
    assert build().posts_added == 1
    assert ask("select brand_id, matched_by from core.post_brand") == [("kopi_senja", "author")]
    publish()
    put_author("a", "@kopisenjaid", datetime(2026, 11, 2, 12, tzinfo=UTC))
    assert build().posts_added == 0
    publish()
    put_author("a", "someone", datetime(2026, 11, 3, tzinfo=UTC))
    assert build().posts_added == 1
    assert ask("select * from core.post_brand") == []


def test_a_new_handle_changes_the_mask_of_the_texts_that_hold_it_only(shop: Path) -> None:
    put({"post_id": "1", "text": "halo @kedaibaru"}, {"post_id": "2", "text": "halo semua"})
    build()
    publish()
    shop.write_text(shop.read_text().replace('x: ["@batikarumid"]', 'x: ["@batikarumid", "@kedaibaru"]'))
    build()
    assert ask("select post_id from core.pending_post") == [("1",)]
    active = ask(
        "select m.text_masked from core.text_masked m join core.active_engine a on a.task = 'mask' and "
        "a.engine_version = m.mask_version order by 1"
    )
    assert active == [("halo @kedaibaru",), ("halo semua",)]


def test_a_new_engine_rescores_beside_the_old_and_becomes_active(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaung.text import registry, sentiment

    put({"post_id": "1", "text": "what a great day this is"}, {"post_id": "2", "text": "the table is there"})
    build()
    publish()
    monkeypatch.setattr(registry, "_engines", dict(registry._engines))

    def flipped(batch: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        result = sentiment.vader(batch)
        compound = pc.negate(result.column("compound")).cast(sentiment.COMPOUND)
        label = pa.array([sentiment.label_of(float(c)) for c in compound.to_pylist()])
        return pa.RecordBatch.from_arrays([compound, label, result.column(2)], names=result.schema.names)

    registry.register("sentiment", "flipped", "1", flipped, languages=("en",))
    put({"post_id": "3", "text": None})
    counts = build()
    assert (counts.posts_added, counts.texts_scored) == (1, 2)
    assert ask("select post_id from core.pending_post order by 1") == [("1",), ("3",)]
    assert ask("select count(*), count(distinct engine_version) from core.text_sentiment") == [(4, 2)]
    active = ask("select engine_version from core.active_engine where task = 'sentiment'")
    assert "flipped-1" in active[0][0]


def test_a_fenced_build_writes_nothing(shop: Path) -> None:
    from gaung.errors import BuildFenced
    from gaung.warehouse import latest

    put({"post_id": "1", "text": "Kopi Senja"})
    begun = builds.begin(holder="test", holder_kind="process")
    assert begun is not None
    latest.refresh(begun.build_id, begun.token)
    builds.finish(begun.build_id, begun.token, "failed")
    with pytest.raises(BuildFenced):
        enrich.run(begun.build_id, begun.token)
    assert ask("select * from core.brand") == []


def test_a_replaced_secret_is_refused_until_a_full_build_makes_all_keys_anew(shop: Path) -> None:
    from gaung import keys

    put({"post_id": "1", "author_id": "a", "text": "halo"}, {"post_id": "2", "text": "hai"})
    build()
    publish()
    before = ask("select post_key from core.post_key order by post_id")
    keys.forget()
    put({"post_id": "3", "text": "hei"})
    with pytest.raises(SettingsInvalid, match="gaung build --full"):
        build()
    assert ask("select post_key from core.post_key order by post_id") == before
    assert build("full").keys_made == 4
    assert ask("select post_id, post_key from core.post_key order by 1") == [
        (post_id, keys.post_key("x", post_id)) for post_id in ("1", "2", "3")
    ]


ENRICHED = (
    "select platform, post_id, post_key from core.post_key",
    "select platform, author_id, author_key from core.author_key",
    "select p.post_id, l.lang, l.confidence, s.compound, s.label, s.unscored_reason, m.text_masked "
    "from core.post p join core.text_language l using (text_hash) "
    "join core.text_sentiment s using (text_hash) join core.text_masked m using (text_hash)",
    "select p.post_id, t.words, t.pairs from core.post p join core.text_terms t using (text_hash)",
    "select p.post_id, r.intents, r.aspects from core.post p join core.text_reasons r using (text_hash)",
    "select platform, post_id, brand_id, matched_by, matched_term from core.post_brand",
    "select platform, post_id, topic_type, topic from core.post_topic",
    "select platform, post_id, brand_id, target_type, target from core.post_target",
    "select task, engine_version from core.active_engine",
)


def test_terms_are_kept_as_lists(shop: Path) -> None:
    put({"post_id": "1", "text": "kopi susu, tidak enak"}, {"post_id": "2", "text": "!"})
    build()
    assert ask(
        "select p.post_id, t.words, t.pairs from core.post p join core.text_terms t using (text_hash) "
        "order by 1"
    ) == [("1", ["kopi", "susu", "enak"], ["kopi susu", "tidak enak"]), ("2", [], [])]


def test_a_full_build_gives_the_rows_that_increments_gave(shop: Path) -> None:
    texts = ["Kopi Senja enak", "good coffee #KopiPagi", "halo @batikarumid", "biasa saja"]
    for at, text in enumerate(texts):
        put({"post_id": str(at), "author_id": str(at % 2), "text": text})
        build()
        publish()
    put(
        {"post_id": "0", "text": "Batik Arum", "author_id": "1"},
        observed_at=datetime(2026, 11, 3, tzinfo=UTC),
    )
    build()
    publish()
    grown = [sorted(ask(query), key=repr) for query in ENRICHED]
    assert [len(rows) for rows in grown] == [4, 2, 4, 4, 4, 3, 2, 2, 9]
    build("full")
    assert [sorted(ask(query), key=repr) for query in ENRICHED] == grown


def test_brands_check_shows_matches_and_near_misses(shop: Path) -> None:
    put(
        *({"post_id": f"{at:02}", "text": f"Kopi Senja nomor {at}"} for at in range(12)),
        {"post_id": "90", "text": "kopi senjanya enak"},
        {"post_id": "91", "text": "menulis puisi kopi senja"},
        {"post_id": "92", "text": "tidak ada apa apa"},
    )
    build()
    result = CliRunner().invoke(app, ["brands", "check", "--brand", "kopi_senja"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "Kopi Senja (kopi_senja): 12 matches" in lines
    assert [line for line in lines if line.startswith("  + ")] == [
        f"  + keyword “kopi senja” | Kopi Senja nomor {at}" for at in range(10)
    ]
    assert "  near misses: 2" in lines
    assert [line.split(" | ")[1] for line in lines if line.startswith("  - ")] == [
        "kopi senjanya enak",
        "menulis puisi kopi senja",
    ]


def test_brands_check_of_an_unknown_brand_names_the_known(shop: Path) -> None:
    result = CliRunner().invoke(app, ["brands", "check", "--brand", "kopi"])
    assert isinstance(result.exception, SettingsInvalid)
    assert "known: contoh, kopi_senja" in str(result.exception)
