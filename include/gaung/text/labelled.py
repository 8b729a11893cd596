"""Labelled texts from files."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gaung.errors import SettingsInvalid


@dataclass(frozen=True)
class Labelled:
    """Texts with their labels."""

    texts: list[str]
    labels: list[str]


def read(path: Path, known: Sequence[str]) -> Labelled:
    """A TSV of two columns without quoting; a header ``text, label`` is left out.

    Raises:
        SettingsInvalid: a line has another number of columns or an unknown label.
    """
    labelled = Labelled([], [])
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, start=1):
        text, separator, label = line.rpartition("\t")
        if number == 1 and label == "label":
            continue
        if not separator or label not in known:
            raise SettingsInvalid(
                f"{path}, line {number}: needs a text, a tab and one of {', '.join(known)}; "
                f"found {label[:40]!r}"
            )
        labelled.texts.append(text)
        labelled.labels.append(label)
    if not labelled.texts:
        raise SettingsInvalid(f"{path} holds no labelled text")
    return labelled


def read_texts(path: Path) -> list[str]:
    """The texts alone of a labelled file: a TSV without header, or a CSV with a column ``text``.

    Raises:
        SettingsInvalid: the file is neither.
    """
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return [row["text"] for row in csv.DictReader(file)]
        return [line.split("\t")[0] for line in path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")]
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise SettingsInvalid(f"{path} cannot be read as labelled texts: {error!r}") from error
