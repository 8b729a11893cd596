with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

aspects as (

    select found.*
    from {{ ref('int_posts__aspects') }} as found
    inner join dirty on found.post_key = dirty.post_key

),

post_texts as (

    select * from {{ source('core', 'post_text') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

masked_texts as (

    select
        texts.text_hash,
        texts.text_masked
    from {{ source('core', 'text_masked') }} as texts
    inner join active_engines on texts.mask_version = active_engines.engine_version
    where active_engines.task = 'mask'

),

spans as (

    select
        aspects.post_key,
        aspects.aspect,
        aspects.platform,
        aspects.post_id,
        aspects.text_part as part,
        cast({{ json_text('entry.item', 'start') }} as integer) as start_at,
        cast({{ json_text('entry.item', 'end') }} as integer) as end_at
    from aspects
    cross join lateral {{ json_entries('aspects.word_spans') }} as entry (item)

),

-- places count characters of the original: a word is shown when the masked text holds it too
words as (

    select
        spans.post_key,
        spans.aspect,
        substring(post_texts.text, spans.start_at + 1, spans.end_at - spans.start_at) as word,
        min(spans.start_at) as start_at
    from spans
    {{ join_each('post_texts', 'spans', ['platform', 'post_id', 'part']) }}
    inner join masked_texts on post_texts.text_hash = masked_texts.text_hash
    where
        position(
            substring(post_texts.text, spans.start_at + 1, spans.end_at - spans.start_at) in masked_texts.text_masked
        ) > 0
    group by
        spans.post_key,
        spans.aspect,
        substring(post_texts.text, spans.start_at + 1, spans.end_at - spans.start_at)

),

shown as (

    select
        post_key,
        aspect,
        {{ joined_by('word', 'start_at, word') }} as words
    from words
    group by post_key, aspect

),
{{ aspect_values() }}

final as (

    select
        aspects.post_key,
        aspects.aspect,
        aspects_by_value.attribute_value,
        aspects.mood,
        shown.words,
        aspects.aspect_source,
        aspects.text_part,
        aspects.engine_version,
        aspects.is_synthetic,
        {{ lineage() }}
    from aspects
    inner join aspects_by_value
        on aspects.post_key = aspects_by_value.post_key and aspects.aspect = aspects_by_value.aspect
    left join shown on aspects.post_key = shown.post_key and aspects.aspect = shown.aspect

)

select * from final
