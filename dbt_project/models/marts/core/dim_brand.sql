with

brands as (

    select * from {{ source('core', 'brand') }}

),

final as (

    select
        brand_id,
        client,
        name as brand_name,
        timezone,
        {{ joined('languages') }} as languages,
        {{ joined('competitors') }} as competitors,
        is_synthetic,
        {{ lineage() }}
    from brands

)

select * from final
