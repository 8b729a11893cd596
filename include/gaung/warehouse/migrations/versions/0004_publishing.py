"""Publishing: totals of a candidate, what a build was made of, the trust badge and the reconciliation.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from gaung.warehouse.partitions import KINDS, dirty_table
from gaung.warehouse.views import VIEWS, View

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

FAILURES = """
create view ops.unresolved_failure as
select distinct on (coalesce(o.batch_key, o.file_name, o.outcome_id::text)) o.*
from ops.outcome as o
where
    o.status = 'failed'
    and not exists (select 1 from ops.batch as b where b.batch_key = o.batch_key)
    and not exists (
        select 1 from ops.outcome as later
        where
            later.outcome_id > o.outcome_id
            and later.status <> 'failed'
            and later.file_name = o.file_name
    )
order by coalesce(o.batch_key, o.file_name, o.outcome_id::text), o.outcome_id desc;
comment on view ops.unresolved_failure is
    'Loads that failed and did not succeed since, newest attempt of each. One row per batch or file.';
grant select on ops.unresolved_failure to gaung_transformer, gaung_publisher;
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


def upgrade() -> None:
    """Add what publishing needs."""
    op.execute(OPS)
    op.execute(FAILURES)
    op.execute(GRANTS)
    for kind in KINDS:
        op.execute(f"grant select, insert, delete on {dirty_table(kind)} to gaung_publisher")
    for view in VIEWS:
        _create(view)


def _create(view: View) -> None:
    """The view, owned by the publisher, whose rights on ``ops`` it uses; readable by everyone."""
    name = f"marts.{view.name}"
    execute(f"create view {name} as {view.sql}")
    execute(f"alter view {name} owner to gaung_publisher")
    execute(f"grant select, references on {name} to bi_reader, brand_staff")
    execute(f"comment on view {name} is {quoted(view.comment)}")
    for column in view.columns:
        execute(f"comment on column {name}.{column.name} is {quoted(column.comment)}")


def execute(statement: str) -> None:
    """Run a statement as it is: colons in it are no parameters."""
    op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
