{#- A share in percent, 0–100; NULL when the denominator is 0 or either side is unknown. -#}
{% macro safe_pct(numerator, denominator, scale=4) -%}
    {{ return(adapter.dispatch('safe_pct', 'gaung')(numerator, denominator, scale)) }}
{%- endmacro %}

{% macro default__safe_pct(numerator, denominator, scale) -%}
    round(100 * cast({{ numerator }} as numeric) / nullif({{ denominator }}, 0), {{ scale }})
{%- endmacro %}

{% macro spark__safe_pct(numerator, denominator, scale) -%}
    round(100 * cast({{ numerator }} as decimal(38, 12)) / nullif({{ denominator }}, 0), {{ scale }})
{%- endmacro %}

{#- A bound of the Wilson 95 % interval of a share, in percent; side is 'low' or 'high'. NULL for n = 0.
    Wilson (1927); in numeric, so that it repeats to the last digit. -#}
{% macro wilson_pct(count, total, side) -%}
    {{ return(adapter.dispatch('wilson_pct', 'gaung')(count, total, side)) }}
{%- endmacro %}

{% macro default__wilson_pct(count, total, side) -%}
    {%- set z = '1.959964' -%}
    {%- set n = 'cast(' ~ total ~ ' as numeric)' -%}
    {%- set p = '(cast(' ~ count ~ ' as numeric) / ' ~ n ~ ')' -%}
    {%- set margin = z ~ ' * sqrt(' ~ p ~ ' * (1 - ' ~ p ~ ') / ' ~ n
        ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (4 * ' ~ n ~ ' * ' ~ n ~ '))' -%}
    {%- set centre = p ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (2 * ' ~ n ~ ')' -%}
    {%- set sign = '-' if side == 'low' else '+' -%}
    case
        when {{ total }} > 0
            then round(
                100 * least(greatest(
                    ({{ centre }} {{ sign }} {{ margin }}) / (1 + {{ z }} * {{ z }} / {{ n }}), 0
                ), 1),
                4
            )
    end
{%- endmacro %}
