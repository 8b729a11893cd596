{{ config(
    materialized='table',
    tags=['tick'],
    post_hook=["{{ leave_spellings() }}", "{{ enter_spellings() }}"]
) }}

with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

keys as {{ inlined() }} (

    select * from {{ source('core', 'post_key') }}

),

posts as {{ inlined() }} (

    select * from {{ source('core', 'post') }}

),

matches as {{ inlined() }} (

    select * from {{ source('core', 'post_brand') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

suggested as {{ inlined() }} (

    select found.*
    from {{ source('core', 'text_spelling') }} as found
    inner join active_engines on found.engine_version = active_engines.engine_version
    where active_engines.task = 'spelling'

),

final as (

    select
        keys.post_key,
        suggestion.brand_id,
        suggestion.spelling,
        suggestion.name,
        suggestion.distance,
        matches.brand_id is not null as is_matched,
        posts.created_at,
        posts.is_synthetic
    from dirty
    inner join keys on dirty.post_key = keys.post_key
    inner join posts on keys.platform = posts.platform and keys.post_id = posts.post_id
    inner join suggested on posts.text_hash = suggested.text_hash
    cross join lateral {{ suggestion_entries('suggested.suggestions') }} as suggestion
    left join matches
        on
            posts.platform = matches.platform
            and posts.post_id = matches.post_id
            and suggestion.brand_id = matches.brand_id
    where posts.is_collected and posts.post_type <> 'repost'

)

select * from final
