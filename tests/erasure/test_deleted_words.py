"""The words of deleted posts out of payloads of every format, and nothing else out of them."""

import pytest

from gaung.erasure.payload_words import Words, wordless, words_left
from gaung.erasure.words import MARK
from gaung.sources.table import load_map
from tests.sources.helpers import Outcome, read
from tests.sources.samples import SAMPLES, Sample

TEXT_ROWS = ("posts", "post_text_parts")


def _read(sample: Sample, data: bytes) -> Outcome:
    return read(data, load_map(sample.map) if sample.map else None, sample.file)


def _texts(outcome: Outcome) -> dict[str, list[str]]:
    """Words by post: what stands in it and in its parts."""
    found: dict[str, list[str]] = {}
    for name in TEXT_ROWS:
        for row in outcome.rows(name):
            if row.get("text") and not row.get("is_deleted"):
                found.setdefault(row["post_id"], []).append(row["text"])
    return found


def _left(outcome: Outcome, post_id: str) -> list[str]:
    return [text for text in _texts(outcome).get(post_id, []) if text.strip() and MARK not in text]


def _group(outcome: Outcome, post_id: str) -> set[str]:
    """The post and its reposts: their words are its own."""
    return {post_id} | {
        row["post_id"] for row in outcome.rows("posts") if row.get("reposted_post_id") == post_id
    }


def _reposts(outcome: Outcome) -> set[str]:
    return {row["post_id"] for row in outcome.rows("posts") if row["post_type"] == "repost"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_words_of_one_post_go_from_every_format_and_all_else_stays(sample: Sample) -> None:
    before = _read(sample, sample.data)
    for post_id, texts in _texts(before).items():
        if post_id.startswith("row_") or post_id in _reposts(before):
            continue  # of no id: nothing can say that it was deleted; the original's words
        group = _group(before, post_id)
        words = Words(frozenset(group), frozenset(texts), frozenset())
        data = wordless(sample.data, words)
        after = _read(sample, data)

        assert _left(after, post_id) == [], post_id
        assert after.counts() == before.counts()
        for name in TEXT_ROWS:
            others = [row for row in before.rows(name) if row["post_id"] not in group]
            assert [row for row in after.rows(name) if row["post_id"] not in group] == others, post_id
        assert words_left(data, words) == 0 < words_left(sample.data, words), post_id
        assert wordless(data, words) == data
