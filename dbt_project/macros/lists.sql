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
