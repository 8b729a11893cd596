"""What every loader obeys: words of deleted posts that were erased do not come back."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gaung.erasure.payload_words import Words

if TYPE_CHECKING:
    import polars as pl
    from psycopg2.extensions import cursor

UNTIL = {"posts": "words_until", "post_text_parts": "deleted_at"}
"""Entities with words of posts, and until which time of observation theirs are erased."""

EMPTIED = ("text", "url", "urls")


@dataclass
class Deletions:
    """The deletions that a load must obey, and what it took out so far.

    Attributes:
        is_any: whether words of any post were erased; else a load need not look.
        texts: words that this load took out, by post.
    """

    is_any: bool = False
    texts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def load(cls, cur: "cursor") -> "Deletions":
        """The deletions as a load's transaction sees them."""
        cur.execute("select exists (select from raw.erased_text)")
        row = cur.fetchone()
        return cls(is_any=bool(row and row[0]))

    def __bool__(self) -> bool:
        """Whether anything was taken out."""
        return bool(self.texts)

    def obeyed(self, cur: "cursor", entity: str, rows: "pl.DataFrame") -> "pl.DataFrame":
        """Rows ready for the merge without erased words; their content hash is the received content's."""
        import polars as pl

        if not self.is_any or entity not in UNTIL:
            return rows
        keys = rows.filter(pl.col("text").is_not_null()).select("platform", "post_id").unique()
        cur.execute(
            f"""
            select e.platform, e.post_id, e.{UNTIL[entity]}
            from raw.erased_text as e
            inner join unnest(%s::text[], %s::text[]) as asked (platform, post_id)
                on e.platform = asked.platform and e.post_id = asked.post_id
            """,  # noqa: S608 - names of this file
            (keys["platform"].to_list(), keys["post_id"].to_list()),
        )
        schema: dict[str, Any] = {"platform": pl.String, "post_id": pl.String}
        schema["until"] = pl.Datetime("us", "UTC")
        known = pl.DataFrame(cur.fetchall(), schema, orient="row")
        if known.is_empty():
            return rows
        until = rows.select("platform", "post_id").join(
            known, on=["platform", "post_id"], how="left", maintain_order="left"
        )["until"]
        is_erased = (rows["text"].is_not_null() & (rows["observed_at"] <= until)).fill_null(value=False)
        for post_id, text in rows.filter(is_erased).select("post_id", "text").iter_rows():
            self.texts[post_id].add(text)
        return rows.with_columns(
            pl.when(is_erased).then(None).otherwise(pl.col(name)).alias(name)
            for name in EMPTIED
            if name in rows.columns
        )

    @property
    def words(self) -> Words:
        """What the batch's payloads are searched for."""
        known = frozenset(text for texts in self.texts.values() for text in texts)
        return Words(frozenset(self.texts), known, frozenset())
