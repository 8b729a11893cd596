{#- The parts that engagements are made of; applause stands for likes, or reactions where a platform has them. -#}
{% macro engagement_part_names() -%}
    {{ return(['applause', 'comments', 'reposts', 'shares', 'quotes', 'saves']) }}
{%- endmacro %}

{#- Sum of known parts, NULL when none is known. -#}
{% macro sum_known(parts) -%}
    case
        when coalesce({{ parts | join(', ') }}) is not null
            then {% for part in parts %}coalesce({{ part }}, 0){{ ' + ' if not loop.last }}{% endfor %}
    end
{%- endmacro %}
