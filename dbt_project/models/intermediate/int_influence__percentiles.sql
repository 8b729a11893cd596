{{ config(
    materialized='table',
    tags=['tick'],
    post_hook=[
        "{{ mark_changed_percentiles() }}",
        "{{ forget_norms('influence_percentile') }}",
        "{{ keep_percentiles() }}",
        "{{ nothing_is_due() }}"
    ]
) }}

with

basis as (

    select * from {{ ref('int_influence__basis') }}

),

input_norms as (

    select * from {{ ref('int_influence__norms') }}

),

norms as (
{{ pivoted_norms('input_norms') }}
),

weights as (
{{ pivoted_weights(ref('influence_weights')) }}
),

standardised as {{ materialized() }} (

    select
        basis.platform,
        basis.span,
        {%- for input in influence_inputs() %}
        {{ influence_z(input) }} as {{ input }}_z,
        weights.{{ input }}_weight{{ ',' if not loop.last }}
        {%- endfor %}
    from basis
    inner join norms on basis.platform = norms.platform and basis.span = norms.span
    cross join weights

),

weighed as (

    select
        standardised.*,
        {{ influence_weight_known() }} as weight_known
    from standardised

),

contributed as (
{{ influence_contributions('weighed') }}
),

indexed as {{ materialized() }} (

    select
        platform,
        span,
        {{ influence_sum(influence_inputs()) }} as influence_index
    from contributed

),

placed as (

    select
        platform,
        span,
        influence_index,
        row_number() over (partition by platform, span order by influence_index) as place,
        count(*) over (partition by platform, span) as author_count
    from indexed
    where influence_index is not null

),

percents as (

{{ whole_numbers(0, 100) | indent(4, first=true) }}

),

-- The least index of which a percentage of the authors is not above; of the lowest for 0.
final as (

    select
        placed.platform,
        placed.span,
        percents.number as percentile,
        cast(round(placed.influence_index, 2) as numeric(8, 2)) as index_value
    from percents
    inner join placed
        on placed.place = greatest(1, cast(ceil(percents.number * placed.author_count / 100.0) as bigint))

)

select * from final
