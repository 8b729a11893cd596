"""YAML with the line of every field, so that an error can name where to look."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gaung.errors import SettingsInvalid

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file: where (path of the field) and what to do."""

    path: FieldPath
    message: str


@dataclass
class Document:
    """A parsed YAML file.

    Attributes:
        file: where it was read from.
        data: plain Python values.
        lines: line (from 1) of every field by its path.
        faults: keys written twice.
    """

    file: Path
    data: Any = None
    lines: dict[FieldPath, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: FieldPath) -> int:
        """The line of a field, or of the nearest field around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def refuse(self, faults: list[Fault]) -> None:
        """Raise one error that lists every fault in file order; nothing happens without faults."""
        if not faults:
            return
        ordered = sorted(faults, key=lambda fault: (self.line(fault.path), str(fault.path)))
        shown = [f"{self.file}, line {self.line(f.path)}: {spell(f.path)}{f.message}" for f in ordered[:20]]
        if len(ordered) > len(shown):
            shown.append(f"… and {len(ordered) - len(shown)} more")
        raise SettingsInvalid("\n".join(shown))


def spell(path: FieldPath) -> str:
    """A field's path as people write it, e.g. ``brands[0].handles.x: ``; empty for the whole file."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return f"{text}: " if text else ""


def read(file: Path) -> Document:
    """A YAML file with the lines of its fields; :class:`SettingsInvalid` if it cannot be read as YAML."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsInvalid(f"{file} is missing: run `gaung init`, or set GAUNG_BRANDS_FILE") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{file} cannot be read as UTF-8 text: {error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = Document(file)
        if node is not None:
            _note(document, node, ())
            document.data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsInvalid(
            f"{file}, line {line}: not valid YAML: {error.problem}; see indentation, quotes and colons there"
        ) from error
    except yaml.YAMLError as error:
        raise SettingsInvalid(f"{file}: not valid YAML: {error}") from error
    except (RecursionError, ValueError) as error:
        raise SettingsInvalid(f"{file}: cannot be read: {error}; write plain lists and texts only") from error
    return document


def _note(document: Document, node: yaml.Node, path: FieldPath) -> None:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: dict[Any, int] = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                document.faults.append(Fault(path, "a key must be plain text"))
                continue
            if key in seen:
                document.faults.append(
                    Fault((*path, key), f"written twice (lines {seen[key]} and {line}); keep one")
                )
                document.lines[(*path, key)] = line
                continue
            seen[key] = line
            document.lines[(*path, key)] = line
            _note(document, value_node, (*path, key))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note(document, item, (*path, index))
