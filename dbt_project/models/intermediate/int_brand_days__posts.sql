{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

dirty as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

brands as (

    select * from {{ source('core', 'brand') }}

),

handles as (

    select * from {{ source('core', 'brand_term') }}
    where kind = 'handle'

),

authors as (

    select * from {{ source('core', 'author') }}

),

standings as (

    select * from {{ source('core', 'standing_author') }}

),

touched as (

    select * from {{ ref('int_posts__touched') }}

),

scored as (

    select * from {{ ref('int_posts__scored') }}

),

engagements as (

    select * from {{ ref('int_posts__engagements') }}

),

final as (

    select
        places.brand_id,
        places.local_date,
        touched.post_key,
        touched.platform,
        touched.post_id,
        touched.author_key,
        touched.author_id,
        touched.parent_post_id,
        coalesce(
            touched.root_post_id,
            touched.parent_post_id,
            touched.quoted_post_id,
            touched.reposted_post_id,
            touched.post_id
        ) as conversation_id,
        touched.post_type,
        scored.sentiment_label,
        scored.sentiment_compound,
        scored.engine_version,
        coalesce(touched.text like '%?%', false) as is_question,
        handles.term is not null as is_own,
        coalesce(standings.is_brand_account, false) as is_brand_account,
        touched.is_deleted,
        touched.is_synthetic,
        {{ local_hour('touched.created_at', 'brands.timezone') }} as local_hour,
        engagements.engagements_known,
        touched.created_at
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.local_date = places.local_date
    inner join brands on places.brand_id = brands.brand_id
    inner join touched on places.platform = touched.platform and places.post_id = touched.post_id
    inner join scored on touched.post_key = scored.post_key
    inner join engagements on touched.post_key = engagements.post_key
    left join standings on touched.platform = standings.platform and touched.author_id = standings.author_id
    left join authors on touched.platform = authors.platform and touched.author_id = authors.author_id
    left join handles
        on
            places.brand_id = handles.brand_id
            and touched.platform = handles.platform
            and lower(replace(authors.handle, '@', '')) = handles.term

)

select * from final
