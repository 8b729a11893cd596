with

percentiles as (

    select * from {{ source('core', 'influence_percentile') }}
    -- kept by the hooks of {{ ref('int_influence__percentiles') }}

),

spans as (

    select * from {{ source('core', 'influence_span') }}

),

final as (

    select
        percentiles.platform,
        percentiles.span,
        spans.norm_date,
        percentiles.percentile,
        percentiles.index_value,
        {{ lineage() }}
    from percentiles
    inner join spans on percentiles.span = spans.span

)

select * from final
