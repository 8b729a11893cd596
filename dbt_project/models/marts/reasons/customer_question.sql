with

questions as (

    select * from {{ ref('int_questions__answered') }}

),

final as (

    select
        brand_id,
        post_key,
        author_key,
        platform,
        post_type,
        intents,
        engine_version,
        is_question,
        is_complaint,
        is_open,
        is_synthetic,
        local_date,
        cast(minutes_to_answer as numeric(12, 2)) as minutes_to_answer,
        asked_at,
        answered_at,
        {{ lineage() }}
    from questions

)

select * from final
