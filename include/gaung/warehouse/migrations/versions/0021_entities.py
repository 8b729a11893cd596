"""Entities of texts: places, brands and products.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = """
create table core.text_entities (
    text_hash text not null,
    engine_version text not null,
    entities jsonb not null,
    primary key (text_hash, engine_version)
);
comment on table core.text_entities is
    'Places, brands and products that a text names: a list of type, id, name, brand_id, is_ambiguous, '
    'candidates, start, end (characters of the original). One row per distinct text and engine version.';
alter table core.text_entities owner to gaung_transformer;
"""


def upgrade() -> None:
    """Create the table with its rights."""
    op.execute(TABLE)
