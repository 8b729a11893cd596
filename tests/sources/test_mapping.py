"""Mapping tables: complete by construction, exact converters, closed errors."""

import csv
from datetime import UTC, datetime
from typing import Any

import pytest

from gaung.contract import ENTITIES
from gaung.sources import coverage
from gaung.sources import mapping as m
from gaung.sources.base import MappingError
from gaung.sources.docs import stale
from gaung.sources.fileformat import FileFormat
from gaung.sources.registry import formats


def _author(**columns: m.Source) -> m.EntityMapping:
    names = [name for name in ENTITIES["authors"].content.names if name not in {"is_text_altered", *columns}]
    rest = {name: m.Absent("not here") for name in names if name not in ("platform", "author_id")}
    base = {"platform": m.Const("x"), "author_id": m.Take("id", m.id_text, required=True)}
    return m.mapping("authors", **{**base, **rest, **columns})


def test_a_missing_column_is_an_error_when_the_table_is_made() -> None:
    with pytest.raises(ValueError, match=r"missing \['handle'"):
        m.mapping("authors", platform=m.Const("x"), author_id=m.Take("id", m.id_text))


def test_an_unknown_column_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"unknown \['handel'\]"):
        _author(handel=m.Const("x"))


def test_a_key_cannot_be_absent_and_a_platform_must_be_known() -> None:
    with pytest.raises(ValueError, match="author_id must not be NULL"):
        _author(author_id=m.Absent("why"))
    with pytest.raises(ValueError, match="'friendster' is not one of"):
        _author(platform=m.Const("friendster"))
    with pytest.raises(ValueError, match="reason"):
        m.Absent(" ")


def test_every_format_maps_every_column_of_its_entities() -> None:
    tables = [table for item in formats() if isinstance(item, FileFormat) for table in item.tables]

    assert len(tables) >= 15
    for table in tables:
        assert {*table.columns, *m.SET_BY_LOADER} >= set(table.entity.content.names)
        assert all(source.words for source in table.columns.values()), table.label


def test_readmes_and_the_page_of_formats_are_current() -> None:
    assert stale() == [], "run python -m gaung.sources.docs"


def test_the_seed_of_reported_metrics_is_what_the_mappings_say() -> None:
    with coverage.SEED.open(encoding="utf-8") as stream:
        seed = {(row["platform"], row["metric"]): row for row in csv.DictReader(stream)}
    given = {(line.platform, line.metric) for line in coverage.coverage() if line.is_reported}

    assert seed.keys() == given
    assert coverage.SEED.read_text(encoding="utf-8") == coverage.render_seed()
    assert seed["x", "impressions"]["reported_since"] == "2022-12-22"
    assert seed["x", "likes"]["basis"] == "platform start"


def test_what_only_some_observations_have_is_not_always_reported() -> None:
    found = {(one.platform, one.metric): one for one in coverage.reported()}

    sometimes = {key for key, one in found.items() if not one.is_always_reported}
    assert sometimes == {
        ("bluesky", "saves"),
        ("mastodon", "quotes"),
        ("youtube", "dislikes"),
        *(("facebook", name) for name in ("clicks", "views", "impressions", "reach")),
        *(("instagram", name) for name in ("shares", "saves", "impressions", "reach")),
    }
    assert all(one.is_always_reported is not bool(one.remark) for one in found.values())
    assert found["x", "comments"].formats == ("capture", "x_api_v1", "x_api_v2")


def test_mappings_that_name_different_days_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        coverage.Coverage("x", "quotes", name, True, since, "", "")
        for name, since in (("a", "2015-04-06"), ("b", "2016-01-01"))
    ]
    monkeypatch.setattr(coverage, "coverage", lambda: lines)

    with pytest.raises(ValueError, match="x quotes: mappings name different days"):
        coverage.reported()


PATHS: list[tuple[Any, str, Any]] = [
    ({"a": {"b": "x"}}, "a.b", "x"),
    ({"a": {"b": None}}, "a.b", None),
    ({"a": None}, "a.b", None),
    ({}, "a.b", None),
    ({"a": [{"b": "x"}]}, "a.0.b", "x"),
    ({"a": []}, "a.0.b", None),
]


@pytest.mark.parametrize(("payload", "path", "expected"), PATHS)
def test_paths(payload: Any, path: str, expected: Any) -> None:
    assert m.take(payload, path, m.text) == expected


def test_lists() -> None:
    payload = {"tags": [{"n": "a"}, {"n": None}, {}, {"n": "b"}, {"n": "a"}]}

    assert m.take(payload, "tags[].n", m.texts) == ["a", "b"]
    assert m.take({"tags": []}, "tags[].n", m.texts) == []
    assert m.take({}, "tags[].n", m.texts) is None


def test_the_first_path_with_a_value_wins() -> None:
    assert m.take({"a": None, "b": "x", "c": "y"}, ("a", "b", "c"), m.text) == "x"
    assert m.take({"a": "no object", "b": "x"}, ("a.b", "b"), m.text) == "x"


@pytest.mark.parametrize(
    ("payload", "reason", "path"),
    [
        ({}, "field_missing", "id"),
        ({"id": None}, "field_missing", "id"),
        ({"id": 1.5}, "float_id", "id"),
        ({"id": True}, "field_retyped", "id"),
        ({"id": ""}, "field_retyped", "id"),
        ({"id": "1", "user": "x"}, "field_retyped", "user"),
        ({"id": "1", "user": {"name": 7}}, "field_retyped", "user.name"),
        ([], "field_retyped", ""),
    ],
)
def test_errors_name_the_path(payload: Any, reason: str, path: str) -> None:
    with pytest.raises(MappingError) as caught:
        m.apply(_author(handle=m.Take("user.name", m.text)), payload)

    assert (caught.value.problem.reason, caught.value.problem.path) == (reason, path)


@pytest.mark.parametrize(
    ("convert", "value", "expected"),
    [
        (m.id_text, 1234567890123456789, "1234567890123456789"),
        (m.id_text, " 007 ", "007"),
        (m.count, 0, 0),
        (m.count, "12345", 12345),
        (m.count, 2**63 - 1, 2**63 - 1),
        (m.integer, -3, -3),
        (m.real, "1.5", 1.5),
        (m.milliseconds, 1500, 1.5),
        (m.word, "  ", None),
        (m.language, "in", "id"),
        (m.language, "iw", "he"),
        (m.language, "und", "und"),
        (m.language, "pt_BR", "pt-br"),
        (m.time_iso, "2026-03-01T07:00:00+07:00", datetime(2026, 3, 1, tzinfo=UTC)),
        (m.time_iso, "2026-03-01T00:00:00.000Z", datetime(2026, 3, 1, tzinfo=UTC)),
        (m.time_iso, "2026-03-01T00:00:00+0000", datetime(2026, 3, 1, tzinfo=UTC)),
        (m.time_epoch_s, "1709254800", datetime(2024, 3, 1, 1, tzinfo=UTC)),
        (m.time_epoch_ms, 1709254800123, datetime(2024, 3, 1, 1, 0, 0, 123000, tzinfo=UTC)),
        (m.time_twitter, "Wed Oct 10 20:19:24 +0000 2018", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        (m.time_twitter, "Wed Oct 10 20:19:24 +0700 2018", datetime(2018, 10, 10, 13, 19, 24, tzinfo=UTC)),
        (m.time_rfc2822, "Wed, 10 Oct 2018 20:19:24 GMT", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
    ],
)
def test_converters(convert: m.Converter, value: Any, expected: Any) -> None:
    found = convert(value, "p")

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("convert", "value", "reason"),
    [
        (m.count, 1.0, "field_retyped"),
        (m.count, "1.0", "field_retyped"),
        (m.count, True, "field_retyped"),
        (m.count, -1, "out_of_range"),
        (m.count, 2**63, "out_of_range"),
        (m.real, "nan", "out_of_range"),
        (m.real, float("inf"), "out_of_range"),
        (m.flag, 1, "field_retyped"),
        (m.text, 1, "field_retyped"),
        (m.time_iso, "2026-03-01T00:00:00", "date_without_zone"),
        (m.time_iso, "2026-03-01", "date_without_zone"),
        (m.time_iso, "kemarin", "bad_date"),
        (m.time_iso, "0001-01-01T00:00:00+07:00", "bad_date"),
        (m.time_iso, "0026-01-01T00:00:00Z", "bad_date"),
        (m.time_epoch_s, 1e300, "bad_date"),
        (m.time_epoch_s, 1709254800000, "bad_date"),
        (m.time_twitter, "Wed Oct 10 2018", "bad_date"),
        (m.time_twitter, "Wed Feb 30 20:19:24 +0000 2018", "bad_date"),
        (m.time_twitter, "Wed Oct 10 20:19:60 +0000 2018", "bad_date"),
        (m.id_text, 1e18, "float_id"),
    ],
)
def test_converters_refuse(convert: m.Converter, value: Any, reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        convert(value, "p.q")

    assert caught.value.problem.reason == reason
    assert caught.value.problem.path == "p.q"
    assert str(caught.value).startswith("p.q: ")


def test_unknown_fields_are_told_by_their_top() -> None:
    known = m.KnownFields.of(("id", "user.name", "metrics[].count", "left"))
    payload = {
        "id": 1,
        "user": {"name": "x", "new": {"deep": 1}},
        "metrics": [{"count": 1}, {"more": 2}],
        "left": {"anything": 1},
        "fresh": [1],
    }

    assert known.unknown(payload) == {"user.new", "metrics.more", "fresh"}


def test_rows_that_say_nothing_are_told() -> None:
    table = _author(handle=m.Take("name", m.text))

    assert not m.has_values(table, m.apply(table, {"id": "1"}))
    assert m.has_values(table, m.apply(table, {"id": "1", "name": "x"}))
