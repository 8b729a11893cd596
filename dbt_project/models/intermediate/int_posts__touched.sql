{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}
{%- set in_span %}
influence_wanted.start_at <= placed_topics.hour_at and influence_wanted.end_at > placed_topics.hour_at
{%- endset %}

with

dirty_posts as (

    select * from {{ source('core', 'dirty__post') }}

),

dirty_brand_hours as (

    select * from {{ source('core', 'dirty__brand_hour') }}

),

dirty_brand_dates as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

dirty_topic_hours as (

    select * from {{ source('core', 'dirty__topic_hour') }}

),

panel_slots as (

    select * from {{ ref('int_panels__dirty_slots') }}

),

dirty_influence as (

    -- The hooks of {{ ref('int_influence__norms') }} and {{ ref('int_influence__percentiles') }} mark keys too.
    select * from {{ source('core', 'dirty__topic_span_author') }}

),

dirty_msme_media as (

    select * from {{ source('core', 'dirty__msme_media') }}
    -- noted, too, by the hooks of {{ ref('int_posts__business') }}

),

placed_msme as {{ inlined() }} (

    select * from {{ source('core', 'placed_msme') }}

),

influence_spans as (

    select * from {{ source('core', 'influence_span') }}

),

placed_brands as {{ inlined() }} (

    select * from {{ source('core', 'placed_brand') }}

),

placed_topics as {{ inlined() }} (

    select * from {{ source('core', 'placed_topic') }}

),

keys as {{ inlined() }} (

    select * from {{ source('core', 'post_key') }}

),

author_keys as {{ inlined() }} (

    select * from {{ source('core', 'author_key') }}

),

posts as (

    select * from {{ ref('int_posts__unioned') }}

),

influence_wanted as (

    select
        dirty_influence.topic_type,
        dirty_influence.topic,
        author_keys.platform,
        author_keys.author_id,
        influence_spans.start_at,
        influence_spans.end_at
    from dirty_influence
    inner join author_keys on dirty_influence.author_key = author_keys.author_key
    inner join influence_spans on dirty_influence.span = influence_spans.span

),

touched as (

    select
        keys.platform,
        keys.post_id
    from dirty_posts
    inner join keys on dirty_posts.post_key = keys.post_key

    union

    select
        placed_brands.platform,
        placed_brands.post_id
    from dirty_brand_hours
    inner join placed_brands
        on dirty_brand_hours.brand_id = placed_brands.brand_id and dirty_brand_hours.hour_at = placed_brands.hour_at

    union

    select
        placed_brands.platform,
        placed_brands.post_id
    from dirty_brand_dates
    inner join placed_brands
        on
            dirty_brand_dates.brand_id = placed_brands.brand_id
            and dirty_brand_dates.local_date = placed_brands.local_date

    union

    select
        placed_topics.platform,
        placed_topics.post_id
    from dirty_topic_hours
    inner join placed_topics
        on
            dirty_topic_hours.topic_type = placed_topics.topic_type
            and dirty_topic_hours.topic = placed_topics.topic
            and dirty_topic_hours.hour_at = placed_topics.hour_at

    union

    select
        placed_brands.platform,
        placed_brands.post_id
    from panel_slots
    inner join placed_brands
        on
            panel_slots.brand_id = placed_brands.brand_id
            and panel_slots.first_hour_at <= placed_brands.hour_at
            and panel_slots.ends_at > placed_brands.hour_at

    union

    select
        keys.platform,
        keys.post_id
    from dirty_msme_media
    inner join placed_msme
        on
            dirty_msme_media.week_date = placed_msme.week_date
            and dirty_msme_media.industry = placed_msme.industry
            and dirty_msme_media.activity = placed_msme.activity
            and dirty_msme_media.media_type = placed_msme.media_type
    inner join keys on placed_msme.post_key = keys.post_key

    union

    select
        placed_topics.platform,
        placed_topics.post_id
    from influence_wanted
    {{ join_each('placed_topics', 'influence_wanted', ['platform', 'author_id', 'topic_type', 'topic'], in_span) }}

),

final as (

    select
        keys.post_key,
        author_keys.author_key,
        posts.*
    from touched
    {{ join_each('posts', 'touched', ['platform', 'post_id']) }}
    inner join keys on touched.platform = keys.platform and touched.post_id = keys.post_id
    left join author_keys on posts.platform = author_keys.platform and posts.author_id = author_keys.author_id
    where posts.is_collected

)

select * from final
