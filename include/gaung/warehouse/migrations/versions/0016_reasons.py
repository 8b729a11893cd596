"""Why texts praise or complain: their intents, and their aspects with values.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

REASONS = """
create table core.text_reasons (
    text_hash text not null,
    engine_version text not null,
    intents text[] not null,
    aspects jsonb not null,
    primary key (text_hash, engine_version)
);
comment on table core.text_reasons is
    'What a text wants and which aspects it judges. One row per distinct text and engine version.';
comment on column core.text_reasons.aspects is
    'A list: aspect, mood, words (start, end) and values (value, start, end); places count characters '
    'of the original, and no words are kept.';
alter table core.text_reasons owner to gaung_transformer;
alter table core.active_engine drop constraint active_engine_task_check;
"""


def upgrade() -> None:
    """Create the table of reasons; which tasks there are is said by the engines, not by a constraint."""
    op.execute(REASONS)
