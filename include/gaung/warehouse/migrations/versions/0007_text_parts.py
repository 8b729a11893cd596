"""Texts that are scored for a post: its own, its transcript, what stands on the screen, its stickers.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

POST_TEXT = """
create view core.post_text as
select platform, post_id, 'caption' as part, text, text_hash
from core.post
where text_hash is not null
union all
select platform, post_id, part, text, encode(sha256(convert_to(text, 'UTF8')), 'hex') as text_hash
from core.post_text_part
where text is not null and part in ('transcript', 'on_screen', 'sticker');
comment on view core.post_text is
    'Every text that is scored for a post; translations are not. One row per post and part.';
alter view core.post_text owner to gaung_transformer;
"""


def upgrade() -> None:
    """Add the view of texts to score."""
    op.execute(POST_TEXT)
