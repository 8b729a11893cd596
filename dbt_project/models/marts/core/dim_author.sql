with

dirty as (

    select * from {{ source('core', 'dirty__author') }}

),

authors as (

    select * from {{ ref('int_authors__standing') }}

),

posts as (

    select * from {{ source('core', 'post') }}

),

final as (

    select
        authors.author_key,
        authors.platform,
        case when authors.is_public_voice or authors.is_brand_account then authors.handle end as handle,
        case when authors.is_public_voice or authors.is_brand_account then authors.display_name end as display_name,
        authors.is_public_voice,
        authors.is_brand_account,
        authors.is_verified,
        authors.is_business,
        coalesce(authors.is_synthetic, false) as is_synthetic,
        authors.followers,
        authors.following,
        authors.posts,
        authors.listed,
        authors.likes_received,
        authors.created_at,
        authors.profile_observed_at,
        authors.metrics_observed_at,
        authors.batch_id,
        authors.payload_ref,
        {{ lineage() }}
    from dirty
    {{ join_each('authors', 'dirty', ['author_key']) }}
    where exists (
        select 1 from posts
        where posts.platform = authors.platform and posts.author_id = authors.author_id and posts.is_collected
    )

)

select * from final
