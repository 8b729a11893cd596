"""The measure of the formats' speed: every format is in it, and what it counts is right."""

from pathlib import Path

import pytest

from gaung.bench import formats
from gaung.bench.machine import machine
from gaung.errors import SettingsInvalid
from gaung.sources import registry
from tests.sources.samples import SAMPLES


def test_every_registered_format_is_measured() -> None:
    by_file = {sample.file: (sample.format, sample.map) for sample in SAMPLES}

    assert {by_file[name][0] for name, _ in formats.INPUTS} == {one.name for one in registry.formats()}
    assert all(by_file[name][1] == map_name for name, map_name in formats.INPUTS)


@pytest.mark.parametrize(("name", "map_name"), formats.INPUTS)
def test_a_golden_file_grows_within_its_form(name: str, map_name: str | None) -> None:
    size = 100_000

    speed = formats.measure_one(name, map_name, size / formats.MEGABYTE)

    small = formats.measure_one(name, map_name, 0)
    assert size * 0.8 < speed.megabytes * formats.MEGABYTE < size * 1.2
    times, rest = divmod(speed.records, small.records)
    assert times > 5
    assert rest == 0
    assert (speed.posts, speed.quarantined) == (small.posts * times, small.quarantined * times)
    assert speed.figures()["times_plain"] > 0
    assert f"`{speed.format}`" in formats.line(speed)


def test_without_golden_files_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "GOLDEN", tmp_path / "none")

    with pytest.raises(SettingsInvalid, match="golden files"):
        next(formats.measure())


def test_figures_name_the_machine_and_the_commit() -> None:
    found = machine()

    assert found["cores"] >= 1
    assert {"polars", "pyarrow"} <= found["versions"].keys()
    assert found["commit"] is None or len(found["commit"]) == 40
