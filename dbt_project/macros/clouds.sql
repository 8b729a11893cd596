{#- Word clouds. The model gives `texts`: the keys, text_hash, post_count, is_synthetic of each distinct text;
    cloud_sources() comes before it, counted_cloud(keys) after it and ends in `odds` and `moods`.
    log-odds with an informative Dirichlet prior: Monroe, Colaresi, Quinn, "Fightin' Words", Political Analysis 16
    (2008), formulas 16, 20–23; the prior is the whole day. tf-idf of classes, the class being a mood:
    Grootendorst, "BERTopic" (2022), formula 2. -#}

{#- Mood and terms of texts, by the active engines. -#}
{% macro cloud_sources() %}
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
{% endmacro %}

{#- Terms counted by keys and mood and compared with the keys' other moods: `moods` and `odds`. -#}
{% macro counted_cloud(keys) %}
{%- set prior_weight = 100 -%}
{%- set most_terms = 100 -%}
{%- set key_list = keys | join(', ') -%}
labelled as (

    select
        {%- for key in keys %}
        texts.{{ key }},
        {%- endfor %}
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
        {{ key_list }},
        sentiment_label,
        max(engine_version) as engine_version,
        bool_or(is_synthetic) as is_synthetic,
        sum(post_count) as group_post_count
    from labelled
    where {{ has_entries('words') }}
    group by {{ key_list }}, sentiment_label

),

counted as (

    select
        {{ key_list }},
        sentiment_label,
        term_type,
        term,
        sum(post_count) as post_count
    from listed
    group by {{ key_list }}, sentiment_label, term_type, term

),

compared as (

    select
        *,
        sum(post_count) over (partition by {{ key_list }}, term_type, sentiment_label) as mood_count,
        sum(post_count) over (partition by {{ key_list }}, term_type) as day_count,
        sum(post_count) over (partition by {{ key_list }}, term_type, term) as term_count,
        -- how many moods: their places in one order, from either end
        dense_rank() over (partition by {{ key_list }}, term_type order by sentiment_label asc)
        + dense_rank() over (partition by {{ key_list }}, term_type order by sentiment_label desc)
        - 1 as mood_total
    from counted

),

ranked as (

    select
        *,
        cast({{ prior_weight }} as numeric) * term_count / day_count as expected_count,
        row_number() over (
            partition by {{ key_list }}, sentiment_label, term_type
            order by post_count desc, term_count asc, term asc
        ) as term_rank
    from compared

),

odds as (

    select
        *,
        post_count / mood_count * ln(1 + day_count / mood_total / term_count) as tf_idf,
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
{% endmacro %}

{#- What every cloud says of a term, from `odds` and `moods`. -#}
{% macro cloud_measures() %}
        cast(odds.term_rank as integer) as term_rank,
        cast(odds.post_count as bigint) as post_count,
        cast(moods.group_post_count as bigint) as group_post_count,
        {{ safe_pct('odds.post_count', 'moods.group_post_count') }} as post_share_pct,
        {{ wilson_pct('odds.post_count', 'moods.group_post_count', 'low') }} as post_share_low_pct,
        {{ wilson_pct('odds.post_count', 'moods.group_post_count', 'high') }} as post_share_high_pct,
        round(odds.tf_idf, 6) as tf_idf,
        round(odds.log_odds, 6) as log_odds,
        round(odds.log_odds / sqrt(odds.log_odds_variance), 6) as log_odds_z,
{%- endmacro %}
