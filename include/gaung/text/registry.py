"""One interface per task: Arrow batch in, Arrow batch out; the next engine is a registration.

| task | columns in | columns out (same rows, same order) |
|---|---|---|
| language | text | lang, confidence, reason |
| sentiment | text, lang | compound (decimal 5, 4), label, unscored_reason |
| mask | text | text_masked |

A sentiment engine names the languages it scores; a text of any other language is ``unscored``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import pyarrow as pa

Task = Literal["language", "sentiment", "mask"]
BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]

_BUILT_IN: dict[Task, tuple[str, ...]] = {
    "language": ("gaung.text.language",),
    "sentiment": ("gaung.text.sentiment", "gaung.text.indonesian"),
    "mask": ("gaung.text.mask",),
}


@dataclass(frozen=True)
class Engine:
    """What scores text for one task.

    Attributes:
        task: the task it does.
        name: e.g. ``vader``.
        version: changes with every change of a result.
        function: the batch function.
        languages: for sentiment, the languages it scores; empty for every language.
    """

    task: Task
    name: str
    version: str
    function: BatchFunction
    languages: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version in one word."""
        return f"{self.name}-{self.version}"


_engines: dict[tuple[Task, str], Engine] = {}


def register(
    task: Task, name: str, version: str, function: BatchFunction, *, languages: tuple[str, ...] = ()
) -> Engine:
    """The engine, now in use for its languages (or for all), in place of an earlier one."""
    engine = Engine(task, name, version, function, languages)
    for language in languages or ("*",):
        _engines[task, language] = engine
    return engine


def engines(task: Task) -> dict[str, Engine]:
    """The engines in use by language; ``*`` stands for every language."""
    for module in _BUILT_IN[task]:
        import_module(module)
    return {language: engine for (known, language), engine in sorted(_engines.items()) if known == task}


def engine(task: Task, language: str = "*") -> Engine | None:
    """The engine for a language, or the one for every language, or None."""
    known = engines(task)
    return known.get(language, known.get("*"))
