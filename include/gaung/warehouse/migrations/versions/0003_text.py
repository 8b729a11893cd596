"""Brands, keys, text scores, matches and topics: what enrichment keeps in ``core``.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
create table core.brand (
    brand_id text primary key,
    client text not null,
    name text not null,
    timezone text not null,
    languages text[] not null,
    competitors text[] not null,
    is_synthetic boolean not null,
    matcher_hash text not null
);
comment on table core.brand is 'Brands as brands.yml declares them. One row per brand.';

create table core.brand_term (
    brand_id text not null references core.brand on delete cascade,
    kind text not null check (kind in ('keyword', 'hashtag', 'handle', 'context', 'exclusion')),
    platform text not null default '',
    term text not null,
    primary key (brand_id, kind, platform, term)
);
comment on table core.brand_term is
    'What names a brand (platform for handles only, else empty). One row per brand, kind, platform and term.';

create table core.declared_topic (
    topic_type text not null check (topic_type in ('keyword', 'hashtag')),
    topic text not null,
    primary key (topic_type, topic)
);
comment on table core.declared_topic is
    'Keywords and hashtags of brands.yml, watch queries included. One row per type and topic.';

create table core.post_key (
    platform text not null,
    post_id text not null,
    post_key text not null unique,
    primary key (platform, post_id)
);
comment on table core.post_key is 'Published key of each post. One row per post.';

create table core.author_key (
    platform text not null,
    author_id text not null,
    author_key text not null unique,
    primary key (platform, author_id)
);
comment on table core.author_key is 'Published key of each author. One row per author.';

create table core.text_language (
    text_hash text not null,
    engine_version text not null,
    lang text not null check (lang in ('id', 'en', 'ms', 'und')),
    confidence numeric(5, 4),
    reason text,
    primary key (text_hash, engine_version),
    check ((lang = 'und') = (reason is not null))
);
comment on table core.text_language is 'Language of each text. One row per distinct text and engine version.';

create table core.text_sentiment (
    text_hash text not null,
    engine_version text not null,
    lang text not null,
    compound numeric(5, 4) check (compound between -1 and 1),
    label text not null check (label in ('positive', 'neutral', 'negative', 'unscored')),
    unscored_reason text,
    primary key (text_hash, engine_version),
    check ((label = 'unscored') = (compound is null)),
    check ((label = 'unscored') = (unscored_reason is not null))
);
comment on table core.text_sentiment is
    'Sentiment of each text. One row per distinct text and engine version.';

create table core.text_masked (
    text_hash text not null,
    mask_version text not null,
    text_masked text not null,
    primary key (text_hash, mask_version)
);
comment on table core.text_masked is
    'Text as it may be published. One row per distinct text and version of the masking rules.';

create table core.active_engine (
    task text primary key check (task in ('language', 'sentiment', 'mask')),
    engine_version text not null
);
comment on table core.active_engine is 'The engine version that the marts show. One row per task.';

create table core.post_brand (
    platform text not null,
    post_id text not null,
    brand_id text not null,
    matched_by text not null check (matched_by in ('file', 'author', 'handle', 'hashtag', 'keyword')),
    matched_term text not null,
    primary key (platform, post_id, brand_id)
);
create index post_brand_brand on core.post_brand (brand_id);
comment on table core.post_brand is 'Which posts are of which brand, and why. One row per post and brand.';

create table core.post_topic (
    platform text not null,
    post_id text not null,
    topic_type text not null check (topic_type in ('keyword', 'hashtag')),
    topic text not null,
    primary key (platform, post_id, topic_type, topic)
);
create index post_topic_topic on core.post_topic (topic_type, topic);
comment on table core.post_topic is 'Topics of each post. One row per post, topic type and topic.';
"""

NAMES = (
    "brand",
    "brand_term",
    "declared_topic",
    "post_key",
    "author_key",
    "text_language",
    "text_sentiment",
    "text_masked",
    "active_engine",
    "post_brand",
    "post_topic",
)
FOR_PUBLISHER = ("brand", "brand_term", "declared_topic", "active_engine", "post_brand", "post_topic")


def upgrade() -> None:
    """Create the tables that enrichment keeps, with their rights."""
    op.execute(TABLES)
    for name in NAMES:
        op.execute(f"alter table core.{name} owner to gaung_transformer")
    op.execute(f"grant select on {', '.join(f'core.{name}' for name in FOR_PUBLISHER)} to gaung_publisher")
