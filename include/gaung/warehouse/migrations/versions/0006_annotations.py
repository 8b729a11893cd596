"""Annotations and corrections of texts, measured quality of the text engines, regional languages.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LANGUAGES = """
alter table core.text_language drop constraint text_language_lang_check;
alter table core.text_language add constraint text_language_lang_check
    check (lang in ('id', 'en', 'ms', 'jv', 'su', 'und'));
"""

ANNOTATIONS = """
create table app.annotation (
    annotation_id bigint generated always as identity primary key,
    kind text not null check (kind in ('annotation', 'correction')),
    task text not null,
    platform text not null,
    post_id text not null,
    text_hash text not null,
    label text not null,
    annotator text not null,
    guideline_version text not null,
    labelled_at timestamptz not null,
    loaded_at timestamptz not null default clock_timestamp(),
    unique (task, text_hash, annotator, kind, labelled_at, label, platform, post_id)
);
comment on table app.annotation is
    'What people say texts mean: annotations measure, corrections decide. One row per label given.';
create index annotation_post on app.annotation (platform, post_id);

create table app.annotation_quarantine (
    file_sha256 text not null,
    line_number integer not null,
    file_name text not null,
    reason text not null,
    line text not null,
    loaded_at timestamptz not null default clock_timestamp(),
    primary key (file_sha256, line_number)
);
comment on table app.annotation_quarantine is
    'Lines of annotation files that could not be used, with why. One row per line of a file.';
grant select, insert on app.annotation, app.annotation_quarantine to gaung_loader;
grant select on app.annotation to gaung_transformer;
grant select on core.post, core.post_key to gaung_loader;

create view core.text_correction as
select distinct on (task, text_hash)
    task,
    text_hash,
    label
from app.annotation
where kind = 'correction'
order by task, text_hash, labelled_at desc, label, annotator;
comment on view core.text_correction is
    'What people decided over the engines: the newest correction. One row per task and corrected text.';
alter view core.text_correction owner to gaung_transformer;
"""

QUALITY = """
create table core.model_quality (
    task text not null,
    language text not null,
    engine_version text not null,
    dataset text not null,
    class text not null,
    text_count bigint not null,
    answered_count bigint not null,
    accuracy_pct numeric(7, 4),
    accuracy_low_pct numeric(7, 4),
    accuracy_high_pct numeric(7, 4),
    macro_f1_pct numeric(7, 4),
    macro_f1_low_pct numeric(7, 4),
    macro_f1_high_pct numeric(7, 4),
    macro_f1_answered_pct numeric(7, 4),
    precision_pct numeric(7, 4),
    recall_pct numeric(7, 4),
    f1_pct numeric(7, 4),
    calibration_error_pct numeric(7, 4),
    is_synthetic boolean not null,
    measured_at timestamptz not null default clock_timestamp(),
    primary key (task, language, engine_version, dataset, class)
);
comment on table core.model_quality is
    'Measured quality of the text engines. One row per task, language, engine version, data set and class.';
alter table core.model_quality owner to gaung_transformer;
"""


def upgrade() -> None:
    """Add what people say of texts, and how well engines do."""
    op.execute(LANGUAGES)
    op.execute(ANNOTATIONS)
    op.execute(QUALITY)
