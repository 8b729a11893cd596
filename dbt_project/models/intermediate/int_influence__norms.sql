{{ config(
    materialized='table',
    tags=['tick'],
    post_hook=["{{ mark_changed_norms() }}", "{{ forget_norms('influence_norm') }}", "{{ keep_norms() }}"]
) }}

with

basis as (

    select * from {{ ref('int_influence__basis') }}

),

inputs as (
{% for input in influence_inputs() %}
    select
        platform,
        span,
        norm_date,
        is_provisional,
        start_at,
        end_at,
        '{{ input }}' as input,
        {{ input }}_ln as ln_value
    from basis
    {{ 'union all' if not loop.last }}
{%- endfor %}

),

final as (

    -- To two decimals: a late post among thousands does not move the norms of everybody.
    select
        platform,
        span,
        input,
        norm_date,
        is_provisional,
        start_at as basis_start_at,
        end_at as basis_end_at,
        count(ln_value) as known_count,
        cast(round(avg(ln_value), 2) as numeric(8, 2)) as mean,
        cast(round(stddev_pop(ln_value), 2) as numeric(8, 2)) as deviation
    from inputs
    group by platform, span, input, norm_date, is_provisional, start_at, end_at

)

select * from final
