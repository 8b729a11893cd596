with

measured as (

    select * from {{ source('core', 'model_quality') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

final as (

    select
        measured.task,
        measured.language,
        measured.engine_version,
        measured.dataset,
        measured.class,
        active_engines.engine_version is not null as is_active,
        measured.is_synthetic,
        measured.text_count,
        measured.answered_count,
        {{ safe_pct('measured.text_count - measured.answered_count', 'measured.text_count') }} as unscored_pct,
        measured.accuracy_pct,
        measured.accuracy_low_pct,
        measured.accuracy_high_pct,
        measured.macro_f1_pct,
        measured.macro_f1_low_pct,
        measured.macro_f1_high_pct,
        measured.macro_f1_answered_pct,
        measured.precision_pct,
        measured.recall_pct,
        measured.f1_pct,
        measured.calibration_error_pct,
        measured.measured_at,
        {{ lineage() }}
    from measured
    left join active_engines on {{ is_shown('measured', 'active_engines') }}

)

select * from final
