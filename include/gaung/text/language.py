"""The language of a text by the text alone: ``id``, ``en``, ``ms``, ``jv``, ``su`` or ``und``.

lingua (English, Indonesian, Malay) gives probabilities; a list of everyday and slang words, written
for this project, decides where short informal texts mislead it, and between Indonesian, Malay,
Javanese and Sundanese, which share many words. What the platform reports is not asked.
"""

import csv
import math
from functools import lru_cache
from importlib import resources
from typing import Any

import polars as pl
import pyarrow as pa

from gaung.text import clean, normalise

LANGUAGES = ("id", "en", "ms", "jv", "su", "und")
REGIONAL = ("jv", "su")
"""Languages of Indonesia that lingua does not know: only words of the list speak for them."""

EVIDENCE = ("id", "en", "ms", "jv", "su", "id_ms")
"""What a listed word speaks for; ``id_ms``: Indonesian or Malay."""

REGIONAL_EVIDENCE = 4
"""Least weight of words of a regional language; two borrowed words make no Javanese text."""

MAX_CHARACTERS = 1_000
"""lingua reads the head of a long text; a post does not change its language after it."""

AFFIXED = r"^(?:(?:me|di|ber|ter|pe)[a-z]{3,}(?:kan|nya)|[a-z]{3,}nya|ke[a-z]{4,}an)$"

WORD_WEIGHT = 1.0
"""How many nats of evidence one weight point of a listed word is."""

DOUBT = 0.01
"""Probability that lingua is wrong whatever it says; so it never outweighs CLEAR_MARGIN points of words."""

CLEAR_MARGIN = math.ceil(math.log((1 + DOUBT) / DOUBT) / WORD_WEIGHT)
EVEN = {"en": 0.5, "id": 0.5, "ms": 0.0}


def detect(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → ``lang, confidence, reason``; same rows, same order.

    ``confidence`` is between 0 and 1, NULL for ``und``; ``reason`` says why a text is ``und``:
    no_text, no_words, other_script, unknown_words; NULL otherwise.
    """
    frame = pl.DataFrame({"text": pl.Series(batch.column("text"), dtype=pl.String)}).with_row_index("row")
    frame = _with_evidence(_with_reasons(frame))
    decided = _decide(frame)
    return pa.RecordBatch.from_pydict(
        {
            "lang": pa.array([lang for lang, _, _ in decided], pa.string()),
            "confidence": pa.array([confidence for _, confidence, _ in decided], pa.float64()),
            "reason": pa.array([reason for _, _, reason in decided], pa.string()),
        }
    )


def _with_reasons(frame: pl.DataFrame) -> pl.DataFrame:
    head = clean.for_scoring(pl.col("text").str.slice(0, MAX_CHARACTERS)).str.to_lowercase()
    frame = frame.with_columns(plain=head.str.replace_all(r"[\d_]+", " "))
    # counted only where a letter of another script stands; elsewhere NULL, which is not less
    foreign = pl.when(pl.col("plain").str.contains(r"[\p{L}--\p{Latin}]")).then("plain")
    letters = foreign.str.count_matches(r"\p{L}")
    latin = foreign.str.count_matches(r"\p{Latin}")
    return frame.with_columns(
        reason=pl.when(pl.col("text").is_null() | (pl.col("text").str.strip_chars() == ""))
        .then(pl.lit("no_text"))
        .when(~pl.col("plain").str.contains(r"\p{L}"))
        .then(pl.lit("no_words"))
        .when(latin * 2 < letters)
        .then(pl.lit("other_script"))
        .otherwise(pl.lit(None, dtype=pl.String))
    )


def _with_evidence(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the number of words and the weight of listed words per language."""
    tokens = (
        frame.filter(pl.col("reason").is_null())
        .select("row", word=pl.col("plain").str.extract_all(r"\p{L}+"))
        .explode("word")
        .drop_nulls("word")
    )
    tokens = tokens.join(listed(tokens.select("word").unique()), on="word", how="left")
    counts = tokens.group_by("row").agg(
        pl.len().alias("n"),
        *[pl.col("weight").filter(pl.col("lang") == lang).sum().alias(lang) for lang in EVIDENCE],
    )
    return frame.join(counts, on="row", how="left").sort("row")


def listed(words: pl.DataFrame) -> pl.DataFrame:
    """Adds to distinct lower-case words (``word``) their ``weight`` and what they speak for (``lang``)."""
    return (
        words.with_columns(short=normalise.shortened(pl.col("word")))
        .join(_words().rename({"word": "short"}), on="short", how="left")
        .with_columns(_affixed(pl.col("short"), pl.col("lang")))
        .drop("short")
    )


def _affixed(word: pl.Expr, lang: pl.Expr) -> list[pl.Expr]:
    """Unlisted words with affixes of Indonesian and Malay count as one point for both."""
    is_affixed = lang.is_null() & word.str.contains(AFFIXED)
    return [
        pl.when(is_affixed).then(pl.lit("id_ms")).otherwise(lang).alias("lang"),
        pl.when(is_affixed).then(pl.lit(1)).otherwise(pl.col("weight")).alias("weight"),
    ]


def _decide(frame: pl.DataFrame) -> list[tuple[str, float | None, str | None]]:
    margin = pl.col("en").cast(pl.Int64) - pl.sum_horizontal(*[lang for lang in EVIDENCE if lang != "en"])
    frame = frame.with_columns(is_clear=(margin.abs() >= CLEAR_MARGIN).fill_null(False))
    asked = frame.filter(pl.col("reason").is_null() & ~pl.col("is_clear"))
    chances = iter(probabilities(asked["plain"].to_list()))
    columns = ("reason", "is_clear", "n", *EVIDENCE)
    return [
        ("und", None, row[0])
        if row[0]
        else _decide_one(
            EVEN if row[1] else next(chances),
            row[2] or 0,
            dict(zip(EVIDENCE, (weight or 0 for weight in row[3:]), strict=True)),
        )
        for row in frame.select(columns).iter_rows()
    ]


def _decide_one(p: dict[str, float], n: int, weights: dict[str, int]) -> tuple[str, float | None, str | None]:
    """Language, confidence and reason from lingua's probabilities, the number of words and their evidence."""
    total = sum(weights.values())
    if total == 0 and n >= 1 and not _trusted(p, n):
        return "und", None, "unknown_words"
    english = weights["en"]
    odds = math.log((p["en"] + DOUBT) / (p["id"] + p["ms"] + DOUBT))
    odds += WORD_WEIGHT * (2 * english - total)
    share = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
    if odds > 0:
        return "en", round(share, 4), None
    lang = _within_archipelago(p, weights)
    rivals = sum(weights[code] for code in ("id", "ms", *REGIONAL))
    within = (weights[lang] + 1) / (rivals + 2)
    return lang, round((1 - share) * max(within, 0.5), 4), None


def _within_archipelago(p: dict[str, float], weights: dict[str, int]) -> str:
    """``id``, ``ms``, ``jv`` or ``su`` by the words that only one of them has; ``id`` in doubt."""
    regional = max(REGIONAL, key=lambda code: weights[code])
    if weights[regional] >= REGIONAL_EVIDENCE and weights[regional] > max(weights["id"], weights["ms"]):
        return regional
    indonesian, malay = weights["id"], weights["ms"]
    is_malay = malay > indonesian or (malay == indonesian and malay > 0 and p["ms"] > p["id"])
    return "ms" if is_malay else "id"


def _trusted(p: dict[str, float], n: int) -> bool:
    """Whether lingua alone may decide: several words, and it is nearly sure."""
    best = max(p["en"], p["id"] + p["ms"])
    return n >= 3 and best >= 0.97


def probabilities(texts: list[str]) -> list[dict[str, float]]:
    """Per text lingua's probabilities of ``en``, ``id`` and ``ms``."""
    if not texts:
        return []
    detector = _detector()
    results = detector.compute_language_confidence_values_in_parallel(texts)
    return [{_CODES[value.language.name]: value.value for value in result} for result in results]


_CODES = {"INDONESIAN": "id", "ENGLISH": "en", "MALAY": "ms"}


@lru_cache(maxsize=1)
def _detector() -> Any:
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(
        Language.INDONESIAN, Language.ENGLISH, Language.MALAY
    ).build()


@lru_cache(maxsize=1)
def _words() -> pl.DataFrame:
    with resources.files("gaung.text").joinpath("data/language_words.csv").open(encoding="utf-8") as file:
        rows = [(row["word"], row["lang"], int(row["weight"])) for row in csv.DictReader(file)]
    for words, lang in ((_english_words(), "en"), (normalise.slang_words(), "id")):
        listed = {word for word, _, _ in rows}
        rows += [(word, lang, 1) for word in words if word not in listed]
    return pl.DataFrame(rows, schema={"word": pl.String, "lang": pl.String, "weight": pl.Int64}, orient="row")


def _english_words() -> list[str]:
    """The plain words of VADER's lexicon: English that people use in short texts."""
    lexicon = resources.files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8")
    words = (line.split("\t", 1)[0] for line in lexicon.splitlines())
    return sorted({word for word in words if len(word) >= 3 and word.isalpha() and word.islower()})
