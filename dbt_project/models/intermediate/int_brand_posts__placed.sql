with

places as (

    select * from {{ source('core', 'placed_brand') }}

),

posts as (

    select * from {{ ref('int_posts__scored') }}

),

final as (

    select
        places.brand_id,
        places.hour_at,
        places.local_date,
        posts.post_key,
        posts.post_type,
        posts.sentiment_label,
        posts.sentiment_compound,
        posts.engine_version,
        posts.is_synthetic
    from places
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id

)

select * from final
