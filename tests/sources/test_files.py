"""Walking inputs: order, archives by content, and what is refused."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest

from gaung.sources.files import InputFile, InputRefused, Limits, Skipped, sample, walk

LINE = b'{"a":1}\n'


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _contents(*paths: Path, limits: Limits | None = None) -> dict[str, bytes]:
    found = {}
    for file in walk(paths, limits=limits):
        with file.open() as stream:
            found[file.name] = stream.read()
    return found


def test_folders_are_walked_in_order_and_hidden_files_are_noted(tmp_path: Path) -> None:
    for name in ("b/z.json", "a.json", "b/a.json", ".hidden", "__MACOSX/x", "b/.DS_Store", "~$x.xlsx"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(LINE)
    skipped: list[Skipped] = []

    names = [
        Path(file.name).relative_to(tmp_path).as_posix() for file in walk([tmp_path], note=skipped.append)
    ]

    assert names == ["a.json", "b/a.json", "b/z.json"]
    assert sorted(Path(one.name).name for one in skipped) == [".DS_Store", ".hidden", "__MACOSX", "~$x.xlsx"]


def test_archives_are_told_by_content(tmp_path: Path) -> None:
    inner = _zip({"deep.json": LINE})
    (tmp_path / "export.json").write_bytes(
        _zip({"b.ndjson": LINE, "a.gz": gzip.compress(LINE), "in.zip": inner})
    )
    (tmp_path / "plain.zip").write_bytes(LINE)
    (tmp_path / "x.bin").write_bytes(gzip.compress(gzip.compress(LINE)))

    found = _contents(tmp_path)

    names = [Path(name).name for name in found]
    assert names == [
        "export.json!a.gz",
        "export.json!b.ndjson",
        "export.json!in.zip!deep.json",
        "plain.zip",
        "x.bin",
    ]
    assert set(found.values()) == {LINE}


def test_sha256_is_of_the_unpacked_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LINE)
    (tmp_path / "b").write_bytes(gzip.compress(LINE))

    plain, packed = walk([tmp_path])

    assert plain.sha256 == packed.sha256
    assert len(plain.sha256) == 64


def test_a_member_that_names_another_folder_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "evil.zip").write_bytes(_zip({"../../evil.json": LINE, "/abs.json": LINE}))
    before = set(tmp_path.parent.iterdir())

    assert set(_contents(tmp_path / "evil.zip").values()) == {LINE}
    assert set(tmp_path.parent.iterdir()) == before


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: _zip({"a.json": data})], ids=["gzip", "zip"])
def test_bombs_are_refused(tmp_path: Path, pack: object) -> None:
    (tmp_path / "bomb").write_bytes(pack(b" " * 3_000_000))  # type: ignore[operator]

    with pytest.raises(InputRefused, match=r"bomb.*times its size|bomb.*claims to unpack"):
        _contents(tmp_path, limits=Limits(ratio_from_bytes=100_000))


def test_a_lying_size_does_not_help(tmp_path: Path) -> None:
    data = bytearray(_zip({"a.json": b" " * 3_000_000}))
    size = (3_000_000).to_bytes(4, "little")
    data = data.replace(size, (10).to_bytes(4, "little"))
    (tmp_path / "bomb.zip").write_bytes(data)

    with pytest.raises(InputRefused):
        _contents(tmp_path, limits=Limits(ratio_from_bytes=100_000))


@pytest.mark.parametrize(
    ("members", "limits", "words"),
    [
        ({"a": b"x" * 600, "b": b"y" * 600}, Limits(total_bytes=1000), "more than 1,000 bytes"),
        ({str(number): b"" for number in range(11)}, Limits(members=10), "11 files, more than 10"),
        ({"a.zip": _zip({"b.zip": _zip({"c": LINE})})}, Limits(depth=2), "nested more than 2"),
    ],
    ids=["total", "members", "depth"],
)
def test_limits(tmp_path: Path, members: dict[str, bytes], limits: Limits, words: str) -> None:
    (tmp_path / "big.zip").write_bytes(_zip(members))

    with pytest.raises(InputRefused, match=words):
        _contents(tmp_path, limits=limits)


def test_many_small_gzip_members_count_together(tmp_path: Path) -> None:
    members = {f"{number}.gz": gzip.compress(b"x" * 5_000) for number in range(10)}
    (tmp_path / "a.zip").write_bytes(_zip(members))

    with pytest.raises(InputRefused, match="more than"):
        _contents(tmp_path, limits=Limits(total_bytes=20_000))


@pytest.mark.parametrize("cut", [30, -30], ids=["head", "tail"])
def test_damaged_archives_name_the_file(tmp_path: Path, cut: int) -> None:
    (tmp_path / "cut.zip").write_bytes(_zip({"a": os.urandom(200)})[:cut])
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(200))[:cut])

    for name in ("cut.zip", "cut.gz"):
        with pytest.raises(InputRefused, match=name):
            _contents(tmp_path / name)


def test_missing_path() -> None:
    with pytest.raises(InputRefused, match="/no/such: does not exist"):
        list(walk(["/no/such"]))


def test_sample_reads_the_first_value_beyond_the_head() -> None:
    data = b'{"a":"' + b"x" * 200_000 + b'"}\n{"b":1}'
    file = InputFile("f", lambda: io.BytesIO(data))

    found = sample(file)

    assert len(found.head) == 64 * 1024
    assert not found.is_complete
    assert len(found.first["a"]) == 200_000


def test_sample_passes_over_a_broken_first_line() -> None:
    found = sample(InputFile("f", lambda: io.BytesIO(b'{"a":\n{"b":1}\n')))

    assert found.first == {"b": 1}
    assert found.is_complete
