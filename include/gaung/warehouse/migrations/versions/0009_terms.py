"""Words and word pairs of texts, and the days of topics whose word clouds are to be rebuilt.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from gaung.warehouse.ddl import create_dirty_table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TERMS = """
create table core.text_terms (
    text_hash text not null,
    engine_version text not null,
    words text[] not null,
    pairs text[] not null,
    primary key (text_hash, engine_version)
);
comment on table core.text_terms is
    'Words and word pairs that a text is about. One row per distinct text and engine version.';
alter table core.text_terms owner to gaung_transformer;
alter table core.active_engine drop constraint active_engine_task_check;
alter table core.active_engine add constraint active_engine_task_check
    check (task in ('language', 'sentiment', 'mask', 'terms'));
"""


def upgrade() -> None:
    """Create the table of terms and the dirty keys of topic days."""
    op.execute(TERMS)
    for statement in create_dirty_table("topic_date"):
        op.execute(statement)
