"""A mixed folder of any size: lines, zip, gzip, a table and pages, all with distinct posts."""

import copy
import gzip
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[1] / "sources" / "golden"
PAGE_POSTS = 100
FILE_BYTES = 64 * 1024 * 1024
"""Members of the archive and files of pages are about this large at most."""

TABLE_HEAD = (
    "ID Konten;Teks;Tanggal;Tautan;ID Akun;Tagar;Suka;Komentar;Dibagikan;Disimpan;Tayangan;Jangkauan;"
    "Akun;Pengikut;Diunduh;Jenis;Catatan"
)
DELIVERY = """
files:
  table.csv: {map: dashboard_id, as_of: 2026-03-10T00:00:00+07:00}
"""


def write_mixed(folder: Path, size: int, seed: int = 1) -> dict[str, int]:
    """Posts per platform of a new folder that holds about ``size`` unpacked bytes, a fifth in each kind."""
    folder.mkdir()
    share, rng = size // 5, random.Random(seed)
    (folder / "delivery.yml").write_text(DELIVERY)
    posts = {"x": 0, "mastodon": 0, "instagram": 0}
    with (folder / "lines.ndjson").open("wb") as file:
        posts["x"] += _fill(file.write, _lines(_tweet(), rng, 10**17), share)
    with gzip.open(folder / "lines.json.gz", "wb", compresslevel=1) as packed:
        posts["x"] += _fill(packed.write, _lines(_v1(), rng, 2 * 10**17), share)
    with zipfile.ZipFile(folder / "statuses.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        found = _lines(_status(), rng, 3 * 10**17)
        for number, size_left in enumerate(_shares(share)):
            with archive.open(f"part{number}.ndjson", "w", force_zip64=True) as member:
                posts["mastodon"] += _fill(member.write, found, size_left)
    with (folder / "table.csv").open("wb") as file:
        file.write(TABLE_HEAD.encode() + b"\n")
        posts["instagram"] += _fill(file.write, _cells(rng), share)
    pages = _pages(rng)
    (folder / "pages").mkdir()
    for number, size_left in enumerate(_shares(share)):
        with (folder / "pages" / f"{number}.json").open("wb") as file:
            posts["x"] += PAGE_POSTS * _fill(file.write, pages, size_left)
    return posts


def _shares(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, FILE_BYTES)
        size -= FILE_BYTES


def _fill(write: Callable[[bytes], Any], parts: Iterator[bytes], size: int) -> int:
    """How many parts were written until the size was reached."""
    count = 0
    while size > 0:
        part = next(parts)
        write(part)
        size -= len(part)
        count += 1
    return count


Made = Callable[[int, str], Any]


def _lines(made: Made, rng: random.Random, first: int) -> Iterator[bytes]:
    number = first
    while True:
        number += 1
        yield json.dumps(made(number, _words(rng)), ensure_ascii=False).encode() + b"\n"


def _words(rng: random.Random) -> str:
    """Text that no archive can pack to nearly nothing."""
    return f"kopi susu {rng.randbytes(120).hex()} enak"


def _first(name: str) -> Any:
    return json.loads((GOLDEN / name).read_bytes().splitlines()[0])


def _tweet() -> Made:
    whole = _first("x_api_v2_stream.ndjson")

    def made(number: int, words: str) -> Any:
        one = copy.copy(whole)
        one["data"] = {**whole["data"], "id": str(number), "text": words}
        one["data"].pop("edit_history_tweet_ids", None)
        return one

    return made


def _v1() -> Made:
    lines = map(json.loads, (GOLDEN / "x_api_v1.ndjson").read_bytes().splitlines()[:1])
    whole = next(lines)["retweeted_status"]
    return lambda number, words: {**whole, "id": number, "id_str": str(number), "full_text": words}


def _status() -> Made:
    whole = _first("mastodon.ndjson")

    def made(number: int, words: str) -> Any:
        uri = f"https://sosial.example/users/sari/statuses/{number}"
        return {**whole, "id": str(number), "uri": uri, "url": uri, "content": f"<p>{words}</p>"}

    return made


def _cells(rng: random.Random) -> Iterator[bytes]:
    number = 4 * 10**17
    while True:
        number += 1
        likes = f"{rng.randrange(1, 9)}.{rng.randrange(100, 999)}"
        row = (
            f"{number};{_words(rng)};03/02/2025 10:30;https://i.example/p/{number};55;#promo;{likes};12;-;3;"
        )
        yield f"{row}12,3 rb;1,2 jt;@toko;10.500;05/02/2025 08:00;Foto;x\n".encode()


def _pages(rng: random.Random) -> Iterator[bytes]:
    whole = json.loads((GOLDEN / "x_api_v2_page.json").read_bytes())
    one = {key: value for key, value in whole["data"][0].items() if key != "edit_history_tweet_ids"}
    number = 5 * 10**17
    while True:
        posts = [{**one, "id": str(number + at), "text": _words(rng)} for at in range(PAGE_POSTS)]
        number += PAGE_POSTS
        page = {**whole, "data": posts, "meta": {"result_count": PAGE_POSTS}}
        page.pop("errors", None)
        yield json.dumps(page, ensure_ascii=False, indent=1).encode() + b"\n"
