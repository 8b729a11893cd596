{#- The influence models keep what later builds compare with: norms, percentiles, indices and ranks stand in
    core.influence_* and core.standing_influence, and change in the transaction of the model that computes
    them, together with the keys that the change makes dirty. A build that fails afterwards loses nothing:
    dirty keys stay until a publication empties them. -#}

{#- Marks all authors in the spans of the platforms that a statement names (changed: platform, span). -#}
{% macro mark_influence_of(changed) %}
    with changed as ({{ changed }}),
    marked as (
        insert into core.dirty__topic_span_author (topic_type, topic, span, author_key)
        select distinct p.topic_type, p.topic, s.span, k.author_key
        from changed as c
        inner join core.influence_span as s on c.span = s.span
        inner join core.placed_topic as p
            on c.platform = p.platform and s.start_at <= p.hour_at and s.end_at > p.hour_at
        inner join core.standing_topic as t
            on p.topic_type = t.topic_type and p.topic = t.topic and t.is_qualified
        inner join core.author_key as k on p.platform = k.platform and p.author_id = k.author_id
        where not p.is_repost
        on conflict do nothing
        returning topic_type, topic, span
    )
    insert into core.dirty__topic_span (topic_type, topic, span)
    select distinct topic_type, topic, span from marked
    on conflict do nothing
{% endmacro %}

{#- Platforms and spans, among those that were due, whose rows differ between a table and this model. -#}
{% macro changed_norms(table, columns) %}
    select platform, span
    from (
        (
            select {{ columns }} from core.{{ table }} where span in (select span from core.influence_due)
            except
            select {{ columns }} from {{ this }}
        )
        union all
        (
            select {{ columns }} from {{ this }}
            except
            select {{ columns }} from core.{{ table }} where span in (select span from core.influence_due)
        )
    ) as differing
    group by platform, span
{% endmacro %}

{% macro mark_changed_norms() %}
    {{ mark_influence_of(changed_norms('influence_norm', 'platform, span, input, norm_date, mean, deviation')) }}
{% endmacro %}

{% macro mark_changed_percentiles() %}
    {{ mark_influence_of(changed_norms('influence_percentile', 'platform, span, percentile, index_value')) }}
{% endmacro %}

{% macro forget_norms(table) %}
    delete from core.{{ table }} where span in (select span from core.influence_due)
{% endmacro %}

{% macro keep_norms() %}
    insert into core.influence_norm (
        platform, span, input, norm_date, is_provisional, basis_start_at, basis_end_at, known_count, mean, deviation
    )
    select
        platform, span, input, norm_date, is_provisional, basis_start_at, basis_end_at, known_count, mean, deviation
    from {{ this }}
{% endmacro %}

{% macro keep_percentiles() %}
    insert into core.influence_percentile (platform, span, percentile, index_value)
    select platform, span, percentile, index_value from {{ this }}
{% endmacro %}

{% macro nothing_is_due() %}
    delete from core.influence_due
{% endmacro %}

{% macro forget_influence() %}
    delete from core.standing_influence as s
    using core.dirty__topic_span_author as d
    where
        s.topic_type = d.topic_type and s.topic = d.topic and s.span = d.span and s.author_key = d.author_key
{% endmacro %}

{% macro keep_influence() %}
    {%- set columns = standing_influence_columns() | join(', ') %}
    insert into core.standing_influence ({{ columns }})
    select {{ columns }} from {{ this }}
{% endmacro %}

{% macro standing_influence_columns() -%}
    {%- set columns = [
        'topic_type', 'topic', 'span', 'platform', 'author_id', 'author_key', 'resonant_post_key', 'engine_version',
        'weights_version', 'is_synthetic', 'post_count', 'scored_count', 'sentiment_mean', 'sentiment_label',
        'followers', 'listed', 'author_post_count', 'reposts', 'reposts_known_post_count', 'likes',
        'likes_known_post_count', 'all_post_count', 'weight_known', 'reach_contribution', 'resonance_contribution',
        'influence_index', 'influence_index_reason', 'influence_score',
    ] -%}
    {%- for input in influence_inputs() -%}
    {%- do columns.extend([input ~ '_z', input ~ '_contribution']) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- Authors whose place changed, in the topics and spans that were ranked. -#}
{% macro mark_changed_ranks() %}
    insert into core.dirty__topic_span_author (topic_type, topic, span, author_key)
    select topic_type, topic, span, author_key
    from (
        (
            select r.topic_type, r.topic, r.span, r.author_key, r.rank, r.rank_low, r.rank_high
            from core.influence_rank as r
            inner join core.dirty__topic_span as d
                on r.topic_type = d.topic_type and r.topic = d.topic and r.span = d.span
            except
            select topic_type, topic, span, author_key, rank, rank_low, rank_high from {{ this }}
        )
        union all
        (
            select topic_type, topic, span, author_key, rank, rank_low, rank_high from {{ this }}
            except
            select topic_type, topic, span, author_key, rank, rank_low, rank_high from core.influence_rank
        )
    ) as differing
    group by topic_type, topic, span, author_key
    on conflict do nothing
{% endmacro %}

{% macro forget_ranks() %}
    delete from core.influence_rank as r
    using core.dirty__topic_span as d
    where r.topic_type = d.topic_type and r.topic = d.topic and r.span = d.span
{% endmacro %}

{% macro keep_ranks() %}
    insert into core.influence_rank (topic_type, topic, span, author_key, rank, rank_low, rank_high)
    select topic_type, topic, span, author_key, rank, rank_low, rank_high from {{ this }}
{% endmacro %}
