"""What the marts declare: read completely, refused clearly, described in both languages."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gaung import docs
from gaung.errors import SettingsInvalid
from gaung.warehouse import marts
from gaung.warehouse.partitions import KINDS, WHOLE
from tests.warehouse.publishing import models

NAMES = {
    "dim_brand",
    "dim_author",
    "dim_date",
    "fct_post",
    "bridge_post_brand",
    "brand_sentiment_hourly",
    "brand_sentiment_daily",
    "topic_trend_hourly",
    "collection_coverage",
    "word_cloud",
}


def load(folder: Path, declared: list[dict[str, Any]]) -> tuple[marts.Mart, ...]:
    folder.mkdir(exist_ok=True)
    (folder / "x.yml").write_text(yaml.safe_dump({"models": declared}))
    return marts.load(folder)


def test_the_marts_of_the_project() -> None:
    assert {mart.name for mart in marts.load()} >= NAMES


def test_every_published_column_is_described_in_both_languages() -> None:
    assert docs.gaps() == []


def test_gaps_are_found(tmp_path: Path) -> None:
    declared = models()
    del declared[0]["config"]["meta"]["id"]
    declared[1]["description"] = "Posts."
    declared[2]["columns"][0]["description"] = ""

    assert docs.gaps(load(tmp_path, declared)) == [
        "mart dim_thing lacks its description in English or Indonesian",
        "the description of mart fct_thing does not say “One row per …”",
        "thing_hourly.brand_id lacks its description in English or Indonesian",
    ]


def test_declaration_is_read(tmp_path: Path) -> None:
    dim, fact, hourly = load(tmp_path, models())

    assert (dim.kind, dim.key_columns, dim.key_names) == (WHOLE, ("thing_id",), ("thing_id",))
    assert (fact.kind, fact.partition, fact.primary_key) == ("post", ("post_key",), ("post_key",))
    assert fact.foreign_keys == (marts.ForeignKey(("thing_id",), "dim_thing", ("thing_id",)),)
    assert hourly.key_names == tuple(KINDS["brand_hour"])
    assert fact.column("post_key").is_required
    assert not fact.column("mood_score").is_required
    assert fact.comment == "Posts about things. One row per post. ID: Kiriman. Satu baris per kiriman."
    assert [mart.name for mart in marts.in_reference_order((fact, dim))] == ["dim_thing", "fct_thing"]


def spoil(index: int, path: list[Any], value: Any) -> list[dict[str, Any]]:
    declared = models()
    node: Any = declared[index]
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return declared


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (spoil(1, ["config", "meta", "partition", "kind"], "pots"), "partition kind 'pots'; known: post"),
        (
            spoil(2, ["config", "meta", "partition", "columns"], ["brand_id"]),
            "columns brand_id, hour_at",
        ),
        (spoil(1, ["constraints"], []), "declares no primary key"),
        (spoil(1, ["constraints", 0, "columns"], ["pots_key"]), "'pots_key' is not among its columns"),
        (spoil(1, ["columns", 2, "data_type"], None), "column mood_score has no data_type"),
        (
            spoil(1, ["config", "meta", "foreign_keys", 0, "to"], "dim_thong"),
            "which is not a mart",
        ),
        (spoil(1, ["config", "meta", "foreign_keys", 0], {"to": "dim_thing"}), "lacks 'columns'"),
        (spoil(1, ["name"], "dim_thing"), "declared more than once"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_declaration_that_cannot_be_published_is_refused(
    tmp_path: Path, declared: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        load(tmp_path, declared)


def test_marts_that_refer_in_a_circle_are_refused(tmp_path: Path) -> None:
    declared = models()
    declared[0]["config"]["meta"]["foreign_keys"] = [{"columns": ["thing_name"], "to": "fct_thing"}]

    with pytest.raises(SettingsInvalid, match="circle: dim_thing → fct_thing → dim_thing"):
        marts.in_reference_order(load(tmp_path, declared))


def test_glossary_names_every_column(tmp_path: Path) -> None:
    text, page = docs.markdown(), docs.page()

    for mart in marts.load():
        for column in mart.columns:
            assert f"| {column.name} | {column.data_type} |" in text
            assert f"<td>{column.name}</td>" in page
    assert "trust_badge" in text
    assert text == docs.markdown()
