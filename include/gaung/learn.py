"""How well the text engines do: measured by annotations and by the shipped test lists, into the warehouse.

Each measurement replaces the earlier one of the same engine version and data set, so history is one
row per version; the next build publishes it as the marts ``model_quality`` and ``model_confusion``.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gaung.annotations import LABELS, MANY, ONE
from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

    from gaung.text.classes import ClassReport, ClassTask
    from gaung.text.evaluate import EvaluatedTask, Report
    from gaung.text.labelled import Labelled

log = logging.getLogger(__name__)

LISTS = "data/lists"
"""Shipped test lists: ``<task>_<name>.tsv`` of text and label; never training data."""

ALL = "*"

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Dataset:
    """Labelled texts of one task and language, with where they come from."""

    task: "EvaluatedTask"
    language: str
    name: str
    labelled: "Labelled"
    is_synthetic: bool = False


@dataclass(frozen=True)
class Ruled:
    """Texts with their classes, of a task of rules and a language, with where they come from.

    Accuracy is the share of texts that were given exactly their classes.
    """

    task: "ClassTask"
    language: str
    name: str
    texts: list[str]
    labels: list[dict[str, str]]
    is_synthetic: bool = False


def measure_all() -> int:
    """Rows of quality written to ``core.model_quality``, one per engine, data set and class.

    What engines confuse goes to ``core.model_confusion`` in the same transaction.
    """
    from gaung.text import classes, evaluate

    quality: Rows = []
    confusion: Rows = []
    scored, ruled = annotated()
    for one in (*ruled_lists(), *ruled):
        found = classes.evaluate(one.texts, one.labels, one.task)
        quality += _rows_of_rules(one, found)
        confusion += _confusion_of_rules(one, found)
        log.info("%s %s on %s: %s texts", one.task, found.engine, one.name, found.n)
    for dataset in (*shipped_lists(), *scored):
        language = None if dataset.language == ALL else dataset.language
        report = evaluate.evaluate(dataset.labelled, dataset.task, language)
        quality += _rows(dataset, report)
        confusion += _confusion(dataset, report)
        log.info("%s %s on %s: %s texts", dataset.task, report.engine, dataset.name, report.n)
    with (
        closing(connect("transformer", application_name="gaung learn")) as session,
        session,
        session.cursor() as cur,
    ):
        _keep(cur, quality, confusion)
    return len(quality)


def _keep(cur: "cursor", quality: Rows, confusion: Rows) -> None:
    """Replace what was measured of the same engine versions and data sets."""
    for key in sorted({row[:4] for row in quality}):
        for table in ("core.model_quality", "core.model_confusion"):
            cur.execute(
                f"delete from {table} where (task, language, engine_version, dataset) = %s",  # noqa: S608
                (key,),
            )
    for table, columns, rows in (
        ("core.model_quality", COLUMNS, quality),
        ("core.model_confusion", CELLS, confusion),
    ):
        marks = ", ".join(["%s"] * len(columns))
        cur.executemany(
            f"insert into {table} ({', '.join(columns)}) values ({marks})",  # noqa: S608 - names of this file
            rows,
        )


def shipped_lists() -> Iterator[Dataset]:
    """The test lists that come with the project."""
    from gaung.text import labelled, language

    known: dict[str, tuple[str, ...]] = {"language": language.LANGUAGES}
    with resources.as_file(resources.files("gaung.text").joinpath(LISTS)) as folder:
        for path in sorted(Path(folder).glob("*.tsv")):
            task = path.stem.split("_", 1)[0]
            if task in known:
                yield Dataset("language", ALL, f"list:{path.stem}", labelled.read(path, known[task]))


def ruled_lists() -> Iterator[Ruled]:
    """The test lists of the tasks of rules."""
    from gaung.text import classes

    with resources.as_file(resources.files("gaung.text").joinpath(LISTS)) as folder:
        for task in (*MANY, *ONE):
            yield Ruled(task, ALL, f"list:{task}", *classes.read(Path(folder) / f"{task}.tsv", task))


def annotated() -> tuple[list[Dataset], list[Ruled]]:
    """What people labelled, by task and language; a text whose annotators are split is left out."""
    from gaung.text import classes
    from gaung.text.labelled import Labelled

    found: dict[tuple[str, str], tuple[list[str], list[str], list[bool]]] = defaultdict(lambda: ([], [], []))
    votes: dict[tuple[str, str, str, bool], Counter[str]] = defaultdict(Counter)
    with closing(connect("transformer", application_name="gaung learn")) as session, session.cursor() as cur:
        cur.execute(_ANNOTATED)
        for task, language, text, is_synthetic, label in cur.fetchall():
            votes[task, language, text, is_synthetic][label] += 1
    for (task, language, text, is_synthetic), counts in sorted(votes.items()):
        (label, most), *others = counts.most_common()
        if others and others[0][1] == most:
            continue
        texts, labels, flags = found[task, ALL if task == "language" else language]
        texts.append(text)
        labels.append(label)
        flags.append(is_synthetic)
    scored, ruled = [], []
    for (task, language), (texts, labels, flags) in sorted(found.items()):
        if task in LABELS:
            told = Labelled(texts, labels)
            scored.append(Dataset(cast("EvaluatedTask", task), language, "annotations", told, any(flags)))
        else:
            one = cast("ClassTask", task)
            parsed = [classes.parse(label, one) for label in labels]
            ruled.append(Ruled(one, language, "annotations", texts, parsed, any(flags)))
    return scored, ruled


_ANNOTATED = """
select distinct on (n.task, n.text_hash, n.annotator)
    n.task,
    l.lang,
    (select p.text from core.post as p where p.text_hash = n.text_hash limit 1) as text,
    (select bool_or(p.is_synthetic) from core.post as p where p.text_hash = n.text_hash) as is_synthetic,
    n.label
from app.annotation as n
inner join core.text_language as l on n.text_hash = l.text_hash
inner join core.active_engine as a on a.task = 'language' and a.engine_version = l.engine_version
where
    n.kind = 'annotation'
    and (n.task <> 'sentiment' or l.lang in ('en', 'id'))
    and exists (select from core.post as p where p.text_hash = n.text_hash)
order by n.task, n.text_hash, n.annotator, n.labelled_at desc, n.label
"""

COLUMNS = (
    "task",
    "language",
    "engine_version",
    "dataset",
    "class",
    "text_count",
    "answered_count",
    "accuracy_pct",
    "accuracy_low_pct",
    "accuracy_high_pct",
    "macro_f1_pct",
    "macro_f1_low_pct",
    "macro_f1_high_pct",
    "macro_f1_answered_pct",
    "precision_pct",
    "recall_pct",
    "f1_pct",
    "calibration_error_pct",
    "is_synthetic",
)


CELLS = (
    "task",
    "language",
    "engine_version",
    "dataset",
    "true_class",
    "said_class",
    "text_count",
    "is_synthetic",
)


def _rows_of_rules(one: Ruled, report: "ClassReport") -> Iterator[tuple[Any, ...]]:
    from gaung.text import evaluate

    key = (one.task, one.language, report.engine, one.name)
    answered = round(report.answered_share * report.n)
    low, high = evaluate.wilson(round(report.exact_share * report.n), report.n)
    f1 = [report.macro_f1, report.macro_f1_low, report.macro_f1_high, report.macro_f1_answered]
    whole = [report.exact_share, low, high, *f1, *[None] * 4]
    yield (*key, ALL, report.n, answered, *map(_pct, whole), one.is_synthetic)
    for score in report.classes:
        if score.n:
            own = [*[None] * 7, score.precision, score.recall, score.f1, None]
            yield (*key, score.name, score.n, score.answered, *map(_pct, own), one.is_synthetic)


def _confusion_of_rules(one: Ruled, report: "ClassReport") -> Iterator[tuple[Any, ...]]:
    """Cells of the matrix of a task of which a text has one class, so that each text stands in one cell."""
    if one.task in ONE:
        for true, given in report.confusion.items():
            for said, count in given.items():
                yield (
                    *(one.task, one.language, report.engine, one.name),
                    *(true, said, count, one.is_synthetic),
                )


def _confusion(dataset: Dataset, report: "Report") -> Iterator[tuple[Any, ...]]:
    for true, counts in zip(report.classes, report.confusion, strict=True):
        for said, count in zip(report.classes, counts, strict=True):
            if count:
                yield (
                    *(dataset.task, dataset.language, report.engine, dataset.name),
                    *(true, said, count, dataset.is_synthetic),
                )


def _rows(dataset: Dataset, report: "Report") -> Iterator[tuple[Any, ...]]:
    from gaung.text import evaluate

    key = (dataset.task, dataset.language, report.engine, dataset.name)
    answered = sum(report.answered_by_class)
    right = sum(report.confusion[at][at] for at in range(len(report.classes)))
    low, high = evaluate.wilson(right, report.n)
    f1_low, f1_high = evaluate.macro_f1_interval(report.confusion)
    whole = [report.accuracy_all, low, high, report.macro_f1_all, f1_low, f1_high, report.macro_f1_answered]
    yield (
        *(*key, ALL, report.n, answered),
        *map(_pct, [*whole, None, None, None, report.calibration_error]),
        dataset.is_synthetic,
    )
    for at, name in enumerate(report.classes):
        hit = report.confusion[at][at]
        said, true = sum(row[at] for row in report.confusion), sum(report.confusion[at])
        scores = [hit / said if said else None, hit / true if true else None, 2 * hit / (said + true)]
        yield (
            *(*key, name, true, report.answered_by_class[at]),
            *map(_pct, [*[None] * len(whole), *scores, None]),
            dataset.is_synthetic,
        )


def _pct(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 4)
