with

dirty as (

    select * from {{ source('core', 'dirty__topic_date') }}

),

topics as (

    select * from {{ source('core', 'standing_topic') }}
    where is_qualified

),

places as (

    select * from {{ source('core', 'placed_topic') }}
    where not is_repost

),

-- by key: the union of platforms is never walked for a topic's whole day
posts as (

    select * from {{ source('core', 'post') }}

),

{{ cloud_sources() }}

texts as (

    select
        dirty.topic_type,
        dirty.topic,
        dirty.utc_date,
        posts.text_hash,
        count(*) as post_count,
        bool_or(posts.is_synthetic) as is_synthetic
    from dirty
    inner join topics on dirty.topic_type = topics.topic_type and dirty.topic = topics.topic
    inner join places
        on
            dirty.topic_type = places.topic_type
            and dirty.topic = places.topic
            and places.hour_at >= {{ day_start('dirty.utc_date', "'UTC'") }}
            and places.hour_at < {{ day_start('dirty.utc_date', "'UTC'") }} + {{ hours(24) }}
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    where posts.text_hash is not null
    group by dirty.topic_type, dirty.topic, dirty.utc_date, posts.text_hash

),

{{ counted_cloud(['topic_type', 'topic', 'utc_date']) }}

final as (

    select
        odds.topic_type,
        odds.topic,
        odds.utc_date,
        odds.sentiment_label,
        odds.term_type,
        odds.term,
        moods.engine_version,
        moods.is_synthetic,
        ' ' || odds.topic || ' ' like '% ' || odds.term || ' %' as is_topic_term,
        {{- cloud_measures() }}
        {{ lineage() }}
    from odds
    inner join moods
        on
            odds.topic_type = moods.topic_type
            and odds.topic = moods.topic
            and odds.utc_date = moods.utc_date
            and odds.sentiment_label = moods.sentiment_label

)

select * from final
