"""One interface per task: Arrow batch in, Arrow batch out; the next engine is a registration.

| task | columns in | columns out (same rows, same order) |
|---|---|---|
| language | text | lang, confidence, reason |
| sentiment | text, lang | compound (decimal 5, 4), label, unscored_reason |
| mask | text | text_masked |
| terms | text | words, pairs (lists of text) |
| reasons | text | intents (list of text), aspects (list of structs, see ``reasons.aspects``) |
| business | text | relevance, industry, activity, each with its reason |
| entities | text, and brands and products as argument | entities (list of structs, see ``entities.find``) |
| spelling | text, and names as argument | suggestions (list of structs, see ``spelling.suggest``) |

A sentiment engine names the languages it scores; a text of any other language is ``unscored``.
Which engines are in use, and their versions, is known without importing one of them. A folder with a
transformer (setting ``sentiment_models``) takes the place of the engine of its language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, get_args

from gaung.text import versions

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

Task = Literal["language", "sentiment", "mask", "terms", "reasons", "business", "entities", "spelling"]
TASKS: tuple[Task, ...] = get_args(Task)
BatchFunction = Callable[["pa.RecordBatch"], "pa.RecordBatch"]
WordsFunction = Callable[["pa.RecordBatch", "pl.DataFrame"], "pa.RecordBatch"]


@dataclass(frozen=True)
class Engine:
    """What scores text for one task.

    Attributes:
        task: the task it does.
        name: e.g. ``vader``.
        version: changes with every change of a result.
        function: the batch function.
        languages: for sentiment, the languages it scores; empty for every language.
        judge: texts → would-be label, probability, compound, is_answered; None where it never abstains.
        of_words: the batch function of an engine that reads :func:`gaung.text.spoken.words`, when the
            caller has them already; None for other engines.
    """

    task: Task
    name: str
    version: str
    function: BatchFunction
    languages: tuple[str, ...] = ()
    judge: "Callable[[pl.Series], pl.DataFrame] | None" = None
    of_words: WordsFunction | None = None

    @property
    def label(self) -> str:
        """Name and version in one word."""
        return f"{self.name}-{self.version}"


_engines: dict[tuple[Task, str], Engine] = {}


def register(
    task: Task,
    name: str,
    version: str,
    function: BatchFunction,
    *,
    languages: tuple[str, ...] = (),
    of_words: WordsFunction | None = None,
) -> Engine:
    """The engine, now in use for its languages (or for all), in place of an earlier one."""
    engine = Engine(task, name, version, function, languages, of_words=of_words)
    for language in languages or ("*",):
        _engines[task, language] = engine
    return engine


def engines(task: Task) -> dict[str, Engine]:
    """The engines in use by language; ``*`` stands for every language."""
    registered = {language: engine for (known, language), engine in _engines.items() if known == task}
    if task == "sentiment":
        registered |= _from_folders()
    return dict(sorted(registered.items()))


def _from_folders() -> dict[str, Engine]:
    """The transformers that the settings name."""
    from gaung.settings import get_settings

    folders = get_settings().sentiment_models
    if not folders:
        return {}
    from gaung.text import transformer

    return {language: transformer.engine(folder, language) for language, folder in folders.items()}


def engine(task: Task, language: str = "*") -> Engine | None:
    """The engine for a language, or the one for every language, or None."""
    known = engines(task)
    return known.get(language, known.get("*"))


def sentiment_version() -> str:
    """The version of all sentiment engines in use together with the language engine that feeds them."""
    language = engine("language")
    parts = [f"{lang}={known.label}" for lang, known in engines("sentiment").items()]
    return ";".join([language.label if language else "no-language", *parts])


def labels() -> dict[Task, str]:
    """What every score of today rests on, by task; the handles that stay visible are brands.yml's."""
    known = {task: engine(task) for task in TASKS}
    simple = {task: found.label if found else "" for task, found in known.items()}
    return simple | {"sentiment": sentiment_version()}


def _of(module: str, name: str) -> Callable[..., "pa.RecordBatch"]:
    """The function of a module, which is imported at the first batch."""

    def call(batch: "pa.RecordBatch", *words: "pl.DataFrame") -> "pa.RecordBatch":
        result: pa.RecordBatch = getattr(import_module(module), name)(batch, *words)
        return result

    return call


register("language", "gaung-language", versions.LANGUAGE, _of("gaung.text.language", "detect"))
register("sentiment", "vader", versions.ENGLISH, _of("gaung.text.sentiment", "vader"), languages=("en",))
register(
    "sentiment", "gaung-id", versions.INDONESIAN, _of("gaung.text.indonesian", "score"), languages=("id",)
)
register("mask", "gaung-mask", versions.MASK_RULES, _of("gaung.text.mask", "hide"))
register("terms", "gaung-terms", versions.TERMS, _of("gaung.text.terms", "extract"))
_business, _reasons = _of("gaung.text.business", "classify"), _of("gaung.text.reasons", "find")
register("business", "gaung-business", versions.BUSINESS, _business, of_words=_business)
register("reasons", "gaung-reasons", versions.REASONS, _reasons, of_words=_reasons)
