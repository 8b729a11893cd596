with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

entities as (

    select * from {{ ref('int_posts__entities') }}

),

final as (

    select
        entities.post_key,
        entities.entity_type,
        entities.entity_id,
        entities.entity_name,
        entities.brand_id,
        entities.province_code,
        entities.text_part,
        entities.engine_version,
        entities.candidate_codes,
        entities.is_ambiguous,
        entities.is_synthetic,
        entities.mention_count,
        {{ lineage() }}
    from dirty
    inner join entities on dirty.post_key = entities.post_key

)

select * from final
