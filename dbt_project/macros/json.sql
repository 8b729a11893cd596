{#- A row per entry of a JSON list, to be joined laterally. -#}
{% macro json_entries(list) -%}
    {{ return(adapter.dispatch('json_entries', 'gaung')(list)) }}
{%- endmacro %}

{% macro default__json_entries(list) -%}
    jsonb_array_elements({{ list }})
{%- endmacro %}

{% macro spark__json_entries(list) -%}
    explode(from_json({{ list }}, 'array<string>'))
{%- endmacro %}

{#- A field of a JSON object as text. -#}
{% macro json_text(object, field) -%}
    {{ return(adapter.dispatch('json_text', 'gaung')(object, field)) }}
{%- endmacro %}

{% macro default__json_text(object, field) -%}
    ({{ object }} ->> '{{ field }}')
{%- endmacro %}

{% macro spark__json_text(object, field) -%}
    get_json_object({{ object }}, '$.{{ field }}')
{%- endmacro %}

{#- A field of a JSON object as JSON. -#}
{% macro json_part(object, field) -%}
    {{ return(adapter.dispatch('json_part', 'gaung')(object, field)) }}
{%- endmacro %}

{% macro default__json_part(object, field) -%}
    ({{ object }} -> '{{ field }}')
{%- endmacro %}

{% macro spark__json_part(object, field) -%}
    get_json_object({{ object }}, '$.{{ field }}')
{%- endmacro %}

{#- The values of a group as one text, parted by ", ", in the order of another column. -#}
{% macro joined_by(value, place) -%}
    {{ return(adapter.dispatch('joined_by', 'gaung')(value, place)) }}
{%- endmacro %}

{% macro default__joined_by(value, place) -%}
    string_agg({{ value }}, ', ' order by {{ place }})
{%- endmacro %}

{% macro spark__joined_by(value, place) -%}
    array_join(transform(array_sort(collect_list(struct({{ place }}, {{ value }}))), pair -> pair.{{ value }}), ', ')
{%- endmacro %}
