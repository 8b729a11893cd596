"""Rules as points: each phrase of a table gives points to a class; enough points make the class.

A rule file (``data/rules/<task>.csv``) has the columns ``class, points, mood, phrases``: phrases
parted by `` | ``, each of one to four normal words (slang written out; ``?`` and ``!`` are words;
``<number>`` stands for any number). Negative points speak
against a class. Each phrase counts once per text.
"""

import csv
from functools import lru_cache
from importlib import resources

import polars as pl

from gaung.errors import SettingsInvalid
from gaung.text import spoken

ENOUGH = 2
LONGEST = 4
NUMBER = "<number>"
ANY = "*"
"""In place of a class: the points go to every class of the task."""


def found(words: pl.DataFrame, task: str) -> pl.DataFrame:
    """The phrases of a task's rules in texts as :func:`gaung.text.spoken.words` gives them.

    Columns: those of :func:`chains` with ``class, points, mood``; one row per place and class.
    """
    return chains(words, table(task))


def chains(words: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Where phrases stand: the columns of ``phrases`` (``phrase, size``, others) with their places.

    Adds ``row, at`` (place of the first word), ``start, end`` (characters of the original),
    ``clause``, ``before`` (the word before). A word matches as written or without its clitic; a number
    as written where no phrase asks for any number.
    """
    vocabulary = phrases["phrase"].str.split(" ").explode().unique()
    is_number = pl.lit(NUMBER in vocabulary) & pl.col("word").str.contains(r"^\p{N}+$")
    is_known = pl.col("word").is_in(vocabulary.implode()) | pl.col("bare").is_in(vocabulary.implode())
    # words of no phrase are set aside before anything is made of the others
    stream = words.with_columns(
        before=pl.when(pl.col("row") == pl.col("row").shift(1)).then(pl.col("word").shift(1))
    ).filter(is_known | is_number)
    ways = [
        _chains(stream.with_columns(word=pl.when(is_number).then(pl.lit(NUMBER)).otherwise(way)), phrases)
        for way in ("word", "bare")
    ]
    return pl.concat(ways).unique(["row", "at", "phrase"]).join(phrases.drop("size"), on="phrase")


def _chains(stream: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Every chain of up to four neighbours that is a phrase."""
    found = []
    for size in phrases["size"].unique().sort().to_list() or [1]:
        last = pl.col("at").shift(1 - size) == pl.col("at") + size - 1
        is_chain = (last & (pl.col("row") == pl.col("row").shift(1 - size))).fill_null(False)
        first = stream.select(is_chain).to_series().arg_true()
        texts = [stream["word"].gather(first + step) for step in range(size)]
        whole = stream[first].with_columns(
            phrase=pl.concat_str(texts, separator=" "),
            end=stream["end"].gather(first + size - 1),
            size=pl.lit(size, pl.Int64),
        )
        listed = phrases.filter(pl.col("size") == size).select("phrase").unique()
        found.append(whole.join(listed, on="phrase", how="semi"))
    columns = ["row", "at", "start", "end", "clause", "before", "phrase", "size"]
    return pl.concat([part.select(columns) for part in found])


def scores(hits: pl.DataFrame) -> pl.DataFrame:
    """``row, class, points``: the sum over distinct phrases of each text and class."""
    once = hits.unique(["row", "class", "phrase"])
    general = once.filter(pl.col("class") == ANY).group_by("row").agg(pl.col("points").sum().alias("extra"))
    own = once.filter(pl.col("class") != ANY).group_by("row", "class").agg(pl.col("points").sum())
    summed = own.join(general, on="row", how="left").with_columns(
        pl.col("points") + pl.col("extra").fill_null(0)
    )
    return summed.select("row", "class", "points").sort("row", "class")


@lru_cache(maxsize=8)
def table(task: str) -> pl.DataFrame:
    """``phrase, class, points, mood, size``: the rules of a task, one row per phrase and class.

    Raises:
        SettingsInvalid: a phrase stands twice for a class, or is longer than four words.
    """
    path = resources.files("gaung.text").joinpath(f"data/rules/{task}.csv")
    with path.open(encoding="utf-8") as file:
        listed = [
            (rule["class"], int(rule["points"]), rule["mood"] or None, phrase)
            for rule in csv.DictReader(file)
            for phrase in rule["phrases"].split("|")
        ]
    phrases = normal([phrase for *_, phrase in listed])
    schema = {"class": pl.String, "points": pl.Int64, "mood": pl.String, "phrase": pl.String}
    rules = pl.DataFrame(
        [(*rule[:3], phrase) for rule, phrase in zip(listed, phrases, strict=True)], schema, orient="row"
    ).with_columns(size=pl.col("phrase").str.count_matches(" ").cast(pl.Int64) + 1)
    wrong = rules.filter(pl.struct("class", "phrase").is_duplicated() | (pl.col("size") > LONGEST))
    if len(wrong):
        raise SettingsInvalid(f"rules of {task}: twice, or too long: {wrong['phrase'].to_list()[:5]}")
    return rules


def normal(phrases: list[str]) -> list[str]:
    """The phrases in normal words; what stands in angle brackets stays."""
    frame = (
        pl.DataFrame({"word": [phrase.split() for phrase in phrases]}).with_row_index("row").explode("word")
    )
    frame = frame.with_row_index("place")
    told = spoken.words(frame["word"]).group_by("row").agg(pl.col("word").str.join(" ").alias("normal"))
    told = told.rename({"row": "place"})
    is_mark = pl.col("word").str.contains("^<.+>$")
    whole = frame.join(told, on="place", how="left").sort("place")
    word = pl.when(is_mark).then(pl.col("word")).otherwise(pl.col("normal"))
    joined = whole.group_by("row", maintain_order=True).agg(word.str.join(" ").alias("phrase"))
    return joined["phrase"].to_list()
