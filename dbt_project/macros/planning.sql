{#- Has a common table expression computed once, where the database would compute it at each use. -#}
{% macro materialized() -%}
    {{ return(adapter.dispatch('materialized', 'gaung')()) }}
{%- endmacro %}

{% macro default__materialized() -%}
    materialized
{%- endmacro %}

{% macro spark__materialized() -%}
{%- endmacro %}

{#- The whole numbers from one to another, as number. -#}
{% macro whole_numbers(first, last) -%}
    {{ return(adapter.dispatch('whole_numbers', 'gaung')(first, last)) }}
{%- endmacro %}

{% macro default__whole_numbers(first, last) -%}
    select numbers.number
    from generate_series({{ first }}, {{ last }}) as numbers (number)
{%- endmacro %}

{% macro spark__whole_numbers(first, last) -%}
    select explode(sequence({{ first }}, {{ last }})) as number
{%- endmacro %}
