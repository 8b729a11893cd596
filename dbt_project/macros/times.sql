{#- The UTC hour in which a time lies. -#}
{% macro hour_of(time) -%}
    {{ return(adapter.dispatch('hour_of', 'gaung')(time)) }}
{%- endmacro %}

{% macro default__hour_of(time) -%}
    date_trunc('hour', {{ time }}, 'UTC')
{%- endmacro %}

{% macro spark__hour_of(time) -%}
    date_trunc('hour', {{ time }})
{%- endmacro %}

{#- The calendar day of a time in a time zone. -#}
{% macro local_date(time, timezone) -%}
    {{ return(adapter.dispatch('local_date', 'gaung')(time, timezone)) }}
{%- endmacro %}

{% macro default__local_date(time, timezone) -%}
    cast({{ time }} at time zone {{ timezone }} as date)
{%- endmacro %}

{% macro spark__local_date(time, timezone) -%}
    cast(from_utc_timestamp({{ time }}, {{ timezone }}) as date)
{%- endmacro %}

{#- The moment at which a calendar day begins in a time zone. -#}
{% macro day_start(date, timezone) -%}
    {{ return(adapter.dispatch('day_start', 'gaung')(date, timezone)) }}
{%- endmacro %}

{% macro default__day_start(date, timezone) -%}
    (cast({{ date }} as timestamp) at time zone {{ timezone }})
{%- endmacro %}

{% macro spark__day_start(date, timezone) -%}
    to_utc_timestamp(cast({{ date }} as timestamp), {{ timezone }})
{%- endmacro %}

{#- The UTC quarter of an hour in which a time lies. -#}
{% macro quarter_of(time) -%}
    {{ return(adapter.dispatch('quarter_of', 'gaung')(time)) }}
{%- endmacro %}

{% macro default__quarter_of(time) -%}
    date_bin('15 minutes', {{ time }}, timestamptz '2000-01-01 00:00:00+00')
{%- endmacro %}

{% macro spark__quarter_of(time) -%}
    timestamp_seconds(floor(unix_seconds({{ time }}) / 900) * 900)
{%- endmacro %}

{#- The hour of the day, 0 to 23, of a time in a time zone. -#}
{% macro local_hour(time, timezone) -%}
    {{ return(adapter.dispatch('local_hour', 'gaung')(time, timezone)) }}
{%- endmacro %}

{% macro default__local_hour(time, timezone) -%}
    cast(extract(hour from {{ time }} at time zone {{ timezone }}) as integer)
{%- endmacro %}

{% macro spark__local_hour(time, timezone) -%}
    hour(from_utc_timestamp({{ time }}, {{ timezone }}))
{%- endmacro %}

{#- Hours from one time to another, negative when the second is earlier; an exact number. -#}
{% macro hours_between(start, end) -%}
    {{ return(adapter.dispatch('hours_between', 'gaung')(start, end)) }}
{%- endmacro %}

{% macro default__hours_between(start, end) -%}
    (cast(extract(epoch from {{ end }} - {{ start }}) as numeric) / 3600)
{%- endmacro %}

{% macro spark__hours_between(start, end) -%}
    (cast(unix_micros({{ end }}) - unix_micros({{ start }}) as decimal(38, 6)) / 3600000000)
{%- endmacro %}

{#- A count of whole hours as an interval. -#}
{% macro hours(count) -%}
    {{ return(adapter.dispatch('hours', 'gaung')(count)) }}
{%- endmacro %}

{% macro default__hours(count) -%}
    interval '{{ count }} hours'
{%- endmacro %}

{#- As many hours as a column says, as an interval. -#}
{% macro hours_of(column) -%}
    {{ return(adapter.dispatch('hours_of', 'gaung')(column)) }}
{%- endmacro %}

{% macro default__hours_of(column) -%}
    make_interval(hours => {{ column }})
{%- endmacro %}

{% macro spark__hours_of(column) -%}
    make_dt_interval(0, {{ column }})
{%- endmacro %}

{#- Each day from one date to another as local_date. -#}
{% macro days(first, last) -%}
    {{ return(adapter.dispatch('days', 'gaung')(first, last)) }}
{%- endmacro %}

{% macro default__days(first, last) -%}
    select cast(day as date) as local_date
    from generate_series(cast('{{ first }}' as timestamp), cast('{{ last }}' as timestamp), interval '1 day') as day
{%- endmacro %}

{% macro spark__days(first, last) -%}
    select explode(sequence(date '{{ first }}', date '{{ last }}', interval 1 day)) as local_date
{%- endmacro %}

{#- The Monday, in UTC, of the week in which a time lies. -#}
{% macro week_of(time) -%}
    {{ return(adapter.dispatch('week_of', 'gaung')(time)) }}
{%- endmacro %}

{% macro default__week_of(time) -%}
    cast(date_trunc('week', {{ time }}, 'UTC') at time zone 'UTC' as date)
{%- endmacro %}

{% macro spark__week_of(time) -%}
    cast(date_trunc('week', {{ time }}) as date)
{%- endmacro %}
