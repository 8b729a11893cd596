"""The page of a brief: facts in, one self-contained HTML text out, the same facts the same bytes.

Everything that people wrote goes through the template's escaping. The page can load and run nothing:
its content policy allows one style, by hash, and it holds no script, link or image.
"""

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from gaung.reports import charts, facts
from gaung.reports.facts import Facts, Row
from gaung.reports.sentences import SENTENCES
from gaung.reports.words import PLATFORMS, Form, Language, day_in_words, number, weekday

if TYPE_CHECKING:
    from markupsafe import Markup

    from gaung.brands.config import Brand

QUOTE_LENGTH = 280
FEW_SCORED = 5
"""Below so many scored posts the mood gets no word."""
FEW_TO_TRUST = 20
MOODS = ((40, "very_good"), (10, "good"), (-10, "mixed"), (-40, "bad"))
"""Word of the mood from this net sentiment on; below all: very_bad."""


@dataclass(frozen=True)
class Page:
    """A brief as HTML, with what it was made from."""

    html: str
    facts: Facts
    language: Language
    brand_name: str

    @property
    def sha256(self) -> str:
        """Hash of the page's bytes."""
        return hashlib.sha256(self.html.encode()).hexdigest()


def render(brand: "Brand", found: Facts, language: Language) -> Page:
    """The page of one brand and day.

    Args:
        brand: as declared in brands.yml.
        found: answers of the named queries.
        language: ``id`` or ``en``.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gaung.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("brief.html").render(_values(brand, found, language))
    return Page(html, found, language, brand.name)


def clean(text: str | None, *, limit: int = QUOTE_LENGTH) -> str:
    """A text as the page shows it: without control and direction characters, one line, cut at a word."""
    letters = (
        " " if letter in "\r\n\t\u2028\u2029" else letter
        for letter in text or ""
        if letter in "\r\n\t\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    line = re.sub(r"\s+", " ", "".join(letters)).strip()
    line = re.sub(
        r"([\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{3})[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]+",
        r"\1",
        line,
    )
    if len(line) <= limit:
        return line
    start = line[: limit - 1]
    return (start.rsplit(" ", 1)[0] if " " in start[limit // 2 :] else start) + "…"


def mood_word(row: Row) -> str | None:
    """Which word of the mood fits a headline row, None when too few posts are scored."""
    if row["scored_count"] < FEW_SCORED:
        return None
    for least, word in MOODS:
        if row["net_sentiment_all_pct"] >= least:
            return word
    return "very_bad"


def style() -> str:
    """The page's only style sheet."""
    return (
        resources.files("gaung.reports.templates").joinpath("style.css").read_text(encoding="utf-8").strip()
    )


@lru_cache(maxsize=1)
def style_hash() -> str:
    """The source expression by which the page's policy allows :func:`style`."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()


def drawings(found: Facts, language: Language) -> dict[str, str]:
    """SVG of each chart in each width by ``chart-width``."""
    kinds = {"days": charts.days, "hours": charts.hours}
    return {
        f"{name}-{width}": draw(found.rows[name], language, width)
        for name, draw in kinds.items()
        for width in charts.WIDTHS
        if found.rows[name]
    }


class Fields:
    """What the template prints of the facts: each number with its query, column, row and form."""

    def __init__(self, found: Facts, language: Language) -> None:
        self.found, self.language = found, language

    def value(self, query: str, column: str, row: int = 0) -> Any:
        """The value itself."""
        return self.found.rows[query][row][column]

    def num(self, query: str, column: str, form: Form, row: int = 0) -> "Markup":
        """A marked number; a dash where it is not known."""
        from markupsafe import Markup

        value = self.value(query, column, row)
        shown = "–" if value is None else number(Decimal(value), form, self.language)
        return Markup(
            '<data value="{}" data-query="{}" data-column="{}" data-row="{}" data-form="{}">{}</data>'
        ).format("" if value is None else value, query, column, row, form, shown)

    def text(self, query: str, column: str, row: int = 0) -> "Markup":
        """A marked text that is the answer of a query."""
        from markupsafe import Markup

        return Markup(
            '<span data-query="{}" data-column="{}" data-row="{}" data-form="text">{}</span>'
        ).format(query, column, row, clean(self.value(query, column, row), limit=1000))

    def date(self, query: str, column: str, row: int = 0) -> "Markup":
        """A marked day, written short."""
        from markupsafe import Markup

        day = date.fromisoformat(self.value(query, column, row))
        return Markup('<time datetime="{}">{}</time>').format(day, day_in_words(day, self.language))

    def quote(self, query: str, column: str, row: int = 0) -> str:
        """What somebody wrote, cleaned; the template escapes it."""
        return clean(self.value(query, column, row))

    def handle(self, query: str, row: int = 0) -> str:
        """The account's name, cleaned, with one @."""
        return "@" + clean(self.value(query, "handle", row), limit=60).lstrip("@")


def _values(brand: "Brand", found: Facts, language: Language) -> dict[str, Any]:
    """Everything that the template names."""
    sentences = SENTENCES[language]
    head = found.first("headline")
    fields = Fields(found, language)
    last = found.rows["last_day"][0]["local_date"]
    contacts = list(enumerate(found.rows["contacts"]))
    word = mood_word(head) if head else None
    return {
        "t": sentences,
        "f": fields,
        "lang": language,
        "brand_id": brand.id,
        "brand_name": brand.name,
        "day": found.day.isoformat(),
        "day_words": day_in_words(found.day, language),
        "weekday": weekday(found.day, language),
        "style": _trusted(style()),
        "style_hash": style_hash(),
        "head": head,
        "mood": sentences["mood"][word] if word else sentences["mood_few"],
        "has_word": word is not None,
        "few_scored": head is not None and head["scored_count"] < FEW_TO_TRUST,
        "synthetic": brand.is_synthetic or bool(head and head["is_synthetic"]),
        "complete": found.rows["badge"][0]["completeness_en"] == "complete",
        "last_day": last,
        "last_day_words": day_in_words(date.fromisoformat(last), language) if last else None,
        "because": _because(fields) if found.first("action") else "",
        "explanation": found.first("explanation"),
        "explanation_title": sentences[_explains(found)],
        "days": found.rows["days"],
        "days_missing": any(row["post_count"] is None for row in found.rows["days"]),
        "hours": found.rows["hours"],
        "charts": {name: _trusted(svg) for name, svg in drawings(found, language).items()},
        "contacts": {p: [c for c in contacts if c[1]["purpose"] == p] for p in ("answer", "thank")},
        "platform": lambda name: PLATFORMS.get(name, name),
        "queries": [(name, facts.statement(name)) for name in facts.NAMES],
    }


def _trusted(text: str) -> "Markup":
    """Text of ours that the template must not escape: the style, and drawings of numbers."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - neither holds anything that people wrote


def _because(fields: Fields) -> "Markup":
    """The rule's evidence in words, with its number marked."""
    from markupsafe import Markup, escape

    words = clean(fields.value("action", f"because_{fields.language}"), limit=1000)
    before, placeholder, after = words.partition("{value}")
    form: Form = "decimal" if fields.value("action", "measure_value") % 1 else "count"
    shown = fields.num("action", "measure_value", form) if placeholder else Markup("")
    return escape(before) + shown + escape(after)


def _explains(found: Facts) -> str:
    """Which heading fits the conversation that explains most."""
    row = found.first("explanation")
    effect = row["net_sentiment_effect_pct"] if row else None
    if not effect:
        return "explains_talk"
    return "explains_fall" if effect < 0 else "explains_rise"


def default_day(today: date) -> date:
    """The newest day that is over."""
    return today - timedelta(days=1)
