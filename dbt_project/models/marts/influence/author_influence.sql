with

dirty as (

    select * from {{ source('core', 'dirty__topic_span_author') }}

),

authors as (

    select * from {{ source('core', 'standing_influence') }}
    -- kept by the hooks of {{ ref('int_influence__scored') }}

),

ranks as (

    select * from {{ source('core', 'influence_rank') }}
    -- kept by the hooks of {{ ref('int_influence__ranked') }}, which mark whose rank changed

),

spans as (

    select * from {{ source('core', 'influence_span') }}

),

final as (

    select
        authors.topic_type,
        authors.topic,
        authors.span,
        authors.author_key,
        authors.platform,
        authors.engine_version,
        authors.weights_version,
        spans.norm_date,
        authors.is_synthetic,
        authors.post_count,
        authors.scored_count,
        authors.sentiment_mean,
        authors.sentiment_label,
        authors.followers,
        authors.listed,
        authors.author_post_count,
        authors.reposts,
        authors.reposts_known_post_count,
        authors.likes,
        authors.likes_known_post_count,
        {%- for input in influence_inputs() %}
        authors.{{ input }}_z,
        authors.{{ input }}_contribution,
        {%- endfor %}
        authors.weight_known,
        authors.reach_contribution,
        authors.resonance_contribution,
        authors.influence_index,
        authors.influence_index_reason,
        authors.influence_score,
        ranks.rank,
        ranks.rank_low,
        ranks.rank_high,
        authors.all_post_count,
        {{ safe_pct('authors.post_count', 'authors.all_post_count') }} as relevance_share_pct,
        {{ wilson_pct('authors.post_count', 'authors.all_post_count', 'low') }} as relevance_share_low_pct,
        {{ wilson_pct('authors.post_count', 'authors.all_post_count', 'high') }} as relevance_share_high_pct,
        {{ lineage() }}
    from dirty
    inner join authors
        on
            dirty.topic_type = authors.topic_type
            and dirty.topic = authors.topic
            and dirty.span = authors.span
            and dirty.author_key = authors.author_key
    inner join spans on authors.span = spans.span
    left join ranks
        on
            authors.topic_type = ranks.topic_type
            and authors.topic = ranks.topic
            and authors.span = ranks.span
            and authors.author_key = ranks.author_key

)

select * from final
