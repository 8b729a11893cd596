with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

keys as (

    select * from {{ source('core', 'post_key') }}

),

posts as (

    select * from {{ ref('int_posts__unioned') }}

),

matches as (

    select * from {{ source('core', 'post_brand') }}

),

brands as (

    select * from {{ source('core', 'brand') }}

),

final as (

    select
        dirty.post_key,
        matches.brand_id,
        matches.matched_by,
        matches.matched_term,
        posts.is_synthetic,
        {{ local_date('posts.created_at', 'brands.timezone') }} as local_date,
        {{ lineage() }}
    from dirty
    inner join keys on dirty.post_key = keys.post_key
    inner join posts on keys.platform = posts.platform and keys.post_id = posts.post_id
    inner join matches on keys.platform = matches.platform and keys.post_id = matches.post_id
    inner join brands on matches.brand_id = brands.brand_id
    where posts.is_collected

)

select * from final
