"""The rules of X: both name sets, reposts, references, edits, deletions, kinds of bodies."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gaung.sources.x_api_v2 import kinds
from tests.sources.helpers import AS_OF, read
from tests.sources.samples import GOLDEN

RENAMED = {
    "retweet_count": "repost_count",
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "tweet_count": "post_count",
    "tweets": "posts",
}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(inner, names) for key, inner in value.items()}
    return [_renamed(inner, names) for inner in value] if isinstance(value, list) else value


def _page(*posts: dict[str, Any], **rest: Any) -> bytes:
    return json.dumps({"data": list(posts), **rest}).encode()


def _post(number: int, **rest: Any) -> dict[str, Any]:
    return {"id": str(number), "text": f"teks {number}", "author_id": "1", **rest}


@pytest.mark.parametrize("name", ["x_api_v2_page.json", "x_api_v2_stream.ndjson", "x_api_v2_flat.ndjson"])
def test_both_name_sets_give_the_same_rows(name: str) -> None:
    data = (GOLDEN / name).read_bytes()
    lines = data.decode().splitlines() if name.endswith("ndjson") else [data.decode()]
    back = {new: old for old, new in RENAMED.items()}
    found = []
    for names in (RENAMED, back):
        renamed = [json.dumps(_renamed(json.loads(line), names)) for line in lines if line.endswith("}")]
        found.append([mapped for _, mapped in read("\n".join(renamed).encode()).records])

    assert found[0] == found[1]
    assert any(mapped.rows.get("post_metrics") for mapped in found[0])


def test_reposts_of_one_post_count_its_reposts_once() -> None:
    original = _post(9, public_metrics={"retweet_count": 1000, "like_count": 7})
    reposts = [
        _post(
            100 + number,
            text="RT @a: te…",
            referenced_tweets=[{"type": "retweeted", "id": "9"}],
            public_metrics={"retweet_count": 1000, "like_count": 0},
        )
        for number in range(50)
    ]

    outcome = read(_page(*reposts, includes={"tweets": [original]}))

    assert outcome.counts() == {"received": 51, "loaded": 51}
    assert [(row["post_id"], row["reposts"]) for row in outcome.rows("post_metrics")] == [("9", 1000)]
    posts = outcome.rows("posts")
    assert {row["post_type"] for row in posts[:50]} == {"repost"}
    assert {row["text"] for row in posts} == {"teks 9"}
    assert [row["is_collected"] for row in posts] == [True] * 50 + [False]


def test_a_repost_without_its_original_keeps_its_own_text() -> None:
    post = _post(1, text="RT @a: te…", referenced_tweets=[{"type": "retweeted", "id": "9"}])

    (row,) = read(_page(post)).rows("posts")

    assert (row["text"], row["reposted_post_id"]) == ("RT @a: te…", "9")


def test_versions_of_one_file_are_ordered() -> None:
    first, second, third = (1600000000000000001 + step * 4194304 * 60_000 for step in range(3))
    born = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC) + timedelta(milliseconds=first >> 22)

    def version(own: int, *history: int) -> dict[str, Any]:
        at = born + timedelta(milliseconds=(own >> 22) - (first >> 22))
        return _post(own, created_at=at.isoformat(), edit_history_tweet_ids=[str(one) for one in history])

    versions = [
        version(third, first, second, third),
        version(second, first, second, third),
        version(first, first),
    ]

    newest, older, oldest = read(_page(*versions)).rows("posts")

    assert {row["post_id"] for row in (newest, older, oldest)} == {str(first)}
    assert newest["observed_at"] == AS_OF + timedelta(microseconds=2)
    assert older["observed_at"] < AS_OF
    assert "observed_at" not in oldest
    assert newest["created_at"] == older["created_at"] == born.replace(microsecond=0)


def test_a_deletion_outlasts_the_posts_of_its_file() -> None:
    event = {"data": {"delete": {"tweet": {"id": "1", "author_id": "1"}, "event_at": "2026-03-01T00:00:00Z"}}}

    (row,) = read(json.dumps(event).encode()).rows("posts")

    assert (row["post_id"], row["is_deleted"], row["text"]) == ("1", True, None)
    assert row["observed_at"] == AS_OF


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        ({"id": 1.79e18}, "float_id", "id"),
        ({"id": None}, "field_missing", "id"),
        ({"text": None}, "field_missing", "note_tweet.text"),
        ({"text": 5}, "field_retyped", "text"),
        ({"created_at": "2026-03-01T00:00:00"}, "date_without_zone", "created_at"),
        ({"created_at": "kemarin"}, "bad_date", "created_at"),
        ({"public_metrics": {"like_count": 1.5}}, "field_retyped", "public_metrics.like_count"),
        ({"public_metrics": [1]}, "field_retyped", "public_metrics"),
        ({"referenced_tweets": ["9"]}, "field_retyped", "referenced_tweets.0"),
    ],
)
def test_a_bad_post_costs_itself_only(change: dict[str, Any], reason: str, path: str) -> None:
    outcome = read(_page(_post(1), {**_post(2), **change}, _post(3)))

    assert outcome.problems() == [(reason, path)]
    assert [row["post_id"] for row in outcome.rows("posts")] == ["1", "3"]
    assert '"teks 2"' in outcome.records[1][0].excerpt or "text" in change


def test_impossible_points_give_no_coordinates() -> None:
    point = {"coordinates": {"type": "Point", "coordinates": [623.2, 4.0]}}

    (row,) = read(_page(_post(1, geo=point))).rows("posts")

    assert (row["lat"], row["lon"]) == (None, None)


def test_new_fields_are_reported() -> None:
    ((_, mapped),) = read(_page(_post(1, vibe={"a": 1}, public_metrics={"boosts": 1}))).records

    assert mapped.unknown_fields == {"vibe", "public_metrics.boosts"}


def test_unknown_objects_are_quarantined() -> None:
    outcome = read(_page(_post(1), {"strange": {"thing": 1}}))

    assert outcome.problems() == [("unknown_object", "data")]


def test_empty_pages_and_error_bodies() -> None:
    problem = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
    lines = [{"meta": {"result_count": 0}}, problem, {"data": [_post(1)]}]

    outcome = read("\n".join(map(json.dumps, lines)).encode())

    assert outcome.counts() == {"received": 3, "ignored:empty_page": 1, "ignored:api_error": 1, "loaded": 1}


def _census(folder: Path) -> set[str]:
    """Ids of all public posts in X's example bodies: an independent walk."""
    found: set[str] = set()
    for path in sorted(folder.glob("*.json")):
        for example in json.loads(path.read_text("utf-8")):
            _walk(example["response"], set(), found)
    return found


def _walk(value: Any, protected: set[str], found: set[str]) -> None:
    if isinstance(value, dict):
        users = value.get("includes", {}).get("users", [])
        hidden = protected | {user["id"] for user in users if user.get("protected")}
        if "text" in value and "author_id" in value and value["author_id"] not in hidden:
            found.add(value["id"])
        for inner in value.values():
            _walk(inner, hidden, found)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, protected, found)


@pytest.mark.parametrize("form", ["as they are", "extracted"])
def test_real_example_bodies(form: str, test_data: Path) -> None:
    folder = test_data / "payloads" / "x"
    posts: set[str] = set()
    counts: dict[str, int] = {}
    for path in sorted(folder.glob("*.json")):
        files = [path.read_bytes()]
        if form == "extracted":
            files = [json.dumps(example["response"]).encode() for example in json.loads(files[0])]
        for data in files:
            outcome = read(data, name=path.name)
            assert outcome.format == "x_api_v2"
            posts |= {row["post_id"] for row in outcome.rows("posts")}
            for name, number in outcome.counts().items():
                counts[name] = counts.get(name, 0) + number

    assert posts == _census(folder) == {"1346889436626259968", "1234567890123456789"}
    assert counts["received"] == sum(number for name, number in counts.items() if name != "received") == 530
    assert (counts["loaded"], counts["quarantined:not_public"]) == (212, 70)
    assert {name for name in counts if name.startswith("quarantined")} == {"quarantined:not_public"}
    assert counts["ignored:api_error"] == 174
    assert {name.removeprefix("ignored:") for name in counts if name.startswith("ignored")} <= set(
        kinds.IGNORED
    )
