with

places as (

    select * from {{ source('core', 'placed_topic') }}

),

posts as (

    select * from {{ ref('int_posts__scored') }}

),

final as (

    select
        places.topic_type,
        places.topic,
        places.hour_at,
        posts.post_key,
        posts.platform,
        posts.author_id,
        posts.post_type,
        posts.sentiment_label,
        posts.sentiment_compound,
        posts.engine_version,
        posts.is_synthetic
    from places
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id

)

select * from final
