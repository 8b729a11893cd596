with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

posts as (

    select * from {{ ref('int_posts__touched') }}

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
    inner join posts on dirty.post_key = posts.post_key
    inner join matches on posts.platform = matches.platform and posts.post_id = matches.post_id
    inner join brands on matches.brand_id = brands.brand_id

)

select * from final
