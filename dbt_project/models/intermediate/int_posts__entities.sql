{{ config(materialized='table', tags=['tick'], post_hook='analyze {{ this }}') }}

with

posts as (

    select * from {{ ref('int_posts__touched') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

found as {{ inlined() }} (

    select
        texts.text_hash,
        texts.entities,
        -- a change of what is declared changes rows where it finds something else, and the rules' version nowhere
        split_part(texts.engine_version, '+', 1) as engine_version
    from {{ source('core', 'text_entities') }} as texts
    inner join active_engines on texts.engine_version = active_engines.engine_version
    where active_engines.task = 'entities'

),

post_texts as (

    select * from {{ source('core', 'post_text') }}

),

matches as {{ inlined() }} (

    select
        platform,
        post_id,
        brand_id as matched_brand_id
    from {{ source('core', 'post_brand') }}

),

mentions as (

    select
        posts.post_key,
        posts.platform,
        posts.post_id,
        {{ json_text('entry.item', 'type') }} as entity_type,
        {{ json_text('entry.item', 'id') }} as entity_id,
        {{ json_text('entry.item', 'name') }} as entity_name,
        {{ json_text('entry.item', 'brand_id') }} as matched_brand_id,
        cast({{ json_text('entry.item', 'is_ambiguous') }} as boolean) as is_ambiguous,
        translate({{ json_text('entry.item', 'candidates') }}, '[]"', '') as candidate_codes,
        {{ part_rank('post_texts.part') }} as part_rank,
        found.engine_version,
        posts.is_synthetic
    from posts
    {{ join_each('post_texts', 'posts', ['platform', 'post_id']) }}
    inner join found on post_texts.text_hash = found.text_hash
    cross join lateral {{ json_entries('found.entities') }} as entry (item)

),

-- "es kopi susu" is a product of the brand whose post it is: in a post of no brand it may be anybody's
counting as (

    select mentions.*
    from mentions
    where mentions.matched_brand_id is null

    union all

    select mentions.*
    from mentions
    {{ join_each('matches', 'mentions', ['platform', 'post_id', 'matched_brand_id']) }}

),

final as (

    select
        post_key,
        platform,
        post_id,
        entity_type,
        entity_id,
        min(entity_name) as entity_name,
        min(matched_brand_id) as brand_id,
        case when entity_type = 'place' then substring(entity_id, 1, 2) end as province_code,
        {{ part_of('min(part_rank)') }} as text_part,
        min(engine_version) as engine_version,
        -- "Bandung" beside "Kota Bandung" is the city
        case when bool_and(is_ambiguous) then min(candidate_codes) end as candidate_codes,
        bool_and(is_ambiguous) as is_ambiguous,
        bool_or(is_synthetic) as is_synthetic,
        count(*) as mention_count
    from counting
    group by post_key, platform, post_id, entity_type, entity_id

)

select * from final
