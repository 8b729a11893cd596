"""Answers are found by what they answer.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the posts by their parents."""
    op.execute(
        "create index post_parent on core.post (platform, parent_post_id) where parent_post_id is not null"
    )
