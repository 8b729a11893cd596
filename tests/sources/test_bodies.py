"""What the bodies' formats share: plain text of HTML, marks in texts, recordings that break off."""

import json
from typing import Any

import pytest

from gaung.sources.bodies import platform_of, platforms, textual
from tests.sources.helpers import read
from tests.sources.samples import GOLDEN


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>satu<br>dua</p><p>tiga</p>", "satu\ndua\n\ntiga"),
        ("a &lt; b &amp; c &#x1F600;", "a < b & c 😀"),
        ("<p>x</p><script>alert(1)</script>", "x"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("3 < 5 dan 7 > 2", "3 < 5 dan 7 > 2"),
        ("", ""),
        ("<p>tidak ditutup", "tidak ditutup"),
    ],
)
def test_html_becomes_plain_text(html: str, text: str) -> None:
    assert textual.html_text(html) == text


def test_links_leave_mentions_and_hashtags_out() -> None:
    html = (
        '<a href="https://a.example" rel="me">a</a> <a class="u-url mention" href="https://b.example/@b">@b</a>'
        ' <a class="mention hashtag" href="https://b.example/tags/c">#c</a> <a href="javascript:x">d</a>'
    )

    assert textual.html_links(html) == ["https://a.example"]


def test_marks_written_in_a_text() -> None:
    text = "#kopi_senja &#39; #2024 #日本 surel a@b.id @budi.k, lihat https://x.example/#jangkar."

    assert textual.hashtags(text) == ["kopi_senja", "日本"]
    assert textual.mentions(text) == ["budi.k"]
    assert textual.urls(text) == ["https://x.example/#jangkar"]
    assert textual.hashtags(None) is None


def test_no_body_of_one_platform_is_anothers() -> None:
    claims = {platform.name: platform_of({"kind": "Listing", "data": {}}) for platform in platforms()}

    assert {found.name for found in claims.values() if found} == {"Reddit"}
    assert platform_of({"sesuatu": 1}) is None
    assert platform_of([]) is None


def test_a_recording_that_breaks_off_keeps_what_stands_before() -> None:
    whole = (GOLDEN / "exchanges.yaml").read_bytes()
    cut = whole[: whole.index(b"https://oauth.reddit.com")]

    outcome = read(cut, name="exchanges.yaml")

    assert [found.problem is None for _, found in outcome.records] == [True, True, False]
    assert outcome.counts()["loaded"] == 2


def test_anchors_of_a_recording_are_followed() -> None:
    words = b"""interactions:
- request: {uri: 'https://sosial.example/a', headers: &h {X: [a]}}
  response: {headers: *h, status: &ok {code: 200}, body: {string: '[]'}}
- request: {uri: 'https://sosial.example/b', headers: *h}
  response: {headers: *h, status: *ok, body: {string: '<html>'}}
"""

    assert read(words).counts() == {"received": 2, "ignored:empty_body": 1, "ignored:not_json": 1}


@pytest.mark.parametrize(("post_id", "parent"), [(100, "100"), ([], None), (1.5, None), (True, None)])
def test_a_post_whose_id_is_none_does_not_lend_it_to_its_comments(post_id: Any, parent: str | None) -> None:
    body = json.loads((GOLDEN / "meta.ndjson").read_bytes().splitlines()[0])
    body["data"][0]["id"] = post_id

    posts = read(json.dumps(body).encode()).rows("posts")

    assert [post["parent_post_id"] for post in posts if post["post_type"] == "comment"] == [parent]


def test_a_line_of_a_side_file_that_is_no_csv_costs_itself_only() -> None:
    lines = (b"platform,post_id,likes", b"x,1,5", b"x,2\r7,6", b"x,3,7")

    outcome = read(b"\n".join(lines), name="likes.csv")

    assert outcome.counts() == {"received": 3, "quarantined:bad_row": 1, "loaded": 2}


def test_a_recorded_body_that_is_a_number_is_quarantined() -> None:
    exchange = {
        "request": {"method": "GET", "uri": "https://mastodon.example/api/v1/timelines/public"},
        "response": {"status": {"code": 200, "message": "OK"}, "body": 1_000_000_000_000},
    }

    outcome = read(json.dumps({"http_interactions": [exchange], "recorded_with": "betamax/0.9"}).encode())

    assert outcome.counts() == {"received": 1, "quarantined:field_retyped": 1}
