{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

posts as (

    select * from {{ ref('int_posts__touched') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

languages as (

    select
        scores.text_hash,
        scores.lang
    from {{ source('core', 'text_language') }} as scores
    inner join active_engines on scores.engine_version = active_engines.engine_version
    where active_engines.task = 'language'

),

sentiments as (

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

final as (

    select
        posts.post_key,
        posts.platform,
        posts.post_id,
        posts.author_id,
        posts.post_type,
        languages.lang,
        coalesce(corrections.label, sentiments.label, 'unscored') as sentiment_label,
        -- a person gives a label, not a number: without an engine that agrees there is no compound
        cast(
            case when coalesce(corrections.label, sentiments.label) = sentiments.label then sentiments.compound end
            as numeric(5, 4)
        ) as sentiment_compound,
        case
            when corrections.label is not null then 'correction'
            when sentiments.label <> 'unscored' then 'engine'
        end as sentiment_source,
        case
            when corrections.label is not null or sentiments.label <> 'unscored' then null
            when posts.is_deleted then 'deleted'
            when posts.text is null or posts.text = '' then 'no_text'
            else coalesce(sentiments.unscored_reason, 'not_scored')
        end as unscored_reason,
        sentiments.engine_version,
        posts.is_synthetic
    from posts
    left join languages on posts.text_hash = languages.text_hash
    left join sentiments on posts.text_hash = sentiments.text_hash
    left join corrections on posts.text_hash = corrections.text_hash

)

select * from final
