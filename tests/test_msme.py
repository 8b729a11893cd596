"""Small businesses through the whole pipeline: a dozen posts whose cells are counted by hand."""

from datetime import date
from typing import Any

import pytest

from gaung import keys, pipeline
from tests.building import ask, deliver, write_brands
from tests.fakes import LineFormat, at, line, lines_format, post

__all__ = ["lines_format"]

MONDAY, WEEK = 24.0, date(2026, 3, 2)
"""Hours from the Sunday on which the posts of these tests begin."""
PLACES = {
    "s1": "Kota Bandung",
    "s2": "Bandung",
    "s3": "Bekasi",
    "s4": "Jawa Barat",
    "s5": "Kota Depok, Indonesia",
}
SALE = "Diskon 20% semua kue, UMKM Bandung"
LIKES = {"s1": 10, "s2": 0, "s3": 5}


def account(author_id: str, **profile: Any) -> dict[str, Any]:
    return {"platform": "x", "author_id": author_id, "handle": author_id, **profile}


def sale(seller: str, **change: Any) -> dict[str, Any]:
    words = {"text": SALE, "created_at": at(MONDAY), "media_type": "video"}
    return post(f"sale_{seller}", **words | {"author_id": seller} | change)


def figures(seller: str) -> dict[str, Any]:
    others = dict.fromkeys(("comments", "reposts", "quotes", "saves"), 0)
    return {"platform": "x", "post_id": f"sale_{seller}", "likes": LIKES[seller], **others}


@pytest.fixture
def market(warehouse: str, lines: LineFormat) -> None:
    """Five sellers in West Java, a maker of batik in Solo, and a person with lunch; built once."""
    write_brands()
    deliver(
        [
            line(
                *(sale(seller) for seller in PLACES),
                post(
                    "hire", author_id="s1", text="lowongan kerja: barista, umkm kopi", created_at=at(MONDAY)
                ),
                post("order", author_id="s1", text="Paket COD bisa kirim, order kue umkm", created_at=at(0)),
                post("again", author_id="s2", text=SALE, created_at=at(MONDAY), post_type="repost"),
                post("morning", author_id="b1", text="selamat pagi", created_at=at(MONDAY)),
                post("lunch", author_id="p", text="makan siang di kantor", created_at=at(MONDAY)),
                post("typo", author_id="p", text="kopi ujii memang beda", created_at=at(MONDAY)),
                authors=[
                    *(account(seller, location_text=place) for seller, place in PLACES.items()),
                    account("b1", location_text="Solo", bio="UMKM batik tulis, terima pesanan"),
                    account("p"),
                ],
                post_metrics=[figures(seller) for seller in LIKES],
                observed=48,
            )
        ]
    )
    assert pipeline.build(holder="test").status == "published"


def rows(query: str) -> list[tuple[Any, ...]]:
    return ask(query, role="bi_reader")


def cells() -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Numbers and reason by week, province, industry and activity."""
    found = rows(
        "select week_date, province_code, industry, activity, post_count, account_count, suppressed_reason "
        "from marts.msme_activity_weekly"
    )
    return {row[:4]: row[4:] for row in found}


FEW = (None, None, "fewer_than_5_accounts")


def test_cells_hold_what_was_planted(market: None) -> None:
    assert cells() == {
        (WEEK, "32", "culinary", "discount"): (5, 5, None),
        (WEEK, "32", "culinary", "hiring"): FEW,
        (date(2026, 2, 23), "32", "culinary", "order_shipping"): FEW,
        (WEEK, "33", "fashion", "other"): FEW,
    }


def test_engagement_is_of_what_is_reported(market: None) -> None:
    found = rows(
        "select activity, media_type, post_count, account_count, engagement_post_count, engagements, "
        "engagements_per_post, engagements_reason from marts.msme_engagement where not is_suppressed"
    )
    assert [(*row[:6], float(row[6]), row[7]) for row in found] == [
        ("discount", "video", 5, 5, 3, 15, 5.0, None)
    ]


def test_accounts_have_evidence_place_and_confidence(market: None) -> None:
    found = rows(
        "select author_key, brand_id, evidence, industry, industry_source, province_code, "
        "is_place_ambiguous, active_week_count, post_count, relevant_post_count, "
        "round(confidence_pct, 1)::text from marts.msme_account order by evidence desc"
    )
    assert found == [
        (keys.author_key("x", "b1"), None, "profile", "fashion", "profile", "33", False, 1, 1, 0, "0.0"),
        (keys.author_key("x", "s1"), None, "posts", "culinary", "posts", "32", False, 2, 3, 3, "43.9"),
    ]


def test_classes_abstain_with_reasons_and_leave_out_what_is_nothing(market: None) -> None:
    found = rows(
        "select c.author_key, relevance, relevance_source, industry, activity, province_code, "
        "province_reason, is_place_ambiguous "
        "from marts.msme_post_class as c join marts.fct_post using (post_key) "
        "where activity is distinct from 'discount'"
    )
    person, maker, seller = (keys.author_key("x", name) for name in ("p", "b1", "s1"))
    assert sorted(found, key=repr) == sorted(
        [
            (seller, "msme", "text", "culinary", "hiring", "32", None, False),
            (seller, "msme", "text", "culinary", "order_shipping", "32", None, False),
            (maker, "msme", "profile", "fashion", "other", "33", None, False),
            (person, "other", "text", "culinary", "other", None, "no_text", False),
            (person, None, None, "culinary", "other", None, "no_text", False),
        ],
        key=repr,
    )


def test_a_misspelt_name_is_suggested_with_what_an_alias_would_win(market: None) -> None:
    query = (
        "select brand_id, spelling, name, distance, post_count, unmatched_post_count "
        "from marts.brand_name_suggestion"
    )
    assert rows(query) == [("kopi", "kopi ujii", "Kopi Uji", 1, 1, 1)]
    write_brands(kopi={"aliases": ["kopi ujii"]})
    pipeline.build(holder="test")
    assert rows(query) == []


def test_what_changes_moves_between_cells_and_equals_a_full_rebuild(market: None) -> None:
    deliver(
        [
            line(sale("s5", text=None, is_deleted=True), observed=50),
            line(authors=[account("b1", location_text="Denpasar", bio="UMKM batik tulis")], observed=50),
        ],
        "later.ndjson",
    )
    assert pipeline.build(holder="test").status == "published"
    grown = cells()
    assert grown == {
        (WEEK, "32", "culinary", "discount"): FEW,
        (WEEK, "32", "culinary", "hiring"): FEW,
        (date(2026, 2, 23), "32", "culinary", "order_shipping"): FEW,
        (WEEK, "51", "fashion", "other"): FEW,
    }
    assert rows("select post_count, engagements from marts.msme_engagement") == [(None, None)] * 4
    assert pipeline.build(holder="test", full=True).status == "unchanged"
    assert cells() == grown
