"""The loader against a real server: what goes in comes out, once, in any order, or not at all."""

import json
import multiprocessing
import os
import random
import threading
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gaung.contract import ENTITIES
from gaung.errors import AccountingFailed, BatchBusy, ContractViolation, LandingFailed, UnknownFormat
from gaung.settings import get_settings
from gaung.sources import registry
from gaung.warehouse import loader
from gaung.warehouse.connect import connect
from gaung.warehouse.loader import LoadOutcome, load
from tests.fakes import T0, LineFormat, at, landed, line, lines_format, post  # noqa: F401

pytestmark = pytest.mark.usefixtures("warehouse", "lines")


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the administrator reads."""
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall()


def empty() -> None:
    """Take every loaded row out, as if nothing had happened."""
    tables = [f"raw.{name}" for name in ENTITIES]
    tables += ["raw.quarantine", "raw.post_declared_brand", "core.dirty_entity", "ops.cursor", "ops.outcome"]
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(f"truncate {', '.join(tables)}, ops.batch cascade")


LINEAGE = ("batch_id", "payload_ref", "loaded_at")


def contents() -> dict[str, list[tuple[Any, ...]]]:
    """All of raw but lineage, and which entities are dirty."""
    found = {}
    for name, entity in ENTITIES.items():
        columns = ", ".join(item.name for item in entity.schema if item.name not in LINEAGE)
        found[name] = sorted(rows(f"select {columns} from raw.{name}"), key=repr)
    found["declared"] = sorted(rows("select platform, post_id, brand_id from raw.post_declared_brand"))
    found["dirty"] = sorted(rows("select distinct entity, platform, entity_id from core.dirty_entity"))
    return found


def loaded(content: list[Any], **options: Any) -> LoadOutcome:
    return load(landed(content, **options).path)


def dirty(outcome: LoadOutcome) -> list[tuple[Any, ...]]:
    """What this batch marked for the next build."""
    return rows(
        "select entity, entity_id from core.dirty_entity where batch_id = %s order by 1, 2", outcome.batch_id
    )


def metrics(post_id: str = "1", **counts: int) -> dict[str, Any]:
    return {"platform": "x", "post_id": post_id, **counts}


class TestAccounting:
    def test_every_record_is_accounted_for(self) -> None:
        outcome = loaded(
            [
                line(post("1"), post_metrics=[metrics("1", likes=3)]),
                {"ignored": "settings"},
                {"ignored": "api_error"},
                {"ignored": "settings"},
                {"problem": "bad_date"},
                b'{"rows": ',
                line(post("1")),
                {**line(post("2")), "unknown": ["new_field", "other"]},
            ]
        )
        assert (outcome.received, outcome.loaded, outcome.unchanged) == (8, 2, 1)
        assert outcome.ignored == {"api_error": 1, "settings": 2}
        assert outcome.quarantined == {"bad_date": 1, "invalid_json": 1}
        assert outcome.entity_rows == {
            "posts": {"received": 3, "inserted": 2, "changed": 0},
            "post_metrics": {"received": 1, "inserted": 1, "changed": 0},
        }
        assert [(one.record, one.path) for one in outcome.examples] == [(4, "some.path"), (5, "")]
        assert rows(
            "select status, received_count, loaded_count, unchanged_count, ignored_count, quarantined_count, "
            "ignored, quarantined, unknown_fields, file_name from ops.outcome"
        ) == [
            (
                "succeeded", 8, 2, 1, 3, 2, {"api_error": 1, "settings": 2},
                {"bad_date": 1, "invalid_json": 1}, ["new_field", "other"], "some.ndjson",
            )
        ]  # fmt: skip

    def test_quarantine_keeps_the_record_with_its_reason(self) -> None:
        loaded([line(post("1")), {"problem": "bad_date", "observed_at": at(2)}, b"\x00 not json"])
        found = rows(
            "select payload_ref, source, reason, path, message, excerpt, observed_at "
            "from raw.quarantine order by 1"
        )
        assert found[0][:5] == ("0#1", "files:lines", "bad_date", "some.path", "told to be wrong")
        assert json.loads(found[0][5])["problem"] == "bad_date"
        assert found[0][6].isoformat() == at(2)
        assert found[1][2] == "invalid_json"
        assert found[1][5] == "\ufffd not json"

    def test_a_record_is_loaded_if_one_of_its_rows_is_new(self) -> None:
        loaded([line(post("1"), post_metrics=[metrics(likes=1)])])
        second = loaded([line(post("1"), post_metrics=[metrics(likes=2)]), line(post("1"))])
        assert (second.loaded, second.unchanged) == (1, 1)

    def test_a_kind_that_the_format_does_not_declare_is_not_ignored(self) -> None:
        outcome = loaded([{"ignored": "whatever"}])
        assert (outcome.ignored, outcome.quarantined_count) == ({}, 1)

    def test_an_empty_batch_is_a_batch(self) -> None:
        outcome = loaded([])
        assert (outcome.status, outcome.received) == ("succeeded", 0)

    def test_a_reader_that_counts_differently_is_found(
        self,
        lines: LineFormat,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        batch = landed([line(post("1")), line(post("2"))])
        genuine = lines.records
        monkeypatch.setattr(lines, "records", lambda stream, context: list(genuine(stream, context))[:1])
        with pytest.raises(AccountingFailed, match="gave 1 records, the manifest says 2"):
            load(batch.path)
        assert rows("select count(*) from raw.posts") == [(0,)]
        assert rows("select status, error_class from ops.outcome") == [("failed", "AccountingFailed")]

    @settings(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
        derandomize=True,
    )  # fmt: skip
    @given(data=st.data())
    def test_permuted_and_repeated_records_give_the_same_rows(self, data: st.DataObject) -> None:
        base = [
            line(post("1", text="a"), post_metrics=[metrics("1", likes=1)], observed=1),
            line(post("1", text="b"), observed=2),
            line(post("1", text="a", is_collected=False), observed=3),
            line(post("2", is_collected=False), authors=[{"platform": "x", "author_id": "7"}]),
            line(post("2"), observed=5),
            line(post_metrics=[metrics("2", views=9)], observed=2),
            {"ignored": "settings"},
            {"problem": "bad_date"},
        ]
        delivered = data.draw(st.permutations(base)) + data.draw(st.lists(st.sampled_from(base), max_size=8))
        batches = data.draw(st.integers(1, 3))
        empty()
        for content in (base[:4], base[4:]):
            loaded(content, brand_id="contoh")
        wanted = contents()
        empty()
        for number in range(batches):
            content = delivered[number::batches]
            outcome = loaded(content, brand_id="contoh")
            assert (
                outcome.received
                == len(content)
                == (outcome.loaded + outcome.unchanged + outcome.ignored_count + outcome.quarantined_count)
            )
        assert contents() == wanted


class TestIdempotence:
    def test_the_same_batch_again_changes_nothing(self) -> None:
        batch = landed(
            [line(post("1"), post_metrics=[metrics(likes=1)]), {"ignored": "settings"}], brand_id="b"
        )
        first = load(batch.path, run_id="run 1")
        before, images = contents(), rows("select ctid, xmin, * from raw.posts")
        second = load(batch.path, run_id="run 2")
        assert (first.status, second.status) == ("succeeded", "skipped")
        assert (second.received, second.loaded, second.unchanged) == (2, 0, 2)
        assert contents() == before
        assert rows("select ctid, xmin, * from raw.posts") == images
        assert rows("select status, run_id from ops.outcome order by outcome_id") == [
            ("succeeded", "run 1"),
            ("skipped", "run 2"),
        ]

    def test_the_same_records_in_another_batch_touch_no_row(self) -> None:
        loaded([line(post("1"), post_metrics=[metrics(likes=1)])])
        images = rows("select ctid, xmin, * from raw.posts")
        outcome = loaded([line(post("1"), post_metrics=[metrics(likes=1)])], is_synthetic=True)
        assert (outcome.status, outcome.loaded, outcome.unchanged) == ("succeeded", 0, 1)
        assert rows("select ctid, xmin, * from raw.posts") == images
        assert dirty(outcome) == []


class TestVersions:
    def test_a_version_that_comes_back_widens_its_observation(self) -> None:
        for hour, text in ((1, "A"), (2, "B"), (3, "A")):
            loaded([line(post("1", text=text), observed=hour)])
        found = rows("select text, first_observed_at, observed_at from raw.posts order by text")
        assert [(text, first.isoformat(), last.isoformat()) for text, first, last in found] == [
            ("A", at(1), at(3)),
            ("B", at(2), at(2)),
        ]

    @pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
    def test_out_of_order_deliveries_give_the_same_rows(self, order: tuple[int, ...]) -> None:
        batches = [
            [line(post("1", text="A"), post_metrics=[metrics(likes=1)], observed=1)],
            [line(post("1", text="B", is_collected=False), post_metrics=[metrics(likes=5)], observed=2)],
            [line(post("1", text="A"), post_metrics=[metrics(likes=3)], observed=3)],
            [line(post("1", text=None, is_deleted=True), observed=4)],
        ]
        for content in batches:
            loaded(content)
        wanted = contents()
        empty()
        for number in order:
            loaded(batches[number])
        assert contents() == wanted
        assert len(wanted["posts"]) == 3

    def test_a_tombstone_is_a_version(self) -> None:
        loaded([line(post("1"))])
        loaded([line(post("1", text=None, is_deleted=True), observed=2)])
        assert rows("select text, is_deleted from raw.posts order by observed_at") == [
            ("text of 1", False),
            (None, True),
        ]

    def test_an_older_observation_marks_dirty_and_is_not_loaded(self) -> None:
        loaded([line(post("1"), observed=5)])
        outcome = loaded([line(post("1"), observed=3)])
        assert (outcome.loaded, outcome.unchanged) == (0, 1)
        assert outcome.entity_rows["posts"]["changed"] == 1
        assert rows("select first_observed_at, observed_at from raw.posts")[0][0].isoformat() == at(3)
        assert rows("select entity_id from core.dirty_entity where batch_id = %s", outcome.batch_id) == [
            ("1",)
        ]

    def test_an_observation_within_the_known_span_changes_nothing(self) -> None:
        loaded([line(post("1"), observed=1), line(post("1"), observed=9)])
        outcome = loaded([line(post("1"), observed=5)])
        assert outcome.entity_rows["posts"] == {"received": 1, "inserted": 0, "changed": 0}
        assert dirty(outcome) == []

    def test_counts_that_did_not_change_are_still_observed(self) -> None:
        for hour in (1, 2):
            loaded([line(post_metrics=[metrics(likes=3)], observed=hour)])
        assert rows("select count(*) from raw.post_metrics") == [(2,)]


class TestCollected:
    def test_collected_turns_on_and_never_off(self) -> None:
        loaded([line(post("1", is_collected=False))])
        flipped = loaded([line(post("1"))])
        back = loaded([line(post("1", is_collected=False), observed=2)])
        assert (flipped.loaded, flipped.unchanged) == (1, 0)
        assert (back.loaded, back.unchanged) == (0, 1)
        assert rows("select is_collected from raw.posts") == [(True,)]
        assert rows("select entity_id from core.dirty_entity where batch_id = %s", flipped.batch_id) == [
            ("1",)
        ]

    def test_within_a_batch_the_record_that_turns_it_on_counts(self) -> None:
        outcome = loaded([line(post("1", is_collected=False)), line(post("1")), line(post("1"))])
        assert (outcome.loaded, outcome.unchanged) == (2, 1)
        assert rows("select is_collected, payload_ref from raw.posts") == [(True, "0#0")]

    def test_only_collected_posts_are_declared_for_the_brand(self) -> None:
        outcome = loaded([line(post("1"), post("2", is_collected=False)), line(post("3"))], brand_id="contoh")
        assert outcome.loaded == 2
        assert rows("select post_id, brand_id, batch_id from raw.post_declared_brand order by 1") == [
            ("1", "contoh", outcome.batch_id),
            ("3", "contoh", outcome.batch_id),
        ]

    def test_a_new_declared_brand_makes_a_known_post_loaded_and_dirty(self) -> None:
        loaded([line(post("1")), line(post("2"))], brand_id="contoh")
        again = loaded([line(post("1"))], brand_id="contoh")
        other = loaded([line(post("1"))], brand_id="lain")
        assert (again.loaded, other.loaded) == (0, 1)
        assert rows(
            "select entity, platform, entity_id, cause from core.dirty_entity where batch_id = %s",
            other.batch_id,
        ) == [("post", "x", "1", "declared_brand")]


class TestDirty:
    def test_each_changed_post_and_author_once(self) -> None:
        outcome = loaded(
            [
                line(
                    post("1"),
                    post_metrics=[metrics("1", likes=1)],
                    post_text_parts=[{"platform": "x", "post_id": "1", "part": "alt", "text": "t"}],
                    authors=[{"platform": "x", "author_id": "7"}],
                    author_metrics=[{"platform": "x", "author_id": "7", "followers": 5}],
                ),
                line(author_metrics=[{"platform": "x", "author_id": "8", "followers": 5}]),
            ]
        )
        assert rows("select entity, platform, entity_id, batch_id from core.dirty_entity order by 1, 3") == [
            ("author", "x", "7", outcome.batch_id),
            ("author", "x", "8", outcome.batch_id),
            ("post", "x", "1", outcome.batch_id),
        ]


TEXTS = [
    "plain", "", " ", "NULL", "\\N", "\\.", "a\n\\.\nb", 'say "hi"', "a,b", "tab\t", "cr\r", "crlf\r\n", "\n",
    "back\\slash", "family 👩‍👩‍👧", "العربية", "\u2028", "\ufeff", "\ufffd", "{x}", "'", "\x01\x1f\x7f",
    "%s %",
]  # fmt: skip
LISTS: list[list[str | None]] = [
    [], ["a"], ["a,b", "c"], ['"', "\\", '\\"'], ["{", "}", "{}"], ["NULL", "null", ""], [None, "a", None],
    ["\n", "\r", "\t", " a "], ["é", "日本", "👍"], ["'"], ["a\\", "\\n"], [None],
]  # fmt: skip


class TestValues:
    def test_texts_are_byte_exact(self) -> None:
        loaded([line(post(str(number), text=text)) for number, text in enumerate(TEXTS)])
        found = rows("select text, is_text_altered from raw.posts order by post_id::int")
        assert found == [(text, False) for text in TEXTS]

    def test_absent_is_null_and_empty_is_empty(self) -> None:
        loaded([line(post("1", text=None, url=""), post_metrics=[metrics(likes=0)])])
        assert rows("select text, url from raw.posts") == [(None, "")]
        assert rows("select likes, views from raw.post_metrics") == [(0, None)]

    def test_what_postgres_cannot_hold_is_replaced_and_flagged(self) -> None:
        texts = {
            "a\0b": ("a\ufffdb", True),
            "a\ud800b": ("a\ufffdb", True),
            "\udfff": ("\ufffd", True),
            "\ud83d and": ("\ufffd and", True),
            "\ud83d\ude00 and": ("😀 and", False),
        }
        loaded([line(post(str(number), text=text)) for number, text in enumerate(texts)])
        assert rows("select text, is_text_altered from raw.posts order by post_id") == list(texts.values())

    def test_only_the_row_that_was_altered_is_flagged(self) -> None:
        loaded([line(post("1", text="a\0"), authors=[{"platform": "x", "author_id": "7", "bio": "fine"}])])
        assert rows("select is_text_altered from raw.authors") == [(False,)]

    def test_a_flag_set_by_the_mapper_stays(self) -> None:
        loaded([line(post("1", is_text_altered=True)), line(post("2"))])
        assert rows("select is_text_altered from raw.posts order by post_id") == [(True,), (False,)]

    def test_lists_are_exact(self) -> None:
        loaded([line(post(str(number), hashtags=items)) for number, items in enumerate(LISTS)])
        found = rows("select hashtags, mentions, is_text_altered from raw.posts order by post_id::int")
        assert found == [(items, None, False) for items in LISTS]

    def test_a_list_with_nul_is_flagged(self) -> None:
        loaded([line(post("1", hashtags=["a\0", "b"]))])
        assert rows("select hashtags, is_text_altered from raw.posts") == [(["a\ufffd", "b"], True)]

    def test_counts_are_exact(self) -> None:
        counts = [2**53 + 1, 2**63 - 1, -(2**63), 0]
        loaded([line(post_metrics=[metrics(str(n), views=count)]) for n, count in enumerate(counts)])
        assert rows("select views from raw.post_metrics order by post_id") == [(count,) for count in counts]

    def test_reals_are_exact(self) -> None:
        reals = [0.1, -7.123456789012345, 1e-7, 5e-324, 1.7976931348623157e308, 3.0]
        loaded([line(post(str(number), lat=real)) for number, real in enumerate(reals)])
        assert rows("select lat from raw.posts order by post_id") == [(real,) for real in reals]

    def test_minus_zero_is_zero(self) -> None:
        outcome = loaded([line(post("1", lat=0.0)), line(post("1", lat=-0.0))])
        assert (outcome.loaded, outcome.unchanged) == (1, 1)

    def test_times_are_exact_and_in_utc(self) -> None:
        loaded([line(post("1", created_at="2020-02-29T23:59:59.123456+07:00"))])
        assert rows("select created_at::text from raw.posts") == [("2020-02-29 16:59:59.123456+00",)]


BAD_COLUMNS: list[dict[str, Any]] = [
    {"post_id": None}, {"post_id": ""}, {"post_id": "x" * 600}, {"post_id": 17},
    {"platform": "myspace"}, {"post_type": "toot"}, {"is_collected": None}, {"is_deleted": 1},
    {"text": 5}, {"hashtags": "a"}, {"hashtags": ["a", 5]}, {"lat": "7"}, {"lat": float("nan")},
    {"lat": float("inf")}, {"created_at": "2020-01-01T00:00:00"},
    {"created_at": "0001-01-01T00:00:00+07:00"}, {"created_at": 5}, {"colour": "red"},
    {"visibility": "private"},
]  # fmt: skip


class TestContractViolations:
    def test_each_bad_record_is_quarantined_whole_and_the_others_load(self) -> None:
        bad = [
            line(post(**{"post_id": f"b{number}"} | columns), post_metrics=[metrics(f"b{number}", likes=1)])
            for number, columns in enumerate(BAD_COLUMNS)
        ]
        outcome = loaded([line(post("1")), *bad, line(post("2"))])
        assert (outcome.loaded, outcome.quarantined_count) == (2, len(bad))
        assert rows("select path from raw.quarantine order by substr(payload_ref, 3)::int") == [
            (f"posts.{next(iter(columns))}",) for columns in BAD_COLUMNS
        ]
        assert rows("select post_id from raw.posts order by 1") == [("1",), ("2",)]
        assert rows("select count(*) from raw.post_metrics") == [(0,)]
        assert outcome.quarantined["not_public"] == 1

    def test_words_of_what_is_not_public_stay_out_of_the_quarantine(self) -> None:
        outcome = loaded(
            [
                line(post("1", text="my secret words", visibility="private")),
                {"problem": "not_public", "text": "more secret words"},
                {"problem": "field_missing", "text": "words for everyone"},
            ]
        )
        assert outcome.quarantined == {"field_missing": 1, "not_public": 2}
        kept = dict(rows("select reason, string_agg(excerpt, '') from raw.quarantine group by reason"))
        assert kept["not_public"] == ""
        assert "words for everyone" in kept["field_missing"]
        assert rows("select count(*) from raw.quarantine as kept where kept::text like '%secret%'") == [(0,)]

    def test_counts_that_do_not_fit(self) -> None:
        bad = [2**63, -(2**63) - 1, 1.5, True, "7"]
        outcome = loaded([line(post_metrics=[metrics(likes=count)]) for count in (*bad, 1)])
        assert (outcome.loaded, outcome.quarantined) == (1, {"contract_violation": len(bad)})

    def test_an_unknown_entity_and_a_record_without_rows(self) -> None:
        outcome = loaded([line(orders=[{"id": 1}]), {"rows": {"posts": []}}])
        assert outcome.quarantined == {"contract_violation": 1, "unexpected_form": 1}


class TestTimeOfObservation:
    def test_row_before_record_before_batch(self) -> None:
        loaded(
            [
                line(post("1", observed_at=at(5)), observed=1),
                line(post("2"), observed=1),
                line(post("3"), observed=None),
            ],
            as_of=T0,
        )
        found = rows("select observed_at from raw.posts order by post_id")
        assert [moment.isoformat() for (moment,) in found] == [at(5), at(1), at(0)]

    def test_without_any_the_message_says_what_to_do(self) -> None:
        outcome = loaded([line(post("1"), observed=None)])
        assert outcome.quarantined == {"no_observed_at": 1}
        assert "--as-of" in outcome.examples[0].message

    def test_one_loading_time_per_batch(self) -> None:
        outcome = loaded([line(post(str(number))) for number in range(5)])
        assert rows(
            "select count(distinct p.loaded_at), bool_and(p.loaded_at = b.loaded_at) from raw.posts as p "
            "inner join ops.batch as b using (batch_id)"
        ) == [(1, True)]
        assert outcome.loaded == 5


class TestHash:
    def test_it_stays_what_it_is(self) -> None:
        """A changed encoding would make every known row a new version."""
        loaded([line(post("1", text="é", hashtags=["a", None], lat=0.5, duration_s=None))])
        assert rows("select content_hash from raw.posts") == [("c32db8df0cf1b57bb7544a8977774d58",)]

    def test_different_rows_differ(self) -> None:
        pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"text": None}, {"text": ""}),
            ({"hashtags": []}, {"hashtags": None}),
            ({"hashtags": ["a", "b"]}, {"hashtags": ["ab"]}),
            ({"hashtags": [None]}, {"hashtags": ["~"]}),
            ({"hashtags": ["1:a"]}, {"hashtags": ["a"]}),
            ({"hashtags": ["a"], "mentions": None}, {"hashtags": None, "mentions": ["a"]}),
            ({"text": "a", "url": None}, {"text": None, "url": "a"}),
            ({"text": "a;url=1:b", "url": None}, {"text": "a", "url": "b"}),
            ({"lat": 0.1}, {"lat": 0.1 + 2**-56}),
        ]
        loaded([line(post(str(n), **one), post(str(n), **other)) for n, (one, other) in enumerate(pairs)])
        assert rows("select post_id from raw.posts group by 1 having count(distinct content_hash) <> 2") == []
        assert rows("select count(*) from raw.posts") == [(2 * len(pairs),)]


def _load_elsewhere(path: str, results: Any) -> None:
    registry.formats = lambda: (LineFormat(),)  # type: ignore[assignment]
    try:
        results.put(load(path).status)
    except BatchBusy as error:
        results.put(f"busy: {error}")


class TestConcurrency:
    def test_two_loaders_of_one_batch(self) -> None:
        batch = landed([line(post(str(number))) for number in range(3_000)])
        context = multiprocessing.get_context("spawn")
        results = context.Queue()
        workers = [context.Process(target=_load_elsewhere, args=(batch.path, results)) for _ in range(2)]
        for worker in workers:
            worker.start()
        found = sorted(str(results.get(timeout=120)) for _ in workers)
        for worker in workers:
            worker.join()
        assert found[1] in ("succeeded", "skipped")
        assert found[0].startswith("busy: ") or found == ["skipped", "succeeded"]
        assert rows("select count(*) from raw.posts") == [(3_000,)]
        assert rows("select count(*) from ops.batch") == [(1,)]

    def test_the_second_loader_says_who_has_the_batch(self) -> None:
        batch = landed([line(post("1"))])
        with closing(connect("loader", application_name="gaung loader 7@elsewhere")) as other:
            other.cursor().execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"load:{batch.batch_key}"]
            )
            with pytest.raises(BatchBusy, match="gaung loader 7@elsewhere"):
                load(batch.path)
            other.rollback()
        assert rows("select status, error_class from ops.outcome") == [("failed", "BatchBusy")]
        assert load(batch.path).status == "succeeded"

    def test_overlapping_batches_in_other_orders_do_not_deadlock(self) -> None:
        generator = random.Random(7)
        for round_ in range(6):
            base = [line(post(str(number), text=str(round_)), observed=round_) for number in range(200)]
            batches = []
            for side in range(3):
                content = [*base, line(post("0", text=f"{round_} {side}"))]
                generator.shuffle(content)
                batches.append(landed(content))
            errors: list[BaseException] = []

            def run(path: str, errors: list[BaseException] = errors) -> None:
                try:
                    load(path)
                except BaseException as error:
                    errors.append(error)

            threads = [threading.Thread(target=run, args=(batch.path,)) for batch in batches]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors == []
        assert rows("select count(*), count(distinct (post_id, text)) from raw.posts") == [(1218, 1218)]


class TestFailures:
    def test_a_crash_before_commit_leaves_nothing_and_again_gives_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = [
            line(post(str(number)), post_metrics=[metrics(str(number), likes=1)]) for number in range(50)
        ]
        batch = landed([*content, {"problem": "bad_date"}], brand_id="b")
        load(batch.path)
        wanted = contents()
        empty()

        def gone(self: Any, outcome: Any) -> None:
            self.cursor.execute("select pg_terminate_backend(pg_backend_pid())")

        with monkeypatch.context() as patch:
            patch.setattr(loader._Load, "_write_outcome", gone)
            with pytest.raises(Exception, match="connection was lost"):
                load(batch.path)
        assert rows("select (select count(*) from raw.posts), (select count(*) from ops.batch)") == [(0, 0)]
        assert rows("select status, error_class from ops.outcome") == [("failed", "ServerUnavailable")]
        load(batch.path)
        assert contents() == wanted

    def test_what_the_server_refuses_names_the_batch(self) -> None:
        batch = landed([line(post("1"))])
        with closing(connect("admin", autocommit=True)) as session:
            session.cursor().execute("alter table raw.posts add check (post_id <> '1')")
        with pytest.raises(ContractViolation, match=batch.batch_key):
            load(batch.path)
        assert rows("select count(*) from ops.batch") == [(0,)]
        assert rows("select status, error_class from ops.outcome") == [("failed", "ContractViolation")]

    def test_a_damaged_payload_is_found_before_anything_is_loaded(self) -> None:
        batch = landed([line(post(str(number))) for number in range(100)])
        payload = f"{get_settings().landing.removeprefix('file://')}/{batch.path}/payload.0.zst"
        with open(payload, "r+b") as file:  # noqa: PTH123
            file.seek(40)
            file.write(b"\xff\xff\xff")
        with pytest.raises(LandingFailed, match="damaged"):
            load(batch.path)
        assert rows("select count(*) from raw.posts") == [(0,)]

    def test_a_payload_cut_short_is_found(self) -> None:
        batch = landed([line(post(str(number))) for number in range(100)])
        payload = f"{get_settings().landing.removeprefix('file://')}/{batch.path}/payload.0.zst"
        os.truncate(payload, os.path.getsize(payload) - 30)  # noqa: PTH202
        with pytest.raises((LandingFailed, AccountingFailed)):
            load(batch.path)
        assert rows("select count(*) from raw.posts") == [(0,)]

    def test_a_batch_that_is_not_there(self) -> None:
        with pytest.raises(LandingFailed, match="no batch at"):
            load("files/lines/2026/01/01/nothing")
        assert rows("select status, error_class from ops.outcome") == [("failed", "LandingFailed")]

    def test_a_format_that_is_not_known_any_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        batch = landed([line(post("1"))])
        monkeypatch.setattr(registry, "formats", lambda: ())
        with pytest.raises(UnknownFormat, match="lines"):
            load(batch.path)


class TestCursor:
    def test_it_moves_with_the_rows(self) -> None:
        loaded([line(post("1"))], account="a", cursor={"since_id": "5"})
        second = loaded([line(post("2"))], account="a", cursor={"since_id": "9"})
        assert rows("select source, account, position, batch_id from ops.cursor") == [
            ("files:lines", "a", {"since_id": "9"}, second.batch_id)
        ]


class TestBounds:
    def test_chunks_are_bounded_in_records(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GAUNG_LOADER_CHUNK_RECORDS", "7")
        get_settings.cache_clear()
        content = [
            line(
                post(str(number % 40), text=str(number % 3), is_collected=number % 7 == 0),
                post_metrics=[metrics(str(number % 5), likes=number % 2)],
                observed=number * 37 % 60,
            )
            for number in range(120)
        ]
        many = loaded(content)
        rows_of_many = contents()
        empty()
        monkeypatch.setenv("GAUNG_LOADER_CHUNK_RECORDS", "100000")
        get_settings.cache_clear()
        one = loaded(content)
        assert contents() == rows_of_many
        assert (many.loaded, many.unchanged) == (one.loaded, one.unchanged)

    @pytest.mark.parametrize(
        "held",
        [[], [0], [33], [0, 33]],
        ids=["nothing", "one_of_the_first_chunk", "one_of_a_later_chunk", "one_of_both"],
    )
    def test_running_ahead_gives_what_one_chunk_gives(
        self, monkeypatch: pytest.MonkeyPatch, held: list[int]
    ) -> None:
        content = [
            line(
                post(str(number % 45), is_collected=number > 50),
                post_metrics=[metrics(str(number % 45), likes=number % 2)],
                observed=number % 17,
            )
            for number in range(60)
        ]
        found = []
        attempts: list[bool] = []
        genuine = loader._Load._begin
        monkeypatch.setattr(
            loader._Load, "_begin", lambda self, merge: (attempts.append(True), genuine(self, merge))[1]
        )
        for limit in ("7", "100000"):
            empty()
            monkeypatch.setenv("GAUNG_LOADER_CHUNK_RECORDS", limit)
            get_settings.cache_clear()
            if held:
                loaded([content[at] for at in held])
            attempts.clear()
            outcome = loaded(content)
            assert len(attempts) == 1 + (limit == "7" and bool(held))
            found.append((contents(), outcome.loaded, outcome.unchanged, outcome.entity_rows))
        assert found[0] == found[1]

    def test_a_platform_that_comes_late_does_not_run_ahead(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GAUNG_LOADER_CHUNK_RECORDS", "7")
        get_settings.cache_clear()
        content = [line(post(str(number))) for number in range(20)]
        outcome = loaded([*content, line(post("1", platform="instagram"))])
        assert (outcome.loaded, outcome.entity_rows["posts"]["inserted"]) == (21, 21)
