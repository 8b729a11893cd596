"""Small businesses: classes of texts, profiles of accounts, cells of the weekly tables, misspelt names.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

from gaung.warehouse.ddl import create_dirty_table

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = """
create table core.text_business (
    text_hash text not null,
    engine_version text not null,
    relevance text check (relevance in ('msme', 'other')),
    relevance_reason text,
    industry text,
    industry_reason text,
    activity text,
    activity_reason text,
    primary key (text_hash, engine_version)
);
comment on table core.text_business is
    'Whether a text is by or about a small business, its industry and activity; NULL with a reason where it '
    'abstains. One row per distinct text and engine version.';

create table core.author_business (
    platform text not null,
    author_id text not null,
    engine_version text not null,
    relevance text,
    industry text,
    place_code text,
    place_name text,
    is_place_ambiguous boolean not null,
    province_code text,
    province_name text,
    place_reason text,
    primary key (platform, author_id)
);
comment on table core.author_business is
    'What the profile of an account says of its business, and where it is. One row per account.';

create table core.placed_msme (
    post_key text primary key,
    author_key text,
    week_date date not null,
    province_code text not null,
    province_name text not null,
    industry text not null,
    industry_source text,
    activity text not null,
    media_type text not null,
    is_text_relevant boolean not null,
    is_synthetic boolean not null
);
create index placed_msme_cell on core.placed_msme (week_date, province_code, industry, activity);
create index placed_msme_media on core.placed_msme (week_date, industry, activity, media_type);
create index placed_msme_author on core.placed_msme (author_key);
comment on table core.placed_msme is
    'In which cells of the weekly tables a dated post of a small business stands. One row per post.';

create table core.text_spelling (
    text_hash text not null,
    engine_version text not null,
    suggestions jsonb not null,
    primary key (text_hash, engine_version)
);
comment on table core.text_spelling is
    'What may be the name of a brand misspelt: a list of id, name, spelling, distance. One row per distinct '
    'text and engine version.';

create table core.placed_spelling (
    post_key text not null,
    brand_id text not null,
    spelling text not null,
    name text not null,
    distance integer not null,
    is_matched boolean not null,
    created_at timestamptz,
    is_synthetic boolean not null,
    primary key (post_key, brand_id, spelling)
);
create index placed_spelling_key on core.placed_spelling (brand_id, spelling);
comment on table core.placed_spelling is
    'Posts that hold what may be the name of a brand misspelt. One row per post, brand and spelling.';
"""

NAMES = ("text_business", "author_business", "placed_msme", "text_spelling", "placed_spelling")


def upgrade() -> None:
    """Create the tables with their rights."""
    op.execute(TABLES)
    for name in NAMES:
        op.execute(f"alter table core.{name} owner to gaung_transformer")
    for kind in ("msme_cell", "msme_media", "brand_spelling"):
        for statement in create_dirty_table(kind):
            op.execute(statement)
