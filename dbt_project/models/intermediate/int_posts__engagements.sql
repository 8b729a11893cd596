{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

posts as (

    select * from {{ ref('int_posts__touched') }}

),

reported_since as (

    select * from {{ ref('int_platforms__reported_since') }}

),

parts as (

    select
        posts.post_key,
        case
            when posts.metrics_observed_at >= reported_since.reactions_since then posts.reactions
            else coalesce(posts.likes, posts.reactions)
        end as applause,
        posts.comments,
        posts.reposts,
        posts.shares,
        posts.quotes,
        posts.saves,
        coalesce(
            posts.metrics_observed_at >= least(reported_since.likes_since, reported_since.reactions_since), false
        ) as is_applause_reported,
        {%- for metric in engagement_part_names() if metric != 'applause' %}
        coalesce(
            posts.metrics_observed_at >= reported_since.{{ metric }}_since, false
        ) as is_{{ metric }}_reported{{ ',' if not loop.last }}
        {%- endfor %}
    from posts
    left join reported_since on posts.platform = reported_since.platform

),

judged as (

    select
        post_key,
        {{ sum_known(engagement_part_names()) }} as engagements_known,
        (
            {%- for part in engagement_part_names() %}
            is_{{ part }}_reported{{ ' or' if not loop.last }}
            {%- endfor %}
        ) as is_any_reported,
        (
            {%- for part in engagement_part_names() %}
            (is_{{ part }}_reported and {{ part }} is null){{ ' or' if not loop.last }}
            {%- endfor %}
        ) as is_any_missing
    from parts

),

final as (

    select
        post_key,
        case when is_any_reported and not is_any_missing then engagements_known end as engagements,
        engagements_known
    from judged

)

select * from final
