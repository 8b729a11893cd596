"""Reports: which brief was delivered to whom, at most once per brand, day and recipient.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SENT = """
create table ops.report_sent (
    report_id bigint generated always as identity primary key,
    brand_id text not null,
    local_date date not null,
    recipient_key text not null,
    channel text not null check (channel in ('mail', 'file')),
    language text not null check (language in ('id', 'en')),
    status text not null default 'sending' check (status in ('sending', 'sent', 'failed')),
    page_sha256 text not null,
    error_message text,
    claimed_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    unique (brand_id, local_date, recipient_key)
);
comment on table ops.report_sent is
    'Delivered briefs; recipient_key is a keyed hash of the address. One row per brand, day and recipient.';
comment on column ops.report_sent.status is
    'sending: claimed, and never tried again by itself; sent: the server took it; failed: it did not.';
grant select on ops.report_sent to gaung_transformer;
grant select, insert, update on ops.report_sent to gaung_publisher;
"""


def upgrade() -> None:
    """Create the table of delivered briefs."""
    op.execute(SENT)
