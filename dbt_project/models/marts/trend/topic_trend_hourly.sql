{%- set look_back_hours = 168 -%}
{%- set least_past_periods = 14 -%}
with

dirty as (

    select * from {{ source('core', 'dirty__topic_hour') }}

),

places as {{ inlined() }} (

    select * from {{ source('core', 'placed_topic') }}

),

posts as (

    select * from {{ ref('int_posts__scored') }}

),

topics as (

    select * from {{ source('core', 'standing_topic') }}
    where is_qualified

),

spans as (

    select
        dirty.topic_type,
        dirty.topic,
        min(dirty.hour_at) - {{ hours(look_back_hours) }} as first_hour_at,
        max(dirty.hour_at) as last_hour_at
    from dirty
    inner join topics on dirty.topic_type = topics.topic_type and dirty.topic = topics.topic
    group by dirty.topic_type, dirty.topic

),

hours as (

    select
        places.topic_type,
        places.topic,
        places.hour_at,
        count(*) filter (where not places.is_repost) as post_count
    from spans
    inner join places
        on
            spans.topic_type = places.topic_type
            and spans.topic = places.topic
            and spans.first_hour_at <= places.hour_at
            and spans.last_hour_at >= places.hour_at
    group by places.topic_type, places.topic, places.hour_at

),

compared as (

    select
        topic_type,
        topic,
        hour_at,
        cast(coalesce(sum(post_count) over one_hour_before, 0) as bigint) as previous_count,
        cast(coalesce(sum(post_count) over two_hours_before, 0) as bigint) as before_previous_count,
        cast(coalesce(sum(post_count) over past_hours, 0) as bigint) as past_post_count
    from hours
    window
        one_hour_before as (
            partition by topic_type, topic order by hour_at
            range between {{ hours(1) }} preceding and {{ hours(1) }} preceding
        ),
        two_hours_before as (
            partition by topic_type, topic order by hour_at
            range between {{ hours(2) }} preceding and {{ hours(2) }} preceding
        ),
        past_hours as (
            partition by topic_type, topic order by hour_at
            range between {{ hours(look_back_hours) }} preceding and {{ hours(1) }} preceding
        )

),

counted as (

    select
        places.topic_type,
        places.topic,
        places.hour_at,
        count(
            distinct case when posts.post_type <> 'repost' then posts.platform || ' ' || posts.author_id end
        ) as unique_author_count,
        {{- sentiment_counts() }}
    from dirty
    inner join places
        on
            dirty.topic_type = places.topic_type
            and dirty.topic = places.topic
            and dirty.hour_at = places.hour_at
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    group by places.topic_type, places.topic, places.hour_at

),

periods as (

    select
        counted.*,
        compared.previous_count,
        compared.before_previous_count,
        compared.past_post_count,
        topics.is_declared,
        least(
            {{ look_back_hours }},
            cast({{ hours_between('topics.first_hour_at', 'counted.hour_at') }} as integer)
        ) as past_period_count
    from counted
    inner join compared
        on
            counted.topic_type = compared.topic_type
            and counted.topic = compared.topic
            and counted.hour_at = compared.hour_at
    inner join topics on counted.topic_type = topics.topic_type and counted.topic = topics.topic

),

final as (

    select
        topic_type,
        topic,
        hour_at,
        engine_version,
        is_declared,
        is_synthetic,
        post_count,
        repost_count,
        unique_author_count,
        scored_count,
        unscored_count,
        {{ safe_pct('unscored_count', 'post_count') }} as unscored_pct,
        positive_count,
        neutral_count,
        negative_count,
        sentiment_mean,
        case when past_period_count >= 1 then post_count - previous_count end as velocity,
        case
            when past_period_count >= 2 then post_count - 2 * previous_count + before_previous_count
        end as acceleration,
        past_period_count,
        case
            when past_period_count >= {{ least_past_periods }}
                then round(cast(past_post_count as numeric) / past_period_count, 6)
        end as past_mean_post_count,
        case
            when past_period_count >= {{ least_past_periods }}
                then round(cast(post_count as numeric) * past_period_count / nullif(past_post_count, 0), 6)
        end as burstiness,
        {{ lineage() }}
    from periods

)

select * from final
