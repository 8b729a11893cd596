with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

posts as (

    select * from {{ ref('int_posts__touched') }}

),

scored_posts as (

    select * from {{ ref('int_posts__scored') }}

),

engagements as (

    select * from {{ ref('int_posts__engagements') }}

),

authors as (

    select * from {{ source('core', 'standing_author') }}

),

nearest_snapshots as (

    select * from {{ ref('int_posts__followers') }}

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

    select posts.*
    from dirty
    inner join posts on dirty.post_key = posts.post_key

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

final as (

    select
        wanted.post_key,
        wanted.author_key,
        wanted.platform,
        wanted.post_type,
        wanted.media_type,
        case
            when not wanted.is_deleted and (authors.is_public_voice or authors.is_brand_account) then wanted.post_id
        end as post_id,
        case when authors.is_public_voice or authors.is_brand_account then wanted.url end as url,
        masked_texts.text_masked as text,
        scored_posts.lang,
        scored_posts.sentiment_label,
        scored_posts.sentiment_compound,
        scored_posts.sentiment_source,
        scored_posts.sentiment_part,
        scored_posts.unscored_reason,
        scored_posts.engine_version,
        coalesce(authors.is_public_voice, false) as is_public_voice,
        coalesce(authors.is_brand_account, false) as is_brand_account,
        wanted.is_paid_partnership,
        coalesce(brand_counts.brand_count, 0) > 0 as is_matched,
        wanted.created_at is not null as is_dated,
        wanted.is_deleted,
        wanted.is_synthetic,
        coalesce(brand_counts.brand_count, 0) as brand_count,
        {%- for metric in post_metric_names() %}
        wanted.{{ metric }},
        {%- endfor %}
        engagements.engagements,
        engagements.engagements_known,
        nearest_snapshots.followers as followers_at_post,
        round(nearest_snapshots.distance_hours, 2) as followers_distance_hours,
        {{ safe_pct('engagements.engagements', 'wanted.reach') }} as engagement_rate_by_reach_pct,
        {{ safe_pct('engagements.engagements', 'nearest_snapshots.followers') }} as engagement_rate_by_followers_pct,
        {{ safe_pct('engagements.engagements', 'wanted.impressions') }} as engagement_rate_by_impressions_pct,
        {{ safe_pct('engagements.engagements', 'wanted.views') }} as engagement_rate_by_views_pct,
        {{ safe_pct('wanted.reposts', 'wanted.impressions') }} as virality_rate_by_impressions_pct,
        wanted.created_at,
        {{ hour_of('wanted.created_at') }} as hour_at,
        wanted.first_observed_at,
        wanted.observed_at,
        wanted.metrics_observed_at,
        wanted.batch_id,
        wanted.payload_ref,
        {{ lineage() }}
    from wanted
    inner join scored_posts on wanted.post_key = scored_posts.post_key
    inner join engagements on wanted.post_key = engagements.post_key
    left join authors on wanted.platform = authors.platform and wanted.author_id = authors.author_id
    left join masked_texts on wanted.text_hash = masked_texts.text_hash
    left join brand_counts on wanted.post_key = brand_counts.post_key
    left join nearest_snapshots on wanted.post_key = nearest_snapshots.post_key

)

select * from final
