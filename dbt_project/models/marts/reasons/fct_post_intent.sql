with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

reasons as (

    select * from {{ ref('int_posts__reasons') }}

),

ranked as (

    select
        reasons.post_key,
        entry.intent,
        reasons.intent_source,
        reasons.text_part,
        reasons.engine_version,
        reasons.is_synthetic,
        row_number() over (
            partition by reasons.post_key, entry.intent
            order by case reasons.intent_source when 'correction' then 0 else 1 end, reasons.part_rank
        ) as intent_rank
    from dirty
    inner join reasons on dirty.post_key = reasons.post_key
    cross join lateral {{ entries('reasons.intents') }} as entry (intent)

),

final as (

    select
        post_key,
        intent,
        intent_source,
        text_part,
        engine_version,
        is_synthetic,
        {{ lineage() }}
    from ranked
    where intent_rank = 1

)

select * from final
