with

norms as (

    select * from {{ source('core', 'influence_norm') }}
    -- kept by the hooks of {{ ref('int_influence__norms') }}

),

spans as (

    select * from {{ source('core', 'influence_span') }}

),

final as (

    select
        norms.platform,
        norms.span,
        norms.norm_date,
        norms.input,
        norms.is_provisional,
        norms.known_count,
        norms.mean as ln_mean,
        norms.deviation as ln_deviation,
        norms.basis_start_at,
        norms.basis_end_at,
        spans.start_at as span_start_at,
        spans.end_at as span_end_at,
        {{ lineage() }}
    from norms
    inner join spans on norms.span = spans.span

)

select * from final
