with

dirty as (

    select * from {{ source('core', 'dirty__brand_spelling') }}

),

places as (

    select * from {{ source('core', 'placed_spelling') }}
    -- kept by the hooks of {{ ref('int_posts__spellings') }}

),

final as (

    select
        places.brand_id,
        places.spelling,
        max(places.name) as name,
        max(places.distance) as distance,
        bool_or(places.is_synthetic) as is_synthetic,
        count(*) as post_count,
        count(*) filter (where not places.is_matched) as unmatched_post_count,
        min(places.created_at) as first_seen_at,
        max(places.created_at) as last_seen_at,
        {{ lineage() }}
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.spelling = places.spelling
    group by places.brand_id, places.spelling

)

select * from final
