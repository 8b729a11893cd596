"""The rooms: schemas, raw tables from the contract, what happened (ops), dirty keys (core).

Revision ID: 0001
Revises:
"""

from alembic import op

from gaung.contract import ENTITIES
from gaung.warehouse.ddl import create_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = """
create schema raw;
create schema ops;
create schema app;
create schema core authorization gaung_transformer;
create schema marts__build authorization gaung_transformer;
create schema marts authorization gaung_publisher;
create schema marts__next authorization gaung_publisher;
create schema outreach authorization gaung_publisher;
grant usage on schema raw to gaung_loader, gaung_transformer;
grant usage on schema ops to gaung_loader, gaung_transformer, gaung_publisher;
grant usage on schema core to gaung_loader, gaung_publisher;
grant usage on schema marts__build to gaung_publisher;
grant usage on schema app to gaung_loader, gaung_transformer;
grant usage on schema marts to bi_reader, brand_staff;
grant usage on schema outreach to brand_staff;
"""

OPS = """
create table ops.batch (
    batch_id bigint generated always as identity primary key,
    batch_key text not null unique,
    source text not null,
    format text not null,
    account text,
    brand_id text,
    landing_path text not null,
    manifest jsonb not null,
    collection_start_at timestamptz,
    collection_end_at timestamptz,
    record_count bigint not null,
    is_synthetic boolean not null,
    loaded_at timestamptz not null default clock_timestamp()
);
comment on table ops.batch is 'Committed batches. One row per batch whose rows are in raw.';

create table ops.outcome (
    outcome_id bigint generated always as identity primary key,
    step text not null check (step in ('extract', 'land', 'load')),
    status text not null check (status in ('succeeded', 'failed', 'skipped')),
    source text not null,
    batch_key text,
    batch_id bigint references ops.batch,
    file_name text,
    received_count bigint,
    loaded_count bigint,
    unchanged_count bigint,
    ignored_count bigint,
    quarantined_count bigint,
    ignored jsonb not null default '{}',
    quarantined jsonb not null default '{}',
    entity_rows jsonb not null default '{}',
    unknown_fields jsonb not null default '[]',
    error_class text,
    error_message text,
    run_id text,
    started_at timestamptz not null,
    ended_at timestamptz not null default clock_timestamp(),
    constraint received_is_accounted_for check (
        step <> 'load' or status <> 'succeeded'
        or received_count = loaded_count + unchanged_count + ignored_count + quarantined_count
    )
);
comment on table ops.outcome is 'What each extraction or load came to. One row per attempt.';

create table ops.cursor (
    source text not null,
    account text not null,
    position jsonb not null,
    batch_id bigint not null references ops.batch,
    primary key (source, account)
);
comment on table ops.cursor is 'Where each source continues. One row per source and account.';

create table ops.build (
    build_id bigint generated always as identity primary key,
    token uuid not null unique default gen_random_uuid(),
    mode text not null check (mode in ('incremental', 'full')),
    status text not null default 'running'
        check (status in ('running', 'judged', 'published', 'failed', 'blocked', 'abandoned')),
    stage text not null default 'begin',
    holder text not null,
    holder_kind text not null check (holder_kind in ('process', 'dag')),
    base_version bigint not null,
    started_at timestamptz not null default clock_timestamp(),
    heartbeat_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    error_class text,
    error_message text
);
comment on table ops.build is 'Builds. One row per build; token and base_version fence the publisher.';

create table ops.build_batch (
    build_id bigint not null references ops.build,
    batch_id bigint not null references ops.batch,
    primary key (build_id, batch_id)
);
comment on table ops.build_batch is
    'The closed set of batches a build consumed. One row per build and batch.';

create table ops.build_stage (
    build_id bigint not null references ops.build,
    stage text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    rows_written jsonb not null default '{}',
    primary key (build_id, stage, started_at)
);
comment on table ops.build_stage is 'How long each stage took and what it wrote. One row per run of a stage.';

create table ops.dbt_result (
    build_id bigint not null references ops.build,
    node text not null,
    status text not null,
    seconds numeric(12, 3) not null,
    row_count bigint,
    message text,
    primary key (build_id, node)
);
comment on table ops.dbt_result is 'dbt results. One row per build and node.';

create table ops.gate_run (
    build_id bigint primary key references ops.build,
    status text not null check (status in ('passed', 'warned', 'failed', 'error')),
    declared_count integer not null,
    evaluated_count integer not null,
    critical_failed_count integer not null,
    warning_failed_count integer not null,
    error_message text,
    started_at timestamptz not null,
    ended_at timestamptz not null
);
comment on table ops.gate_run is 'What the gate decided. One row per judged build.';

create table ops.gate_result (
    build_id bigint not null references ops.build,
    suite text not null,
    expectation_id text not null,
    severity text not null check (severity in ('critical', 'warning', 'info')),
    status text not null check (status in ('passed', 'failed', 'error')),
    target text not null,
    observed jsonb not null default '{}',
    if_fails text not null,
    accepted_reason text,
    accepted_by text,
    primary key (build_id, suite, expectation_id)
);
comment on table ops.gate_result is 'Each expectation''s verdict. One row per build, suite and expectation.';

create table ops.publication (
    version bigint primary key,
    kind text not null check (kind in ('publish', 'rollback')),
    build_id bigint references ops.build,
    restores_version bigint,
    published_at timestamptz not null default clock_timestamp(),
    published_by text not null,
    rows_by_mart jsonb not null default '{}',
    accepted jsonb not null default '[]'
);
comment on table ops.publication is 'Every change of what readers see. One row per published version.';

create table ops.live (
    only_row boolean primary key default true check (only_row),
    version bigint not null default 0,
    is_held boolean not null default false,
    hold_reason text,
    held_at timestamptz
);
insert into ops.live default values;
comment on table ops.live is 'Which version is live, and whether publishing is held. One row.';

create table ops.before_image (
    version bigint not null,
    mart text not null,
    partition_kind text not null,
    partition_key jsonb not null,
    old_rows jsonb not null,
    primary key (version, mart, partition_key)
);
comment on table ops.before_image is
    'What a publication replaced (old_rows: a JSON list). One row per version, mart and partition.';

create table ops.mart_total (
    mart text not null,
    measure text not null,
    grain_value text not null,
    total numeric not null,
    primary key (mart, measure, grain_value)
);
comment on table ops.mart_total is
    'Running totals of the live marts, kept by the publisher. One row per mart, measure and group.';
"""

RAW = """
create table raw.post_declared_brand (
    platform text not null,
    post_id text not null,
    brand_id text not null,
    batch_id bigint not null,
    loaded_at timestamptz not null,
    primary key (platform, post_id, brand_id)
);
comment on table raw.post_declared_brand is
    'Posts of a file that was ingested for a brand. One row per post and brand.';

create table raw.quarantine (
    batch_id bigint not null,
    payload_ref text not null,
    source text not null,
    reason text not null,
    path text not null,
    message text not null,
    excerpt text not null,
    observed_at timestamptz,
    loaded_at timestamptz not null,
    primary key (batch_id, payload_ref)
);
comment on table raw.quarantine is
    'Records that could not be loaded, with why. One row per record of a batch.';
"""

CORE = """
create table core.dirty_entity (
    dirty_id bigint generated always as identity primary key,
    entity text not null check (entity in ('post', 'author')),
    platform text not null,
    entity_id text not null,
    cause text not null,
    batch_id bigint
);
comment on table core.dirty_entity is
    'Entities changed since the last build froze its input. Written in the transaction of the change.';

create table core.pending_post (
    platform text not null,
    post_id text not null,
    primary key (platform, post_id)
);
comment on table core.pending_post is
    'Posts the next publication must account for; emptied by the publisher only. One row per post.';

create table core.pending_author (
    platform text not null,
    author_id text not null,
    primary key (platform, author_id)
);
comment on table core.pending_author is
    'Authors the next publication must account for; emptied by the publisher only. One row per author.';
"""

GRANTS = """
alter table core.dirty_entity owner to gaung_transformer;
alter table core.pending_post owner to gaung_transformer;
alter table core.pending_author owner to gaung_transformer;
grant insert on core.dirty_entity to gaung_loader;
grant select, insert, update on all tables in schema raw to gaung_loader;
grant select on all tables in schema raw to gaung_transformer;
grant select, insert on ops.batch, ops.outcome to gaung_loader;
grant select, insert, update on ops.cursor to gaung_loader;
grant select on all tables in schema ops to gaung_transformer, gaung_publisher;
grant insert, update on ops.build, ops.build_stage to gaung_transformer, gaung_publisher;
grant insert on ops.build_batch, ops.dbt_result to gaung_transformer;
grant insert on ops.gate_run, ops.gate_result, ops.publication to gaung_publisher;
grant update on ops.gate_result to gaung_publisher;
grant update on ops.live to gaung_publisher;
grant insert, delete on ops.before_image to gaung_publisher;
grant insert, update, delete on ops.mart_total to gaung_publisher;
"""


def upgrade() -> None:
    """Build the rooms."""
    op.execute(SCHEMAS)
    for entity in ENTITIES.values():
        op.execute(create_table(entity))
    op.execute(OPS)
    op.execute(RAW)
    op.execute(CORE)
    op.execute(GRANTS)
