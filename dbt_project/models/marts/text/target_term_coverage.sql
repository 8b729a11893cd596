with

dirty as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

posts as (

    select * from {{ source('core', 'post') }}
    where post_type <> 'repost'

),

targets as (

    select
        brand_id,
        kind as target_type,
        term as target
    from {{ source('core', 'brand_term') }}
    where kind in ('keyword', 'hashtag', 'target')

),

holdings as (

    select * from {{ source('core', 'post_target') }}

),

day_posts as (

    select
        dirty.brand_id,
        dirty.local_date,
        posts.platform,
        posts.post_id,
        posts.text_hash is not null as has_text,
        posts.is_synthetic
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.local_date = places.local_date
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id

),

days as (

    select
        brand_id,
        local_date,
        count(*) as post_count,
        count(*) filter (where has_text) as text_post_count,
        bool_or(is_synthetic) as is_synthetic
    from day_posts
    group by brand_id, local_date

),

held as (

    select
        day_posts.brand_id,
        day_posts.local_date,
        holdings.target_type,
        holdings.target,
        count(*) as term_post_count
    from day_posts
    inner join holdings
        on
            day_posts.platform = holdings.platform
            and day_posts.post_id = holdings.post_id
            and day_posts.brand_id = holdings.brand_id
    where day_posts.has_text
    group by day_posts.brand_id, day_posts.local_date, holdings.target_type, holdings.target

),

final as (

    select
        days.brand_id,
        days.local_date,
        targets.target_type,
        targets.target,
        days.is_synthetic,
        days.post_count,
        days.text_post_count,
        coalesce(held.term_post_count, 0) as term_post_count,
        {{ safe_pct('coalesce(held.term_post_count, 0)', 'days.text_post_count') }} as term_coverage_pct,
        {{ wilson_pct('coalesce(held.term_post_count, 0)', 'days.text_post_count', 'low') }} as term_coverage_low_pct,
        {{ wilson_pct('coalesce(held.term_post_count, 0)', 'days.text_post_count', 'high') }} as term_coverage_high_pct,
        {{ lineage() }}
    from days
    inner join targets on days.brand_id = targets.brand_id
    left join held
        on
            days.brand_id = held.brand_id
            and days.local_date = held.local_date
            and targets.target_type = held.target_type
            and targets.target = held.target

)

select * from final
