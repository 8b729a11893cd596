{{ config(
    materialized='table',
    tags=['tick'],
    post_hook=["{{ leave_msme_cells() }}", "{{ enter_msme_cells() }}", 'analyze {{ this }}']
) }}

with

dirty as (

    select * from {{ source('core', 'dirty__post') }}

),

keys as {{ inlined() }} (

    select * from {{ source('core', 'post_key') }}

),

author_keys as {{ inlined() }} (

    select * from {{ source('core', 'author_key') }}

),

posts as {{ inlined() }} (

    select * from {{ source('core', 'post') }}

),

profiles as {{ inlined() }} (

    select * from {{ source('core', 'author_business') }}

),

standings as {{ inlined() }} (

    select * from {{ source('core', 'standing_author') }}

),

active_engines as (

    select * from {{ source('core', 'active_engine') }}

),

classes as {{ inlined() }} (

    select found.*
    from {{ source('core', 'text_business_said') }} as found
    inner join active_engines on found.engine_version = active_engines.engine_version
    where active_engines.task = 'business'

),

post_texts as (

    select * from {{ source('core', 'post_text') }}

),

wanted as (

    select
        keys.post_key,
        author_keys.author_key,
        posts.platform,
        posts.post_id,
        posts.author_id,
        posts.media_type,
        posts.text_hash,
        posts.created_at,
        posts.is_deleted,
        posts.is_synthetic
    from dirty
    inner join keys on dirty.post_key = keys.post_key
    inner join posts on keys.platform = posts.platform and keys.post_id = posts.post_id
    left join author_keys on posts.platform = author_keys.platform and posts.author_id = author_keys.author_id
    where posts.is_collected and posts.post_type <> 'repost'

),

parts as (

    select
        wanted.post_key,
        post_texts.text_hash,
        {{ part_rank('post_texts.part') }} as part_order
    from wanted
    {{ join_each('post_texts', 'wanted', ['platform', 'post_id']) }}

),

-- of each class the part that says most decides: a person's word before all, a business before none, a judged
-- one before an abstention
judged as (

    select
        parts.post_key,
        classes.*,
        row_number() over (
            partition by parts.post_key
            order by
                case when classes.is_relevance_corrected then 0 else 1 end,
                case classes.relevance when 'msme' then 1 when 'other' then 2 else 3 end,
                case when classes.relevance_reason = 'no_text' then 2 else 1 end,
                parts.part_order
        ) as relevance_order,
        row_number() over (
            partition by parts.post_key
            order by
                case when classes.is_industry_corrected then 0 else 1 end,
                case when classes.industry is not null then 1 else 2 end,
                case when classes.industry_reason = 'no_text' then 2 else 1 end,
                parts.part_order
        ) as industry_order,
        row_number() over (
            partition by parts.post_key
            order by
                case when classes.is_activity_corrected then 0 else 1 end,
                case when classes.activity = 'other' then 2 when classes.activity is not null then 1 else 3 end,
                case when classes.activity_reason = 'no_text' then 2 else 1 end,
                parts.part_order
        ) as activity_order
    from parts
    inner join classes on parts.text_hash = classes.text_hash

),

deciding as (

    select
        post_key,
        max(engine_version) as engine_version,
        max(relevance) filter (where relevance_order = 1) as relevance,
        max(relevance_reason) filter (where relevance_order = 1) as relevance_reason,
        bool_or(is_relevance_corrected) filter (where relevance_order = 1) as is_relevance_corrected,
        max(industry) filter (where industry_order = 1) as industry,
        max(industry_reason) filter (where industry_order = 1) as industry_reason,
        bool_or(is_industry_corrected) filter (where industry_order = 1) as is_industry_corrected,
        max(activity) filter (where activity_order = 1) as activity,
        max(activity_reason) filter (where activity_order = 1) as activity_reason,
        bool_or(is_activity_corrected) filter (where activity_order = 1) as is_activity_corrected
    from judged
    group by post_key

),

final as (

    select
        wanted.post_key,
        wanted.author_key,
        wanted.platform,
        wanted.media_type,
        case
            when deciding.is_relevance_corrected then deciding.relevance
            when standings.is_brand_account or deciding.relevance = 'msme' or profiles.relevance = 'msme' then 'msme'
            else deciding.relevance
        end as relevance,
        case
            when deciding.is_relevance_corrected then 'correction'
            when standings.is_brand_account then 'brand_account'
            when deciding.relevance = 'msme' then 'text'
            when profiles.relevance = 'msme' then 'profile'
            when deciding.relevance is not null then 'text'
        end as relevance_source,
        -- by its caption, of which an account's share is made
        coalesce(deciding.relevance = 'msme' and wanted.text_hash is not null, false) as is_text_relevant,
        case
            when
                standings.is_brand_account or deciding.relevance is not null or profiles.relevance = 'msme'
                then null
            when wanted.is_deleted then 'deleted'
            when deciding.post_key is null then 'no_text'
            else deciding.relevance_reason
        end as relevance_reason,
        coalesce(deciding.industry, profiles.industry) as industry,
        case
            when deciding.is_industry_corrected then 'correction'
            when deciding.industry is not null then 'text'
            when profiles.industry is not null then 'profile'
        end as industry_source,
        case
            when coalesce(deciding.industry, profiles.industry) is not null then null
            when wanted.is_deleted then 'deleted'
            when deciding.post_key is null then 'no_text'
            else deciding.industry_reason
        end as industry_reason,
        deciding.activity,
        case
            when deciding.is_activity_corrected then 'correction'
            when deciding.activity is not null then 'text'
        end as activity_source,
        case
            when deciding.activity is not null then null
            when wanted.is_deleted then 'deleted'
            when deciding.post_key is null then 'no_text'
            else deciding.activity_reason
        end as activity_reason,
        profiles.province_code,
        profiles.province_name,
        case
            when profiles.province_code is not null then null
            else coalesce(profiles.place_reason, 'no_profile')
        end as province_reason,
        coalesce(profiles.is_place_ambiguous, false) as is_place_ambiguous,
        deciding.engine_version,
        wanted.is_synthetic,
        wanted.created_at,
        {{ week_of('wanted.created_at') }} as week_date
    from wanted
    left join deciding on wanted.post_key = deciding.post_key
    left join profiles on wanted.platform = profiles.platform and wanted.author_id = profiles.author_id
    left join standings on wanted.platform = standings.platform and wanted.author_id = standings.author_id

)

select * from final
