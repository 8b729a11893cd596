"""What the proofs share."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gaung.settings import PROJECT_ROOT
from gaung.warehouse import builds
from tests.building import ask
from tests.fakes import lines_format
from tests.truth.disturbed import World, maintenance

__all__ = ["lines_format"]

SEED = int(os.environ.get("GAUNG_PROVE_SEED", "20261122"))


@pytest.fixture
def record_figures() -> Callable[..., None]:
    """A function that prints a proof's figures and writes them to var/prove as JSON."""

    def record(name: str, **figures: Any) -> None:
        folder: Path = PROJECT_ROOT / "var" / "prove"
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(figures, indent=1, sort_keys=True, default=str)
        (folder / f"{name}.json").write_text(text + "\n", "utf-8")
        print(f"{name}: {text}")

    return record


@pytest.fixture
def world(warehouse: str, lines: Any) -> Iterator[World]:
    """A world of two real builds."""
    yield World(warehouse, SEED)
    for build_id in list(builds._sessions):
        builds.release(build_id)
    names = ask("select datname from pg_database where datname like %s", (f"{warehouse}\\_%",))
    maintenance(*(f"drop database {name} with (force)" for (name,) in names))
