"""The data contract: what every source maps to, as Arrow schemas, in one place.

Table definitions, the loader, the tests and the docs all derive from the entities below. A mapper
gives plain dictionaries whose keys are *content* columns; what it leaves out is NULL. The loader
adds the lineage columns.

Grain of a row and its key: see ``Entity.key``. Times are timezone-aware UTC.
"""

from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

UTC_TIME = pa.timestamp("us", tz="UTC")
TEXTS = pa.list_(pa.string())

PLATFORMS = (
    "x",
    "instagram",
    "tiktok",
    "youtube",
    "facebook",
    "threads",
    "mastodon",
    "bluesky",
    "reddit",
    "tokopedia",
    "other",
)
POST_TYPES = ("post", "comment", "reply", "repost", "quote", "video", "story")
TEXT_PARTS = ("caption", "transcript", "on_screen", "sticker", "alt", "translation")
METRICS = (
    "likes",
    "reactions",
    "dislikes",
    "comments",
    "reposts",
    "shares",
    "quotes",
    "saves",
    "clicks",
    "views",
    "impressions",
    "reach",
    "score",
)
AUTHOR_METRICS = ("followers", "following", "posts", "listed", "likes_received")

_LINEAGE: "list[pa.Field[Any]]" = [
    pa.field("content_hash", pa.string(), nullable=False),
    pa.field("observed_at", UTC_TIME, nullable=False),
    pa.field("loaded_at", UTC_TIME, nullable=False),
    pa.field("batch_id", pa.int64(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("payload_ref", pa.string(), nullable=False),
    pa.field("is_synthetic", pa.bool_(), nullable=False),
]
LINEAGE = pa.schema(_LINEAGE)

VersionRule = Literal["version", "observation"]


@dataclass(frozen=True)
class Entity:
    """One raw table.

    Attributes:
        name: table name in ``raw``.
        rule: ``version`` keeps one row per distinct content (its first and last observation move),
            ``observation`` one row per observation and content.
        id_columns: natural key without the version part.
        content: columns a mapper fills, id columns first.
        sticky: content columns outside ``content_hash`` that only ever turn from false to true.
    """

    name: str
    rule: VersionRule
    id_columns: tuple[str, ...]
    content: pa.Schema
    sticky: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """Primary key of the raw table."""
        if self.rule == "version":
            return (*self.id_columns, "content_hash")
        return (*self.id_columns, "observed_at", "content_hash")

    @property
    def hashed(self) -> tuple[str, ...]:
        """Columns that ``content_hash`` covers, in order."""
        return tuple(name for name in self.content.names if name not in self.sticky)

    @property
    def schema(self) -> pa.Schema:
        """The whole row: content, then ``first_observed_at`` for versions, then lineage."""
        extra = [pa.field("first_observed_at", UTC_TIME, nullable=False)] if self.rule == "version" else []
        return pa.schema([*self.content, *extra, *LINEAGE])


def _ids(*names: str) -> "list[pa.Field[Any]]":
    return [pa.field(name, pa.string(), nullable=False) for name in names]


def _texts(*names: str) -> "list[pa.Field[Any]]":
    return [pa.field(name, pa.string()) for name in names]


def _counts(*names: str) -> "list[pa.Field[Any]]":
    return [pa.field(name, pa.int64()) for name in names]


POSTS = Entity(
    name="posts",
    rule="version",
    id_columns=("platform", "post_id"),
    sticky=("is_collected",),
    content=pa.schema(
        [
            *_ids("platform", "post_id"),
            pa.field("author_id", pa.string()),
            pa.field("created_at", UTC_TIME),
            *_texts("text", "lang_reported", "url"),
            pa.field("post_type", pa.string(), nullable=False),
            *_texts("parent_post_id", "root_post_id", "reposted_post_id", "quoted_post_id"),
            pa.field("hashtags", TEXTS),
            pa.field("mentions", TEXTS),
            pa.field("urls", TEXTS),
            pa.field("media_type", pa.string()),
            pa.field("duration_s", pa.float64()),
            pa.field("place_name", pa.string()),
            pa.field("lat", pa.float64()),
            pa.field("lon", pa.float64()),
            pa.field("visibility", pa.string()),
            pa.field("is_paid_partnership", pa.bool_()),
            pa.field("is_collected", pa.bool_(), nullable=False),
            pa.field("is_deleted", pa.bool_(), nullable=False),
            pa.field("is_text_altered", pa.bool_(), nullable=False),
        ]
    ),
)

POST_TEXT_PARTS = Entity(
    name="post_text_parts",
    rule="version",
    id_columns=("platform", "post_id", "part"),
    content=pa.schema(
        [
            *_ids("platform", "post_id", "part"),
            *_texts("text", "lang", "method"),
            pa.field("is_text_altered", pa.bool_(), nullable=False),
        ]
    ),
)

POST_METRICS = Entity(
    name="post_metrics",
    rule="observation",
    id_columns=("platform", "post_id"),
    content=pa.schema([*_ids("platform", "post_id"), *_counts(*METRICS)]),
)

AUTHORS = Entity(
    name="authors",
    rule="observation",
    id_columns=("platform", "author_id"),
    content=pa.schema(
        [
            *_ids("platform", "author_id"),
            *_texts("handle", "display_name", "bio", "location_text", "url"),
            pa.field("created_at", UTC_TIME),
            pa.field("is_verified", pa.bool_()),
            pa.field("is_business", pa.bool_()),
            pa.field("category", pa.string()),
            pa.field("is_text_altered", pa.bool_(), nullable=False),
        ]
    ),
)

AUTHOR_METRICS_ENTITY = Entity(
    name="author_metrics",
    rule="observation",
    id_columns=("platform", "author_id"),
    content=pa.schema([*_ids("platform", "author_id"), *_counts(*AUTHOR_METRICS)]),
)

ENTITIES: dict[str, Entity] = {
    entity.name: entity for entity in (POSTS, POST_TEXT_PARTS, POST_METRICS, AUTHORS, AUTHOR_METRICS_ENTITY)
}
