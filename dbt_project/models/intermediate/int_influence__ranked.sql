{{ config(
    materialized='table',
    tags=['tick'],
    post_hook=["{{ mark_changed_ranks() }}", "{{ forget_ranks() }}", "{{ keep_ranks() }}"]
) }}
{%- set ranked_places = 200 %}
{%- set weight_step = 0.2 %}

with

dirty as (

    select * from {{ source('core', 'dirty__topic_span') }}

),

authors as (

    select * from {{ source('core', 'standing_influence') }}
    -- kept by the hooks of {{ ref('int_influence__scored') }}

),

weights as (
{{ pivoted_weights(ref('influence_weights')) }}
),

placed as (

    select
        authors.*,
        rank() over (
            partition by authors.topic_type, authors.topic, authors.span order by authors.influence_index desc
        ) as rank
    from dirty
    inner join authors
        on dirty.topic_type = authors.topic_type and dirty.topic = authors.topic and dirty.span = authors.span
    where authors.influence_index is not null

),

-- The index again with one weight moved at a time; the weights are shares of what is known, so all of them move.
moved as (

    select
        placed.topic_type,
        placed.topic,
        placed.span,
        placed.author_key,
        placed.rank
        {%- for input in influence_inputs() %}
        {%- for side, step in [('less', -weight_step), ('more', weight_step)] %},
        case
            when placed.{{ input }}_contribution is null then placed.influence_index
            else round(
                (placed.influence_index + {{ step }} * placed.{{ input }}_contribution) * placed.weight_known
                / (placed.weight_known + {{ step }} * weights.{{ input }}_weight),
                12
            )
        end as index_with_{{ side }}_{{ input }}
        {%- endfor %}
        {%- endfor %}
    from placed
    cross join weights
    where placed.rank <= {{ ranked_places }}

),

ranks as (

    select
        topic_type,
        topic,
        span,
        author_key,
        rank
        {%- for input in influence_inputs() %}
        {%- for side in ['less', 'more'] %},
        rank() over (
            partition by topic_type, topic, span order by index_with_{{ side }}_{{ input }} desc
        ) as rank_with_{{ side }}_{{ input }}
        {%- endfor %}
        {%- endfor %}
    from moved

),

final as (

    select
        topic_type,
        topic,
        span,
        author_key,
        rank,
        least(
            rank
            {%- for input in influence_inputs() %},
            rank_with_less_{{ input }},
            rank_with_more_{{ input }}
            {%- endfor %}
        ) as rank_low,
        greatest(
            rank
            {%- for input in influence_inputs() %},
            rank_with_less_{{ input }},
            rank_with_more_{{ input }}
            {%- endfor %}
        ) as rank_high
    from ranks

)

select * from final
