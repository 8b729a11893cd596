{#- Counts of a group of scored posts: reposts apart, sentiment without reposts. -#}
{% macro sentiment_counts() %}
        count(*) filter (where posts.post_type <> 'repost') as post_count,
        count(*) filter (where posts.post_type = 'repost') as repost_count,
        count(*) filter (where posts.post_type <> 'repost' and posts.sentiment_label <> 'unscored') as scored_count,
        count(*) filter (where posts.post_type <> 'repost' and posts.sentiment_label = 'unscored') as unscored_count,
        count(*) filter (where posts.post_type <> 'repost' and posts.sentiment_label = 'positive') as positive_count,
        count(*) filter (where posts.post_type <> 'repost' and posts.sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where posts.post_type <> 'repost' and posts.sentiment_label = 'negative') as negative_count,
        round(
            avg(cast(posts.sentiment_compound as numeric)) filter (where posts.post_type <> 'repost'), 6
        ) as sentiment_mean,
        max(posts.engine_version) as engine_version,
        bool_or(posts.is_synthetic) as is_synthetic
{%- endmacro %}

{#- Shares of the positive and the negative in a group of posts, each with the ends of its 95 % interval. -#}
{% macro mood_shares(total) -%}
        {{ safe_pct('positive_count', total) }} as positive_share_pct,
        {{ wilson_pct('positive_count', total, 'low') }} as positive_share_low_pct,
        {{ wilson_pct('positive_count', total, 'high') }} as positive_share_high_pct,
        {{ safe_pct('negative_count', total) }} as negative_share_pct,
        {{ wilson_pct('negative_count', total, 'low') }} as negative_share_low_pct,
        {{ wilson_pct('negative_count', total, 'high') }} as negative_share_high_pct
{%- endmacro %}

{#- Whether so many posts carry a share that one may act on. -#}
{% macro evidence(total) -%}
    case when {{ total }} < 10 then 'not enough' else 'enough' end
{%- endmacro %}

{#- The mood of a brand by one of its partitions: hour_at or local_date. -#}
{% macro brand_sentiment(period, dirty_keys) %}
with

dirty as (

    select * from {{ source('core', dirty_keys) }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

posts as (

    select * from {{ ref('int_posts__scored') }}

),

counted as (

    select
        places.brand_id,
        places.{{ period }},
        {{- sentiment_counts() }}
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.{{ period }} = places.{{ period }}
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    group by places.brand_id, places.{{ period }}

),

final as (

    select
        brand_id,
        {{ period }},
        engine_version,
        is_synthetic,
        post_count,
        repost_count,
        scored_count,
        unscored_count,
        {{ safe_pct('unscored_count', 'post_count') }} as unscored_pct,
        positive_count,
        neutral_count,
        negative_count,
        sentiment_mean,
        {{ safe_pct('positive_count - negative_count', 'scored_count') }} as net_sentiment_all_pct,
        {{ safe_pct('positive_count - negative_count', '(positive_count + negative_count)') }}
        as net_sentiment_opinionated_pct,
        {{ safe_pct('positive_count', '(positive_count + negative_count)') }} as brand_health_index_pct,
        {{ mood_shares('scored_count') }},
        {{ lineage() }}
    from counted

)

select * from final
{% endmacro %}
