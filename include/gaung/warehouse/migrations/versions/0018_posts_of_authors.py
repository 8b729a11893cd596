"""Posts of an author by time: a score span reads that span's posts of an author, not all of them.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the index by a longer one."""
    op.execute("drop index core.post_author")
    op.execute("create index post_author on core.post (platform, author_id, created_at)")


def downgrade() -> None:
    """Bring the old index back."""
    op.execute("drop index core.post_author")
    op.execute("create index post_author on core.post (platform, author_id)")
