"""Which observations a brief's choice of posts rested on: these are never thinned.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

QUOTES = """
create table ops.report_quote (
    brand_id text not null,
    local_date date not null,
    post_key text not null,
    metrics_observed_at timestamptz not null,
    quoted_at timestamptz not null default clock_timestamp(),
    primary key (post_key, metrics_observed_at, brand_id, local_date)
);
comment on table ops.report_quote is
    'Observations that named a post in a brief. One row per observation of a post, brand and day.';
grant select on ops.report_quote to gaung_transformer;
grant select, insert on ops.report_quote to gaung_publisher;
"""


def upgrade() -> None:
    """Create the table of quoted observations."""
    op.execute(QUOTES)
