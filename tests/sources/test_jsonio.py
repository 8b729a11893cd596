"""JSON of any layout: what is read, what is told, and that nothing vanishes."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gaung.sources import jsonio


def _read(data: bytes) -> list[Any]:
    """Values, and the reason in brackets where one could not be read."""
    found = jsonio.documents(io.BytesIO(data))
    return [f"<{one.problem.reason}>" if one.problem else one.value for one in found]


BAD = "<invalid_json>"
A, B, C = {"a": 1}, {"b": 2}, {"c": 3}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b" \r\n\t", [], id="blanks"),
        pytest.param(b'{"a":1}', [A], id="one object"),
        pytest.param(b'{\n "a": 1\n}\n', [A], id="one pretty object"),
        pytest.param(b"[]", [], id="empty list"),
        pytest.param(b'[{"a":1},\n{"b":2}]', [A, B], id="list"),
        pytest.param(b'{"a":1}\n{"b":2}\n', [A, B], id="lines"),
        pytest.param(b'\r\n{"a":1}\r\n\r\n\r\n{"b":2}', [A, B], id="lines with keep-alives"),
        pytest.param(b'{"a":1}{"b":2} {"c":3}', [A, B, C], id="several on a line"),
        pytest.param(b'{"a":1}\n{"b":2}{"c":3}', [A, B, C], id="several on a later line"),
        pytest.param(b'{\n"a":1}\n{\n"b":2}', [A, B], id="pretty ones after each other"),
        pytest.param(b'[{"a":1}]\n[{"b":2}]\n{"c":3}', [A, B, C], id="lists after each other"),
        pytest.param(b'{"a":1}\n{"b":2}\n{"c":', [A, B, BAD], id="broken last line"),
        pytest.param(b'{"a":1}\n{"b":\n{"c":3}\n', [A, BAD, C], id="broken line in the middle"),
        pytest.param(b'{"a":\n{"b":2}\n{"c":3}\n', [BAD, B, C], id="broken first line"),
        pytest.param(b'{"a":"x\n{"b":2}\n', [BAD, B], id="first line cut in a text"),
        pytest.param(b'[{"a":1},{"b" 2},{"c":3}]', [A, BAD, C], id="broken element"),
        pytest.param(b'[{"a":1},{"b":2', [A, BAD], id="list cut in an element"),
        pytest.param(b'[{"a":1},', [A, BAD], id="list cut between elements"),
        pytest.param(b'[{"a":1}', [A, BAD], id="list without its end"),
        pytest.param(b'{"a":NaN}\n{"b":2}', [BAD, B], id="not a number"),
        pytest.param(b'{"a":1}\n' + b'{"a":' * 5000 + b"\n" + b'{"b":2}', [A, BAD, B], id="too deep"),
        pytest.param(b'{"a":"\xe9"}\n{"b":2}', ["<bad_encoding>", B], id="latin-1"),
        pytest.param(b'{"b":2}\n{"a":"\xe9"}', [B, "<bad_encoding>"], id="latin-1 later"),
        pytest.param(b'[{"a":"\xe9"},{"b":2}]', ["<bad_encoding>", B], id="latin-1 in a list"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', [A], id="UTF-8 with mark"),
        pytest.param('{"a":1}\n{"b":2}'.encode("utf-16"), [A, B], id="UTF-16 with mark"),
        pytest.param('[{"a":1},{"b":2}]'.encode("utf-16-be"), [A, B], id="UTF-16 without mark"),
        pytest.param('{"a":1}'.encode("utf-32"), [A], id="UTF-32"),
        pytest.param('{"a":1}\n{"b"'.encode("utf-16")[:-1], [A, "<bad_encoding>"], id="UTF-16 cut in a unit"),
    ],
)
def test_layouts(data: bytes, expected: list[Any]) -> None:
    assert _read(data) == expected


@pytest.mark.parametrize("layout", ["{}", "[{}]", "{{}}\n{{}}"], ids=["object", "list", "lines"])
@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("1234567890123456789", 1234567890123456789),
        ("18446744073709551616", 18446744073709551616),
        ("1e3", 1000.0),
        ("1.0", 1.0),
        (r'"\ud800 \u0000"', "\ud800 \x00"),
        ('"\u2028\x85"', "\u2028\x85"),
    ],
)
def test_values_are_exact(layout: str, words: str, value: Any) -> None:
    data = layout.replace("{{}}", "{}").replace("{}", f'{{"v":{words}}}').encode()

    found = _read(data)

    assert found
    assert all(one == {"v": value} and type(one["v"]) is type(value) for one in found)


def test_excerpt_is_the_text_as_received_and_storable() -> None:
    (document,) = jsonio.documents(io.BytesIO(b'{"a": "\xe9' + b"x" * 5000))

    assert document.excerpt.startswith('{"a": "\ufffdxxx')
    assert len(document.excerpt) == jsonio.EXCERPT_CHARS


quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=5), json_values, max_size=3)


@quick
@given(st.lists(objects, min_size=1, max_size=3), st.booleans(), st.sampled_from([None, 1]))
def test_lines_and_lists_give_the_same_values(values: list[Any], is_ascii: bool, indent: int | None) -> None:
    dumped = [json.dumps(value, ensure_ascii=is_ascii, indent=indent) for value in values]

    lines = _read("\n".join(dumped).encode("utf-8", "surrogatepass"))
    listed = _read(f"[{','.join(dumped)}]".encode("utf-8", "surrogatepass"))

    assert lines == listed == values


@quick
@given(st.lists(objects, min_size=1, max_size=4), st.data())
def test_truncation_costs_the_cut_value_only(values: list[Any], data: st.DataObject) -> None:
    whole = [json.dumps(value).encode() for value in values]
    position = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(1, len(whole[position]) - 1))

    found = _read(b"\n".join([*whole[:position], whole[position][:cut]]))

    assert found == [*values[:position], BAD]


def test_memory_is_bounded() -> None:
    line = json.dumps({"id": "1", "text": "halo " * 100}).encode() + b"\n"

    class Endless(io.RawIOBase):
        left = 60_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            if not self.left:
                return 0
            self.left -= 1
            buffer[: len(line)] = line
            return len(line)

    tracemalloc.start()
    count = sum(1 for _ in jsonio.records(io.BufferedReader(Endless(), 1 << 16)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 60_000
    assert peak < 8_000_000
