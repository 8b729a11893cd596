"""The latest of each entity, the keys a publication must rebuild, and where each post stands.

Every ``core.<table>`` kept by :mod:`gaung.warehouse.latest` has a defining view ``core.<table>_def``
over ``raw``: the table is the view, maintained for touched keys.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

from gaung.contract import AUTHOR_METRICS_ENTITY, AUTHORS, POST_METRICS, POST_TEXT_PARTS, POSTS, Entity
from gaung.warehouse.ddl import column_type
from gaung.warehouse.partitions import KINDS, dirty_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LINEAGE = {
    "content_hash": "text",
    "observed_at": "timestamptz",
    "batch_id": "bigint",
    "source": "text",
    "payload_ref": "text",
    "is_synthetic": "boolean",
}

LATEST: dict[str, tuple[Entity, str]] = {
    "post": (POSTS, "Latest version of each post. One row per post."),
    "post_metrics_latest": (POST_METRICS, "Latest observed metrics of each post. One row per post."),
    "author": (AUTHORS, "Latest profile of each author. One row per author."),
    "author_metrics_latest": (
        AUTHOR_METRICS_ENTITY,
        "Latest observed metrics of each author. One row per author.",
    ),
    "post_text_part": (POST_TEXT_PARTS, "Latest version of each text part. One row per post and part."),
}

GONE_WITH_DELETION = ("text", "url", "urls")

POST_VERSIONS = """
    select
        v.platform,
        v.post_id,
        (array_agg(v order by v.observed_at desc, v.is_deleted desc, v.content_hash desc))[1] as winner,
        coalesce(
            (array_agg(v order by v.observed_at desc, v.content_hash desc)
                filter (where not v.is_deleted))[1],
            (array_agg(v order by v.observed_at desc, v.content_hash desc))[1]
        ) as kept,
        bool_or(v.is_collected) as is_collected,
        min(v.first_observed_at) as first_observed_at
    from raw.posts as v
    group by v.platform, v.post_id
"""

TEXT_HASH = "encode(sha256(convert_to({0}, 'UTF8')), 'hex')"

PLACES = """
create table core.placed_brand (
    platform text not null,
    post_id text not null,
    brand_id text not null,
    hour_at timestamptz not null,
    local_date date not null,
    primary key (platform, post_id, brand_id)
);
create index placed_brand_hour on core.placed_brand (brand_id, hour_at);
create index placed_brand_date on core.placed_brand (brand_id, local_date);
comment on table core.placed_brand is
    'In which hour and day of a brand a collected, dated post stands. One row per post and brand.';

create table core.placed_topic (
    platform text not null,
    post_id text not null,
    topic_type text not null,
    topic text not null,
    hour_at timestamptz not null,
    is_repost boolean not null,
    primary key (platform, post_id, topic_type, topic)
);
create index placed_topic_hour on core.placed_topic (topic_type, topic, hour_at);
comment on table core.placed_topic is
    'In which hour of a topic a collected, dated post stands. One row per post and topic.';

create table core.placed_outcome (
    outcome_id bigint primary key,
    source text not null,
    hour_at timestamptz not null
);
create index placed_outcome_hour on core.placed_outcome (source, hour_at);
comment on table core.placed_outcome is
    'In which hour of a source an extraction or load counts. One row per outcome.';

create table core.standing_author (
    platform text not null,
    author_id text not null,
    is_public_voice boolean not null,
    is_brand_account boolean not null,
    primary key (platform, author_id)
);
comment on table core.standing_author is
    'Whether an author is a public voice or a brand''s own account. One row per author.';

create table core.topic_day (
    topic_type text not null,
    topic text not null,
    utc_date date not null,
    post_count bigint not null,
    author_count bigint not null,
    primary key (topic_type, topic, utc_date)
);
comment on table core.topic_day is
    'Posts (without reposts) and authors of a topic in a UTC day. One row per topic and day.';

create table core.standing_topic (
    topic_type text not null,
    topic text not null,
    is_declared boolean not null,
    is_qualified boolean not null,
    first_hour_at timestamptz,
    primary key (topic_type, topic)
);
comment on table core.standing_topic is
    'Whether a topic is published, and its first hour. One row per topic.';

create unlogged table core.touched_topic (
    topic_type text not null,
    topic text not null,
    hour_at timestamptz not null,
    primary key (topic_type, topic, hour_at)
);
comment on table core.touched_topic is
    'Hours of topics that a build changed; work space of one transaction. One row per topic and hour.';

create table core.model_input (
    name text primary key,
    input_hash text not null
);
comment on table core.model_input is
    'Hash of what a mart or a standing was last computed with (code, seeds, settings). One row per name.';
"""

PLACE_TABLES = (
    "placed_brand",
    "placed_topic",
    "placed_outcome",
    "standing_author",
    "topic_day",
    "standing_topic",
    "touched_topic",
    "model_input",
)


def _columns(table: str, entity: Entity) -> dict[str, str]:
    columns = {field.name: column_type(field.type) for field in entity.content}
    if table == "post":
        columns["text_hash"] = "text"
    if entity.rule == "version":
        columns["first_observed_at"] = "timestamptz"
    return columns | LINEAGE


def _create_table(table: str, entity: Entity, comment: str) -> str:
    optional = {field.name for field in entity.content if field.nullable} | {"text_hash"}
    lines = [
        f"{name} {kind}{'' if name in optional else ' not null'}"
        for name, kind in _columns(table, entity).items()
    ]
    lines.append(f"primary key ({', '.join(entity.id_columns)})")
    body = ",\n    ".join(lines)
    return f"create table core.{table} (\n    {body}\n);\ncomment on table core.{table} is '{comment}';"


def _post_view() -> str:
    def value(name: str) -> str:
        if name in ("platform", "post_id", "is_collected", "first_observed_at"):
            return name
        if name == "is_deleted" or name in LINEAGE:
            return f"(winner).{name} as {name}"
        if name == "is_text_altered":
            return "not (winner).is_deleted and (kept).is_text_altered as is_text_altered"
        if name == "text_hash":
            return (
                f"case when not (winner).is_deleted then {TEXT_HASH.format('(kept).text')} end as text_hash"
            )
        if name in GONE_WITH_DELETION:
            return f"case when not (winner).is_deleted then (kept).{name} end as {name}"
        return f"(kept).{name} as {name}"

    columns = ",\n    ".join(value(name) for name in _columns("post", POSTS))
    return f"create view core.post_def as\nselect\n    {columns}\nfrom ({POST_VERSIONS}) as versions"


def _part_view() -> str:
    def value(name: str) -> str:
        if name == "first_observed_at":
            return "p.first_observed_at"
        if name == "text":
            return "case when not coalesce(d.is_deleted, false) then (p.winner).text end as text"
        if name == "is_text_altered":
            return "not coalesce(d.is_deleted, false) and (p.winner).is_text_altered as is_text_altered"
        return f"p.{name}" if name in POST_TEXT_PARTS.id_columns else f"(p.winner).{name} as {name}"

    columns = ",\n    ".join(value(name) for name in _columns("post_text_part", POST_TEXT_PARTS))
    return f"""
create view core.post_text_part_def as
select
    {columns}
from (
    select
        v.platform,
        v.post_id,
        v.part,
        (array_agg(v order by v.observed_at desc, v.content_hash desc))[1] as winner,
        min(v.first_observed_at) as first_observed_at
    from raw.post_text_parts as v
    group by v.platform, v.post_id, v.part
) as p
left join core.post_def as d on p.platform = d.platform and p.post_id = d.post_id"""  # noqa: S608 - contract names""


def _observation_view(table: str, entity: Entity) -> str:
    columns = ",\n    ".join(_columns(table, entity))
    ids = ", ".join(entity.id_columns)
    return f"""
create view core.{table}_def as
select distinct on ({ids})
    {columns}
from raw.{entity.name}
order by {ids}, observed_at desc, content_hash desc"""  # noqa: S608 - names come from the contract""


LIVING_TEXT = f"""
create view core.post_living_text as
select
    platform,
    post_id,
    (kept).text as text,
    {TEXT_HASH.format("(kept).text")} as text_hash,
    (winner).is_deleted as is_deleted
from ({POST_VERSIONS}) as versions
"""  # noqa: S608 - constants of this file

INDEXES = """
create index post_author on core.post (platform, author_id);
create index post_text_hash on core.post (text_hash);
create index post_created_at on core.post (created_at);
create index author_metrics_batch on raw.author_metrics (batch_id);
"""


def _own(kind: str, name: str) -> str:
    return f"alter {kind} core.{name} owner to gaung_transformer"


def _dirty_tables() -> None:
    for kind, columns in KINDS.items():
        table = dirty_table(kind)
        body = ", ".join(f"{name} {dtype} not null" for name, dtype in columns.items())
        op.execute(f"create table {table} ({body}, primary key ({', '.join(columns)}))")
        op.execute(
            f"comment on table {table} is 'Keys that the next publication must rebuild, "
            "emptied by the publisher. One row per key.'"
        )
        op.execute(f"alter table {table} owner to gaung_transformer")
        op.execute(f"grant select, insert, delete on {table} to gaung_publisher")


def upgrade() -> None:
    """Build the latest tables with their views, places and standings, dirty keys, rights."""
    for table, (entity, comment) in LATEST.items():
        op.execute(_create_table(table, entity, comment))
    op.execute(_post_view())
    op.execute(_part_view())
    for table in ("post_metrics_latest", "author", "author_metrics_latest"):
        op.execute(_observation_view(table, LATEST[table][0]))
    op.execute(LIVING_TEXT)
    op.execute(
        "comment on view core.post_living_text is 'The text of the last living version of each post, "
        "also of deleted ones: for matching, never for publishing. One row per post.'"
    )
    op.execute(INDEXES)
    op.execute(PLACES)
    for name in (*LATEST, *PLACE_TABLES):
        op.execute(_own("table", name))
    for name in (*(f"{table}_def" for table in LATEST), "post_living_text"):
        op.execute(_own("view", name))
    _dirty_tables()
    op.execute("grant select, delete on core.pending_post, core.pending_author to gaung_publisher")
    op.execute("grant select on core.post, core.author to gaung_publisher")
    op.execute("grant update on ops.dbt_result to gaung_transformer")
    op.execute(
        "alter default privileges for role gaung_transformer in schema marts__build "
        "grant select on tables to gaung_publisher"
    )
