{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

dirty as (

    select * from {{ source('core', 'dirty__brand_hour') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

created as (

    select * from {{ ref('int_posts__touched') }}

),

scored as (

    select * from {{ ref('int_posts__scored') }}

),

final as (

    select
        places.brand_id,
        {{ quarter_of('created.created_at') }} as quarter_at,
        count(*) as post_count,
        count(case when scored.sentiment_label <> 'unscored' then 1 end) as scored_count,
        count(case when scored.sentiment_label = 'positive' then 1 end) as positive_count,
        count(case when scored.sentiment_label = 'negative' then 1 end) as negative_count
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.hour_at = places.hour_at
    inner join created on places.platform = created.platform and places.post_id = created.post_id
    inner join scored on created.post_key = scored.post_key
    where created.post_type <> 'repost'
    group by places.brand_id, {{ quarter_of('created.created_at') }}

)

select * from final
