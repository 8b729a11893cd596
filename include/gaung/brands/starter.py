"""A brand of brands.yml from a few answers: the first one, or one more."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gaung.brands.config import Brands, fold, load
from gaung.errors import SettingsInvalid

HEAD = """\
# Whom Gaung listens for. `gaung brands test "some text"` says what matches and why;
# `gaung brands check` shows matches and near misses among the posts in the warehouse.
#
# Further fields of a brand: aliases (other spellings), exclusions (where one of these stands, words
# and hashtags do not count), context (a keyword counts only beside one of these), competitors (ids of
# other brands: its panel), earlier_panels (what the panel was until a day), targets (what its posts should
# say), products (what it sells: a list of {id, name, aliases}), recipients (e-mail addresses of reports).
# A value that starts with # or @ must stand in quotes.

"""


@dataclass(frozen=True)
class Answers:
    """What `gaung init` asks for."""

    name: str
    client: str = ""
    timezone: str = "Asia/Jakarta"
    languages: tuple[str, ...] = ("id", "en")
    keywords: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    context: tuple[str, ...] = field(default=())


def write(path: Path, answers: Answers, *, force: bool = False) -> Brands:
    """The checked content of the file with this brand; nothing is written if an answer cannot be used.

    A file that exists keeps every line and gains the brand; with ``force`` it is replaced.

    Raises:
        SettingsInvalid: the file cannot take the brand, or an answer is refused.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        is_new = force or not path.exists()
        text = HEAD + render(answers) if is_new else _with_brand(path, answers)
        draft.write_text(text, encoding="utf-8")
        brands = _checked(draft, path)
        draft.replace(path)
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return brands


def render(answers: Answers) -> str:
    """The YAML of a file with this brand alone."""
    client, brand = _entries(answers)
    return _dump({"clients": [client], "brands": [brand]})


def _entries(answers: Answers) -> tuple[dict[str, Any], dict[str, Any]]:
    """The client and the brand as brands.yml has them."""
    client = answers.client or answers.name
    brand: dict[str, Any] = {
        "id": slug(answers.name),
        "name": answers.name,
        "client": slug(client),
        "timezone": answers.timezone,
        "languages": list(answers.languages),
        "keywords": list(answers.keywords) or [answers.name],
        "hashtags": [f"#{tag.lstrip('#')}" for tag in answers.hashtags],
        "handles": _handles(answers.handles),
    }
    if answers.context:
        brand["context"] = list(answers.context)
    return {"id": slug(client), "name": client}, brand


def _with_brand(path: Path, answers: Answers) -> str:
    """The file's text with one more brand at the head of its list, and its client if that is new."""
    there = load(path)
    client, brand = _entries(answers)
    if brand["id"] in {one.id for one in there.brands}:
        raise SettingsInvalid(f"brand {brand['id']!r} is in {path} already; change it there")
    text = path.read_text(encoding="utf-8-sig")
    text = _inserted(text, "brands", brand, path)
    if client["id"] not in {one.id for one in there.clients}:
        text = _inserted(text, "clients", client, path)
    return text


def _inserted(text: str, name: str, entry: dict[str, Any], path: Path) -> str:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    items = next(value for key, value in root.value if key.value == name)
    if items.flow_style or not items.value:
        raise SettingsInvalid(
            f"{path}: `{name}:` is not a list with one entry below another; add the brand by hand, "
            "or replace the file with --force"
        )
    lines = text.splitlines(keepends=True)
    at, indent = items.start_mark.line, " " * items.start_mark.column
    added = "".join(f"{indent}{line}\n" for line in _dump([entry]).splitlines())
    return "".join([*lines[:at], added, *lines[at:]])


def _dump(data: Any) -> str:
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    return text


def slug(name: str) -> str:
    """A name as an id: lower-case letters, digits and ``_``; SettingsInvalid if nothing is left."""
    plain = re.sub(r"[^a-z0-9]+", "_", fold(name)).strip("_")[:60]
    if not plain:
        raise SettingsInvalid(
            f"{name!r} has no Latin letter or digit to make an id of; write the file by hand"
        )
    return plain if plain[0].isalpha() and len(plain) > 1 else f"b_{plain}"


def _handles(values: tuple[str, ...]) -> dict[str, list[str]]:
    handles: dict[str, list[str]] = {}
    for value in values:
        platform, separator, handle = value.partition(":")
        if not separator or not handle:
            raise SettingsInvalid(f"--handle {value!r}: write platform:handle, e.g. instagram:kopisenja.id")
        handles.setdefault(platform.strip().lower(), []).append(f"@{handle.strip().lstrip('@')}")
    return handles


def _checked(draft: Path, path: Path) -> Brands:
    try:
        return load(draft)
    except SettingsInvalid as error:
        raise SettingsInvalid(str(error).replace(str(draft), f"the new {path.name}")) from error
