{#- Inputs of the influence index by pillar, in the order of their declaration. -#}
{% macro influence_inputs() -%}
    {{ return(['followers', 'listed', 'posts', 'reposts', 'likes']) }}
{%- endmacro %}

{#- ln(1 + x), to nine decimals; NULL for an unknown x. -#}
{% macro ln1p(x) -%}
    {{ return(adapter.dispatch('ln1p', 'gaung')(x)) }}
{%- endmacro %}

{% macro default__ln1p(x) -%}
    round(ln(1 + cast({{ x }} as numeric)), 9)
{%- endmacro %}

{% macro spark__ln1p(x) -%}
    cast(round(log1p({{ x }}), 9) as decimal(38, 9))
{%- endmacro %}

{#- The norms of a platform and span side by side: one row per platform and span. -#}
{% macro pivoted_norms(norms) %}
    select
        platform,
        span
        {%- for input in influence_inputs() %},
        max(case when input = '{{ input }}' then mean end) as {{ input }}_mean,
        max(case when input = '{{ input }}' then deviation end) as {{ input }}_deviation
        {%- endfor %}
    from {{ norms }}
    group by platform, span
{%- endmacro %}

{#- The active weights side by side: one row. -#}
{% macro pivoted_weights(weights) %}
    select
        weights_version
        {%- for input in influence_inputs() %},
        max(case when input = '{{ input }}' then weight end) as {{ input }}_weight
        {%- endfor %}
    from {{ weights }}
    where is_active
    group by weights_version
{%- endmacro %}

{#- z of an input: distance of its logarithm from the mean, in deviations; 0 where all are alike. -#}
{% macro influence_z(input) -%}
    case
        when norms.{{ input }}_deviation > 0
            then round(({{ input }}_ln - norms.{{ input }}_mean) / norms.{{ input }}_deviation, 9)
        when norms.{{ input }}_deviation = 0 and {{ input }}_ln is not null then 0
    end
{%- endmacro %}

{#- Contributions of rows with z and weights: each z by its weight among the weights that are known.
    Less than half of all weight known: none, and no index. -#}
{% macro influence_contributions(source) %}
    select
        {{ source }}.*
        {%- for input in influence_inputs() %},
        case
            when weight_known >= {{ influence_least_weight() }}
                then round({{ input }}_z * {{ input }}_weight / weight_known, 12)
        end as {{ input }}_contribution
        {%- endfor %}
    from {{ source }}
{%- endmacro %}

{% macro influence_least_weight() -%}
    0.5
{%- endmacro %}

{#- Sum of the weights whose input has a z. -#}
{% macro influence_weight_known() -%}
    {%- for input in influence_inputs() -%}
    case when {{ input }}_z is not null then {{ input }}_weight else 0 end{{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Sum of the contributions of some inputs; NULL when there is no index. -#}
{% macro influence_sum(inputs) -%}
    case
        when weight_known >= {{ influence_least_weight() }}
            then {% for input in inputs %}coalesce({{ input }}_contribution, 0){{ ' + ' if not loop.last }}{% endfor %}
    end
{%- endmacro %}

{#- Of the wanted rows (`wanted`: platform, id, end_at): the latest observation before end_at, else the first since. -#}
{% macro observed_by(relation, id_column, columns) %}
        select
            {{ columns | join(', ') }}
        from (
            (
                select 1 as choice, {{ columns | join(', ') }}
                from {{ relation }} as earlier
                where
                    earlier.platform = wanted.platform
                    and earlier.{{ id_column }} = wanted.{{ id_column }}
                    and earlier.observed_at < wanted.end_at
                order by earlier.observed_at desc, earlier.content_hash desc
                limit 1
            )
            union all
            (
                select 2 as choice, {{ columns | join(', ') }}
                from {{ relation }} as later
                where
                    later.platform = wanted.platform
                    and later.{{ id_column }} = wanted.{{ id_column }}
                    and later.observed_at >= wanted.end_at
                order by later.observed_at asc, later.content_hash desc
                limit 1
            )
        ) as candidates
        order by choice
        limit 1
{%- endmacro %}
