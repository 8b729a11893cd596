with

dirty as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

posts as (

    select * from {{ ref('int_posts__scored') }}
    where post_type <> 'repost'

),

entities as (

    select * from {{ ref('int_posts__entities') }}

),

counted as (

    select
        places.brand_id,
        places.local_date,
        entities.entity_type,
        entities.entity_id,
        min(entities.entity_name) as entity_name,
        min(entities.brand_id) as entity_brand_id,
        min(entities.province_code) as province_code,
        max(entities.engine_version) as engine_version,
        max(posts.engine_version) as sentiment_engine_version,
        bool_or(entities.is_synthetic) as is_synthetic,
        count(*) as post_count,
        count(*) filter (where entities.is_ambiguous) as ambiguous_count,
        count(*) filter (where posts.sentiment_label <> 'unscored') as scored_count,
        count(*) filter (where posts.sentiment_label = 'unscored') as unscored_count,
        count(*) filter (where posts.sentiment_label = 'positive') as positive_count,
        count(*) filter (where posts.sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where posts.sentiment_label = 'negative') as negative_count
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.local_date = places.local_date
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    inner join entities on posts.post_key = entities.post_key
    -- that posts of a brand name the brand says nothing
    where entities.entity_type <> 'brand' or entities.entity_id <> places.brand_id
    group by places.brand_id, places.local_date, entities.entity_type, entities.entity_id

),

final as (

    select
        brand_id,
        local_date,
        entity_type,
        entity_id,
        entity_name,
        entity_brand_id,
        province_code,
        engine_version,
        sentiment_engine_version,
        is_synthetic,
        {{ evidence('scored_count') }} as evidence,
        post_count,
        ambiguous_count,
        scored_count,
        unscored_count,
        {{ safe_pct('unscored_count', 'post_count') }} as unscored_pct,
        positive_count,
        neutral_count,
        negative_count,
        {{ safe_pct('positive_count - negative_count', 'scored_count') }} as net_sentiment_all_pct,
        {{ mood_shares('scored_count') }},
        {{ lineage() }}
    from counted

)

select * from final
