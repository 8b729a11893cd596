{#- Each value that an aspect names, once; an aspect without one has the value "unnamed". -#}
{% macro aspect_values() %}
named as (

    select distinct
        aspects.post_key,
        aspects.aspect,
        {{ json_text('entry.item', 'value') }} as attribute_value
    from aspects
    cross join lateral {{ json_entries('aspects.named_values') }} as entry (item)

),

aspects_by_value as (

    select
        aspects.post_key,
        aspects.aspect,
        coalesce(named.attribute_value, 'unnamed') as attribute_value
    from aspects
    left join named on aspects.post_key = named.post_key and aspects.aspect = named.aspect

),
{%- endmacro %}
