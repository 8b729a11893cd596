with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

scored_posts as (

    select * from {{ ref('int_posts__scored') }}

),

final as (

    select
        scored_posts.post_key,
        scored_posts.lang,
        scored_posts.sentiment_label,
        scored_posts.sentiment_source,
        scored_posts.sentiment_part,
        scored_posts.unscored_reason,
        scored_posts.engine_version,
        scored_posts.is_synthetic,
        scored_posts.sentiment_compound,
        {{ lineage() }}
    from dirty
    inner join scored_posts on dirty.post_key = scored_posts.post_key

)

select * from final
