"""How fast formats are read, and one invented day read, loaded and built, in a database of its own."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from gaung.bench import formats
from gaung.bench.machine import machine
from gaung.demo.generator import DEFAULT_SEED, DELIVERY, generate
from gaung.demo.truth import FileTruth, Truth
from gaung.settings import get_settings

DATABASE = "gaung_bench"


def measure(size: str) -> Iterator[str]:
    """One line per figure; all of them are written to ``<home>/bench/<size>.json``."""
    figures: dict[str, Any] = {"size": size, "seed": DEFAULT_SEED, "machine": machine(), "formats": []}
    yield from formats.HEADINGS.splitlines()
    for speed in formats.measure():
        figures["formats"].append(speed.figures())
        yield formats.line(speed)
    with tempfile.TemporaryDirectory(prefix="gaung-bench-") as name:
        folder = Path(name) / "day"
        truth = generate(folder, DEFAULT_SEED, size)
        for figure, value in (*_reading(truth, folder / DELIVERY), *_building(truth, folder, Path(name))):
            figures[figure] = round(value, 3)
            yield f"{figure:<44} {value:12,.2f}"
    target = get_settings().home / "bench" / f"{size}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")
    yield f"written to {target}"


def _reading(truth: Truth, folder: Path) -> Iterator[tuple[str, float]]:
    """Records per second of detect + parse + map, and how many times a plain JSON loop takes."""
    for kind in sorted({file.format for file in truth.files}):
        files = [file for file in truth.files if file.format == kind]
        started = time.perf_counter()
        records = sum(_map_all(file, folder) for file in files)
        seconds = time.perf_counter() - started
        yield f"{kind}: records per second", records / seconds
        if kind == "x_api_v2":
            yield f"{kind}: times a plain json.loads loop", seconds / _plain_seconds(files, folder)


def _map_all(file: FileTruth, folder: Path) -> int:
    from gaung.sources import files, registry
    from gaung.sources.base import Context

    column_map = None
    if file.format == "table":
        from gaung.sources.table.columnmap import load_map

        column_map = load_map(folder / "comments.map.yml")
    one = next(iter(files.walk([folder / file.name])))
    context = Context(file.name, datetime.fromisoformat(file.as_of), column_map, one.sha256)
    form = registry.detect(files.sample(one), context)
    with one.open() as stream:
        outcomes = [registry.map_record(form, record, context) for record in form.records(stream, context)]
    return len(outcomes)


def _plain_seconds(files: list[FileTruth], folder: Path) -> float:
    started = time.perf_counter()
    for file in files:
        content = (folder / file.name).read_text("utf-8")
        for part in [content] if file.name.endswith(".json") else content.splitlines():
            try:
                json.loads(part)
            except ValueError:
                continue
    return time.perf_counter() - started


def _building(truth: Truth, folder: Path, scratch: Path) -> Iterator[tuple[str, float]]:
    """Records per second into ``raw``; seconds of each stage of the first and of an empty build."""
    from gaung import pipeline
    from gaung.ingest import ingest_files
    from gaung.warehouse import setup
    from gaung.warehouse.connect import connect

    before = {name: os.environ.get(name) for name in ("GAUNG_DATABASE", "GAUNG_LANDING_URL")}
    os.environ |= {"GAUNG_DATABASE": DATABASE, "GAUNG_LANDING_URL": (scratch / "landing").as_uri()}
    get_settings.cache_clear()
    try:
        setup.ready()
        started = time.perf_counter()
        report = ingest_files([folder / DELIVERY])
        yield "load: records per second", report.total("received") / (time.perf_counter() - started)
        for stage, seconds in pipeline.build().stages.items():
            yield f"build: seconds of {stage}", seconds
        yield "build: published posts", float(truth.post_count)
    finally:
        with closing(connect("admin", database="postgres", autocommit=True)) as session:
            session.cursor().execute(f"drop database if exists {DATABASE} with (force)")
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        get_settings.cache_clear()
