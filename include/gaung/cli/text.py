"""Commands: text – train, evaluate, score history anew, sample, load labels, agreement; learn."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    from gaung.text.agreement import Agreement
    from gaung.text.classes import ClassReport, ClassTask
    from gaung.text.evaluate import EvaluatedTask, Report

text = typer.Typer(help="Text engines: train, evaluate, label, correct.", no_args_is_help=True)


class Task(StrEnum):
    """What can be evaluated on labelled texts, and labelled."""

    sentiment = "sentiment"
    language = "language"
    intent = "intent"
    aspect = "aspect"
    activity = "activity"
    relevance = "relevance"
    industry = "industry"


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.add_typer(text, name="text")
    app.command("learn")(learn)


@text.command("train")
def train(
    data: Annotated[Path, typer.Argument(help="Labelled texts: TSV of text and label.")],
    output: Annotated[Path, typer.Option(help="The model file to write (.npz).")],
    held_out: Annotated[
        list[Path] | None,
        typer.Option(help="Texts for evaluation; what nearly equals one is not learnt. Repeatable."),
    ] = None,
    version: Annotated[str, typer.Option(help="Version that the file carries.")] = "1",
) -> None:
    """Train the Indonesian sentiment model; choices are made by cross-validation on the data alone."""
    from gaung.errors import SettingsInvalid
    from gaung.text import labelled
    from gaung.text.evaluate import SENTIMENTS

    try:
        import sklearn  # noqa: F401

        from gaung.text import train as training
    except ImportError as error:
        raise SettingsInvalid("training needs scikit-learn: pip install scikit-learn") from error
    texts = labelled.read(data, SENTIMENTS)
    others = [one for path in held_out or [] for one in labelled.read_texts(path)]
    kept, left_out = training.without_held_out(texts, others)
    typer.echo(f"{len(kept.texts)} texts, {left_out} left out as duplicates or near a held-out text")
    model, report = training.train(kept, version)
    model.save(output)
    typer.echo(json.dumps({"file": str(output), "bytes": output.stat().st_size, **report}))


@text.command("evaluate")
def evaluate(
    data: Annotated[Path, typer.Argument(help="TSV of two columns: text, label (several by commas).")],
    task: Annotated[Task, typer.Option(help="What to evaluate.")] = Task.sentiment,
    lang: Annotated[str, typer.Option(help="Language of the texts (for sentiment).")] = "id",
    model: Annotated[Path | None, typer.Option(help="Another Indonesian model than the shipped one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score labelled texts: accuracy, macro-F1 and confusion matrix, or precision and recall by class."""
    from gaung.text import classes, labelled, language
    from gaung.text import evaluate as evaluation

    if task is Task.sentiment or task is Task.language:
        one = cast("EvaluatedTask", task.value)
        known = evaluation.SENTIMENTS if task is Task.sentiment else language.LANGUAGES
        report = evaluation.evaluate(labelled.read(data, known), one, lang, model)
        typer.echo(json.dumps(report.as_dict())) if as_json else _print(report)
        return
    many = cast("ClassTask", task.value)
    found = classes.evaluate(*classes.read(data, many), many)
    typer.echo(json.dumps(found.as_dict())) if as_json else _print_classes(found)


@text.command("sample")
def sample(
    output: Annotated[Path, typer.Argument(help="The CSV to write; fill in label and annotator.")],
    task: Annotated[Task, typer.Option(help="What is to be labelled.")] = Task.sentiment,
    lang: Annotated[str | None, typer.Option(help="Only texts of this language.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Texts; half of them uncertain.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed draws the same texts.")] = 1,
) -> None:
    """Choose texts to label next, uncertain and representative; give the same file to two annotators."""
    from gaung import annotations
    from gaung.warehouse.setup import ready

    ready()
    frame = annotations.sample(task.value, lang, count, seed)
    frame.write_csv(output)
    typer.echo(f"{len(frame)} texts in {output}. Fill in label, annotator, labelled_at; then:")
    typer.echo(f"  gaung text annotate {output} --task {task.value}")


@text.command("annotate")
def annotate(
    path: Annotated[Path, typer.Argument(help="CSV with post_key, label, annotator, labelled_at.")],
    task: Annotated[Task, typer.Option(help="What the labels are about.")] = Task.sentiment,
    correct: Annotated[bool, typer.Option("--correct", help="Labels win over the engines.")] = False,
    guideline: Annotated[str, typer.Option(help="Version of the guideline that was followed.")] = "1",
    labelled_at: Annotated[
        str | None, typer.Option(help="When, for lines that do not say; with a time zone.")
    ] = None,
) -> None:
    """Load labels: to measure engines by, or with --correct to overrule them in the next build.

    One label of sentiment, language, relevance, industry and activity. Any number of intents, by commas and
    quoted: "asks_price,complains"; of aspects with their mood: "price:negative,quality:positive". The word
    none says that a text has none. docs/annotating.md explains each.
    """
    from gaung import annotations
    from gaung.errors import SettingsInvalid
    from gaung.warehouse.setup import ready

    moment = None
    if labelled_at is not None:
        try:
            moment = datetime.fromisoformat(labelled_at)
        except ValueError as error:
            raise SettingsInvalid(f"--labelled-at {labelled_at!r} is not a time: {error}") from error
        if moment.tzinfo is None:
            raise SettingsInvalid("--labelled-at needs a time zone, as in 2026-03-01T08:00:00+07:00")
    ready()
    report = annotations.load_file(
        path,
        task=task.value,
        kind="correction" if correct else "annotation",
        guideline_version=guideline,
        labelled_at=moment,
    )
    typer.echo(
        f"received {report.received} = loaded {report.loaded} + unchanged {report.unchanged} "
        f"+ quarantined {len(report.quarantined)}"
    )
    for number, reason in report.quarantined[:10]:
        typer.echo(f"  line {number}: {reason}")
    if report.posts_touched:
        typer.echo(f"{report.posts_touched} posts change with the next build: gaung build")
    if report.quarantined:
        raise typer.Exit(1)


@text.command("gloss")
def gloss(
    output: Annotated[Path, typer.Argument(help="The side file to write (CSV).")],
    again: Annotated[bool, typer.Option("--again", help="Also where the translation is a gloss.")] = False,
) -> None:
    """Write word-by-word English glosses of Indonesian posts, as a side file of translations."""
    from gaung import translations
    from gaung.warehouse.setup import ready

    ready()
    written, left_out = translations.write_glosses(output, again=again)
    typer.echo(f"{written} glosses in {output}; {left_out} posts have too few known words. Then:")
    typer.echo(f"  gaung ingest files {output} --as-of TIME")


@text.command("rescore")
def rescore(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many texts lack scores.")] = False,
) -> None:
    """Score all texts with the engines of today beside the scores in use; the next build shows them."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from gaung import rescore as rescoring
    from gaung.warehouse.setup import ready

    ready()
    lack = rescoring.lack()
    lacking = ", ".join(f"{task} {count:,}" for task, count in lack.by_task.items() if count)
    typer.echo(f"{lack.lacking:,} of {lack.texts:,} texts lack scores{': ' if lacking else ''}{lacking}")
    if dry_run or not lack.lacking:
        return
    columns = (
        *(TextColumn("texts"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn()),
        *(TextColumn("{task.fields[rate]}"), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        line = bar.add_task("texts", total=lack.lacking, rate="")

        def progress(done: int) -> None:
            elapsed = bar.tasks[0].elapsed
            bar.update(line, completed=done, rate=f"{done / elapsed:,.0f} texts/s" if elapsed else "")

        done = rescoring.run(progress)
    typer.echo(f"{done:,} texts scored. The next build shows the new versions: gaung build")


@text.command("explain")
def explain(words: Annotated[str, typer.Argument(metavar="TEXT", help="A text.")]) -> None:
    """Show what the engines make of one text: language and its runs, normal words, sentiment, gloss."""
    from gaung.text import gloss as glossing
    from gaung.text import language, normalise, runs, sentiment
    from gaung.text.batch import as_batch

    batch = as_batch([words])
    told = language.detect(batch).to_pylist()[0]
    held = batch.column("text")[0].as_py()
    scored = sentiment.score(as_batch([words], lang=[told["lang"]])).to_pylist()[0]
    found = runs.find(batch).column("runs")[0].as_py()
    glossed = glossing.make(batch).to_pylist()[0]
    lines = {
        "language": f"{told['lang']} ({told['reason'] or told['confidence']})",
        "runs": " | ".join(f"{run['lang']}: {held[run['start'] : run['end']]}" for run in found) or "–",
        "normal words": " ".join(one["normal"] for one in normalise.spans(held)) or "–",
        "sentiment": f"{scored['label']} ({scored['unscored_reason'] or scored['compound']})",
        "gloss": glossed["gloss"] or f"none ({glossed['reason']})",
    }
    for name, value in lines.items():
        typer.echo(f"{name:13} {value}")


@text.command("agreement")
def agreement(
    task: Annotated[Task, typer.Option(help="What was labelled.")] = Task.sentiment,
) -> None:
    """Cohen's kappa of each pair of annotators who labelled common texts; of intents and aspects by class."""
    from gaung import annotations
    from gaung.warehouse.setup import ready

    ready()
    found: dict[tuple[str, ...], Agreement]
    if task.value in annotations.MANY:
        found = {(*names,): result for names, result in annotations.agreements_by_class(task.value).items()}
    else:
        found = {(*names,): result for names, result in annotations.agreements(task.value).items()}
    if not found:
        typer.echo("No text was labelled by two annotators yet.")
    for (first, second, *name), result in found.items():
        told = f"{result.kappa:.4f}" if result.kappa is not None else f"none ({result.reason})"
        typer.echo(
            f"{first} and {second}{', ' if name else ''}{''.join(name)}: {result.n} texts, kappa {told}"
        )


def learn() -> None:
    """Measure the text engines by annotations and test lists; the next build publishes model_quality."""
    from gaung import learn as learning
    from gaung.warehouse.setup import ready

    ready()
    typer.echo(f"{learning.measure_all()} rows of quality; see marts.model_quality after `gaung build`")


def _print(report: "Report") -> None:
    values: dict[str, Any] = report.as_dict()
    for name in list(values)[:8]:
        typer.echo(f"{name:18} {values[name] if values[name] is not None else '–'}")
    width = max(len(name) for name in report.classes) + 2
    typer.echo("\ntrue \\ said".ljust(width + 1) + "".join(name.rjust(width) for name in report.classes))
    for name, row in zip(report.classes, report.confusion, strict=True):
        typer.echo(name.ljust(width) + "".join(str(count).rjust(width) for count in row))


def _print_classes(report: "ClassReport") -> None:
    for name, value in report.as_dict().items():
        if not isinstance(value, list | dict):
            typer.echo(f"{name:18} {value if value is not None else '–'}")
    typer.echo(f"\n{'class':18} {'n':>5} {'said':>5} {'precision':>10} {'recall':>8} {'f1':>7}")
    for score in report.classes:
        shares = [f"{share:.3f}" if share is not None else "–" for share in (score.precision, score.recall)]
        numbers = f"{score.n:>5} {score.said:>5} {shares[0]:>10} {shares[1]:>8} {score.f1:>7.3f}"
        typer.echo(f"{score.name:18} {numbers}")
    typer.echo("\nconfusion: true class, then what its texts were given")
    for name, given in report.confusion.items():
        told = ", ".join(f"{one} {count}" for one, count in sorted(given.items(), key=lambda item: -item[1]))
        typer.echo(f"{name:18} {told}")
