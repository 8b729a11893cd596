"""Panels, brands' own accounts, and the days on which either has figures.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

from gaung.warehouse.ddl import create_dirty_table

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
create table core.panel_member (
    panel_id text not null,
    brand_id text not null,
    series_id text not null,
    first_date date not null,
    last_date date not null,
    primary key (panel_id, first_date, brand_id)
);
create index panel_member_brand on core.panel_member (brand_id);
comment on table core.panel_member is
    'A brand''s panel: itself and its declared competitors. One row per panel, period and brand.';

create table core.panel_day (
    panel_id text not null,
    local_date date not null,
    primary key (panel_id, local_date)
);
comment on table core.panel_day is
    'Days of a panel that ever had a mention; its brand''s local dates. One row per panel and day.';

create table core.brand_account (
    platform text not null,
    author_id text not null,
    brand_id text not null,
    primary key (platform, author_id, brand_id)
);
comment on table core.brand_account is
    'Accounts whose handle brands.yml declares as a brand''s own. One row per account and brand.';

create table core.account_day (
    brand_id text not null,
    local_date date not null,
    primary key (brand_id, local_date)
);
comment on table core.account_day is
    'Days that ever needed a snapshot of a brand''s own account. One row per brand and day.';
"""

NAMES = ("panel_member", "panel_day", "brand_account", "account_day")


def upgrade() -> None:
    """Create the tables with their rights."""
    op.execute(TABLES)
    for name in NAMES:
        op.execute(f"alter table core.{name} owner to gaung_transformer")
    for statement in create_dirty_table("panel_date"):
        op.execute(statement)
