"""brands.yml: every fault with its line; matching: a golden list with near misses."""

import textwrap
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gaung.brands import Brands, load, matching, starter
from gaung.cli import app
from gaung.errors import SettingsInvalid
from gaung.settings import PROJECT_ROOT

GOOD = """\
clients:
  - {id: toko, name: Toko}
brands:
  - id: senja
    name: Senja
    client: toko
    timezone: Asia/Jakarta
    languages: [id]
    keywords: ["senja", "J.CO", "L'Oréal"]
    aliases: ["kosen coffee"]
    context: ["kopi", "ngopi"]
    hashtags: ["#kopisenja"]
    handles: {x: ["@KopiSenjaID"], instagram: ["kopisenja.id"]}
    exclusions: ["senja utama"]
  - id: pagi
    name: Kopi Pagi
    client: toko
    timezone: Asia/Makassar
    languages: [id, en]
    keywords: ["kopi pagi", "コーヒー"]
    handles: {x: [kopipagiid]}
    competitors: [senja]
    products:
      - {id: roti, name: Roti Bakar, aliases: [robak]}
      - {id: susu, name: Es Kopi Susu}
watch:
  - {id: kuliner, keywords: ["umkm kuliner"]}
"""


@pytest.fixture
def brands(tmp_path: Path) -> Brands:
    return load(write(tmp_path, GOOD))


def write(folder: Path, text: str) -> Path:
    path = folder / "brands.yml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def swapped(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


# --- the file -------------------------------------------------------------------------------------


def test_the_shipped_file_is_valid_and_labelled_synthetic() -> None:
    shipped = load(PROJECT_ROOT / "brands.yml")
    assert [brand.id for brand in shipped.brands] == [
        "contoh",
        "kopi_senja",
        "kopi_pagi",
        "batik_arum",
        "kedai_lereng",
        "tenun_rimba",
    ]
    assert all(brand.is_synthetic for brand in shipped.brands)
    assert shipped.brand("batik_arum").timezone == "Asia/Makassar"
    assert {"kopisenjaid", "kopipagiid", "batikarumid"} <= shipped.allowed_handles


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("    timezone: Asia/Jakarta", "    timezone: Asia/Jakrta", 7, "did you mean Asia/Jakarta"),
        ("    timezone: Asia/Makassar", "    timezone: WITA", 18, "not an IANA time zone"),
        ('    aliases: ["kosen coffee"]', '    alias: ["kosen coffee"]', 10, "did you mean 'aliases'"),
        ("    name: Kopi Pagi\n", "", 15, "brands[1].name: is missing"),
        ("    name: Senja\n", "    name: Senja\n    name: Sore\n", 6, "written twice (lines 5 and 6)"),
        ("  - id: pagi", "  - id: senja", 15, "brand id 'senja' stands here twice"),
        ("  - id: pagi", "  - id: Pagi", 15, "not an id"),
        ("    competitors: [senja]", "    competitors: [sore]", 22, "must be the id of another brand"),
        ("    competitors: [senja]", "    competitors: [pagi]", 22, "must be the id of another brand"),
        ("    languages: [id]", "    languages: [jv]", 8, "'id', 'en' or 'ms'"),
        ('    hashtags: ["#kopisenja"]', "    hashtags:\n      - #kopisenja", 13, "must stand in quotes"),
        ('    hashtags: ["#kopisenja"]', '    hashtags: ["kopi senja"]', 12, "not one hashtag"),
        ('["kopi pagi", "コーヒー"]', "[212, kopi pagi]", 20, 'put it in quotes: "212"'),
        ('["kopi pagi", "コーヒー"]', '["kopi pagi", "Kopi-Pagi"]', 20, "stands here twice"),
        ('["kopi pagi", "コーヒー"]', '["pagi"]', 20, "an ordinary or very short word"),
        ('["kopi pagi", "コーヒー"]', '["!!"]', 20, "has no letter or digit"),
        ("x: [kopipagiid]", "myspace: [kopipagiid]", 21, "'myspace' is not a platform"),
        ("x: [kopipagiid]", "x: [https://x.com/kopi]", 21, "is not a handle"),
        ("x: [kopipagiid]", "x: [kopisenjaid]", 21, "already belongs to brand 'senja'"),
        ('exclusions: ["senja utama"]', 'exclusions: ["SENJA"]', 14, "it would never match"),
        ("client: toko\n    timezone: Asia/M", "client: toka\n    timezone: Asia/M", 17, "known: toko"),
        ("  - {id: toko, name: Toko}", "  - {id: toko, name: Toko", 3, "not valid YAML"),
        ("aliases: [robak]", "alias: [robak]", 24, "did you mean 'aliases'"),
        ("name: Es Kopi Susu", "nama: Es Kopi Susu", 25, "did you mean 'name'"),
        ("aliases: [robak]", "aliases: robak", 24, "must be a list"),
        ("aliases: [robak]", "aliases: [robak, Robak]", 24, "entry 'robak' stands here twice"),
        ("aliases: [robak]", "aliases: [es-kopi-susu]", 25, "already names product 'roti'; keep one"),
        ("aliases: [robak]", 'aliases: ["!!"]', 24, "has no letter or digit"),
        ("aliases: [robak]", 'aliases: ["roti bakar (isi 2)"]', 24, "has 6 words and signs; write at most 4"),
        ("{id: susu", "{id: roti", 25, "product id 'roti' stands here twice"),
        ('    exclusions: ["senja utama"]', "    products: [{id: roti, name: Roti}]", 24,
         "product id 'roti' already belongs to brand 'senja'"),
    ],
)  # fmt: skip
def test_a_fault_names_file_line_field_and_remedy(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    path = write(tmp_path, swapped(old, new))
    with pytest.raises(SettingsInvalid) as caught:
        load(path)
    assert f"{path}, line {line}: " in str(caught.value)
    assert said in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("Asia/", "Asien/").replace("    aliases:", "    alias:"))
    with pytest.raises(SettingsInvalid) as caught:
        load(path)
    assert [line.split(": ")[0].rsplit(" ", 1)[1] for line in str(caught.value).splitlines()] == [
        "7",
        "10",
        "18",
    ]


@pytest.mark.parametrize("text", ["", "- just\n- a list\n", "42\n", "clients: []\nbrands: []\n"])
def test_a_file_without_brands_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"brands\.yml, line 1"):
        load(write(tmp_path, text))


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="gaung init"):
        load(tmp_path / "nothing.yml")


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_file_or_a_clear_refusal(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "brands.yml"
        path.write_bytes(text.encode("utf-8", "replace"))
        with pytest.raises(SettingsInvalid):
            load(path)


def test_the_matcher_hash_follows_what_matches_and_nothing_else(tmp_path: Path, brands: Brands) -> None:
    renamed = load(
        write(tmp_path, GOOD.replace("name: Kopi Pagi", "name: Lain").replace("Makassar", "Jayapura"))
    )
    assert renamed.matcher_hash == brands.matcher_hash
    reworded = load(write(tmp_path, swapped('"kosen coffee"', '"kosen kopi"')))
    assert reworded.matcher_hash["senja"] != brands.matcher_hash["senja"]
    assert reworded.matcher_hash["pagi"] == brands.matcher_hash["pagi"]


# --- matching -------------------------------------------------------------------------------------

GOLDEN = [
    ("ngopi di Senja yuk", [("senja", "keyword", "senja")]),
    ("NGOPI DI SÉNJA", [("senja", "keyword", "senja")]),
    ("senja di pantai indah sekali", []),  # an ordinary word without its context
    ("kopi senjakala", []),  # inside another word
    ("naik senja utama sambil minum kopi", []),  # excluded
    ("#KopiSenja mantap", [("senja", "hashtag", "kopisenja")]),
    ("#kopisenjaku mantap", []),
    ("#kopisenja di senja utama", []),  # an exclusion voids hashtags too
    ("@kopisenjaid di senja utama", [("senja", "handle", "kopisenjaid")]),  # but never handles
    ("kata @KOPISENJAID: promo!", [("senja", "handle", "kopisenjaid")]),
    ("@kopisenjaid_fans halo", []),
    ("@kopisenja.id halo", []),  # the Instagram handle, on X
    ("https://x.com/a kopi pagi", [("pagi", "keyword", "kopi pagi")]),
    ("https://x.com/kopi-pagi", []),  # a link is no text
    ("tulis ke kopi@kopipagiid.com", []),  # an e-mail address is no mention
    ("kopi   PAGI", [("pagi", "keyword", "kopi pagi")]),
    ("kopi-pagi", [("pagi", "keyword", "kopi pagi")]),
    ("kopi\npagi", [("pagi", "keyword", "kopi pagi")]),
    ("kopi. Pagi yang cerah", []),  # a sentence ends between the words
    ("pagi kopi", []),
    ("☕kopi pagi☕", [("pagi", "keyword", "kopi pagi")]),
    ("k\u200bopi pagi", [("pagi", "keyword", "kopi pagi")]),  # an invisible character
    ("Ｋｏｐｉ Ｐａｇｉ", [("pagi", "keyword", "kopi pagi")]),
    ("今日は コーヒー です", [("pagi", "keyword", "コーヒー")]),
    ("kopi di J.CO", [("senja", "keyword", "J.CO")]),
    ("kopi di jxco", []),
    ("ngopi sambil pakai LOREAL", []),
    ("ngopi sambil pakai L’Oreal", [("senja", "keyword", "L'Oréal")]),
    ("kosen coffee enak", []),  # an alias needs context too
    ("kosen coffee, kopi pagi", [("pagi", "keyword", "kopi pagi"), ("senja", "keyword", "kosen coffee")]),
    ("", []),
    ("\0\0", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), GOLDEN, ids=[text or "empty" for text, _ in GOLDEN])
def test_golden_matches_and_near_misses(
    brands: Brands, text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert matching.match(matching.single(text), brands).drop(matching.KEY).rows() == expected


def test_a_whole_column_gives_what_single_posts_give_in_any_order(brands: Brands) -> None:
    posts = pl.concat(
        [matching.single(text).with_columns(post_id=pl.lit(str(at))) for at, (text, _) in enumerate(GOLDEN)]
    )
    expected = sorted((str(at), *row) for at, (_, rows) in enumerate(GOLDEN) for row in rows)
    for ordered in (posts, posts.reverse()):
        assert sorted(matching.match(ordered, brands).drop("platform").rows()) == expected


def test_author_and_declared_file_match_whatever_the_text_says(brands: Brands) -> None:
    post = matching.single("senja utama", platform="instagram", author="@KopiSenja.ID")
    assert matching.match(post, brands).drop(matching.KEY).rows() == [("senja", "author", "kopisenja.id")]
    declared = post.with_columns(declared=pl.lit(["senja", "unknown"]))
    assert matching.match(declared, brands).drop(matching.KEY).rows() == [("senja", "file", "senja")]


def test_columns_of_hashtags_and_mentions_count_beside_the_text(brands: Brands) -> None:
    post = matching.single("halo").with_columns(
        hashtags=pl.lit(["KopiSenja"]), mentions=pl.lit(["@KopiPagiID"])
    )
    assert matching.match(post, brands).drop(matching.KEY).rows() == [
        ("pagi", "handle", "kopipagiid"),
        ("senja", "hashtag", "kopisenja"),
    ]


def test_topics_are_folded_hashtags_and_declared_keywords(brands: Brands) -> None:
    post = matching.single("#Promo #promo #Café umkm kuliner, Kopi Pagi #1 https://a.id/#lari")
    assert matching.topics(post, brands.topic_keywords).select("topic_type", "topic").rows() == [
        ("hashtag", "café"),
        ("hashtag", "promo"),
        ("keyword", "kopi pagi"),
        ("keyword", "umkm kuliner"),
    ]


def test_near_misses_say_why(brands: Brands) -> None:
    texts = [
        "kopi paginya enak",
        "kopi. pagi",
        "naik senja utama, ngopi",
        "senja indah",
        "tidak ada",
        "kopi pagi",
    ]
    posts = pl.concat([matching.single(t).with_columns(post_id=pl.lit(str(i))) for i, t in enumerate(texts)])
    pagi = matching.near_misses(posts, brands, brands.brand("pagi"))
    senja = matching.near_misses(posts, brands, brands.brand("senja"))
    assert pagi["post_id"].to_list() == ["0", "1"]
    assert senja["post_id"].to_list() == ["2", "3"]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_matching_takes_any_text(text: str) -> None:
    from gaung.text.batch import as_batch

    shipped = load(PROJECT_ROOT / "brands.yml")
    held = as_batch([text]).column("text")[0].as_py()
    found = matching.match(matching.single(f"{held} kopi senja {held}"), shipped)
    assert found["brand_id"].to_list().count("kopi_senja") <= 1


# --- commands -------------------------------------------------------------------------------------


def test_init_writes_a_valid_file_and_refuses_a_brand_twice(tmp_path: Path) -> None:
    path = tmp_path / "brands.yml"
    flags = [
        "init",
        "--brand",
        "Kopi Nikmat Jaya",
        "--hashtag",
        "nikmat",
        "--handle",
        "x:kopinikmat",
        "--file",
    ]
    first = CliRunner().invoke(app, [*flags, str(path)])
    assert first.exit_code == 0, first.output
    brand = load(path).brand("kopi_nikmat_jaya")
    assert (brand.keywords, brand.hashtags, brand.handles) == (
        ["Kopi Nikmat Jaya"],
        ["nikmat"],
        {"x": ["kopinikmat"]},
    )
    before = path.read_text()
    again = CliRunner().invoke(app, [*flags, str(path)])
    assert isinstance(again.exception, SettingsInvalid)
    assert "kopi_nikmat_jaya" in str(again.exception)
    assert path.read_text() == before


def test_init_adds_to_the_shipped_file_and_keeps_every_line(tmp_path: Path) -> None:
    path = tmp_path / "brands.yml"
    shipped = (PROJECT_ROOT / "brands.yml").read_text()
    path.write_text(shipped)
    result = CliRunner().invoke(app, ["init", "--brand", "Warung Bu Tini", "--file", str(path)])
    assert result.exit_code == 0, result.output
    assert "demo" in result.output
    after = load(path)
    assert after.brand("warung_bu_tini").client == "warung_bu_tini"
    assert not after.brand("warung_bu_tini").is_synthetic
    assert after.brands[1:] == load(PROJECT_ROOT / "brands.yml").brands
    rest = iter(path.read_text().splitlines())
    assert all(line in rest for line in shipped.splitlines())

    same_client = ["init", "--brand", "Kopi Lima", "--client", "Warung Bu Tini", "--file", str(path)]
    assert CliRunner().invoke(app, same_client).exit_code == 0
    assert [client.id for client in load(path).clients] == ["warung_bu_tini", "konsultan_contoh"]


def test_init_leaves_a_list_on_one_line_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "brands.yml"
    brand = "{id: bb, name: B, client: aa, timezone: UTC, languages: [id], keywords: [betul betul]}"
    text = f"clients: [{{id: aa, name: A}}]\nbrands: [{brand}]\n"
    path.write_text(text)
    with pytest.raises(SettingsInvalid, match="by hand"):
        starter.write(path, starter.Answers(name="Kopi Lima"))
    assert path.read_text() == text
    assert [entry.name for entry in tmp_path.iterdir()] == ["brands.yml"]


def test_init_asks_when_no_flag_is_given(tmp_path: Path) -> None:
    path = tmp_path / "brands.yml"
    answers = "Batik Ayu\n\nAsia/Jayapura\nid\nbatik ayu, ayu batik\n\n\n"
    result = CliRunner().invoke(app, ["init", "--file", str(path)], input=answers)
    assert result.exit_code == 0, result.output
    assert load(path).brand("batik_ayu").keywords == ["batik ayu", "ayu batik"]


def test_init_leaves_nothing_behind_when_an_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="ordinary"):
        starter.write(tmp_path / "brands.yml", starter.Answers(name="Senja"))
    assert list(tmp_path.iterdir()) == []


def test_brands_test_says_what_matches_and_what_is_voided(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    text = "kopi pagi di senja utama"
    result = CliRunner().invoke(app, ["brands", "test", text, "--file", str(path)])
    assert result.output.splitlines() == [
        "pagi: by keyword “kopi pagi”",
        "senja: not, although “senja” stands there – exclusion 'senja utama'",
        "topics: kopi pagi (keyword), senja (keyword)",
    ]


def test_panels_follow_each_other_and_a_lonely_brand_has_none(tmp_path: Path) -> None:
    path = tmp_path / "brands.yml"
    path.write_text(
        GOOD.replace(
            "    competitors: [senja]",
            "    competitors: [senja]\n"
            "    earlier_panels:\n"
            "      - {until: 2026-03-31, competitors: []}\n"
            "      - {until: 2026-02-28, competitors: [senja]}",
        ),
        encoding="utf-8",
    )

    [pagi] = [brand for brand in load(path).brands if brand.id == "pagi"]

    assert [(str(p.first_date), str(p.last_date), p.members) for p in pagi.panel] == [
        ("0001-01-01", "2026-02-28", ("pagi", "senja")),
        ("2026-04-01", "9999-12-31", ("pagi", "senja")),
    ]
    assert len({period.series_id for period in pagi.panel}) == 1
    path.write_text(path.read_text().replace("{until: 2026-02-28", "{until: 2026-03-31"), encoding="utf-8")
    with pytest.raises(SettingsInvalid, match="end of a panel '2026-03-31' stands here twice"):
        load(path)
