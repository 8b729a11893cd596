{%- set listed_authors = 5 -%}
with

dirty as (

    select * from {{ source('core', 'dirty__topic_span') }}

),

authors as (

    select * from {{ source('core', 'standing_influence') }}
    -- kept by the hooks of {{ ref('int_influence__scored') }}

),

places as (

    -- The same order every time: where indices are equal, by what resounded on the topic, then by the key.
    select
        authors.*,
        row_number() over (
            partition by authors.topic_type, authors.topic, authors.span, authors.sentiment_label
            order by
                authors.influence_index desc,
                coalesce(authors.reposts, -1) desc,
                coalesce(authors.likes, -1) desc,
                coalesce(authors.followers, -1) desc,
                authors.author_key asc
        ) as position
    from dirty
    inner join authors
        on dirty.topic_type = authors.topic_type and dirty.topic = authors.topic and dirty.span = authors.span
    where authors.influence_index is not null and authors.sentiment_label <> 'unscored'

),

final as (

    select
        topic_type,
        topic,
        span,
        sentiment_label,
        position,
        author_key,
        platform,
        resonant_post_key as post_key,
        engine_version,
        weights_version,
        is_synthetic,
        followers,
        reposts,
        likes,
        post_count,
        scored_count,
        sentiment_mean,
        influence_index,
        influence_score,
        {{ lineage() }}
    from places
    where position <= {{ listed_authors }}

)

select * from final
