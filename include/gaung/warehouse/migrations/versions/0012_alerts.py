"""Alerts: what opened, got worse and was over, who was told; brands by the quarter of an hour.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

from gaung.warehouse.views import ALERTS, View

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

QUARTERS = """
create table core.brand_quarter (
    brand_id text not null,
    quarter_at timestamptz not null,
    post_count bigint not null,
    scored_count bigint not null,
    positive_count bigint not null,
    negative_count bigint not null,
    primary key (brand_id, quarter_at)
);
create index brand_quarter_at on core.brand_quarter (quarter_at);
comment on table core.brand_quarter is
    'Posts of a brand (without reposts) by mood. One row per brand and quarter of an hour with posts.';
alter table core.brand_quarter owner to gaung_transformer;
grant select on core.brand_quarter to gaung_publisher;
"""

ALERT_TABLES = """
create table ops.alert (
    alert_id bigint generated always as identity primary key,
    kind text not null check (kind in ('gate_failure', 'source_outage', 'crisis', 'drop')),
    subject text not null,
    brand_id text,
    event text not null check (event in ('open', 'escalate', 'close')),
    opened_alert_id bigint references ops.alert,
    title_id text not null,
    title_en text not null,
    reason_id text not null,
    reason_en text not null,
    evidence jsonb not null,
    collection_coverage_pct numeric(7, 4),
    window_at timestamptz,
    happened_at timestamptz not null default clock_timestamp(),
    unique (opened_alert_id, event),
    check ((event = 'open') = (opened_alert_id is null))
);
create index alert_subject on ops.alert (kind, subject, alert_id);
comment on table ops.alert is
    'What opened, got worse and was over; never changed. One row per event; each event of an alert once.';

create table ops.alert_sent (
    alert_id bigint not null references ops.alert,
    recipient_key text not null,
    channel text not null check (channel in ('mail', 'file')),
    status text not null default 'sending' check (status in ('sending', 'sent', 'failed')),
    claimed_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    primary key (alert_id, recipient_key)
);
comment on table ops.alert_sent is
    'Who was told; recipient_key is a keyed hash of the address. One row per event and recipient.';
grant select on ops.alert, ops.alert_sent to gaung_transformer;
grant select, insert on ops.alert to gaung_publisher;
grant select, insert, update on ops.alert_sent to gaung_publisher;
"""


def upgrade() -> None:
    """Create the tables of alerts and what readers see of them."""
    op.execute(QUARTERS)
    op.execute(ALERT_TABLES)
    _create(ALERTS)


def _create(view: View) -> None:
    """The view, owned by the publisher, whose rights on ``ops`` it uses; readable by everyone."""
    name = f"marts.{view.name}"
    _run(f"create view {name} as {view.sql}")
    _run(f"alter view {name} owner to gaung_publisher")
    _run(f"grant select, references on {name} to bi_reader, brand_staff")
    _run(f"comment on view {name} is {_quoted(view.comment)}")
    for column in view.columns:
        _run(f"comment on column {name}.{column.name} is {_quoted(column.comment)}")


def _run(statement: str) -> None:
    """Run a statement as it is: colons in it are no parameters."""
    op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
