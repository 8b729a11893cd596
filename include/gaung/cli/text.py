"""Commands: text – train the Indonesian sentiment engine, and evaluate engines on labelled texts."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gaung.text.evaluate import Report

text = typer.Typer(help="Text engines: train and evaluate.", no_args_is_help=True)


class Task(StrEnum):
    """What can be evaluated."""

    sentiment = "sentiment"
    language = "language"


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.add_typer(text, name="text")


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
    data: Annotated[Path, typer.Argument(help="TSV of two columns: text, label.")],
    task: Annotated[Task, typer.Option(help="What to evaluate.")] = Task.sentiment,
    lang: Annotated[str, typer.Option(help="Language of the texts (for sentiment).")] = "id",
    model: Annotated[Path | None, typer.Option(help="Another Indonesian model than the shipped one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score labelled texts: accuracy and macro-F1 over all and over answered texts, confusion matrix."""
    from gaung.text import evaluate as evaluation
    from gaung.text import labelled, language

    known = evaluation.SENTIMENTS if task is Task.sentiment else language.LANGUAGES
    report = evaluation.evaluate(labelled.read(data, known), task.value, lang, model)
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
    else:
        _print(report)


def _print(report: "Report") -> None:
    values: dict[str, Any] = report.as_dict()
    for name in list(values)[:8]:
        typer.echo(f"{name:18} {values[name] if values[name] is not None else '–'}")
    width = max(len(name) for name in report.classes) + 2
    typer.echo("\ntrue \\ said".ljust(width + 1) + "".join(name.rjust(width) for name in report.classes))
    for name, row in zip(report.classes, report.confusion, strict=True):
        typer.echo(name.ljust(width) + "".join(str(count).rjust(width) for count in row))
