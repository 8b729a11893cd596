"""The house: what maintenance came to, how large each room was, and the ends of Airflow's runs.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
create table ops.maintenance (
    maintenance_id bigint generated always as identity primary key,
    run_id text not null,
    step text not null,
    status text not null check (status in ('succeeded', 'failed', 'skipped')),
    counts jsonb not null default '{}',
    error_class text,
    error_message text,
    started_at timestamptz not null,
    ended_at timestamptz not null default clock_timestamp()
);
create index maintenance_step on ops.maintenance (step, maintenance_id desc);
comment on table ops.maintenance is
    'What each step of the maintenance came to. One row per attempt of a step.';

create table ops.room_size (
    measured_at timestamptz not null,
    room text not null,
    bytes bigint not null,
    primary key (room, measured_at)
);
comment on table ops.room_size is 'How large each room was. One row per room and measurement.';

create table ops.airflow_run (
    airflow_run_id bigint generated always as identity primary key,
    dag_id text not null,
    run_id text not null,
    task_id text,
    map_index integer,
    try_number integer,
    state text not null,
    error_class text,
    started_at timestamptz,
    ended_at timestamptz,
    noted_at timestamptz not null default clock_timestamp()
);
create index airflow_run_dag on ops.airflow_run (dag_id, airflow_run_id desc) where task_id is null;
comment on table ops.airflow_run is
    'How runs of DAGs (task_id NULL) and tries of tasks ended. One row per end of a run or try.';
"""

GRANTS = """
grant select, insert on ops.maintenance, ops.room_size, ops.airflow_run to gaung_loader;
grant select on ops.maintenance, ops.room_size, ops.airflow_run to gaung_transformer, gaung_publisher;
"""


def upgrade() -> None:
    """Add the tables that the house writes about itself."""
    op.execute(TABLES)
    op.execute(GRANTS)
