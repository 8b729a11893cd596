with

authors as (

    select * from {{ ref('int_authors__unioned') }}

),

standings as (

    select * from {{ source('core', 'standing_author') }}

),

final as (

    select
        authors.*,
        coalesce(standings.is_public_voice, false) as is_public_voice,
        coalesce(standings.is_brand_account, false) as is_brand_account
    from authors
    left join standings on authors.platform = standings.platform and authors.author_id = standings.author_id

)

select * from final
