"""How well the text engines do: measured by annotations and by the shipped test lists, into the warehouse.

Each measurement replaces the earlier one of the same engine version and data set, so history is one
row per version; the next build publishes it as the mart ``model_quality``.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    from gaung.text.classes import ClassTask
    from gaung.text.evaluate import EvaluatedTask, Report
    from gaung.text.labelled import Labelled

log = logging.getLogger(__name__)

LISTS = "data/lists"
"""Shipped test lists: ``<task>_<name>.tsv`` of text and label; never training data."""

ALL = "*"

RULED: tuple["ClassTask", ...] = ("intent", "aspect", "activity", "relevance")
"""Tasks whose lists give a text any number of classes; accuracy is the share of texts with exactly theirs."""


@dataclass(frozen=True)
class Dataset:
    """Labelled texts of one task and language, with where they come from."""

    task: "EvaluatedTask"
    language: str
    name: str
    labelled: "Labelled"
    is_synthetic: bool = False


def measure_all() -> int:
    """Rows of quality written to ``core.model_quality``, one per engine, data set and class."""
    from gaung.text import evaluate

    rows: list[tuple[Any, ...]] = list(_rows_of_rules())
    for dataset in (*shipped_lists(), *annotated()):
        language = None if dataset.language == ALL else dataset.language
        report = evaluate.evaluate(dataset.labelled, dataset.task, language)
        rows += _rows(dataset, report)
        log.info("%s %s on %s: %s texts", dataset.task, report.engine, dataset.name, report.n)
    with (
        closing(connect("transformer", application_name="gaung learn")) as session,
        session,
        session.cursor() as cur,
    ):
        for row in rows:
            names = ", ".join(COLUMNS)
            marks = ", ".join(["%s"] * len(COLUMNS))
            updates = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[5:])
            cur.execute(
                f"""
                insert into core.model_quality ({names}) values ({marks})
                on conflict (task, language, engine_version, dataset, class) do update
                set {updates}, measured_at = clock_timestamp()
                """,  # noqa: S608 - column names of this file
                row,
            )
    return len(rows)


def shipped_lists() -> Iterator[Dataset]:
    """The test lists that come with the project."""
    from gaung.text import labelled, language

    known: dict[str, tuple[str, ...]] = {"language": language.LANGUAGES}
    with resources.as_file(resources.files("gaung.text").joinpath(LISTS)) as folder:
        for path in sorted(Path(folder).glob("*.tsv")):
            task = path.stem.split("_", 1)[0]
            if task in known:
                yield Dataset("language", ALL, f"list:{path.stem}", labelled.read(path, known[task]))


def _rows_of_rules() -> Iterator[tuple[Any, ...]]:
    """The quality of the rules that name classes, on the shipped lists of texts with any number of them."""
    from gaung.text import classes, evaluate

    with resources.as_file(resources.files("gaung.text").joinpath(LISTS)) as folder:
        for task in RULED:
            report = classes.evaluate(*classes.read(Path(folder) / f"{task}.tsv", task), task)
            log.info("%s %s on its list: %s texts", task, report.engine, report.n)
            key = (task, ALL, report.engine, f"list:{task}")
            answered = round(report.answered_share * report.n)
            low, high = evaluate.wilson(round(report.exact_share * report.n), report.n)
            whole = [report.exact_share, low, high, report.macro_f1, *[None] * 7]
            yield (*key, ALL, report.n, answered, *map(_pct, whole), False)
            for score in report.classes:
                if score.n:
                    shares = [score.precision, score.recall, score.f1]
                    own = [*[None] * 7, *shares, None]
                    yield (*key, score.name, score.n, score.answered, *map(_pct, own), False)


def annotated() -> Iterator[Dataset]:
    """What people labelled, by task and language; a text whose annotators are split is left out."""
    from gaung.text.labelled import Labelled

    found: dict[tuple[EvaluatedTask, str], tuple[list[str], list[str], list[bool]]] = defaultdict(
        lambda: ([], [], [])
    )
    votes: dict[tuple[EvaluatedTask, str, str, bool], Counter[str]] = defaultdict(Counter)
    with closing(connect("transformer", application_name="gaung learn")) as session, session.cursor() as cur:
        cur.execute(_ANNOTATED)
        for task, language, text, is_synthetic, label in cur.fetchall():
            votes[task, language, text, is_synthetic][label] += 1
    for (task, language, text, is_synthetic), counts in sorted(votes.items()):
        (label, most), *others = counts.most_common()
        if others and others[0][1] == most:
            continue
        texts, labels, flags = found[task, language if task == "sentiment" else ALL]
        texts.append(text)
        labels.append(label)
        flags.append(is_synthetic)
    for (task, language), (texts, labels, flags) in sorted(found.items()):
        yield Dataset(task, language, "annotations", Labelled(texts, labels), any(flags))


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
    and n.task in ('sentiment', 'language')
    and (n.task = 'language' or l.lang in ('en', 'id'))
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
