"""Loading under fire: any text, any file, bounded memory, a full disk."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gaung.ingest import ingest_files
from gaung.settings import get_settings
from gaung.warehouse.loader import load
from tests.fakes import landed, line, lines_format, post
from tests.truth.loads import rows

__all__ = ["lines_format"]

pytestmark = pytest.mark.usefixtures("warehouse", "lines")

SEED = int(os.environ.get("GAUNG_PROVE_SEED", "20261122"))
ROOT = Path(__file__).resolve().parents[2]


def random_texts(count: int) -> Iterator[str]:
    """Texts over all code points, lone surrogates and NUL among them."""
    generator = random.Random(SEED)
    for _ in range(count):
        yield "".join(chr(generator.randrange(0x110000)) for _ in range(generator.randrange(1, 12)))


def round_trip(count: int) -> None:
    texts = list(random_texts(count))
    outcome = load(
        landed([line(post(str(n), text=text, hashtags=[text])) for n, text in enumerate(texts)]).path
    )
    assert outcome.loaded == count
    found = rows("select text, hashtags, is_text_altered from raw.posts order by post_id::int")
    for text, (kept, tags, altered) in zip(texts, found, strict=True):
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        wanted = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in whole)
        assert (kept, tags, altered) == (wanted, [wanted], wanted != whole)


class TestAnyText:
    def test_some_thousand_random_texts(self) -> None:
        round_trip(5_000)

    @pytest.mark.prove
    def test_a_hundred_thousand_random_texts(self) -> None:
        round_trip(100_000)

    def test_a_post_of_ten_megabytes(self) -> None:
        text = "kopi ☕ " * (10 * 1024 * 1024 // 9)
        outcome = load(landed([line(post("1", text=text)), line(post("2"))]).path)
        assert outcome.loaded == 2
        assert rows("select octet_length(text), md5(text) = md5(repeat('kopi ☕ ', "
                    f"{10 * 1024 * 1024 // 9})) from raw.posts where post_id = '1'") == [
            (len(text.encode()), True)
        ]  # fmt: skip


class TestAnyFile:
    def test_a_corpus_of_broken_files(self, tmp_path: Path) -> None:
        folder = tmp_path / "broken"
        folder.mkdir()
        good = json.dumps(line(post("1"))).encode() + b"\n"
        corpus = {
            "empty.json": b"",
            "blank.json": b"  \n \n",
            "html.json": b"<html><body>503</body></html>",
            "binary.json": bytes(range(256)) * 4,
            "zip_cut_off.zip": b"PK\x03\x04" + b"\0" * 50,
            "gzip_cut_off.json.gz": b"\x1f\x8b\x08\x00" + b"\0" * 20,
            "unknown.json": b'{"something": "else"}',
            "number.json": b"17",
            "deep.json": b"[" * 200_000,
        }
        for name, data in corpus.items():
            (folder / name).write_bytes(data)
        (folder / "half.ndjson").write_bytes(good + good[:30])
        (folder / "bom.ndjson").write_bytes(good)
        report = ingest_files([folder])
        failed = {Path(file.name).name: file.error for file in report.files if file.status == "failed"}
        assert set(failed) == set(corpus)
        assert all(name in str(error) for name, error in failed.items())
        assert report.exit_code == 1
        assert (report.total("received"), report.total("loaded") + report.total("unchanged")) == (3, 2)
        assert report.kinds("quarantined") == {"invalid_json": 1}

    def test_a_zip_bomb_is_refused_quickly(self, tmp_path: Path) -> None:
        bomb = tmp_path / "bomb.zip"
        with (
            zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("a.json", "w") as member,
        ):
            for _ in range(300):
                member.write(b"0" * (1 << 20))
        before = time.monotonic()
        report = ingest_files([bomb])
        assert time.monotonic() - before < 30
        assert report.exit_code == 1
        assert "bomb.zip" in str(report.files[0].error)
        assert rows("select count(*) from ops.batch") == [(0,)]


MEMORY = """
import json, re, sys
sys.path.insert(0, {root!r})
from gaung.sources import registry
from tests.fakes import LineFormat
registry.formats = lambda: (LineFormat(),)
from gaung.ingest import ingest_files
report = ingest_files([sys.argv[1]])
outcome = report.files[0].outcome
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps({{"received": outcome.received, "loaded": outcome.loaded, "peak_mib": peak}}))
"""


def big_load(folder: Path, megabytes: int) -> dict[str, float]:
    """Peak memory of a process that ingests NDJSON of this size.

    By /proc, since the peak of getrusage is inherited from the process that starts it.
    """
    target = folder / "big.ndjson"
    filler = "kopi susu enak " * 60
    with target.open("w") as file:
        number = 0
        while file.tell() < megabytes << 20:
            file.write(json.dumps(line(post(str(number), text=f"{filler}{number}"))) + "\n")
            number += 1
    done = subprocess.run(
        [sys.executable, "-c", MEMORY.format(root=str(ROOT)), str(target)],
        stdout=subprocess.PIPE, text=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT / "include")},
    )  # fmt: skip
    target.unlink()
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert measured["received"] == measured["loaded"] == number
    return measured


class TestMemory:
    def test_memory_does_not_grow_with_the_file(self, tmp_path: Path) -> None:
        assert big_load(tmp_path, 40)["peak_mib"] < 512

    @pytest.mark.prove
    @pytest.mark.timeout(1800)
    def test_a_gigabyte_within_512_mebibytes(self, tmp_path: Path) -> None:
        measured = big_load(tmp_path, 1024)
        print(json.dumps({"megabytes": 1024, **measured}))
        assert measured["peak_mib"] < 512


class TestDiskFull:
    def test_of_the_landing(self, tmp_path: Path) -> None:
        """A limit on the size of files stands for the full disk: the write fails half-way."""
        content = [line(post(str(n), text=os.urandom(60).hex())) for n in range(2_000)]
        source = tmp_path / "in.ndjson"
        source.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in content))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
        try:
            report = ingest_files([source])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, handler)
        assert report.exit_code == 1
        assert "no space left" in str(report.files[0].error)
        assert "Free space" in str(report.files[0].error)
        landing = Path(get_settings().landing.removeprefix("file://"))
        assert [path for path in landing.rglob("*") if path.is_file()] == []
        assert rows("select step, status, error_class from ops.outcome") == [
            ("land", "failed", "LandingFailed")
        ]
        again = ingest_files([source])
        assert (again.exit_code, again.total("loaded")) == (0, 2_000)
