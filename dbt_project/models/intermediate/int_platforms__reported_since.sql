with

coverage as (

    -- What only some observations can have (an owner's insights, say) is not missing where it is absent.
    select * from {{ ref('metric_coverage') }}
    where is_always_reported

),

final as (

    select
        platform,
        {%- for metric in post_metric_names() %}
        min(case when metric = '{{ metric }}' then reported_since end) as {{ metric }}_since{{ ',' if not loop.last }}
        {%- endfor %}
    from coverage
    group by platform

)

select * from final
