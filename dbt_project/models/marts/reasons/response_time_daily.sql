with

questions as (

    select * from {{ ref('int_questions__answered') }}

),

counted as (

    select
        brand_id,
        local_date,
        max(engine_version) as engine_version,
        bool_or(is_synthetic) as is_synthetic,
        count(*) as question_count,
        count(*) filter (where not is_open) as answered_question_count,
        count(*) filter (where is_open) as open_question_count,
        percentile_cont(0.5) within group (order by minutes_to_answer) as minutes_to_answer_median
    from questions
    group by brand_id, local_date

),

final as (

    select
        brand_id,
        local_date,
        engine_version,
        is_synthetic,
        question_count,
        answered_question_count,
        open_question_count,
        cast(round(cast(minutes_to_answer_median as numeric), 2) as numeric(12, 2)) as minutes_to_answer_median,
        {{ safe_pct('answered_question_count', 'question_count') }} as answered_share_pct,
        {{ wilson_pct('answered_question_count', 'question_count', 'low') }} as answered_share_low_pct,
        {{ wilson_pct('answered_question_count', 'question_count', 'high') }} as answered_share_high_pct,
        {{ lineage() }}
    from counted

)

select * from final
