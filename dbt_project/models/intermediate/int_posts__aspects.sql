{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

reasons as (

    select * from {{ ref('int_posts__reasons') }}

),

ranked as (

    select
        reasons.post_key,
        reasons.platform,
        reasons.post_id,
        {{ json_text('entry.item', 'aspect') }} as aspect,
        {{ json_text('entry.item', 'mood') }} as mood,
        {{ json_part('entry.item', 'words') }} as word_spans,
        {{ json_part('entry.item', 'values') }} as named_values,
        reasons.aspect_source,
        reasons.text_part,
        reasons.engine_version,
        reasons.is_synthetic,
        row_number() over (
            partition by reasons.post_key, {{ json_text('entry.item', 'aspect') }}
            order by case reasons.aspect_source when 'correction' then 0 else 1 end, reasons.part_rank
        ) as aspect_rank
    from reasons
    cross join lateral {{ json_entries('reasons.aspects') }} as entry (item)

),

final as (

    select
        post_key,
        platform,
        post_id,
        aspect,
        mood,
        word_spans,
        named_values,
        aspect_source,
        text_part,
        engine_version,
        is_synthetic
    from ranked
    where aspect_rank = 1

)

select * from final
