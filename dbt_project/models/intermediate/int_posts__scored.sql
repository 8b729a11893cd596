{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

posts as (

    select * from {{ ref('int_posts__touched') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

languages as {{ inlined() }} (

    select
        scores.text_hash,
        scores.lang
    from {{ source('core', 'text_language') }} as scores
    inner join active_engines on scores.engine_version = active_engines.engine_version
    where active_engines.task = 'language'

),

sentiments as {{ inlined() }} (

    select
        scores.text_hash,
        scores.engine_version,
        scores.compound,
        scores.label,
        scores.unscored_reason
    from {{ source('core', 'text_sentiment') }} as scores
    inner join active_engines on scores.engine_version = active_engines.engine_version
    where active_engines.task = 'sentiment'

),

corrections as (

    select
        text_hash,
        label
    from {{ source('core', 'text_correction') }}
    where task = 'sentiment'

),

post_texts as (

    select * from {{ source('core', 'post_text') }}

),

texts as (

    select
        posts.post_key,
        post_texts.part,
        post_texts.text_hash
    from posts
    {{ join_each('post_texts', 'posts', ['platform', 'post_id']) }}

),

judged as (

    select
        texts.post_key,
        texts.part,
        texts.text_hash,
        sentiments.engine_version,
        coalesce(corrections.label, sentiments.label) as label,
        -- a person gives a label, not a number: without an engine that agrees there is no compound
        case when coalesce(corrections.label, sentiments.label) = sentiments.label then sentiments.compound end
            as compound,
        case when corrections.label is not null then 'correction' else 'engine' end as source,
        row_number() over (
            partition by texts.post_key
            order by
                case when corrections.label is not null then 0 else 1 end,
                abs(sentiments.compound) desc,
                {{ part_rank('texts.part') }}
        ) as weight_rank
    from texts
    left join sentiments on texts.text_hash = sentiments.text_hash
    left join corrections on texts.text_hash = corrections.text_hash
    where coalesce(corrections.label, sentiments.label) <> 'unscored'

),

deciding as (

    select * from judged
    where weight_rank = 1

),

final as (

    select
        posts.post_key,
        posts.platform,
        posts.post_id,
        posts.author_id,
        posts.post_type,
        coalesce(languages.lang, deciding_languages.lang) as lang,
        coalesce(deciding.label, 'unscored') as sentiment_label,
        cast(deciding.compound as numeric(5, 4)) as sentiment_compound,
        deciding.source as sentiment_source,
        deciding.part as sentiment_part,
        case
            when deciding.label is not null then null
            when posts.is_deleted then 'deleted'
            when posts.text is null or posts.text = '' then 'no_text'
            else coalesce(sentiments.unscored_reason, 'not_scored')
        end as unscored_reason,
        coalesce(deciding.engine_version, sentiments.engine_version) as engine_version,
        posts.is_synthetic
    from posts
    left join languages on posts.text_hash = languages.text_hash
    left join sentiments on posts.text_hash = sentiments.text_hash
    left join deciding on posts.post_key = deciding.post_key
    left join languages as deciding_languages on deciding.text_hash = deciding_languages.text_hash

)

select * from final
