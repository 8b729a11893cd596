"""The brief's charts as inline SVG: drawn by Vega in this process, no browser, nothing loaded."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from gaung.reports.words import NARROW, Language

INK, QUIET, ACCENT, PALE = "#1f2a2e", "#56646a", "#0f6b5c", "#a9cfc5"
MOODS = {"positive": "#0f6b5c", "neutral": "#b8b2a2", "negative": "#c2452d", "unscored": "#dfe4e2"}
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
VEGA_LITE = "6.1"
WIDTHS = {"narrow": 256, "wide": 600}
"""Widths of the plotting area, for a telephone and for a table's screen."""

LABELS = {
    "id": {
        "posts": "unggahan",
        "positive": "positif",
        "neutral": "netral",
        "negative": "negatif",
        "unscored": "tidak dinilai",
        "hour": "jam",
        "day": "tanggal",
    },
    "en": {
        "posts": "posts",
        "positive": "positive",
        "neutral": "neutral",
        "negative": "negative",
        "unscored": "not scored",
        "hour": "hour",
        "day": "day of the month",
    },
}


def days(rows: Sequence[Mapping[str, Any]], language: Language, width: str) -> str:
    """SVG of posts per day of a fortnight; a day that was not seen has no bar and is marked so."""
    import altair as alt

    words = LABELS[language]
    values = [
        {
            "order": index,
            "day": f"{row['day_number']}",
            "posts": row["post_count"],
            "last": index == len(rows) - 1,
        }
        for index, row in enumerate(rows)
    ]
    top = max([row["post_count"] or 0 for row in rows], default=0)
    base = alt.Chart({"values": values}).encode(
        x=alt.X("order:O", axis=_axis(words["day"], labelExpr=_names([v["day"] for v in values])))
    )
    bars = (
        base.transform_filter("isValid(datum.posts)")
        .mark_bar()
        .encode(
            y=alt.Y("posts:Q", axis=_axis(words["posts"], tickCount=4, format=",d"), scale=_scale(top)),
            color=alt.condition("datum.last", alt.value(ACCENT), alt.value(PALE)),
        )
    )
    gaps = (
        base.transform_filter("!isValid(datum.posts)")
        .mark_text(text="?", color=QUIET, baseline="bottom", fontSize=12, font=FONT)
        .encode(y=alt.datum(0, type="quantitative"))
    )
    return _svg(bars + gaps, width, language, "days")


def hours(rows: Sequence[Mapping[str, Any]], language: Language, width: str) -> str:
    """SVG of the day's posts by local hour, stacked by mood."""
    import altair as alt

    words = LABELS[language]
    values = [
        {"hour": row["local_hour"], "mood": words[mood], "order": order, "posts": row[f"{mood}_count"]}
        for row in rows
        for order, mood in enumerate(MOODS)
        if row[f"{mood}_count"]
    ]
    top = max([row["post_count"] for row in rows], default=0)
    chart = (
        alt.Chart({"values": values})
        .mark_bar()
        .encode(
            x=alt.X(
                "hour:O",
                scale=alt.Scale(domain=list(range(24))),
                axis=_axis(words["hour"], labelExpr="datum.value % 3 == 0 ? datum.label : ''"),
            ),
            y=alt.Y("sum(posts):Q", axis=_axis(words["posts"], tickCount=4, format=",d"), scale=_scale(top)),
            color=alt.Color(
                "mood:N",
                scale=alt.Scale(domain=[words[mood] for mood in MOODS], range=list(MOODS.values())),
                legend=None,
            ),
            order=alt.Order("order:Q"),
        )
    )
    return _svg(chart, width, language, "hours")


def _names(names: Sequence[str]) -> str:
    return f"{json.dumps(list(names))}[datum.value]"


def _scale(top: int) -> Any:
    """From zero to at least four, so that a single post does not fill the chart."""
    import altair as alt

    return alt.Scale(domain=[0, max(4, top)], nice=True)


def _axis(title: str, **more: Any) -> Any:
    import altair as alt

    return alt.Axis(title=title, **more)


def _svg(chart: Any, width: str, language: Language, name: str) -> str:
    """The chart drawn; numbers on its axes as the language writes them."""
    import vl_convert

    spec = chart.properties(width=WIDTHS[width], height=130, background="transparent").to_dict()
    thousands, decimal = NARROW[language]
    spec["config"] = {
        "view": {"stroke": None},
        "locale": {
            "number": {
                "decimal": decimal,
                "thousands": thousands,
                "grouping": [3],
                "currency": ["", ""],
            }
        },
        "axis": {
            "labelFont": FONT,
            "titleFont": FONT,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelColor": QUIET,
            "titleColor": QUIET,
            "gridColor": "#e6e9e7",
            "domainColor": "#c3cac7",
            "tickColor": "#c3cac7",
            "labelAngle": 0,
            "titlePadding": 6,
            "labelOverlap": True,
        },
    }
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return _renumbered(drawn, f"{name}-{width}")


def _renumbered(svg: str, prefix: str) -> str:
    """The same drawing with ids of its own: the library counts them on from drawing to drawing."""
    numbers: dict[str, int] = {}

    def renamed(match: re.Match[str]) -> str:
        return f"{prefix}-clip{numbers.setdefault(match[0], len(numbers) + 1)}"

    return re.sub(r"(?<=[\"#])(?:clip|gradient)_?\d+", renamed, svg)
