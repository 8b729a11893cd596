with

measured as (

    select * from {{ source('core', 'model_confusion') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

totals as (

    select
        task,
        language,
        engine_version,
        dataset,
        true_class,
        sum(text_count) as true_count
    from measured
    group by task, language, engine_version, dataset, true_class

),

final as (

    select
        measured.task,
        measured.language,
        measured.engine_version,
        measured.dataset,
        measured.true_class,
        measured.said_class,
        active_engines.engine_version is not null as is_active,
        measured.is_synthetic,
        measured.text_count,
        {{ safe_pct('measured.text_count', 'totals.true_count') }} as true_share_pct,
        measured.measured_at,
        {{ lineage() }}
    from measured
    inner join totals
        on
            measured.task = totals.task
            and measured.language = totals.language
            and measured.engine_version = totals.engine_version
            and measured.dataset = totals.dataset
            and measured.true_class = totals.true_class
    left join active_engines on {{ is_shown('measured', 'active_engines') }}

)

select * from final
