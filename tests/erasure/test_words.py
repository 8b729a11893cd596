"""Hiding a person in words, and taking the person out of payloads of any form."""

import csv
import gzip
import io
import json
import zipfile
from typing import Any

import pytest

from gaung.erasure import payloads
from gaung.erasure.payloads import Person
from gaung.erasure.words import hide, plain_judge

ID = "9182736455"
PERSON = Person("x", ID, frozenset({"budi_s"}), frozenset({"pendapat saya yang panjang sekali"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("makasih @budi_s!", "makasih @[erased]!"),
        ("makasih ＠Budi_S.", "makasih ＠[erased]."),
        ("@budi_s.Enak banget", "@[erased].Enak banget"),
        ("lihat https://x.com/budi_s/status/1", "lihat https://x.com/[erased]/status/1"),
        (f"akun {ID} itu", "akun [erased] itu"),
        (f"user:{ID}", "user:[erased]"),
        ("budi_s", "[erased]"),
        ("@budi_s", "[erased]"),
        ("budi_s itu enak", "budi_s itu enak"),
        ("@budi_setiawan dan @budi", "@budi_setiawan dan @budi"),
        (f"{ID}1", f"{ID}1"),
        ("", ""),
    ],
)
def test_names_are_hidden_where_they_name_the_person(text: str, expected: str) -> None:
    assert hide(text, plain_judge(ID, frozenset({"budi_s"}))) == expected


def erased(data: bytes) -> bytes:
    after = payloads.erased(data, PERSON.judge, PERSON.texts)
    assert payloads.occurrences(after, PERSON) == 0
    assert payloads.erased(after, PERSON.judge, PERSON.texts) == after
    return after


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize(
    "own",
    [
        {"id": "1", "author_id": ID, "text": "halo dunia"},
        {"id": 1, "user": {"id": int(ID), "screen_name": "x"}, "full_text": "halo dunia"},
        {"id": "1", "author": "budi_s", "selftext": "halo dunia"},
        {"uri": "at://1", "author": {"did": ID}, "record": {"text": "halo dunia"}},
        {"id": "1", "snippet": {"authorChannelId": {"value": ID}, "textOriginal": "halo dunia"}},
        {"id": "1", "account": {"acct": "budi_s"}, "content": "halo dunia"},
    ],
)
def test_own_objects_are_blanked_and_others_stay_as_they_were(own: dict[str, Any]) -> None:
    other = line({"id": "2", "author_id": "7", "text": "lain", "likes": 12.50})
    assert erased(line(own) + other) == b'{"erased":true}\n' + other


def test_an_answer_to_the_person_stays_without_the_name() -> None:
    answer = {"id": "2", "author_id": "7", "text": "@budi_s setuju", "in_reply_to_user_id": ID}
    quoted = {"id": "3", "author_id": "7", "quoted": {"id": "1", "user": {"id": ID}, "text": "rahasia"}}
    first, second = map(json.loads, erased(line(answer) + line(quoted)).splitlines())
    assert first == {**answer, "text": "@[erased] setuju", "in_reply_to_user_id": "[erased]"}
    assert second == {**quoted, "quoted": {"erased": True}}


def test_pages_keep_the_places_of_other_objects() -> None:
    page = {
        "data": [{"id": "1", "author_id": ID}, {"id": "2", "author_id": "7"}],
        "includes": {"users": [{"id": ID, "username": "budi_s"}, {"id": "7", "username": "lain"}]},
    }
    after = json.loads(erased(json.dumps(page, indent=2).encode()))
    assert after["data"] == [{"erased": True}, {"id": "2", "author_id": "7"}]
    assert after["includes"]["users"] == [{"erased": True}, {"id": "7", "username": "lain"}]


def test_rows_of_a_table_are_emptied_and_mentions_hidden() -> None:
    text = 'id,user,text\n1,budi_s,"halo, ""dunia"""\n2,lain,"hai @budi_s\nya"\n3,lain,biasa\n'
    rows = list(csv.reader(io.StringIO(erased(text.encode()).decode(), newline="")))
    assert rows == [
        ["id", "user", "text"],
        ["[erased]", "", ""],
        ["2", "lain", "hai @[erased]\nya"],
        ["3", "lain", "biasa"],
    ]


def test_an_archives_script_and_packed_files() -> None:
    script = b'window.YTD.tweets.part0 = [ {"tweet": {"id": "1", "user_id": "%s"}} ]' % ID.encode()
    assert erased(script) == b'window.YTD.tweets.part0 = [{"tweet":{"erased":true}}]'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("a.ndjson", line({"author_id": ID, "text": "x"}))
        out.writestr("sheet.xml", "<a>hai @budi_s</a><b>3 &lt; 4</b>")
    after = erased(gzip.compress(packed.getvalue()))
    with zipfile.ZipFile(io.BytesIO(gzip.decompress(after))) as book:
        assert book.read("a.ndjson") == b'{"erased":true}\n'
        assert book.read("sheet.xml") == b"<a>hai @[erased]</a><b>3 &lt; 4</b>"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings(encoding: str) -> None:
    data = json.dumps({"author_id": ID, "text": "é"}, ensure_ascii=False).encode(encoding)
    assert json.loads(erased(data).decode(encoding)) == {"erased": True}


def test_words_that_are_no_table_and_no_json() -> None:
    text = "- user: budi_s\n  text: pendapat saya yang panjang sekali\n- user: lain\n"
    assert erased(text.encode()).decode() == "- user: [erased]\n  text: [erased]\n- user: lain\n"


def test_a_payload_without_the_person_is_the_same_bytes() -> None:
    data = b'{"a" : 1.50, "t": "budi"}\n\n{"b":2}'
    assert payloads.erased(data, PERSON.judge, PERSON.texts) is data


def test_the_search_finds_what_is_left() -> None:
    escaped = json.dumps({"t": "@budi_s"}).replace("budi", "\\u0062udi").encode()
    assert payloads.occurrences(escaped, PERSON) == 1
    assert payloads.occurrences(b"1,budi_s,x\n", PERSON) == 1
    assert payloads.occurrences(line({"user": "budi_s", "id": int(ID)}), PERSON) == 2
