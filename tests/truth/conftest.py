"""What the proofs share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gaung.settings import PROJECT_ROOT


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
