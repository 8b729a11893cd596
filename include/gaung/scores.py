"""What enrichment keeps of each distinct text: one declaration per task.

A task has a table in ``core`` keyed by ``text_hash`` and engine version, so that a text is scored once
per version and old versions' scores stay. A further task is an engine in :mod:`gaung.text.registry`, a
table by migration, and one :class:`TextTask` here: enrichment, the change of engines, erasure, builds
as known earlier and statistics all follow :data:`TASKS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gaung.brands.config import Brands
from gaung.text import registry
from gaung.text.registry import Task

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from gaung.text.entities import Declared
    from gaung.text.names import Name


class Texts:
    """A chunk of texts; their words are read once, however many tasks ask for them.

    Attributes:
        frame: columns ``text_hash, text, lang``.
    """

    def __init__(self, frame: "pl.DataFrame") -> None:
        self.frame = frame

    @cached_property
    def words(self) -> "pl.DataFrame":
        """What :func:`gaung.text.spoken.words` says of the texts."""
        from gaung.text import spoken

        return spoken.words(self.frame["text"])

    def where(self, mask: "pl.Series") -> "Texts":
        """The texts of a mask; these themselves when it leaves none out."""
        return self if mask.all() else Texts(self.frame.filter(mask))


Score = Callable[[Texts, Brands], "pl.DataFrame"]


@dataclass(frozen=True)
class TextTask:
    """One thing that is found out about every text.

    Attributes:
        name: the task's name in the registry and in ``core.active_engine``.
        table: where its results are, in ``core``.
        columns: what is kept of a text; a post one of whose texts differs in them under a new version
            is built anew.
        score: texts and the brands → the columns; same rows, same order.
        version_column: the table's column of the engine version.
    """

    name: Task
    table: str
    columns: tuple[str, ...]
    score: Score
    version_column: str = "engine_version"

    def rows(self, texts: Texts, brands: Brands, version: str) -> "pl.DataFrame":
        """The table's rows of these texts under a version."""
        import polars as pl

        found = self.score(texts, brands).select(self.columns)
        key = texts.frame.select("text_hash", pl.lit(version).alias(self.version_column))
        return pl.concat([key, found], how="horizontal")


def versions(brands: Brands) -> dict[Task, str]:
    """The engine version of each task that this build's publication shows."""
    from gaung.brands.config import ordinary_words
    from gaung.text import entities, mask, spelling

    return registry.labels() | {
        "mask": mask.mask_version(brands.allowed_handles),
        "entities": entities.version(declared(brands)),
        "spelling": spelling.version(brand_names(brands), sorted(ordinary_words())),
    }


def _language(texts: Texts, _: Brands) -> "pl.DataFrame":
    import polars as pl

    return _by_engine("language", texts).with_columns(pl.col("confidence").round(4))


def _sentiment(texts: Texts, _: Brands) -> "pl.DataFrame":
    from gaung.text import sentiment

    return _frame(sentiment.score(_batch(texts, "text", "lang"))).with_columns(texts.frame["lang"])


def _mask(texts: Texts, brands: Brands) -> "pl.DataFrame":
    from gaung.text import mask

    return _frame(mask.engine(brands.allowed_handles).function(_batch(texts, "text")))


def _terms(texts: Texts, _: Brands) -> "pl.DataFrame":
    return _by_engine("terms", texts).select(_literal("words"), _literal("pairs"))


def _reasons(texts: Texts, _: Brands) -> "pl.DataFrame":
    return _by_engine("reasons", texts).select(_literal("intents"), _json("aspects"))


def _business(texts: Texts, _: Brands) -> "pl.DataFrame":
    return _by_engine("business", texts)


def _entities(texts: Texts, brands: Brands) -> "pl.DataFrame":
    from gaung.text import entities

    found = entities.find(_batch(texts, "text"), declared(brands), texts.words)
    return _frame(found).select(_json("entities"))


def _spelling(texts: Texts, brands: Brands) -> "pl.DataFrame":
    from gaung.brands.config import ordinary_words
    from gaung.text import spelling

    found = spelling.suggest(_batch(texts, "text"), brand_names(brands), sorted(ordinary_words()))
    return _frame(found).select(_json("suggestions"))


def declared(brands: Brands) -> list["Declared"]:
    """The declared brands and their products."""
    from gaung.text.entities import Declared

    listed = [Declared("brand", one.id, one.id, one.name, one.spellings) for one in brands.brands]
    return listed + [
        Declared("product", product.id, brand.id, product.name, product.spellings)
        for brand in brands.brands
        for product in brand.products
    ]


def brand_names(brands: Brands) -> list["Name"]:
    """How the declared brands are written."""
    from gaung.text.names import Name

    return [Name("brand", brand.id, spelling) for brand in brands.brands for spelling in brand.spellings]


TASKS: tuple[TextTask, ...] = (
    TextTask("language", "text_language", ("lang", "confidence", "reason"), _language),
    TextTask("sentiment", "text_sentiment", ("lang", "compound", "label", "unscored_reason"), _sentiment),
    TextTask("mask", "text_masked", ("text_masked",), _mask, version_column="mask_version"),
    TextTask("terms", "text_terms", ("words", "pairs"), _terms),
    TextTask("reasons", "text_reasons", ("intents", "aspects"), _reasons),
    TextTask(
        "business",
        "text_business",
        ("relevance", "relevance_reason", "industry", "industry_reason", "activity", "activity_reason"),
        _business,
    ),
    TextTask("entities", "text_entities", ("entities",), _entities),
    TextTask("spelling", "text_spelling", ("suggestions",), _spelling),
)
"""In the order in which they run: language first, since sentiment reads it."""

TABLES = tuple(task.table for task in TASKS)


def _by_engine(task: Task, texts: Texts) -> "pl.DataFrame":
    """What the engine in use says of the texts."""
    engine = registry.engine(task)
    assert engine is not None
    batch = _batch(texts, "text")
    return _frame(engine.of_words(batch, texts.words) if engine.of_words else engine.function(batch))


def _frame(batch: "pa.RecordBatch") -> "pl.DataFrame":
    import polars as pl

    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _literal(name: str) -> "pl.Expr":
    """A list as an array literal: its entries are letters, spaces and ``_``, so quotes need no escapes."""
    import polars as pl

    quoted = pl.col(name).list.eval(pl.format('"{}"', pl.element()))
    return pl.format("{{{}}}", quoted.list.join(",")).alias(name)


def _json(name: str) -> "pl.Expr":
    """A list of structs as JSON."""
    import polars as pl

    whole = pl.struct(name).struct.json_encode()  # {"<name>":[…]}
    return whole.str.slice(len(name) + 4).str.strip_suffix("}").alias(name)


def _batch(texts: Texts, *columns: str) -> Any:
    """Columns of the texts as one Arrow batch."""
    import pyarrow as pa

    return pa.RecordBatch.from_pydict(
        {name: texts.frame[name].to_arrow().cast(pa.string()) for name in columns}
    )
