"""What people say texts mean: labels from CSV files, to measure engines by and to correct them.

An *annotation* measures: engines are compared with it, two annotators with each other. A
*correction* decides: it wins over every engine, for every post with the same text, until a newer
correction of that text. Both are kept in ``app.annotation``, which no rebuild touches; they belong
to the text that was labelled, so an edited post is scored anew.
"""

import csv
import hashlib
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from gaung.errors import SettingsInvalid
from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    import polars as pl
    from psycopg2.extensions import cursor

    from gaung.text.agreement import Agreement
    from gaung.text.classes import ClassTask

log = logging.getLogger(__name__)

Kind = Literal["annotation", "correction"]

LABELS: dict[str, tuple[str, ...]] = {
    "sentiment": ("negative", "neutral", "positive"),
    "language": ("id", "en", "ms", "jv", "su", "und"),
}
"""What may be said of tasks whose engines differ by language; of the others see ``text.classes``."""

MANY: tuple["ClassTask", ...] = ("intent", "aspect")
"""Tasks of which a text has any number of classes: ``asks_price,complains``, or ``none``."""

ONE: tuple["ClassTask", ...] = ("relevance", "industry", "activity")
"""Tasks of rules of which a text has one class."""

TASKS = (*LABELS, *MANY, *ONE)

CORRECTED = ("sentiment", *MANY, *ONE)
"""Tasks whose engines a correction overrides."""

REQUIRED = ("post_key", "label", "annotator")


@dataclass
class LoadReport:
    """What became of a file's lines: received = loaded + unchanged + quarantined."""

    received: int = 0
    loaded: int = 0
    unchanged: int = 0
    quarantined: list[tuple[int, str]] = field(default_factory=list)
    posts_touched: int = 0


@dataclass(frozen=True)
class _Line:
    number: int
    values: dict[str, str]
    labelled_at: datetime | None
    problem: str | None


def load_file(
    path: Path,
    *,
    task: str,
    kind: Kind = "annotation",
    guideline_version: str = "1",
    labelled_at: datetime | None = None,
) -> LoadReport:
    """The report of one CSV with the columns ``post_key, label, annotator`` (and ``labelled_at``).

    Several labels of a text are parted by commas, and quoted where the file's cells are; a mood follows
    its aspect: ``"price:negative,quality:positive"``. ``none`` stands for no class.

    The same file again changes nothing. A line that cannot be used is kept in
    ``app.annotation_quarantine`` with its reason, and the others are loaded.

    Args:
        path: the file, UTF-8, comma or semicolon.
        task: what the labels are about, of :data:`TASKS`.
        kind: whether the labels measure or decide.
        guideline_version: the guideline that the annotators followed.
        labelled_at: when the labels were given, for lines that do not say.

    Raises:
        SettingsInvalid: the file is no such table, or the task cannot be corrected.
    """
    if task not in TASKS:
        raise SettingsInvalid(f"unknown task {task!r}; known: {', '.join(TASKS)}")
    if kind == "correction" and task not in CORRECTED:
        raise SettingsInvalid(f"{task} cannot be corrected; what can: {', '.join(CORRECTED)}")
    report = LoadReport()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with (
        closing(connect("loader", application_name="gaung annotations")) as session,
        session,
        session.cursor() as cur,
    ):
        for line in _read(path, task, labelled_at):
            report.received += 1
            _take(cur, line, report, (task, kind, guideline_version, digest, path.name))
    log.info(
        "%s: %s received, %s loaded, %s unchanged, %s quarantined",
        *(path.name, report.received, report.loaded, report.unchanged, len(report.quarantined)),
    )
    return report


def _read(path: Path, task: str, labelled_at: datetime | None) -> Iterator[_Line]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} cannot be read as UTF-8 text: {error}") from error
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.DictReader(text.splitlines(), restkey="more", delimiter=delimiter)
    missing = [name for name in REQUIRED if name not in (rows.fieldnames or [])]
    if missing:
        raise SettingsInvalid(f"{path} lacks the columns {', '.join(missing)}; found: {first.strip()[:200]}")
    for row in rows:
        values = {name: (row.get(name) or "").strip() for name in (*REQUIRED, "labelled_at")}
        if not values["label"]:
            continue  # a line of the sample that nobody has labelled yet
        moment, problem = _moment(values["labelled_at"], labelled_at)
        if more := row.get("more"):
            values["more"] = ",".join(more)
            problem = f"has {len(more)} cells more than the header; quote a label with commas in it"
        elif not values["annotator"]:
            problem = "annotator is empty"
        else:
            try:
                values["label"] = canonical(values["label"], task)
            except ValueError as error:
                problem = f"label: {error}"
        yield _Line(rows.line_num, values, moment, problem)


def canonical(label: str, task: str) -> str:
    """The one way in which a label is kept: its classes sorted, each with its mood if it is an aspect.

    Raises:
        ValueError: the task has no such label; the message says why.
    """
    from gaung.text import classes

    if task in LABELS:
        if label not in LABELS[task]:
            raise ValueError(f"{label[:40]!r} is not one of {', '.join(LABELS[task])}")
        return label
    found = classes.parse(label, cast("ClassTask", task))
    if task in ONE and len(found) != 1:
        raise ValueError(f"{label[:40]!r} is not one class; a text has exactly one {task}")
    for name, mood in found.items():
        if task == "aspect" and not mood:
            raise ValueError(f"{name} needs its mood, as in {name}:neutral")
    return (
        ",".join(f"{name}:{mood}" if mood else name for name, mood in sorted(found.items())) or classes.NONE
    )


def _moment(written: str, default: datetime | None) -> tuple[datetime | None, str | None]:
    if not written:
        return default, None if default else "labelled_at is empty, and no time was given for the file"
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None, f"labelled_at {written[:40]!r} is not a time such as 2026-03-01T08:00:00+07:00"
    return (moment, None) if moment.tzinfo else (None, f"labelled_at {written!r} has no time zone")


def _take(cur: "cursor", line: _Line, report: LoadReport, origin: tuple[str, Kind, str, str, str]) -> None:
    task, kind, guideline, digest, name = origin
    post: Any = None
    problem = line.problem
    if problem is None:
        cur.execute(
            """
            select p.platform, p.post_id, p.text_hash
            from core.post_key as k
            inner join core.post as p on k.platform = p.platform and k.post_id = p.post_id
            where k.post_key = %s
            """,
            (line.values["post_key"],),
        )
        post = cur.fetchone()
        if post is None or post[2] is None:
            problem = "no post with a text has this post_key"
    if problem is not None:
        report.quarantined.append((line.number, problem))
        cur.execute(
            """
            insert into app.annotation_quarantine (file_sha256, line_number, file_name, reason, line)
            values (%s, %s, %s, %s, %s) on conflict do nothing
            """,
            (digest, line.number, name, problem, ",".join(line.values.values())[:1000].replace("\0", "")),
        )
        return
    values = (kind, task, *post, line.values["label"], line.values["annotator"], guideline, line.labelled_at)
    cur.execute(
        """
        insert into app.annotation
            (kind, task, platform, post_id, text_hash, label, annotator, guideline_version, labelled_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
        """,
        values,
    )
    if not cur.rowcount:
        report.unchanged += 1
        return
    report.loaded += 1
    if kind == "correction":
        report.posts_touched += _touch(cur, post[2])


def _touch(cur: "cursor", text_hash: str) -> int:
    """How many posts with this text the next build takes up."""
    cur.execute(
        """
        insert into core.dirty_entity (entity, platform, entity_id, cause)
        select distinct 'post', platform, post_id, 'correction' from core.post_text where text_hash = %s
        order by platform, post_id
        """,
        (text_hash,),
    )
    return int(cur.rowcount)


def sample(task: str, language: str | None, count: int, seed: int) -> "pl.DataFrame":
    """Posts to label next, columns ``post_key, platform, text, said, label, annotator, labelled_at``.

    Half are those that the engine left uncertain (of tasks of rules: without a class), half any; both in an
    order that only the seed decides. What somebody has labelled for this task is left out. The text is the
    masked one.
    """
    import polars as pl

    with closing(connect("transformer", application_name="gaung sample")) as session, session.cursor() as cur:
        cur.execute(
            _sample_query(task), {"task": task, "language": language, "count": count, "seed": str(seed)}
        )
        rows = cur.fetchall()
    names = ("post_key", "platform", "text", "said")
    frame = pl.DataFrame(rows, dict.fromkeys(names, pl.String), orient="row")
    empty = pl.lit(None, dtype=pl.String)
    return frame.with_columns(label=empty, annotator=empty, labelled_at=empty)


_SAID: dict[str, tuple[str, str, str]] = {
    "sentiment": ("sentiment", "s.label", "s.unscored_reason is not distinct from 'uncertain'"),
    "language": ("sentiment", "l.lang", "s.unscored_reason is not distinct from 'uncertain'"),
    "intent": (
        "reasons",
        "coalesce(nullif(array_to_string(s.intents, ','), ''), 'none')",
        "cardinality(s.intents) = 0",
    ),
    "aspect": (
        "reasons",
        """coalesce(
            (
                select string_agg(e.aspect || ':' || e.mood, ',' order by e.aspect)
                from jsonb_to_recordset(s.aspects) as e (aspect text, mood text)
            ),
            'none'
        )""",
        "s.aspects = '[]'",
    ),
    **{
        task: (
            "business",
            f"coalesce(s.{task}, 'unscored')",
            f"s.{task} is null and s.{task}_reason <> 'no_text'",
        )
        for task in ONE
    },
}
"""By task: the engine whose scores tell, what it says, and whether it is left uncertain."""


def _sample_query(task: str) -> str:
    engine, said, is_uncertain = _SAID[task]
    return f"""
        with open_texts as (
            select distinct on (p.text_hash)
                k.post_key,
                p.platform,
                m.text_masked,
                {said} as said,
                {is_uncertain} as is_uncertain,
                md5(p.text_hash || %(seed)s) as lot
            from core.post as p
            inner join core.post_key as k on p.platform = k.platform and p.post_id = k.post_id
            inner join core.text_masked as m on p.text_hash = m.text_hash
            inner join core.active_engine as am on am.task = 'mask' and am.engine_version = m.mask_version
            inner join core.text_language as l on p.text_hash = l.text_hash
            inner join core.active_engine as al
                on al.task = 'language' and al.engine_version = l.engine_version
            inner join core.text_{engine} as s on p.text_hash = s.text_hash
            inner join core.active_engine as a on a.task = '{engine}' and a.engine_version = s.engine_version
            where
                p.is_collected
                and p.text <> ''
                and (%(language)s::text is null or l.lang = %(language)s)
                and not exists (
                    select from app.annotation as n where n.text_hash = p.text_hash and n.task = %(task)s
                )
            order by p.text_hash, p.platform, p.post_id
        ),
        numbered as (
            select *, row_number() over (partition by is_uncertain order by lot) as place
            from open_texts
        )
        select post_key, platform, text_masked, said
        from numbered
        order by (is_uncertain and place <= %(count)s / 2) desc, lot
        limit %(count)s
    """  # noqa: S608 - expressions of this file


def agreements(task: str) -> dict[tuple[str, str], "Agreement"]:
    """Cohen's kappa for each pair of annotators who labelled common texts, by their names.

    For a task of which a text has one class; for the others see :func:`agreements_by_class`.
    """
    from gaung.text.agreement import cohen_kappa

    return {pair: cohen_kappa(*labels) for pair, labels in _common(task).items()}


def agreements_by_class(task: str) -> dict[tuple[str, str, str], "Agreement"]:
    """Cohen's kappa by pair of annotators and class: has a text the class, and an aspect with which mood.

    A class that one of the two never gave, or always, has none, with the reason.
    """
    from gaung.text import classes
    from gaung.text.agreement import cohen_kappa

    many = cast("ClassTask", task)
    found = {}
    for (first, second), labels in _common(task).items():
        parsed = [[classes.parse(label, many) for label in told] for told in labels]
        for name in classes.names(many):
            one, two = ([(row[name] or "yes") if name in row else "no" for row in told] for told in parsed)
            found[first, second, name] = cohen_kappa(one, two)
    return found


def _common(task: str) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """By pair of annotators their labels of the texts that both labelled, in one order."""
    by_annotator: dict[str, dict[str, str]] = {}
    with (
        closing(connect("transformer", application_name="gaung agreement")) as session,
        session.cursor() as cur,
    ):
        cur.execute(
            """
            select distinct on (annotator, text_hash) annotator, text_hash, label
            from app.annotation where kind = 'annotation' and task = %s
            order by annotator, text_hash, labelled_at desc, label
            """,
            (task,),
        )
        for annotator, text_hash, label in cur.fetchall():
            by_annotator.setdefault(annotator, {})[text_hash] = label
    names = sorted(by_annotator)
    found = {}
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            one, two = by_annotator[first], by_annotator[second]
            if common := sorted(one.keys() & two.keys()):
                found[first, second] = [one[text] for text in common], [two[text] for text in common]
    return found
