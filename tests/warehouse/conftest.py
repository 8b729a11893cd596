"""Fixtures of the publishing tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gaung import pipeline
from gaung.quality import suites
from gaung.warehouse import builds, marts
from tests.warehouse.publishing import Things, pass_gate


@pytest.fixture
def things(warehouse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Things]:
    """Three invented marts over a fresh warehouse; the gate and the publisher are the real ones."""
    monkeypatch.setattr(marts, "FOLDER", tmp_path / "marts")
    monkeypatch.setattr(suites, "FOLDER", tmp_path / "suites")
    made = Things(tmp_path)
    for name in ("latest", "enrich", "dirty"):
        monkeypatch.setitem(pipeline.STAGES, name, lambda build, token: None)
    monkeypatch.setitem(pipeline.STAGES, "models", made.candidate)
    yield made
    for build_id in list(builds._sessions):
        builds.release(build_id)
    marts._load_cached.cache_clear()
    suites._load.cache_clear()


@pytest.fixture
def open_gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A gate that lets everything pass."""
    with pass_gate(monkeypatch):
        yield
