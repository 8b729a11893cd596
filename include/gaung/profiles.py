"""What profiles say of accounts: whether one is a small business, of which industry, and where.

Kept in ``core.author_business`` for pending authors, and for every author when the engine changes.
Name, bio and category are read together; what they say counts for every post of the account.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

KEY = ("platform", "author_id")
JUDGED = (
    *("engine_version", "relevance", "industry", "place_code", "place_name", "is_place_ambiguous"),
    *("province_code", "province_name", "place_reason"),
)
"""Columns of ``core.author_business`` beside its key."""

SELECT = """
select
    a.platform,
    a.author_id,
    concat_ws(E'\\n', a.display_name, a.bio, a.category) as text,
    a.location_text,
    coalesce(a.is_business, false) or coalesce(a.category, '') <> '' as is_business
from core.author as a
"""
"""What is read of an account."""


KEEP = """
with changed as (
    select n.platform, n.author_id
    from judged as n
    left join core.author_business as o on n.platform = o.platform and n.author_id = o.author_id
    where
        (n.relevance, n.industry, n.province_code, n.place_reason, n.is_place_ambiguous)
        is distinct from (o.relevance, o.industry, o.province_code, o.place_reason, o.is_place_ambiguous)
),
kept as (
    insert into core.author_business as b
    select * from judged
    order by platform, author_id
    on conflict (platform, author_id) do update
    set
        engine_version = excluded.engine_version,
        relevance = excluded.relevance,
        industry = excluded.industry,
        place_code = excluded.place_code,
        place_name = excluded.place_name,
        is_place_ambiguous = excluded.is_place_ambiguous,
        province_code = excluded.province_code,
        province_name = excluded.province_name,
        place_reason = excluded.place_reason
    where b is distinct from excluded
)
insert into core.pending_post (platform, post_id)
select p.platform, p.post_id
from changed as c
inner join core.post as p on c.platform = p.platform and c.author_id = p.author_id
order by p.platform, p.post_id
on conflict do nothing
"""
"""Keeps the rows of ``judged``; posts of accounts for which they mean something new become pending."""


def version() -> str:
    """The engines that profiles are judged by."""
    from gaung.text import registry, versions

    engine = registry.engine("business")
    return f"{engine.label if engine else ''};places-{versions.PLACES}"


def judge(rows: list[tuple[Any, ...]]) -> "pl.DataFrame":
    """One row per account of :data:`SELECT`: :data:`KEY` and :data:`JUDGED`, in the given order.

    An industry is taken only from a profile of a business: ``msme`` by its words, or one that the platform
    calls a business or gives a category. A place whose candidates lie in several provinces has none.
    """
    import polars as pl

    schema = dict.fromkeys((*KEY, "text", "location_text"), pl.String) | {"is_business": pl.Boolean}
    accounts = pl.DataFrame(rows, schema, orient="row")
    found = pl.concat([accounts, _classes(accounts), _places(accounts)], how="horizontal")
    is_business = pl.col("is_business") | (pl.col("relevance") == "msme").fill_null(False)
    return found.select(
        *KEY,
        pl.lit(version()).alias("engine_version"),
        "relevance",
        pl.when(is_business).then(pl.col("industry")).alias("industry"),
        *JUDGED[3:],
    )


def _classes(accounts: "pl.DataFrame") -> "pl.DataFrame":
    """``relevance, industry`` by the words of the profile."""
    import polars as pl

    from gaung.text import registry
    from gaung.text.batch import as_batch

    engine = registry.engine("business")
    assert engine is not None
    frame = pl.from_arrow(engine.function(as_batch(accounts["text"].to_list())))
    assert isinstance(frame, pl.DataFrame)
    return frame.select("relevance", "industry")


def _places(accounts: "pl.DataFrame") -> "pl.DataFrame":
    """The place of each account by its place string."""
    import polars as pl

    from gaung.text import places
    from gaung.text.batch import as_batch

    located = places.locate(as_batch(accounts["location_text"].to_list())).to_pylist()
    return pl.DataFrame(
        list(_told(located)), dict.fromkeys(JUDGED[3:], pl.String) | {"is_place_ambiguous": pl.Boolean}
    )


def _told(located: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from gaung.text import places

    for place in located:
        provinces = {code[:2] for code in place["candidates"]}
        province = place["province_code"] if len(provinces) == 1 else None
        yield {
            "place_code": place["code"],
            "place_name": place["name"],
            "is_place_ambiguous": place["is_ambiguous"],
            "province_code": province,
            "province_name": places.places()[province].name if province else None,
            "place_reason": place["reason"] or (None if province else "ambiguous"),
        }
