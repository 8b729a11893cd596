{#-
Joins rows by key, key by key. For few keys and many rows behind a union: the planner would make the whole
union first, since it pushes no join into it, and the cost of a tick would follow history.
-#}
{% macro join_each(rows, keys, columns, where=none) -%}
    {{ return(adapter.dispatch('join_each', 'gaung')(rows, keys, columns, where)) }}
{%- endmacro %}

{% macro default__join_each(rows, keys, columns, where=none) -%}
    cross join lateral (
        select *
        from {{ rows }}
        where
            {% for column in columns -%}
            {{ rows }}.{{ column }} = {{ keys }}.{{ column }}{{ ' and ' if not loop.last }}
            {%- endfor %}
            {{ 'and ' ~ where if where }}
        offset 0
    ) as {{ rows }}
{%- endmacro %}

{% macro spark__join_each(rows, keys, columns, where=none) -%}
    inner join {{ rows }}
        on
            {% for column in columns -%}
            {{ rows }}.{{ column }} = {{ keys }}.{{ column }}{{ ' and ' if not loop.last }}
            {%- endfor %}
            {{ 'and ' ~ where if where }}
{%- endmacro %}

{#-
Says that a common table expression of history is read anew wherever it is used: else one that is used twice is
made whole first.
-#}
{% macro inlined() -%}
    {{ return(adapter.dispatch('inlined', 'gaung')()) }}
{%- endmacro %}

{% macro default__inlined() -%}
    not materialized
{%- endmacro %}

{% macro spark__inlined() -%}
{%- endmacro %}
