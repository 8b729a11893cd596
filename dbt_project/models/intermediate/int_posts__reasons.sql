{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

posts as (

    select * from {{ ref('int_posts__touched') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

reasons as {{ inlined() }} (

    select
        found.text_hash,
        found.engine_version,
        found.intents,
        found.intent_source,
        found.aspects,
        found.aspect_source
    from {{ source('core', 'text_reasons_said') }} as found
    inner join active_engines on found.engine_version = active_engines.engine_version
    where active_engines.task = 'reasons'

),

post_texts as (

    select * from {{ source('core', 'post_text') }}

),

final as (

    select
        posts.post_key,
        posts.platform,
        posts.post_id,
        post_texts.part as text_part,
        {{ part_rank('post_texts.part') }} as part_rank,
        reasons.intents,
        reasons.intent_source,
        reasons.aspects,
        reasons.aspect_source,
        reasons.engine_version,
        posts.is_synthetic
    from posts
    {{ join_each('post_texts', 'posts', ['platform', 'post_id']) }}
    inner join reasons on post_texts.text_hash = reasons.text_hash

)

select * from final
