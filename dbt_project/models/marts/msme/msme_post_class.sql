with

posts as (

    select * from {{ ref('int_posts__business') }}

),

final as (

    select
        post_key,
        author_key,
        platform,
        media_type,
        relevance,
        relevance_source,
        relevance_reason,
        industry,
        industry_source,
        industry_reason,
        activity,
        activity_source,
        activity_reason,
        province_code,
        province_name,
        province_reason,
        is_place_ambiguous,
        engine_version,
        is_synthetic,
        week_date,
        created_at,
        {{ lineage() }}
    from posts
    where
        relevance = 'msme'
        or relevance_reason = 'uncertain'
        or industry is not null
        or activity <> 'other'

)

select * from final
