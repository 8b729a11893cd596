"""Erasure: keyed hashes of the persons that no loader may bring back.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ERASED = """
create table raw.erased (
    kind text not null check (kind in ('author', 'handle', 'post')),
    person_hash text not null,
    erased_at timestamptz not null default clock_timestamp(),
    primary key (kind, person_hash)
);
comment on table raw.erased is
    'Erased persons, their handles and posts as keyed hashes, which loaders obey. One row per hash.';
grant select, insert on raw.erased to gaung_loader;
grant select on raw.erased to gaung_transformer;
"""


def upgrade() -> None:
    """Create the table of erased persons."""
    op.execute(ERASED)
