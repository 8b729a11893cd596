"""Industry by the words that name a business or its goods."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from gaung.text import business, industry
from gaung.text.batch import as_batch
from gaung.text.evaluate import macro_f1

OF_CATEGORY = {
    "Food and Drink": "culinary",
    "Women's Fashion": "fashion",
    "Men's Fashion": "fashion",
    "Muslim Fashion": "fashion",
    "Kids and Baby Fashion": "fashion",
    "Party Supplies and Craft": "crafts",
}


@pytest.mark.parametrize(
    ("text", "expected", "evidence"),
    [
        ("Kedai kopi dan roti bakar", "culinary", ["kedai", "kopi", "roti"]),
        ("gamis batik tulis", "fashion", ["gamis", "batik", "batik tulis"]),
        ("Keranjang anyaman rotan", "crafts", ["keranjang", "anyaman", "rotan"]),
        ("Parfum mobil kopi", "other", ["parfum", "mobil"]),
        ("cat akrilik 30ml", "crafts", ["cat akrilik", "akrilik"]),
        ("selamat pagi semua", None, None),
        ("kopi baju", None, None),
        ("", None, None),
    ],
)
def test_industry_with_the_words_that_decided(
    text: str, expected: str | None, evidence: list[str] | None
) -> None:
    [found] = industry.classify(as_batch([text])).to_pylist()
    assert (found["industry"], found["evidence"]) == (expected, evidence)


def test_no_text_and_odd_text_keep_their_row() -> None:
    texts = [None, "kopi", "\ud800", "x" * 100_000, "!!!" * 1_000, "kopi"]
    found = industry.classify(as_batch(texts)).to_pylist()
    assert [row["industry"] for row in found] == [None, "culinary", None, None, None, "culinary"]
    assert industry.classify(as_batch([])).num_rows == 0


def test_products_by_name(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = test_data / "reviews" / "prdect_id_60pct_of_products.csv"
    with path.open(encoding="utf-8") as file:
        rows = [
            (row["Product Name"], OF_CATEGORY.get(row["Category"], "other")) for row in csv.DictReader(file)
        ]
    said = industry.classify(as_batch([name for name, _ in rows])).column("would_be").to_pylist()
    score = macro_f1([(true, str(guess)) for (_, true), guess in zip(rows, said, strict=True)])
    with capsys.disabled():
        print(f"\nIndustry of {len(rows)} reviews by product name: macro-F1 {score:.4f}")
    assert score >= 0.62


def test_classes_of_a_text_stand_together_with_their_reasons() -> None:
    texts = ["Diskon 20% semua kue, UMKM Bandung", "kue dan batik", "halo semua", "🙂", None]
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string())})
    found = business.classify(batch).to_pylist()
    assert [(one["industry"], one["industry_reason"]) for one in found] == [
        ("culinary", None),
        (None, "divided"),
        (None, "no_known_word"),
        (None, "no_text"),
        (None, "no_text"),
    ]
    assert (found[0]["relevance"], found[0]["activity"]) == ("msme", "discount")
    assert all((one["relevance"] is None) == (one["relevance_reason"] is not None) for one in found)
    assert all((one["activity"] is None) == (one["activity_reason"] is not None) for one in found)
