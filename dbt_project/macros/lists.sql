{#- A list of texts as one text, parted by ", ", in the list's order. -#}
{% macro joined(list) -%}
    {{ return(adapter.dispatch('joined', 'gaung')(list)) }}
{%- endmacro %}

{% macro default__joined(list) -%}
    array_to_string({{ list }}, ', ')
{%- endmacro %}

{% macro spark__joined(list) -%}
    array_join({{ list }}, ', ')
{%- endmacro %}

{#- A row per entry of a list, to be joined laterally. -#}
{% macro entries(list) -%}
    {{ return(adapter.dispatch('entries', 'gaung')(list)) }}
{%- endmacro %}

{% macro default__entries(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__entries(list) -%}
    explode({{ list }})
{%- endmacro %}

{#- Whether a list holds anything. -#}
{% macro has_entries(list) -%}
    {{ return(adapter.dispatch('has_entries', 'gaung')(list)) }}
{%- endmacro %}

{% macro default__has_entries(list) -%}
    cardinality({{ list }}) > 0
{%- endmacro %}
