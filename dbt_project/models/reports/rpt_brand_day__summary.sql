with

posts as (

    select * from {{ ref('int_brand_days__posts') }}

),

counted as (

    select
        posts.brand_id,
        posts.local_date,
        count(distinct case when posts.post_type <> 'repost' then posts.author_key end) as author_count,
        {{- sentiment_counts() }}
    from posts
    group by posts.brand_id, posts.local_date

),

final as (

    select
        brand_id,
        local_date,
        engine_version,
        is_synthetic,
        post_count,
        repost_count,
        author_count,
        scored_count,
        unscored_count,
        {{ safe_pct('unscored_count', 'post_count') }} as unscored_pct,
        positive_count,
        neutral_count,
        negative_count,
        {{ safe_pct('positive_count - negative_count', 'scored_count') }} as net_sentiment_all_pct,
        {{ mood_shares('scored_count') }},
        {{ lineage() }}
    from counted

)

select * from final
