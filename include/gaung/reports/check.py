"""The checker: numbers are read back from a finished page and compared with the queries, asked again.

It fails closed. A number that stands on the page without naming its query is a fault, and so are a
query that the page does not print, a quotation that is not the published text, a chart that is not
drawn from the answers, and anything that could run or load.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser
from typing import get_args

from gaung.errors import GaungError
from gaung.reports import brief, facts
from gaung.reports.facts import Facts
from gaung.reports.sentences import SENTENCES
from gaung.reports.words import Form, Language, day_in_words, number, read, shown

VOID = {"meta", "link", "img", "br", "hr", "input", "base", "source", "embed", "area", "col", "track", "wbr"}
UNMARKED = ("data-name", "data-quote", "data-handle", "data-sql")
"""Elements whose digits are not numbers of ours: they are compared as texts instead."""
FORBIDDEN = {
    *("script", "iframe", "object", "embed", "link", "base", "form", "img", "image", "video", "audio"),
    *(
        "foreignobject",
        "use",
        "animate",
        "set",
        "a",
        "input",
        "button",
        "textarea",
        "source",
        "frame",
        "math",
    ),
}
ADDRESSES = (
    "src",
    "href",
    "xlink:href",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "srcset",
    "style",
)
FEWEST_NUMBERS = 10
"""A page of a day with posts has at least so many."""


class PageWrong(GaungError):
    """A page does not say what the queries say; it must not be sent."""


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)

    @property
    def content(self) -> str:
        return "".join(self.text)


class _Reader(HTMLParser):
    """Collects marked elements, unmarked digits and whatever could run or load."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[_Element] = []
        self.elements: list[_Element] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in FORBIDDEN:
            self.faults.append(f"the page holds <{tag}>")
        for name in attributes:
            if name.startswith("on") or name in ADDRESSES:
                self.faults.append(f"<{tag}> has the attribute {name}")
        element = _Element(tag, attributes)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            if self.open.pop().name == tag:
                return

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text.append(data)
        inside = {element.name for element in self.open}
        marked = any(
            name in element.attributes for element in self.open for name in (*UNMARKED, "data-query")
        )
        if not marked and not inside & {"style", "svg", "time", "title"} and re.search(r"\d", data):
            self.faults.append(f"the number in {data.strip()[:60]!r} names no query")

    def handle_comment(self, data: str) -> None:
        self.faults.append("the page holds a comment")


def verify(page: brief.Page) -> int:
    """How many numbers of the page were compared with their queries, which are asked again.

    Raises:
        PageWrong: names every fault found.
    """
    again = facts.collect(page.facts.brand_id, page.facts.day)
    return compare(page, again)


def compare(page: brief.Page, again: Facts) -> int:
    """How many numbers of a page equal the answers given; raises as :func:`verify` does."""
    reader = _Reader()
    reader.feed(page.html)
    reader.close()
    faults = list(reader.faults)
    numbers = 0
    for element in reader.elements:
        if "data-query" in element.attributes:
            numbers += element.name == "data"
            faults += _query_faults(element, again, page.language)
        if element.name == "time":
            faults += _time_faults(element, again, page.language)
        faults += _text_faults(element, again, page)
    faults += _page_faults(page, again, reader, numbers)
    if faults:
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise PageWrong(
            f"the brief of {again.brand_id} for {again.day} is not what the queries say: "
            f"{'; '.join(faults[:5])}{more}. It is not sent; make it again, and if "
            "that fails read the queries at its end"
        )
    return numbers


def _query_faults(element: _Element, again: Facts, language: Language) -> list[str]:
    """What is wrong with one marked number or text."""
    marks = element.attributes
    where = f"{marks.get('data-query')}.{marks.get('data-column')}[{marks.get('data-row')}]"
    try:
        value = again.rows[marks["data-query"]][int(marks["data-row"])][marks["data-column"]]
    except (KeyError, IndexError, ValueError):
        return [f"{where} is no answer of a query"]
    said = element.content
    if marks.get("data-form") == "text":
        return [] if said == brief.clean(value, limit=1000) else [f"{where} is another text"]
    if marks.get("data-form") not in get_args(Form):
        return [f"{where} has no form"]
    form: Form = marks["data-form"]  # type: ignore[assignment]
    if value is None:
        return (
            []
            if said == "–" and marks.get("value") == ""
            else [f"{where} is unknown, the page says {said!r}"]
        )
    try:
        equal = Decimal(marks["value"]) == Decimal(value) and read(said, language) == shown(
            Decimal(value), form
        )
    except (ValueError, InvalidOperation, KeyError):
        return [f"{where} is {value}, the page says {said!r}"]
    if not equal or said != number(Decimal(value), form, language):
        return [f"{where} is {value}, the page says {said!r}"]
    return []


def _time_faults(element: _Element, again: Facts, language: Language) -> list[str]:
    """A day on the page is the brief's own, or one that a query gives."""
    known = {again.day.isoformat(), again.rows["last_day"][0]["local_date"]}
    known |= {row["local_date"] for row in again.rows["days"]}
    stated = element.attributes.get("datetime", "")
    if stated not in known:
        return [f"the day {stated!r} is no answer of a query"]
    if element.content not in (stated, day_in_words(date.fromisoformat(stated), language)):
        return [f"the day {stated} is written {element.content!r}"]
    return []


def _text_faults(element: _Element, again: Facts, page: brief.Page) -> list[str]:
    """Quotations, names and queries are what they claim to be."""
    marks = element.attributes
    if "data-quote" in marks:
        query, _, row = marks["data-quote"].partition(".")
        try:
            wanted = brief.clean(again.rows[query][int(row)]["text"])
        except (KeyError, IndexError, ValueError):
            return [f"the quotation {marks['data-quote']} is no answer of a query"]
        return [] if element.content == wanted else [f"the quotation {marks['data-quote']} is another text"]
    if "data-name" in marks and element.content not in (page.brand_name, again.brand_id):
        return [f"{element.content!r} is not the brand's name"]
    if "data-sql" in marks:
        known = marks["data-sql"] in facts.NAMES and element.content == facts.statement(marks["data-sql"])
        return [] if known else [f"the query {marks['data-sql']!r} is not the one that was asked"]
    if "data-handle" in marks:
        named = {
            brief.Fields(again, page.language).handle(query, row)
            for query in ("explanation", "contacts")
            for row, answer in enumerate(again.rows[query])
            if answer["handle"]
        }
        private = SENTENCES[page.language]["private"]
        return [] if element.content in named | {private} else ["an account is named that no query gives"]
    return []


def _page_faults(page: brief.Page, again: Facts, reader: _Reader, numbers: int) -> list[str]:
    """What the page as a whole lacks."""
    faults = []
    printed = {
        element.attributes["data-sql"] for element in reader.elements if "data-sql" in element.attributes
    }
    asked = {e.attributes["data-query"] for e in reader.elements if "data-query" in e.attributes}
    faults += [f"the query {name} is not printed" for name in sorted(asked - printed)]
    if again.first("headline"):
        faults += [
            f"the chart {k} is not drawn from its query"
            for k, svg in brief.drawings(again, page.language).items()
            if svg not in page.html
        ]
        if numbers < FEWEST_NUMBERS:
            faults.append(f"only {numbers} numbers could be read back")
    policies = [
        e for e in reader.elements if e.attributes.get("http-equiv", "").lower() == "content-security-policy"
    ]
    if len(policies) != 1 or not policies[0].attributes["content"].startswith(
        "default-src 'none'; style-src 'sha256-"
    ):
        faults.append("the page has no content policy")
    styles = [element.content for element in reader.elements if element.name == "style"]
    if styles != [brief.style()]:
        faults.append("the page's style is not ours")
    return faults
