"""Insights of posts and media as metrics: all metrics of one object in one observation."""

from collections.abc import Iterator
from typing import Any

from gaung.sources.base import Rows
from gaung.sources.bodies import Item
from gaung.sources.mapping import Const, Given, Take, absent, apply, count, get, mapping

_OBJECT = Given("post_id", "the object before `/insights/` in `id`", "id")
_OWNER = "for the owner only"

INSTAGRAM = mapping(
    "post_metrics",
    "Instagram insights",
    platform=Const("instagram"),
    post_id=_OBJECT,
    likes=Take("likes", count, only=_OWNER),
    comments=Take("comments", count, only=_OWNER),
    shares=Take("shares", count, only=_OWNER),
    saves=Take("saved", count, only=_OWNER),
    views=Take(
        ("views", "plays", "video_views"),
        count,
        note="`plays` and `video_views` until 2025-04-21",
        only=_OWNER,
    ),
    impressions=Take(
        "impressions", count, note="withdrawn by Instagram on 2025-04-21 in favour of views", only=_OWNER
    ),
    reach=Take("reach", count, only=_OWNER),
    **absent("Instagram has none", "reactions", "dislikes", "reposts", "quotes", "clicks", "score"),
)

FACEBOOK = mapping(
    "post_metrics",
    "Facebook insights",
    platform=Const("facebook"),
    post_id=_OBJECT,
    likes=Take("post_reactions_like_total", count, only=_OWNER),
    clicks=Take("post_clicks", count, only=_OWNER),
    views=Take("post_video_views", count, only=_OWNER),
    impressions=Take("post_impressions", count, only=_OWNER),
    reach=Take("post_impressions_unique", count, only=_OWNER),
    **absent(
        "not in insights",
        "reactions",
        "dislikes",
        "comments",
        "reposts",
        "shares",
        "quotes",
        "saves",
        "score",
    ),
)

THREADS = mapping(
    "post_metrics",
    "Threads insights",
    platform=Const("threads"),
    post_id=_OBJECT,
    likes=Take("likes", count),
    comments=Take("replies", count),
    reposts=Take("reposts", count),
    shares=Take("shares", count),
    quotes=Take("quotes", count),
    views=Take("views", count),
    **absent(
        "Threads does not report it",
        "reactions",
        "dislikes",
        "saves",
        "clicks",
        "impressions",
        "reach",
        "score",
    ),
)

TABLES = (INSTAGRAM, FACEBOOK, THREADS)
_BY_PLATFORM = {"instagram": INSTAGRAM, "facebook": FACEBOOK, "threads": THREADS}


def is_insight(value: Any) -> bool:
    """True for one metric of an insights answer."""
    return (
        isinstance(value, dict)
        and {"name", "period"} <= value.keys()
        and bool(value.keys() & {"values", "total_value"})
    )


def _number(metric: dict[str, Any]) -> Any:
    found = get(metric, "total_value.value")
    return get(metric, "values.0.value") if found is None else found


def _platform(names: set[str], address: str) -> str:
    if any(name.startswith("post_") for name in names):
        return "facebook"
    is_threads = "threads.net" in address or "threads.com" in address or bool(names & {"replies", "quotes"})
    return "threads" if is_threads else "instagram"


def split(metrics: list[dict[str, Any]], address: str) -> Iterator[Item]:
    """One item per object; those of accounts, or without a metric of the contract, are ignored kinds."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for metric in metrics:
        groups.setdefault(str(metric.get("id", "")).split("/insights")[0], []).append(metric)
    for object_id, group in groups.items():
        lifetime = {
            str(metric["name"]): _number(metric) for metric in group if metric["period"] == "lifetime"
        }
        if not lifetime:
            yield Item("account_insights", group)
            continue
        platform = _platform(set(lifetime), address)
        known = {path for path in _BY_PLATFORM[platform].reads if path != "id"}
        reported = {name for name, number in lifetime.items() if number is not None}
        if not object_id or not known & reported:
            yield Item("other_insights", group)
        else:
            yield Item("insights", lifetime, {"platform": platform, "post_id": object_id})


def rows(item: Item) -> Rows:
    """The observation of one object's insights."""
    return {"post_metrics": [apply(_BY_PLATFORM[item.given["platform"]], item.payload, item.given)]}
