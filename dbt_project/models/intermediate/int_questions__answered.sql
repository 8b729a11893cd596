{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

dirty as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

posts as (

    select * from {{ ref('int_posts__touched') }}

),

reasons as (

    select * from {{ ref('int_posts__reasons') }}

),

standings as (

    select * from {{ source('core', 'standing_author') }}

),

accounts as (

    select * from {{ source('core', 'brand_account') }}

),

-- by key: an answer may stand on any day
replies as {{ inlined() }} (

    select
        platform,
        post_id,
        parent_post_id,
        author_id,
        created_at
    from {{ source('core', 'post') }}
    where is_collected and post_type <> 'repost'

),

said as (

    select
        reasons.post_key,
        {{ joined_by('entry.intent', 'entry.intent') }} as intents,
        max(reasons.engine_version) as engine_version,
        bool_or(entry.intent like 'asks_%') as is_asking,
        bool_or(entry.intent = 'complains') as is_complaint,
        bool_or(entry.intent = 'spam_promo') as is_spam
    from reasons
    cross join lateral {{ entries('reasons.intents') }} as entry (intent)
    where reasons.part_rank = 1
    group by reasons.post_key

),

asked as (

    select
        places.brand_id,
        places.local_date,
        posts.post_key,
        posts.author_key,
        posts.platform,
        posts.post_id,
        posts.post_type,
        said.intents,
        reasons.engine_version,
        coalesce(said.is_asking, false)
        or (posts.post_type in ('comment', 'reply') and posts.text like '%?%') as is_question,
        coalesce(said.is_complaint, false) as is_complaint,
        posts.is_synthetic,
        posts.created_at as asked_at
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.local_date = places.local_date
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    inner join reasons on posts.post_key = reasons.post_key and reasons.text_part = 'caption'
    left join said on posts.post_key = said.post_key
    left join standings on posts.platform = standings.platform and posts.author_id = standings.author_id
    where
        posts.post_type <> 'repost'
        and not coalesce(standings.is_brand_account, false)
        and not coalesce(said.is_spam, false)

),

waiting as (

    select * from asked
    where is_question or is_complaint

),

answers as (

    select
        waiting.brand_id,
        waiting.post_key,
        min(replies.created_at) as answered_at
    from waiting
    inner join replies on waiting.platform = replies.platform and waiting.post_id = replies.parent_post_id
    inner join accounts
        on
            waiting.brand_id = accounts.brand_id
            and replies.platform = accounts.platform
            and replies.author_id = accounts.author_id
    where replies.created_at >= waiting.asked_at
    group by waiting.brand_id, waiting.post_key

),

final as (

    select
        waiting.brand_id,
        waiting.post_key,
        waiting.author_key,
        waiting.platform,
        waiting.post_type,
        waiting.intents,
        waiting.engine_version,
        waiting.is_question,
        waiting.is_complaint,
        waiting.is_synthetic,
        waiting.local_date,
        waiting.asked_at,
        answers.answered_at,
        round(60 * {{ hours_between('waiting.asked_at', 'answers.answered_at') }}, 2) as minutes_to_answer,
        answers.answered_at is null as is_open
    from waiting
    left join answers on waiting.brand_id = answers.brand_id and waiting.post_key = answers.post_key

)

select * from final
