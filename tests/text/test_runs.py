"""Languages inside one text: runs of code-mixed texts, where they stand, and how often they are right."""

import csv
import re
import sys
from pathlib import Path

import pytest

from gaung.text import language, runs
from gaung.text.batch import as_batch


def told(text: str) -> list[tuple[str, str]]:
    [found] = runs.find(as_batch([text])).column("runs").to_pylist()
    return [(run["lang"], text[run["start"] : run["end"]]) for run in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("enak banget kopinya", [("id", "enak banget kopinya")]),
        (
            "barangnya bagus banget, will definitely buy again ya kak",
            [("id", "barangnya bagus banget"), ("en", "will definitely buy again"), ("id", "ya kak")],
        ),
        ("@united cek https://contoh.id/the-best dulu", [("id", "cek https://contoh.id/the-best dulu")]),
        (
            "the best! 😍 rasanya mantap, thank you",
            [("en", "the best"), ("id", "rasanya mantap"), ("en", "thank you")],
        ),
        (
            "aku wis tuku sega pecel, so delicious and cheap",
            [("jv", "aku wis tuku sega pecel"), ("en", "so delicious and cheap")],
        ),
        ("e\u0301nak  BANGETTT\nbut expensive", [("id", "e\u0301nak  BANGETTT"), ("en", "but expensive")]),
        ("今日は", []),
        ("😀 123 !!", []),
        ("", []),
    ],
)
def test_runs_of_a_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert told(text) == expected


def test_rows_keep_their_order_and_do_not_depend_on_neighbours() -> None:
    texts = [
        "enak banget",
        None,
        "so good",
        "mantap, so good",
        "\u202eenak",
        "a\0b",
        "x" * 100_000,
        "enak " * 9_000,
    ]
    together = runs.find(as_batch(texts)).column("runs").to_pylist()
    alone = [runs.find(as_batch([text])).column("runs").to_pylist()[0] for text in texts]
    assert together == alone
    assert together[1] == []
    assert runs.find(as_batch([])).num_rows == 0
    for text, found in zip(texts, together, strict=True):
        ends = [at for run in found for at in (run["start"], run["end"])]
        assert ends == sorted(ends)
        assert all(0 <= at <= len(text or "") for at in ends)
        assert all(run["lang"] in language.LANGUAGES for run in found)


REVIEWS = {
    4: ["id", "en", "id", "en", "id", "en"],
    446: ["id", "en"],
    2258: ["id", "en", "id"],
    2754: ["id", "en"],
}
"""Languages of code-mixed reviews, by their place in the file, as read by a person."""


def test_reviews_in_two_languages(test_data: Path) -> None:
    [path] = (test_data / "reviews").glob("*.csv")
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        texts = [row["Customer Review"] for row in csv.DictReader(lines)]
    assert {place: [lang for lang, _ in told(texts[place])] for place in REVIEWS} == REVIEWS
    assert told(texts[2754])[1] == ("en", "but worth it for the price")


def test_words_of_real_sentences_that_change_their_language_midway(
    test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = []
    for part in ("train", "valid"):
        both = []
        for name in ("indonesian", "english"):
            with (test_data / "sentiment" / "nusax" / name / f"{part}.csv").open(encoding="utf-8") as lines:
                both.append([row["text"].split() for row in csv.DictReader(lines)])
        pairs += list(zip(*both, strict=True))
    texts = [" ".join([*one[: len(one) // 2], *other[len(other) // 2 :]]) for one, other in pairs]
    borders = [len(" ".join(one[: len(one) // 2])) for one, _ in pairs]
    right = total = 0
    for text, border, found in zip(
        texts, borders, runs.find(as_batch(texts)).column("runs").to_pylist(), strict=True
    ):
        for run in found:
            for word in re.finditer(r"[^\W\d_]+", text[run["start"] : run["end"]]):
                wanted = ("id", "ms") if run["start"] + word.start() < border else ("en",)
                right += run["lang"] in wanted
                total += 1
    with capsys.disabled():
        sys.stdout.write(f"\nwords of mixed NusaX sentences: {right / total:.4f} of {total}\n")
    assert total > 15_000
    assert right / total >= 0.95
