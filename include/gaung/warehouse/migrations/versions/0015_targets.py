"""Target terms that the posts of a brand hold.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
alter table core.brand_term drop constraint brand_term_kind_check;
alter table core.brand_term add constraint brand_term_kind_check
    check (kind in ('keyword', 'hashtag', 'target', 'handle', 'context', 'exclusion'));

create table core.post_target (
    platform text not null,
    post_id text not null,
    brand_id text not null,
    target_type text not null check (target_type in ('keyword', 'hashtag', 'target')),
    target text not null,
    primary key (platform, post_id, brand_id, target_type, target)
);
comment on table core.post_target is
    'Declared terms that the posts of a brand hold. One row per post, brand and term.';
alter table core.post_target owner to gaung_transformer;
"""


def upgrade() -> None:
    """Create the table of held terms and let brands declare targets."""
    op.execute(TABLES)
