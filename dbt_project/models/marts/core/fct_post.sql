{%- set follower_distance_hours = 48 -%}
with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

keys as (

    select * from {{ source('core', 'post_key') }}

),

posts as (

    select * from {{ ref('int_posts__unioned') }}

),

scored_posts as (

    select * from {{ ref('int_posts__scored') }}

),

engagements as (

    select * from {{ ref('int_posts__engagements') }}

),

authors as (

    select * from {{ ref('int_authors__standing') }}

),

author_metrics as (

    select * from {{ source('raw', 'author_metrics') }}

),

brand_matches as (

    select * from {{ source('core', 'post_brand') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

masked_texts as (

    select
        texts.text_hash,
        texts.text_masked
    from {{ source('core', 'text_masked') }} as texts
    inner join active_engines on texts.mask_version = active_engines.engine_version
    where active_engines.task = 'mask'

),

wanted as (

    select
        keys.platform,
        keys.post_id,
        keys.post_key
    from dirty
    inner join keys on dirty.post_key = keys.post_key

),

brand_counts as (

    select
        wanted.post_key,
        count(*) as brand_count
    from wanted
    inner join brand_matches
        on wanted.platform = brand_matches.platform and wanted.post_id = brand_matches.post_id
    group by wanted.post_key

),

snapshots as (

    select
        wanted.post_key,
        author_metrics.followers,
        abs({{ hours_between('posts.created_at', 'author_metrics.observed_at') }}) as distance_hours,
        row_number() over (
            partition by wanted.post_key
            order by
                abs({{ hours_between('posts.created_at', 'author_metrics.observed_at') }}) asc,
                author_metrics.observed_at asc,
                author_metrics.content_hash desc
        ) as nearness
    from wanted
    inner join posts on wanted.platform = posts.platform and wanted.post_id = posts.post_id
    inner join author_metrics
        on
            posts.platform = author_metrics.platform
            and posts.author_id = author_metrics.author_id
            and author_metrics.observed_at >= posts.created_at - {{ hours(follower_distance_hours) }}
            and author_metrics.observed_at <= posts.created_at + {{ hours(follower_distance_hours) }}
    where author_metrics.followers is not null

),

nearest_snapshots as (

    select * from snapshots
    where nearness = 1

),

final as (

    select
        wanted.post_key,
        scored_posts.author_key,
        posts.platform,
        posts.post_type,
        posts.media_type,
        case
            when not posts.is_deleted and (authors.is_public_voice or authors.is_brand_account) then posts.post_id
        end as post_id,
        case when authors.is_public_voice or authors.is_brand_account then posts.url end as url,
        masked_texts.text_masked as text,
        scored_posts.lang,
        scored_posts.sentiment_label,
        scored_posts.sentiment_compound,
        scored_posts.unscored_reason,
        scored_posts.engine_version,
        coalesce(authors.is_public_voice, false) as is_public_voice,
        coalesce(authors.is_brand_account, false) as is_brand_account,
        posts.is_paid_partnership,
        coalesce(brand_counts.brand_count, 0) > 0 as is_matched,
        posts.created_at is not null as is_dated,
        posts.is_deleted,
        posts.is_synthetic,
        coalesce(brand_counts.brand_count, 0) as brand_count,
        {%- for metric in post_metric_names() %}
        posts.{{ metric }},
        {%- endfor %}
        engagements.engagements,
        engagements.engagements_known,
        nearest_snapshots.followers as followers_at_post,
        round(nearest_snapshots.distance_hours, 2) as followers_distance_hours,
        {{ safe_pct('engagements.engagements', 'posts.reach') }} as engagement_rate_by_reach_pct,
        {{ safe_pct('engagements.engagements', 'nearest_snapshots.followers') }} as engagement_rate_by_followers_pct,
        {{ safe_pct('engagements.engagements', 'posts.impressions') }} as engagement_rate_by_impressions_pct,
        {{ safe_pct('engagements.engagements', 'posts.views') }} as engagement_rate_by_views_pct,
        {{ safe_pct('posts.reposts', 'posts.impressions') }} as virality_rate_by_impressions_pct,
        posts.created_at,
        {{ hour_of('posts.created_at') }} as hour_at,
        posts.first_observed_at,
        posts.observed_at,
        posts.metrics_observed_at,
        posts.batch_id,
        posts.payload_ref,
        {{ lineage() }}
    from wanted
    inner join posts on wanted.platform = posts.platform and wanted.post_id = posts.post_id
    inner join scored_posts on wanted.platform = scored_posts.platform and wanted.post_id = scored_posts.post_id
    inner join engagements on wanted.platform = engagements.platform and wanted.post_id = engagements.post_id
    left join authors on posts.platform = authors.platform and posts.author_id = authors.author_id
    left join masked_texts on posts.text_hash = masked_texts.text_hash
    left join brand_counts on wanted.post_key = brand_counts.post_key
    left join nearest_snapshots on wanted.post_key = nearest_snapshots.post_key
    where posts.is_collected

)

select * from final
