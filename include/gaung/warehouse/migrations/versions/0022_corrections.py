"""People's corrections of reasons and of the classes of small businesses; confusion of the engines.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CORRECTIONS = """
grant select on core.post_text to gaung_loader;

create view core.text_reasons_said as
select
    r.text_hash,
    r.engine_version,
    coalesce(array_remove(string_to_array(i.label, ','), 'none'), r.intents) as intents,
    case
        when a.label is null then r.aspects
        else (
            select
                coalesce(
                    jsonb_agg(
                        jsonb_build_object(
                            'aspect', split_part(e.entry, ':', 1), 'mood', split_part(e.entry, ':', 2),
                            'words', jsonb_build_array(), 'values', jsonb_build_array()
                        )
                        order by e.entry
                    ),
                    '[]'
                )
            from unnest(string_to_array(a.label, ',')) as e (entry)
            where e.entry <> 'none'
        )
    end as aspects,
    case when i.text_hash is null then 'engine' else 'correction' end as intent_source,
    case when a.text_hash is null then 'engine' else 'correction' end as aspect_source
from core.text_reasons as r
left join core.text_correction as i on i.task = 'intent' and r.text_hash = i.text_hash
left join core.text_correction as a on a.task = 'aspect' and r.text_hash = a.text_hash;
comment on view core.text_reasons_said is
    'Intents and aspects of a text, a person''s before the engine''s. One row per text and engine version.';
comment on column core.text_reasons_said.aspects is
    'As in core.text_reasons; of those that a person gave no words and values are known.';
alter view core.text_reasons_said owner to gaung_transformer;

create view core.text_business_said as
select
    b.text_hash,
    b.engine_version,
    coalesce(r.label, b.relevance) as relevance,
    case when r.label is null then b.relevance_reason end as relevance_reason,
    r.label is not null as is_relevance_corrected,
    coalesce(i.label, b.industry) as industry,
    case when i.label is null then b.industry_reason end as industry_reason,
    i.label is not null as is_industry_corrected,
    coalesce(a.label, b.activity) as activity,
    case when a.label is null then b.activity_reason end as activity_reason,
    a.label is not null as is_activity_corrected
from core.text_business as b
left join core.text_correction as r on r.task = 'relevance' and b.text_hash = r.text_hash
left join core.text_correction as i on i.task = 'industry' and b.text_hash = i.text_hash
left join core.text_correction as a on a.task = 'activity' and b.text_hash = a.text_hash;
comment on view core.text_business_said is
    'Classes of a text, a person''s before the engine''s. One row per distinct text and engine version.';
alter view core.text_business_said owner to gaung_transformer;
"""

CONFUSION = """
create table core.model_confusion (
    task text not null,
    language text not null,
    engine_version text not null,
    dataset text not null,
    true_class text not null,
    said_class text not null,
    text_count bigint not null,
    is_synthetic boolean not null,
    measured_at timestamptz not null default clock_timestamp(),
    primary key (task, language, engine_version, dataset, true_class, said_class)
);
comment on table core.model_confusion is
    'What engines say of texts of a class. One row per engine version, data set, true and said class.';
alter table core.model_confusion owner to gaung_transformer;
"""


def upgrade() -> None:
    """Let people overrule every engine but that of language, and keep what engines confuse."""
    op.execute(CORRECTIONS)
    op.execute(CONFUSION)
