"""Cleaning, language, sentiment and masking: on odd input, by property, and measured on real data."""

import csv
import subprocess
import sys
from decimal import Decimal
from importlib import resources
from pathlib import Path
from statistics import correlation

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gaung.text import clean, fold, language, mask, registry, sentiment
from gaung.text.batch import as_batch

ODD = {
    "null": None,
    "empty": "",
    "whitespace": " \n\t\u00a0",
    "emoji": "😀😀🔥❤️",
    "url": "https://contoh.id/a?b=c#d",
    "mention": "@united",
    "long": "bagus sekali tapi mahal " * 4_200,
    "long word": "a" * 100_000,
    "right to left": "هذا جيد جدا",
    "nul": "good\0 coffee\0",
    "lone surrogate": "good \ud83d coffee \udc00",
    "exclamation": "!" * 1_000,
    "digits": "123 456",
    "zero width": "\u200b\u200d\ufeff",
    "combining": "e" + "\u0301" * 500,
}


def cleaned(text: str) -> str:
    result: str = pl.DataFrame({"text": [text]}).select(clean.for_scoring(pl.col("text"))).item()
    return result


def languages(*texts: str | None) -> list[str]:
    found: list[str] = language.detect(as_batch(texts)).column("lang").to_pylist()
    return found


# --- odd input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoken", ["en", "id"])
@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_input_gives_a_result_or_a_reason(text: str | None, spoken: str) -> None:
    batch = as_batch([text])
    found = language.detect(batch)
    scored = sentiment.score(as_batch([text], lang=[spoken]))
    masked = mask.engine([]).function(batch)
    lang, confidence, reason = (found.column(name)[0].as_py() for name in found.schema.names)
    assert (lang == "und") == (reason is not None) == (confidence is None)
    compound, label, why = (scored.column(name)[0].as_py() for name in scored.schema.names)
    assert (compound is None) == (label == "unscored") == (why is not None)
    assert why is None or why in sentiment.REASONS
    assert (masked.column("text_masked")[0].as_py() is None) == (text is None)


def test_empty_batches_stay_empty() -> None:
    assert language.detect(as_batch([])).num_rows == 0
    assert sentiment.score(as_batch([], lang=[])).num_rows == 0
    assert mask.engine([]).function(as_batch([])).num_rows == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.none(), st.text(max_size=80)), max_size=8))
def test_rows_and_order_are_kept_and_do_not_depend_on_neighbours(texts: list[str | None]) -> None:
    batch = as_batch(texts)
    together = language.detect(batch).to_pylist()
    alone = [language.detect(as_batch([text])).to_pylist()[0] for text in texts]
    assert together == alone
    lang = [row["lang"] for row in together]
    scored = sentiment.score(as_batch(texts, lang=lang)).to_pylist()
    assert scored == [
        sentiment.score(as_batch([text], lang=[code])).to_pylist()[0]
        for text, code in zip(texts, lang, strict=True)
    ]


# --- cleaning -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@united", ""),
        ("thanks @united!", "thanks !"),
        ("RT @united: great #Service https://t.co/x", "great Service"),
        ("#happy#people", "happy people"),
        ("C# and #1", "C# and 1"),
        ("halo@contoh.id love www.contoh.id/great", "love"),
        ("  so   GOOD!!!\n:) ", "so GOOD!!! :)"),
        ("👩‍👩‍👧 ok", "👩‍👩‍👧 ok"),
        ("@budi@mastodon.social hi", "hi"),
    ],
)
def test_cleaning(text: str, expected: str) -> None:
    assert cleaned(text) == expected


def test_a_handle_is_never_scored() -> None:
    texts = [
        "The plane left at noon",
        "The plane of @united left at noon",
        "The plane left at noon @bestgreat",
    ]
    assert (
        sentiment.score(as_batch(texts, lang=["en"] * 3)).column("compound").to_pylist()
        == [Decimal("0.0000")] * 3
    )
    assert sentiment.score(as_batch(["united"], lang=["en"])).column("label").to_pylist() == ["positive"]


@settings(deadline=None)
@given(st.text())
@example("a @\u0345")
def test_cleaning_leaves_no_mention_or_link_and_repeats(text: str) -> None:
    once = cleaned(as_batch([text]).column("text")[0].as_py())
    assert pl.Series([once]).str.contains(clean.MENTION).item() is False
    assert "http://" not in once.lower()
    assert once == once.strip()


def test_hashtags_and_mentions_of_a_text() -> None:
    text = "Hi #Kopi_Senja #1 #café, x#no &#39; @Budi.Santoso. ＃全角 a@b.id https://c.id/#d @ani"
    frame = pl.DataFrame({"text": [text]})
    assert frame.select(clean.hashtags(pl.col("text"))).item().to_list() == ["Kopi_Senja", "café", "全角"]
    assert frame.select(clean.mentions(pl.col("text"))).item().to_list() == ["budi.santoso", "ani"]


@settings(deadline=None)
@given(st.text())
def test_folded_words_stand_between_single_spaces(text: str) -> None:
    held = as_batch([text]).column("text")[0].as_py()
    (words,) = fold.all_words([held])
    assert words.startswith(" ")
    assert words.endswith(" ")
    assert "  " not in words.strip(" ")
    assert (
        fold.all_words([held.upper().lower()])[0] == fold.all_words([held.lower()])[0] or not held.isascii()
    )


# --- language -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pelayanan lambat gak recommended", "id"),
        ("wkwkwk mantap jiwa", "id"),
        ("bagusss bangettt", "id"),
        ("makasih kak, barangnya udah sampe", "id"),
        ("#KopiSenja enak banget https://t.co/great", "id"),
        ("the coffee at Kopi Senja is great", "en"),
        ("love it", "en"),
        ("outstanding!", "en"),
        ("korang tengok macam mana kat sini", "ms"),
        ("aku wis tuku sega pecel ning warung kuwi, regane ora larang", "jv"),
        ("kuring resep pisan kana kadaharan ieu, hargana teu mahal", "su"),
        ("enak pisan baksonya", "id"),
        ("😀😀", "und"),
        ("https://contoh.id", "und"),
        ("今日はとても良い天気です", "und"),
        ("хороший кофе", "und"),
        ("xqzv", "und"),
    ],
)
def test_language_of_short_texts(text: str, expected: str) -> None:
    assert languages(text) == [expected]


def test_nothing_heavy_is_loaded_by_importing_the_engines() -> None:
    code = (
        "import gaung.text.language, gaung.text.sentiment, sys; "
        "print('lingua' in sys.modules, 'vaderSentiment' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# --- sentiment ------------------------------------------------------------------------------------


def test_other_languages_are_unscored_with_the_reason() -> None:
    scored = sentiment.score(
        as_batch(["bagus", "good", None, "?", "x" * 30_000], lang=["ms", "und", "en", "en", "en"])
    )
    assert scored.column("unscored_reason").to_pylist() == [
        "language_not_supported",
        "language_unknown",
        "no_text",
        "no_words",
        "text_too_long",
    ]
    assert set(scored.column("label").to_pylist()) == {"unscored"}
    assert scored.column("compound").null_count == 5


def test_english_equals_the_library_and_each_distinct_text_is_scored_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    asked: list[str] = []

    class Counting:
        def polarity_scores(self, text: str) -> dict[str, float]:
            asked.append(text)
            return dict(analyser.polarity_scores(text))

    monkeypatch.setattr(sentiment, "_vader", Counting)
    texts = ["VERY good!!!", "not good at all :(", "the table", "VERY good!!! @someone", "the table"]
    scored = sentiment.score(as_batch(texts, lang=["en"] * 5))
    expected = [
        Decimal(str(round(analyser.polarity_scores(text.removesuffix(" @someone"))["compound"], 4)))
        for text in texts
    ]
    assert scored.column("compound").to_pylist() == expected
    assert scored.column("label").to_pylist() == ["positive", "negative", "neutral", "positive", "neutral"]
    assert sorted(asked) == ["VERY good!!!", "not good at all :(", "the table"]


@pytest.mark.parametrize(
    ("compound", "expected"),
    [(0.05, "positive"), (0.0499, "neutral"), (-0.05, "negative"), (-0.0499, "neutral"), (0.0, "neutral")],
)
def test_labels_at_the_thresholds(compound: float, expected: str) -> None:
    assert sentiment.label_of(compound) == expected


def test_the_next_engine_is_a_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.engines("sentiment")
    monkeypatch.setattr(registry, "_engines", dict(registry._engines))
    before = sentiment.engine_version()

    def always_good(batch: pa.RecordBatch) -> pa.RecordBatch:
        size = batch.num_rows
        return pa.RecordBatch.from_pydict(
            {
                "compound": pa.array([Decimal("0.5")] * size, sentiment.COMPOUND),
                "label": pa.array(["positive"] * size),
                "unscored_reason": pa.nulls(size, pa.string()),
            }
        )

    registry.register("sentiment", "cheerful", "7", always_good, languages=("ms",))
    assert sentiment.score(as_batch(["teruk"], lang=["ms"])).column("label").to_pylist() == ["positive"]
    assert "ms=cheerful-7" in sentiment.engine_version()
    assert sentiment.engine_version() != before


# --- masking --------------------------------------------------------------------------------------

HIDDEN = [
    ("halo @budi apa kabar", "halo [akun] apa kabar"),
    ("@KopiSenjaID dan @kopisenja.id!", "@KopiSenjaID dan @kopisenja.id!"),
    ("@kopisenjaid_palsu", "[akun]"),
    ("＠budi", "[akun]"),
    ("@budi@mastodon.social", "[akun]"),
    ("surat ke Budi.S+kopi@contoh.co.id ya", "surat ke [surel] ya"),
    ("WA 0812-3456-7890", "WA [telepon]"),
    ("081234567890", "[telepon]"),
    ("+62 812 3456 7890", "[telepon]"),
    ("(021) 555-1234", "[telepon]"),
    ("6281234567890.", "[telepon]."),
    ("+62 (21) 5551234", "[telepon]"),
    ("wa.me/6281234567890", "[tautan]"),
    ("lihat https://www.instagram.com/budi.s/ ya", "lihat [tautan] ya"),
    ("https://x.com/budi/status/1234567890123456789", "[tautan]"),
    ("BCA 123-456-7890 a.n. Budi", "BCA [nomor] a.n. Budi"),
    ("rekening 1234 5678 90", "rekening [nomor]"),
    ("no rek: 0123456", "no rek: [nomor]"),
    ("NIK 3174012345678901", "NIK [nomor]"),
    ("3174012345678901", "[nomor]"),
]
KEPT = [
    "harga Rp 1.500.000 diskon 20%",
    "Rp1500000000",
    "tanggal 01-02-2024 jam 10:30",
    "tanggal 01-02-2024 10 orang",
    "beli 2 gratis 1, tahun 2024",
    "https://contoh.id/promo",
    "C.S. Lewis 1950",
    "meja @ 2 kursi",
    "5.000 follower",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), HIDDEN, ids=[text for text, _ in HIDDEN])
def test_personal_things_are_hidden(text: str, expected: str) -> None:
    engine = mask.engine(["kopisenjaid", "kopisenja.id"])
    assert engine.function(as_batch([text])).column("text_masked").to_pylist() == [expected]


@pytest.mark.parametrize("text", KEPT)
def test_everything_else_is_kept(text: str) -> None:
    assert mask.engine([]).function(as_batch([text])).column("text_masked").to_pylist() == [text]


PHONES = st.builds(
    lambda prefix, digits, gap: prefix + gap + gap.join(digits),
    st.sampled_from(["+62", "0", "62", "+62 8", "08"]),
    st.lists(st.from_regex(r"\d{3,4}", fullmatch=True).filter(str.isascii), min_size=3, max_size=3),
    st.sampled_from(["", " ", "-", "."]),
)
HANDLES = st.from_regex(r"@[a-z][a-z0-9_.]{2,20}[a-z0-9]", fullmatch=True)
PLAIN = st.text(st.characters(categories=["Lu", "Ll", "Zs", "Po"], exclude_characters="@＠/.#+"), max_size=30)


@settings(deadline=None)
@given(PLAIN, st.one_of(PHONES, HANDLES), PLAIN)
def test_no_phone_and_no_handle_survives(before: str, secret: str, after: str) -> None:
    text = f"{before} {secret} {after}"
    masked = mask.engine([]).function(as_batch([text])).column("text_masked")[0].as_py()
    assert secret not in masked
    assert sum(c.isdigit() for c in masked) == sum(c.isdigit() for c in before + after)


@settings(deadline=None)
@given(st.text())
def test_masking_twice_changes_nothing(text: str) -> None:
    function = mask.engine(["kopisenjaid"]).function
    once = function(as_batch([text])).column("text_masked").to_pylist()
    assert function(as_batch(once)).column("text_masked").to_pylist() == once


def test_the_mask_version_names_rules_and_allowed_handles() -> None:
    assert mask.mask_version(["B", "a"]) == mask.mask_version(["a", "b", "b"])
    assert mask.mask_version(["a"]) != mask.mask_version(["b"])


# --- real data ------------------------------------------------------------------------------------


def read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_tweets_are_english_and_compound_follows_the_human_means(
    test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_rows(test_data / "sentiment" / "vader" / "tweets_GroundTruth.txt")
    texts = [row[2] for row in rows]
    found = languages(*texts)
    english = found.count("en") / len(found)
    compounds = sentiment.score(as_batch(texts, lang=found)).column("compound").to_pylist()
    pairs = [
        (float(compound), float(row[1]))
        for compound, row, lang in zip(compounds, rows, found, strict=True)
        if compound is not None and lang == "en"
    ]
    r = correlation(*zip(*pairs, strict=True))
    with capsys.disabled():
        sys.stdout.write(
            f"\n4,200 tweets: English {english:.4f}; Pearson r {r:.4f} over {len(pairs)} scored\n"
        )
    assert english >= 0.97
    assert r >= 0.865


def test_smsa_is_indonesian_or_malay(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [row[0] for row in read_rows(test_data / "sentiment" / "smsa" / "valid_preprocess.tsv")]
    found = languages(*texts)
    shares = {code: found.count(code) / len(found) for code in language.LANGUAGES}
    with capsys.disabled():
        sys.stdout.write(f"\nSmSA valid: {shares}\n")
    assert shares["id"] >= 0.92
    assert shares["id"] + shares["ms"] >= 0.98


def test_regional_languages_are_told_from_indonesian(
    test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, code in (("javanese", "jv"), ("sundanese", "su")):
        paths = sorted((test_data / "sentiment" / "nusax" / name).glob("*.csv"))
        found = languages(*[text for path in paths for text in pl.read_csv(path)["text"].to_list()])
        share = found.count(code) / len(found)
        with capsys.disabled():
            sys.stdout.write(f"\nNusaX {name}: {code} {share:.4f} of {len(found)}\n")
        assert share >= 0.75


def test_the_shipped_list_of_slang() -> None:
    path = resources.files("gaung.text").joinpath("data/lists/language_slang.tsv")
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()[1:]]
    found = languages(*[text for text, _ in rows])
    right = sum(said == label for said, (_, label) in zip(found, rows, strict=True))
    assert len(rows) == 200
    assert right / len(rows) >= 0.9


def test_nusax_pairs_are_told_apart(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = test_data / "sentiment" / "nusax"
    right = total = 0
    for name, wanted in (("indonesian", {"id", "ms"}), ("english", {"en"})):
        for path in sorted((folder / name).glob("*.csv")):
            texts = pl.read_csv(path)["text"].to_list()
            right += sum(code in wanted for code in languages(*texts))
            total += len(texts)
    with capsys.disabled():
        sys.stdout.write(f"\nNusaX Indonesian/English told apart: {right / total:.4f} of {total}\n")
    assert total >= 1_200
    assert right / total >= 0.97
