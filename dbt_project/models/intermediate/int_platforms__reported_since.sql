with

coverage as (

    select * from {{ ref('metric_coverage') }}

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
