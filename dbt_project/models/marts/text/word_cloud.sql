{#- log-odds with an informative Dirichlet prior: Monroe, Colaresi, Quinn, "Fightin' Words",
    Political Analysis 16 (2008), formulas 16, 20–23; the prior is the topic's whole day. -#}
{%- set prior_weight = 100 -%}
{%- set most_terms = 100 -%}
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

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

sentiments as (

    select
        scores.text_hash,
        scores.label
    from {{ source('core', 'text_sentiment') }} as scores
    inner join active_engines on scores.engine_version = active_engines.engine_version
    where active_engines.task = 'sentiment'

),

corrections as (

    select
        text_hash,
        label
    from {{ source('core', 'text_correction') }}
    where task = 'sentiment'

),

terms as (

    select
        found.text_hash,
        found.engine_version,
        found.words,
        found.pairs
    from {{ source('core', 'text_terms') }} as found
    inner join active_engines on found.engine_version = active_engines.engine_version
    where active_engines.task = 'terms'

),

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

labelled as (

    select
        texts.topic_type,
        texts.topic,
        texts.utc_date,
        coalesce(corrections.label, sentiments.label, 'unscored') as sentiment_label,
        texts.post_count,
        texts.is_synthetic,
        terms.engine_version,
        terms.words,
        terms.pairs
    from texts
    inner join terms on texts.text_hash = terms.text_hash
    left join sentiments on texts.text_hash = sentiments.text_hash
    left join corrections on texts.text_hash = corrections.text_hash

),

listed as (

    select
        labelled.*,
        'word' as term_type,
        entry.term
    from labelled
    cross join lateral {{ entries('labelled.words') }} as entry (term)

    union all

    select
        labelled.*,
        'pair' as term_type,
        entry.term
    from labelled
    cross join lateral {{ entries('labelled.pairs') }} as entry (term)

),

moods as (

    select
        topic_type,
        topic,
        utc_date,
        sentiment_label,
        max(engine_version) as engine_version,
        bool_or(is_synthetic) as is_synthetic,
        sum(post_count) as group_post_count
    from labelled
    where {{ has_entries('words') }}
    group by topic_type, topic, utc_date, sentiment_label

),

counted as (

    select
        topic_type,
        topic,
        utc_date,
        sentiment_label,
        term_type,
        term,
        sum(post_count) as post_count
    from listed
    group by topic_type, topic, utc_date, sentiment_label, term_type, term

),

compared as (

    select
        *,
        sum(post_count) over (
            partition by topic_type, topic, utc_date, term_type, sentiment_label
        ) as mood_count,
        sum(post_count) over (partition by topic_type, topic, utc_date, term_type) as day_count,
        sum(post_count) over (partition by topic_type, topic, utc_date, term_type, term) as term_count
    from counted

),

ranked as (

    select
        *,
        cast({{ prior_weight }} as numeric) * term_count / day_count as expected_count,
        row_number() over (
            partition by topic_type, topic, utc_date, sentiment_label, term_type
            order by post_count desc, term_count asc, term asc
        ) as term_rank
    from compared

),

odds as (

    select
        *,
        case
            when day_count > mood_count and day_count > term_count
                then
                    ln((post_count + expected_count) / (mood_count + {{ prior_weight }} - post_count - expected_count))
                    - ln(
                        (term_count - post_count + expected_count)
                        / (day_count - mood_count + {{ prior_weight }} - term_count + post_count - expected_count)
                    )
        end as log_odds,
        1 / (post_count + expected_count) + 1 / (term_count - post_count + expected_count) as log_odds_variance
    from ranked
    where term_rank <= {{ most_terms }}

),

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
        cast(odds.term_rank as integer) as term_rank,
        cast(odds.post_count as bigint) as post_count,
        cast(moods.group_post_count as bigint) as group_post_count,
        {{ safe_pct('odds.post_count', 'moods.group_post_count') }} as post_share_pct,
        {{ wilson_pct('odds.post_count', 'moods.group_post_count', 'low') }} as post_share_low_pct,
        {{ wilson_pct('odds.post_count', 'moods.group_post_count', 'high') }} as post_share_high_pct,
        round(odds.log_odds, 6) as log_odds,
        round(odds.log_odds / sqrt(odds.log_odds_variance), 6) as log_odds_z,
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
