with

rules as (

    select * from {{ ref('action_rules') }}

),

final as (

    select
        rule_id,
        priority,
        measure,
        comparison,
        threshold,
        least_post_count,
        because_id,
        because_en,
        action_id,
        action_en,
        {{ lineage() }}
    from rules

)

select * from final
