{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}
{%- set least_rows = 30 %}

with

due as (

    select * from {{ source('core', 'influence_due') }}

),

places as (

    select * from {{ source('core', 'placed_topic') }}
    where not is_repost and author_id is not null

),

topics as (

    select * from {{ source('core', 'standing_topic') }}
    where is_qualified

),

-- Full days before the norm date first; the span itself where a platform has too few authors there.
windows as (

    select
        span,
        norm_date,
        false as is_provisional,
        basis_start_at as start_at,
        basis_end_at as end_at
    from due

    union all

    select
        span,
        norm_date,
        true as is_provisional,
        start_at,
        end_at
    from due

),

window_posts as (

    select
        windows.span,
        windows.norm_date,
        windows.is_provisional,
        windows.start_at,
        windows.end_at,
        places.platform,
        places.author_id,
        places.topic_type,
        places.topic,
        places.post_id
    from windows
    inner join places on windows.start_at <= places.hour_at and windows.end_at > places.hour_at
    inner join topics on places.topic_type = topics.topic_type and places.topic = topics.topic

),

settled_authors as (

    select distinct
        span,
        platform,
        author_id,
        topic_type,
        topic
    from window_posts
    where not is_provisional

),

sizes as (

    select
        span,
        platform,
        count(*) as settled_count
    from settled_authors
    group by span, platform

),

chosen as (

    select window_posts.*
    from window_posts
    left join sizes on window_posts.span = sizes.span and window_posts.platform = sizes.platform
    where window_posts.is_provisional = (coalesce(sizes.settled_count, 0) < {{ least_rows }})

),

chosen_authors as (

    select distinct
        span,
        platform,
        author_id,
        end_at
    from chosen

),

authors as (

    select
        wanted.span,
        wanted.platform,
        wanted.author_id,
        snapshots.followers,
        snapshots.listed,
        snapshots.posts
    from chosen_authors as wanted
    left join lateral (  -- noqa: ST05
        {{ observed_by(source('raw', 'author_metrics'), 'author_id', ['followers', 'listed', 'posts']) }}
    ) as snapshots on true

),

chosen_posts as (

    select distinct
        span,
        platform,
        post_id,
        end_at
    from chosen

),

posts as (

    select
        wanted.span,
        wanted.platform,
        wanted.post_id,
        observations.reposts,
        observations.likes
    from chosen_posts as wanted
    left join lateral (  -- noqa: ST05
        {{ observed_by(source('raw', 'post_metrics'), 'post_id', ['reposts', 'likes']) }}
    ) as observations on true

),

topic_sums as (

    select
        chosen.span,
        chosen.platform,
        chosen.author_id,
        chosen.topic_type,
        chosen.topic,
        chosen.norm_date,
        chosen.is_provisional,
        chosen.start_at,
        chosen.end_at,
        sum(posts.reposts) as reposts,
        sum(posts.likes) as likes
    from chosen
    inner join posts
        on
            chosen.span = posts.span
            and chosen.platform = posts.platform
            and chosen.post_id = posts.post_id
    group by
        chosen.span,
        chosen.platform,
        chosen.author_id,
        chosen.topic_type,
        chosen.topic,
        chosen.norm_date,
        chosen.is_provisional,
        chosen.start_at,
        chosen.end_at

),

final as (

    select
        topic_sums.span,
        topic_sums.platform,
        topic_sums.author_id,
        topic_sums.topic_type,
        topic_sums.topic,
        topic_sums.norm_date,
        topic_sums.is_provisional,
        topic_sums.start_at,
        topic_sums.end_at,
        {{ ln1p('authors.followers') }} as followers_ln,
        {{ ln1p('authors.listed') }} as listed_ln,
        {{ ln1p('authors.posts') }} as posts_ln,
        {{ ln1p('topic_sums.reposts') }} as reposts_ln,
        {{ ln1p('topic_sums.likes') }} as likes_ln
    from topic_sums
    inner join authors
        on
            topic_sums.span = authors.span
            and topic_sums.platform = authors.platform
            and topic_sums.author_id = authors.author_id

)

select * from final
