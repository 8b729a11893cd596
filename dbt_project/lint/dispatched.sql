{#- What dispatch finds for Postgres, for SQLFluff, which renders the models without an adapter. -#}
{% macro safe_pct(numerator, denominator, scale=4) -%}
    {{ default__safe_pct(numerator, denominator, scale) }}
{%- endmacro %}

{% macro wilson_pct(count, total, side) -%}
    {{ default__wilson_pct(count, total, side) }}
{%- endmacro %}

{% macro hour_of(time) -%}
    {{ default__hour_of(time) }}
{%- endmacro %}

{% macro local_date(time, timezone) -%}
    {{ default__local_date(time, timezone) }}
{%- endmacro %}

{% macro day_start(date, timezone) -%}
    {{ default__day_start(date, timezone) }}
{%- endmacro %}

{% macro quarter_of(time) -%}
    {{ default__quarter_of(time) }}
{%- endmacro %}

{% macro local_hour(time, timezone) -%}
    {{ default__local_hour(time, timezone) }}
{%- endmacro %}

{% macro hours_between(start, end) -%}
    {{ default__hours_between(start, end) }}
{%- endmacro %}

{% macro hours(count) -%}
    {{ default__hours(count) }}
{%- endmacro %}

{% macro hours_of(column) -%}
    {{ default__hours_of(column) }}
{%- endmacro %}

{% macro materialized() -%}
    {{ default__materialized() }}
{%- endmacro %}

{% macro whole_numbers(first, last) -%}
    {{ default__whole_numbers(first, last) }}
{%- endmacro %}

{% macro ln1p(x) -%}
    {{ default__ln1p(x) }}
{%- endmacro %}

{% macro days(first, last) -%}
    {{ default__days(first, last) }}
{%- endmacro %}

{% macro joined(list) -%}
    {{ default__joined(list) }}
{%- endmacro %}

{% macro entries(list) -%}
    {{ default__entries(list) }}
{%- endmacro %}

{% macro has_entries(list) -%}
    {{ default__has_entries(list) }}
{%- endmacro %}

{% macro join_each(rows, keys, columns, where=none) -%}
    {{ default__join_each(rows, keys, columns, where) }}
{%- endmacro %}

{% macro inlined() -%}
    {{ default__inlined() }}
{%- endmacro %}

{% macro week_of(time) -%}
    {{ default__week_of(time) }}
{%- endmacro %}

{% macro suggestion_entries(list) -%}
    {{ default__suggestion_entries(list) }}
{%- endmacro %}

{% macro json_entries(list) -%}
    {{ default__json_entries(list) }}
{%- endmacro %}

{% macro json_text(object, field) -%}
    {{ default__json_text(object, field) }}
{%- endmacro %}

{% macro json_part(object, field) -%}
    {{ default__json_part(object, field) }}
{%- endmacro %}

{% macro joined_by(value, place) -%}
    {{ default__joined_by(value, place) }}
{%- endmacro %}
