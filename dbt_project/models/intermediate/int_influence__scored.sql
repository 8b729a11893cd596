{{ config(
    materialized='table',
    tags=['tick'],
    post_hook=["{{ forget_influence() }}", "{{ keep_influence() }}"]
) }}
{%- set in_span = 'wanted.start_at <= places.hour_at and wanted.end_at > places.hour_at' %}

with

dirty as (

    select * from {{ source('core', 'dirty__topic_span_author') }}

),

keys as (

    select * from {{ source('core', 'author_key') }}

),

spans as (

    select * from {{ source('core', 'influence_span') }}

),

topics as (

    select * from {{ source('core', 'standing_topic') }}
    where is_qualified

),

places as {{ inlined() }} (

    select * from {{ source('core', 'placed_topic') }}
    where not is_repost

),

posts as (

    select * from {{ ref('int_posts__touched') }}

),

scores as (

    select * from {{ ref('int_posts__scored') }}

),

latest_metrics as (

    select * from {{ source('core', 'author_metrics_latest') }}

),

author_metrics as (

    select * from {{ source('raw', 'author_metrics') }}

),

norm_inputs as (

    select * from {{ source('core', 'influence_norm') }}
    -- kept by the hooks of {{ ref('int_influence__norms') }}

),

percentiles as (

    select * from {{ source('core', 'influence_percentile') }}
    -- kept by the hooks of {{ ref('int_influence__percentiles') }}

),

norms as (
{{ pivoted_norms('norm_inputs') }}
),

weights as (
{{ pivoted_weights(ref('influence_weights')) }}
),

wanted as (

    select
        dirty.topic_type,
        dirty.topic,
        dirty.span,
        dirty.author_key,
        keys.platform,
        keys.author_id,
        spans.hours,
        spans.start_at,
        spans.end_at
    from dirty
    inner join topics on dirty.topic_type = topics.topic_type and dirty.topic = topics.topic
    inner join spans on dirty.span = spans.span
    inner join keys on dirty.author_key = keys.author_key

),

topic_posts as (

    select
        wanted.topic_type,
        wanted.topic,
        wanted.span,
        wanted.author_key,
        wanted.platform,
        wanted.author_id,
        wanted.hours,
        posts.post_key,
        posts.created_at,
        posts.reposts,
        posts.likes,
        posts.is_synthetic,
        scores.sentiment_label,
        scores.sentiment_compound,
        scores.engine_version,
        row_number() over (
            partition by wanted.topic_type, wanted.topic, wanted.span, wanted.author_key
            order by
                -- by what is known of each: it only chooses the post to show, no number comes of it
                coalesce(posts.reposts, 0) + coalesce(posts.likes, 0) desc,
                coalesce(posts.reposts, 0) desc,
                posts.created_at asc,
                posts.post_key asc
        ) as resonance_rank
    from wanted
    -- author by author: the planner knows the newest hours least, and would walk all of them for each
    {{ join_each('places', 'wanted', ['platform', 'author_id', 'topic_type', 'topic'], in_span) }}
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    inner join scores on posts.post_key = scores.post_key

),

on_topic as (

    select
        topic_type,
        topic,
        span,
        author_key,
        platform,
        author_id,
        hours,
        count(*) as post_count,
        count(reposts) as reposts_known_post_count,
        count(likes) as likes_known_post_count,
        cast(sum(reposts) as bigint) as reposts,
        cast(sum(likes) as bigint) as likes,
        count(*) filter (where sentiment_label <> 'unscored') as scored_count,
        round(avg(cast(sentiment_compound as numeric)), 6) as sentiment_mean,
        max(engine_version) as engine_version,
        bool_or(is_synthetic) as is_synthetic,
        min(created_at) as first_post_at,
        max(created_at) as last_post_at,
        max(case when resonance_rank = 1 then post_key end) as resonant_post_key
    from topic_posts
    group by topic_type, topic, span, author_key, platform, author_id, hours

),

-- Posts of any kind between the snapshots around the author's posts on the topic.
snapshots as (

    select
        on_topic.topic_type,
        on_topic.topic,
        on_topic.span,
        on_topic.author_key,
        author_metrics.posts,
        author_metrics.observed_at <= on_topic.first_post_at as is_before,
        row_number() over (
            partition by
                on_topic.topic_type,
                on_topic.topic,
                on_topic.span,
                on_topic.author_key,
                author_metrics.observed_at <= on_topic.first_post_at
            order by
                case
                    when author_metrics.observed_at <= on_topic.first_post_at
                        then {{ hours_between('author_metrics.observed_at', 'on_topic.first_post_at') }}
                    else {{ hours_between('on_topic.last_post_at', 'author_metrics.observed_at') }}
                end asc,
                author_metrics.content_hash desc
        ) as nearness
    from on_topic
    inner join author_metrics
        on
            on_topic.platform = author_metrics.platform
            and on_topic.author_id = author_metrics.author_id
            and author_metrics.observed_at >= on_topic.first_post_at - {{ hours_of('on_topic.hours') }}
            and author_metrics.observed_at <= on_topic.last_post_at + {{ hours_of('on_topic.hours') }}
    where
        author_metrics.posts is not null
        and (
            author_metrics.observed_at <= on_topic.first_post_at
            or author_metrics.observed_at >= on_topic.last_post_at
        )

),

activity as (

    select
        topic_type,
        topic,
        span,
        author_key,
        max(case when not is_before then posts end) - max(case when is_before then posts end) as all_post_count
    from snapshots
    where nearness = 1
    group by topic_type, topic, span, author_key

),

standardised as (

    select
        on_topic.*,
        latest_metrics.followers,
        latest_metrics.listed,
        latest_metrics.posts as author_post_count,
        case when activity.all_post_count >= on_topic.post_count then activity.all_post_count end as all_post_count,
        norms.platform is not null as has_norms,
        weights.weights_version,
        {{ ln1p('latest_metrics.followers') }} as followers_ln,
        {{ ln1p('latest_metrics.listed') }} as listed_ln,
        {{ ln1p('latest_metrics.posts') }} as posts_ln,
        {{ ln1p('on_topic.reposts') }} as reposts_ln,
        {{ ln1p('on_topic.likes') }} as likes_ln,
        {%- for input in influence_inputs() %}
        norms.{{ input }}_mean,
        norms.{{ input }}_deviation,
        weights.{{ input }}_weight{{ ',' if not loop.last }}
        {%- endfor %}
    from on_topic
    cross join weights
    left join latest_metrics
        on on_topic.platform = latest_metrics.platform and on_topic.author_id = latest_metrics.author_id
    left join norms on on_topic.platform = norms.platform and on_topic.span = norms.span
    left join activity
        on
            on_topic.topic_type = activity.topic_type
            and on_topic.topic = activity.topic
            and on_topic.span = activity.span
            and on_topic.author_key = activity.author_key

),

measured as {{ materialized() }} (

    select
        norms.*
        {%- for input in influence_inputs() %},
        {{ influence_z(input) }} as {{ input }}_z
        {%- endfor %}
    from standardised as norms

),

weighed as (

    select
        measured.*,
        {{ influence_weight_known() }} as weight_known
    from measured

),

contributed as (
{{ influence_contributions('weighed') }}
),

indexed as {{ materialized() }} (

    select
        contributed.*,
        {{ influence_sum(influence_inputs()) }} as influence_index,
        {{ influence_sum(['followers', 'listed', 'posts']) }} as reach_contribution,
        {{ influence_sum(['reposts', 'likes']) }} as resonance_contribution
    from contributed

),

bounds as (

    select
        platform,
        span,
        percentile,
        index_value,
        lead(index_value) over (partition by platform, span order by percentile) as next_value
    from percentiles

),

final as (

    select
        indexed.topic_type,
        indexed.topic,
        indexed.span,
        indexed.platform,
        indexed.author_id,
        indexed.author_key,
        indexed.resonant_post_key,
        indexed.engine_version,
        indexed.weights_version,
        indexed.is_synthetic,
        indexed.post_count,
        indexed.scored_count,
        indexed.sentiment_mean,
        case
            when indexed.scored_count = 0 then 'unscored'
            when indexed.sentiment_mean >= 0.05 then 'positive'
            when indexed.sentiment_mean <= -0.05 then 'negative'
            when indexed.sentiment_mean is not null then 'neutral'
            else 'unscored'
        end as sentiment_label,
        indexed.followers,
        indexed.listed,
        indexed.author_post_count,
        indexed.reposts,
        indexed.reposts_known_post_count,
        indexed.likes,
        indexed.likes_known_post_count,
        indexed.all_post_count,
        {%- for input in influence_inputs() %}
        indexed.{{ input }}_z,
        indexed.{{ input }}_contribution,
        {%- endfor %}
        indexed.weight_known,
        indexed.reach_contribution,
        indexed.resonance_contribution,
        indexed.influence_index,
        case
            when not indexed.has_norms then 'no_norms'
            when indexed.influence_index is null then 'too_little_known'
        end as influence_index_reason,
        case
            when bounds.next_value is null and bounds.percentile is not null then 100
            when bounds.percentile is not null
                then round(
                    bounds.percentile
                    + (indexed.influence_index - bounds.index_value) / (bounds.next_value - bounds.index_value),
                    4
                )
            when indexed.influence_index is not null then 0
        end as influence_score
    from indexed
    left join bounds
        on
            indexed.platform = bounds.platform
            and indexed.span = bounds.span
            and indexed.influence_index >= bounds.index_value
            and (indexed.influence_index < bounds.next_value or bounds.next_value is null)

)

select * from final
