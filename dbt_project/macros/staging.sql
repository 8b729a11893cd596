{#- The canonical columns of a post, which every adapter model gives in this order. -#}
{% macro post_metric_names() -%}
    {{ return([
        'likes', 'reactions', 'dislikes', 'comments', 'reposts', 'shares', 'quotes', 'saves', 'clicks',
        'views', 'impressions', 'reach', 'score',
    ]) }}
{%- endmacro %}

{#- One platform's posts in canonical columns: latest version with its latest observed metrics. -#}
{% macro stage_posts(platform) %}
with

posts as (

    select * from {{ source('core', 'post') }}
    where platform = '{{ platform }}'

),

metrics as (

    select * from {{ source('core', 'post_metrics_latest') }}
    where platform = '{{ platform }}'

),

final as (

    select
        posts.platform,
        posts.post_id,
        posts.author_id,
        posts.post_type,
        posts.parent_post_id,
        posts.root_post_id,
        posts.reposted_post_id,
        posts.quoted_post_id,
        posts.text,
        posts.text_hash,
        posts.lang_reported,
        posts.url,
        posts.media_type,
        posts.is_paid_partnership,
        posts.is_collected,
        posts.is_deleted,
        posts.is_synthetic,
        {%- for metric in post_metric_names() %}
        metrics.{{ metric }},
        {%- endfor %}
        posts.created_at,
        posts.first_observed_at,
        posts.observed_at,
        metrics.observed_at as metrics_observed_at,
        posts.batch_id,
        posts.source,
        posts.payload_ref
    from posts
    left join metrics on posts.platform = metrics.platform and posts.post_id = metrics.post_id

)

select * from final
{% endmacro %}

{#- One platform's authors in canonical columns: latest profile with its latest observed metrics. -#}
{% macro stage_authors(platform) %}
with

keys as (

    select * from {{ source('core', 'author_key') }}
    where platform = '{{ platform }}'

),

profiles as (

    select * from {{ source('core', 'author') }}
    where platform = '{{ platform }}'

),

metrics as (

    select * from {{ source('core', 'author_metrics_latest') }}
    where platform = '{{ platform }}'

),

final as (

    select
        keys.platform,
        keys.author_id,
        keys.author_key,
        profiles.handle,
        profiles.display_name,
        profiles.is_verified,
        profiles.is_business,
        metrics.followers,
        metrics.following,
        metrics.posts,
        metrics.listed,
        metrics.likes_received,
        profiles.created_at,
        profiles.observed_at as profile_observed_at,
        metrics.observed_at as metrics_observed_at,
        coalesce(profiles.is_synthetic, metrics.is_synthetic) as is_synthetic,
        coalesce(profiles.batch_id, metrics.batch_id) as batch_id,
        coalesce(profiles.payload_ref, metrics.payload_ref) as payload_ref
    from keys
    left join profiles on keys.platform = profiles.platform and keys.author_id = profiles.author_id
    left join metrics on keys.platform = metrics.platform and keys.author_id = metrics.author_id

)

select * from final
{% endmacro %}

{#- The platforms that have adapter models. -#}
{% macro staged_platforms() -%}
    {{ return([
        'x', 'instagram', 'tiktok', 'youtube', 'facebook', 'threads', 'mastodon', 'bluesky', 'reddit',
        'tokopedia', 'other',
    ]) }}
{%- endmacro %}

{#- All platforms' adapter models of one entity, one below the other. -#}
{% macro union_staged(entity) %}
with

final as (
{% for platform in staged_platforms() %}
    select * from {{ ref('stg_' ~ platform ~ '__' ~ entity) }}
    {{ 'union all' if not loop.last }}
{%- endfor %}

)

select * from final
{% endmacro %}
