"""Deleted posts whose words were erased: which, and what their words decided.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ERASED_TEXT = """
create table raw.erased_text (
    platform text not null,
    post_id text not null,
    deleted_at timestamptz not null,
    words_until timestamptz,
    brands jsonb not null,
    topics jsonb not null,
    noted_at timestamptz not null default clock_timestamp(),
    done_at timestamptz,
    primary key (platform, post_id)
);
comment on table raw.erased_text is
    'Deleted posts whose words were erased, with the brands and topics that the words decided. '
    'One row per post.';
comment on column raw.erased_text.deleted_at is 'When the deletion was observed.';
comment on column raw.erased_text.words_until is
    'Observation of the last words that were erased; loaders take words of that time or before out.';
comment on column raw.erased_text.done_at is 'When the words were out of every room; NULL before.';
grant select on raw.erased_text to gaung_loader;
revoke insert, update on raw.erased_text from gaung_loader;
grant select on raw.erased_text to gaung_transformer;
"""


def upgrade() -> None:
    """Create the table of deleted posts without words."""
    op.execute(ERASED_TEXT)
