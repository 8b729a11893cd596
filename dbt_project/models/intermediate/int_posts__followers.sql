{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}
{%- set follower_distance_hours = 48 %}

with

posts as (

    select * from {{ ref('int_posts__touched') }}

),

author_metrics as (

    select * from {{ source('raw', 'author_metrics') }}

),

snapshots as (

    select
        posts.post_key,
        author_metrics.followers,
        abs({{ hours_between('posts.created_at', 'author_metrics.observed_at') }}) as distance_hours,
        row_number() over (
            partition by posts.post_key
            order by
                abs({{ hours_between('posts.created_at', 'author_metrics.observed_at') }}) asc,
                author_metrics.observed_at asc,
                author_metrics.content_hash desc
        ) as nearness
    from posts
    inner join author_metrics
        on
            posts.platform = author_metrics.platform
            and posts.author_id = author_metrics.author_id
            and author_metrics.observed_at >= posts.created_at - {{ hours(follower_distance_hours) }}
            and author_metrics.observed_at <= posts.created_at + {{ hours(follower_distance_hours) }}
    where author_metrics.followers is not null

),

final as (

    select
        post_key,
        followers,
        distance_hours
    from snapshots
    where nearness = 1

)

select * from final
