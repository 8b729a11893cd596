"""How fast each format is read: detect + parse + map, against a plain loop over the same bytes.

The input is each format's golden file, multiplied in memory. ``python -m gaung.bench.formats [MB]`` prints
the table and writes ``<home>/bench/formats.json``; ``make bench`` does the same among its other figures.
"""

import csv
import gc
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gaung.errors import SettingsInvalid
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.sources.base import Context

GOLDEN = PROJECT_ROOT / "tests" / "sources" / "golden"
MEGABYTE = 1024 * 1024
DEFAULT_MEGABYTES = 20
AS_OF = datetime(2026, 3, 10, tzinfo=UTC)

INPUTS: tuple[tuple[str, str | None], ...] = (
    ("x_api_v2_page.json", None),
    ("x_api_v2_stream.ndjson", None),
    ("x_api_v1.ndjson", None),
    ("x_archive_tweets.js", None),
    ("capture.ndjson", None),
    ("reviews.csv", "tokopedia_reviews"),
    ("exchanges.yaml", None),
    ("bluesky.ndjson", None),
    ("mastodon.ndjson", None),
    ("meta.ndjson", None),
    ("reddit.ndjson", None),
    ("side_file.ndjson", None),
    ("youtube.ndjson", None),
)
"""Golden file and shipped column map; every format at least once."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast one file was read.

    Attributes:
        format, file: what was read.
        megabytes, records, posts, quarantined: how much it held (posts: rows of the entity).
        seconds: of the processor, for detect, parse and map, together.
        plain_seconds: for the plain loop that ``plain`` names, over the same bytes.
    """

    format: str
    file: str
    megabytes: float
    records: int
    posts: int
    quarantined: int
    seconds: float
    plain: str
    plain_seconds: float

    @property
    def times_plain(self) -> float:
        """How many times longer than the plain loop."""
        return self.seconds / self.plain_seconds

    def figures(self) -> dict[str, Any]:
        """All figures, for JSON."""
        rates = {
            "records_per_second": round(self.records / self.seconds),
            "posts_per_second": round(self.posts / self.seconds),
            "megabytes_per_second": round(self.megabytes / self.seconds, 2),
            "times_plain": round(self.times_plain, 2),
        }
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in (asdict(self) | rates).items()
        }


HEADINGS = (
    "| format | file | records/s | posts/s | MB/s | × plain | plain loop |\n|---|---|---:|---:|---:|---:|---|"
)


def line(speed: Speed) -> str:
    """One row of the table."""
    return (
        f"| `{speed.format}` | {speed.file} | {speed.records / speed.seconds:,.0f} "
        f"| {speed.posts / speed.seconds:,.0f} | {speed.megabytes / speed.seconds:.1f} "
        f"| {speed.times_plain:.1f} | `{speed.plain}` |"
    )


def measure(megabytes: float = DEFAULT_MEGABYTES) -> Iterator[Speed]:
    """The speed of each input, in turn."""
    if not GOLDEN.is_dir():
        raise SettingsInvalid(f"{GOLDEN} is missing: formats are measured on the golden files of a clone")
    for name, map_name in INPUTS:
        yield measure_one(name, map_name, megabytes)


def measure_one(name: str, map_name: str | None, megabytes: float) -> Speed:
    """The speed of one golden file, multiplied to about this size."""
    from gaung.sources import files, registry
    from gaung.sources.table import load_map

    column_map = load_map(map_name) if map_name else None
    data = grown(GOLDEN / name, int(megabytes * MEGABYTE), column_map)
    one = files.InputFile(name, lambda: io.BytesIO(data), len(data))
    context = Context(name, AS_OF, column_map, one.sha256)
    registry.formats()
    gc.collect()
    started = time.process_time()
    form = registry.detect(files.sample(one), context)
    records = posts = quarantined = 0
    with one.open() as stream:
        for record in form.records(stream, context):
            mapped = registry.map_record(form, record, context)
            records += 1
            posts += len(mapped.rows.get("posts", ()))
            quarantined += mapped.problem is not None
    seconds = time.process_time() - started
    plain, loop = _plain(name)
    started = time.process_time()
    loop(data)
    plain_seconds = time.process_time() - started
    size = len(data) / MEGABYTE
    return Speed(form.name, name, size, records, posts, quarantined, seconds, plain, plain_seconds)


# ---------------------------------------------------------------------------------------------
# A small file made large
# ---------------------------------------------------------------------------------------------


def grown(path: Path, size: int, column_map: Any = None) -> bytes:
    """The file's content, repeated within its form to about ``size`` bytes."""
    data = path.read_bytes().replace(b"\r\n", b"\n")
    if path.suffix == ".ndjson":
        return _repeated(_whole_lines(path.name, data, column_map), size)
    if path.suffix == ".json":
        return _repeated(json.dumps(json.loads(data), ensure_ascii=False).encode() + b"\n", size)
    if path.suffix == ".js":
        start = data.index(b"[") + 1
        inner = data[start : data.rindex(b"]")]
        return data[:start] + _repeated(inner.rstrip() + b",", size)[:-1] + b"]"
    head, _, body = data.removesuffix(b"version: 1\n").partition(b"\n")
    return head + b"\n" + _repeated(body.rstrip(b"\n") + b"\n", size)


def _repeated(part: bytes, size: int) -> bytes:
    return part * max(1, round(size / len(part)))


def _whole_lines(name: str, data: bytes, column_map: Any) -> bytes:
    """The lines whose records are not quarantined: golden files hold bad ones on purpose."""
    from gaung.sources import files, registry

    one = files.InputFile(name, lambda: io.BytesIO(data), len(data))
    context = Context(name, AS_OF, column_map, one.sha256)
    form = registry.detect(files.sample(one), context)
    kept = []
    for row in data.splitlines():
        found = [
            registry.map_record(form, record, context) for record in form.records(io.BytesIO(row), context)
        ]
        if found and all(mapped.problem is None for mapped in found):
            kept.append(row)
    return b"\n".join(kept) + b"\n"


# ---------------------------------------------------------------------------------------------
# Plain loops
# ---------------------------------------------------------------------------------------------


def _plain(name: str) -> tuple[str, Callable[[bytes], None]]:
    if name.endswith(".csv"):
        return "csv.reader", _csv_loop
    if name.endswith(".yaml"):
        return "yaml.CSafeLoader", _yaml_loop
    return "json.loads", _json_loop


def _json_loop(data: bytes) -> None:
    if data.startswith(b"window."):
        json.loads(data[data.index(b"[") :])
        return
    for row in data.splitlines():
        json.loads(row)


def _csv_loop(data: bytes) -> None:
    for _ in csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")):
        pass


def _yaml_loop(data: bytes) -> None:
    import yaml

    yaml.load(data, Loader=yaml.CSafeLoader)


def main(arguments: list[str]) -> int:
    """Print the table and write it as JSON; 0."""
    from gaung.bench.machine import machine

    megabytes = float(arguments[0]) if arguments else float(DEFAULT_MEGABYTES)
    found = []
    sys.stdout.write(f"{HEADINGS}\n")
    for speed in measure(megabytes):
        found.append(speed.figures())
        sys.stdout.write(f"{line(speed)}\n")
        sys.stdout.flush()
    target = get_settings().home / "bench" / "formats.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"machine": machine(), "formats": found}, indent=2) + "\n")
    sys.stdout.write(f"written to {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
