"""Publishing: totals of a candidate, what a build was made of, the trust badge and the reconciliation.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from gaung.warehouse.partitions import KINDS, dirty_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPS = """
alter table ops.build add column fingerprint jsonb not null default '{}';
alter table ops.build_stage add column error_message text;
alter table ops.publication add column reason text;
alter table ops.publication add column schema_changes jsonb not null default '[]';
alter table ops.mart_total add column raw_total numeric;

create table ops.gate_total (
    build_id bigint not null references ops.build,
    mart text not null,
    measure text not null,
    grain_value text not null,
    live_total numeric not null,
    replaced_total numeric not null,
    candidate_total numeric not null,
    source_total numeric,
    next_total numeric generated always as (live_total - replaced_total + candidate_total) stored,
    raw_total numeric,
    primary key (build_id, mart, measure, grain_value)
);
comment on table ops.gate_total is
    'What a build does to each total, and what raw says. One row per build, mart, measure and group.';
comment on column ops.gate_total.live_total is 'Total of the live mart before this build.';
comment on column ops.gate_total.replaced_total is 'Share of the live total that stands in dirty partitions.';
comment on column ops.gate_total.candidate_total is 'Total of the candidate, which replaces that share.';
comment on column ops.gate_total.source_total is
    'What the candidate must come to, counted from raw (or core) for the same partitions; NULL: no source.';
comment on column ops.gate_total.next_total is 'Total of the mart when the candidate is published.';
comment on column ops.gate_total.raw_total is 'The same total counted from raw, kept by touched partitions.';
"""

GRANTS = """
grant select on ops.gate_total to gaung_transformer, gaung_publisher;
grant insert on ops.gate_total to gaung_publisher;
grant insert, update on ops.gate_run to gaung_publisher;
grant delete on ops.gate_result, ops.gate_run, ops.gate_total to gaung_publisher;
grant select, insert on ops.publication to gaung_publisher;
grant select, delete on core.pending_post, core.pending_author to gaung_publisher;
alter default privileges for role gaung_transformer in schema marts__build
    grant select on tables to gaung_publisher;
grant select on all tables in schema marts__build to gaung_publisher;
do $$
begin
    execute format('grant temporary on database %I to gaung_publisher', current_database());
end
$$;
"""

RECONCILIATION = """
create view marts.reconciliation as
select
    t.mart as mart_name,
    t.measure as measure_name,
    t.grain_value as group_name,
    t.total as mart_total,
    t.raw_total,
    t.total - t.raw_total as difference,
    t.raw_total is null or t.total = t.raw_total as is_equal,
    l.version as published_version
from ops.mart_total as t
cross join ops.live as l;
"""


def upgrade() -> None:
    """Add what publishing needs."""
    op.execute(OPS)
    op.execute(GRANTS)
    for kind in KINDS:
        op.execute(f"grant select, insert, delete on {dirty_table(kind)} to gaung_publisher")
    op.execute(RECONCILIATION)
    op.execute("alter view marts.reconciliation owner to gaung_publisher")
    op.execute("grant select on marts.reconciliation to bi_reader, brand_staff")
