"""Influence: spans and norms, what each author came to on a topic, ranks; who wrote what stands in a topic.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

from gaung.warehouse.ddl import create_dirty_table

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PLACES = """
alter table core.placed_topic add column author_id text;
update core.placed_topic as t
set author_id = p.author_id
from core.post as p
where t.platform = p.platform and t.post_id = p.post_id;
create index placed_topic_author on core.placed_topic (platform, author_id, hour_at);
create index placed_topic_time on core.placed_topic (hour_at);
"""

INPUTS = ("followers", "listed", "posts", "reposts", "likes")
PARTS = ",\n    ".join(f"{name}_z numeric,\n    {name}_contribution numeric" for name in INPUTS)

TABLES = f"""
create table core.influence_span (
    span text primary key,
    hours integer not null,
    start_at timestamptz not null,
    end_at timestamptz not null,
    norm_date date not null
);
comment on table core.influence_span is
    'The score spans as of the newest collected hour, and the day of their norms. One row per span.';

create table core.influence_due (
    span text primary key,
    norm_date date not null,
    basis_start_at timestamptz not null,
    basis_end_at timestamptz not null,
    start_at timestamptz not null,
    end_at timestamptz not null
);
comment on table core.influence_due is
    'Spans whose norms must be computed anew; emptied when they are. One row per span.';

create table core.influence_norm (
    platform text not null,
    span text not null,
    input text not null,
    norm_date date not null,
    is_provisional boolean not null,
    basis_start_at timestamptz not null,
    basis_end_at timestamptz not null,
    known_count bigint not null,
    mean numeric,
    deviation numeric,
    primary key (platform, span, input)
);
comment on table core.influence_norm is
    'Mean and deviation that an input is compared with. One row per platform, span and input.';

create table core.influence_percentile (
    platform text not null,
    span text not null,
    percentile integer not null,
    index_value numeric not null,
    primary key (platform, span, percentile)
);
comment on table core.influence_percentile is
    'Influence index at each percentile of the norms'' authors. One row per platform, span and percentile.';

create table core.standing_influence (
    topic_type text not null,
    topic text not null,
    span text not null,
    platform text not null,
    author_id text not null,
    author_key text not null,
    resonant_post_key text not null,
    engine_version text,
    weights_version text not null,
    is_synthetic boolean not null,
    post_count bigint not null,
    scored_count bigint not null,
    sentiment_mean numeric,
    sentiment_label text not null,
    followers bigint,
    listed bigint,
    author_post_count bigint,
    reposts bigint,
    reposts_known_post_count bigint not null,
    likes bigint,
    likes_known_post_count bigint not null,
    all_post_count bigint,
    {PARTS},
    weight_known numeric not null,
    reach_contribution numeric,
    resonance_contribution numeric,
    influence_index numeric,
    influence_index_reason text,
    influence_score numeric,
    primary key (topic_type, topic, span, author_key)
);
create index standing_influence_index on core.standing_influence (topic_type, topic, span, influence_index);
comment on table core.standing_influence is
    'What each author came to on a topic in a span. One row per topic, span and author.';

create table core.influence_rank (
    topic_type text not null,
    topic text not null,
    span text not null,
    author_key text not null,
    rank bigint not null,
    rank_low bigint not null,
    rank_high bigint not null,
    primary key (topic_type, topic, span, author_key)
);
comment on table core.influence_rank is
    'Ranks of the first authors of a topic in a span. One row per topic, span and author.';
"""

NAMES = (
    "influence_span",
    "influence_due",
    "influence_norm",
    "influence_percentile",
    "standing_influence",
    "influence_rank",
)


def upgrade() -> None:
    """Create the tables with their rights, and let places name their authors."""
    op.execute(PLACES)
    op.execute(TABLES)
    for name in NAMES:
        op.execute(f"alter table core.{name} owner to gaung_transformer")
    op.execute("grant select on core.influence_span to gaung_publisher")
    for kind in ("topic_span", "topic_span_author"):
        for statement in create_dirty_table(kind):
            op.execute(statement)
