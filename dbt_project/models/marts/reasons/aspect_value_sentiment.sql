with

dirty as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

posts as (

    select * from {{ ref('int_posts__touched') }}
    where post_type <> 'repost'

),

aspects as (

    select * from {{ ref('int_posts__aspects') }}

),
{{ aspect_values() }}

counted as (

    select
        places.brand_id,
        places.local_date,
        aspects.aspect,
        aspects_by_value.attribute_value,
        max(aspects.engine_version) as engine_version,
        bool_or(aspects.is_synthetic) as is_synthetic,
        count(*) as post_count,
        count(*) filter (where aspects.mood = 'positive') as positive_count,
        count(*) filter (where aspects.mood = 'neutral') as neutral_count,
        count(*) filter (where aspects.mood = 'negative') as negative_count
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.local_date = places.local_date
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    inner join aspects on posts.post_key = aspects.post_key
    inner join aspects_by_value
        on aspects.post_key = aspects_by_value.post_key and aspects.aspect = aspects_by_value.aspect
    group by places.brand_id, places.local_date, aspects.aspect, aspects_by_value.attribute_value

),

final as (

    select
        brand_id,
        local_date,
        aspect,
        attribute_value,
        engine_version,
        is_synthetic,
        {{ evidence('post_count') }} as evidence,
        post_count,
        positive_count,
        neutral_count,
        negative_count,
        {{ safe_pct('positive_count - negative_count', 'post_count') }} as net_sentiment_all_pct,
        {{ mood_shares('post_count') }},
        {{ lineage() }}
    from counted

)

select * from final
