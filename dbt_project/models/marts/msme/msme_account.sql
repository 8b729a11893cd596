with

dirty as (

    select * from {{ source('core', 'dirty__author') }}

),

author_keys as {{ inlined() }} (

    select * from {{ source('core', 'author_key') }}

),

places as {{ inlined() }} (

    select * from {{ source('core', 'placed_msme') }}
    -- kept by the hooks of {{ ref('int_posts__business') }}

),

profiles as {{ inlined() }} (

    select * from {{ source('core', 'author_business') }}

),

brand_accounts as (

    select
        platform,
        author_id,
        min(brand_id) as brand_id
    from {{ source('core', 'brand_account') }}
    group by platform, author_id

),

posts as {{ inlined() }} (

    select * from {{ source('core', 'post') }}
    where is_collected and post_type <> 'repost' and created_at is not null

),

-- whoever has neither a relevant post nor a profile that says so is left out before posts are read
candidates as (

    select
        author_keys.author_key,
        author_keys.platform,
        author_keys.author_id,
        brand_accounts.brand_id,
        profiles.relevance = 'msme' as is_business_profile,
        profiles.industry as profile_industry,
        profiles.place_code,
        profiles.place_name,
        profiles.province_code,
        profiles.province_name,
        profiles.place_reason,
        coalesce(profiles.is_place_ambiguous, false) as is_place_ambiguous
    from dirty
    inner join author_keys on dirty.author_key = author_keys.author_key
    left join profiles on author_keys.platform = profiles.platform and author_keys.author_id = profiles.author_id
    left join brand_accounts
        on author_keys.platform = brand_accounts.platform and author_keys.author_id = brand_accounts.author_id
    where
        brand_accounts.brand_id is not null
        or profiles.relevance = 'msme'
        or exists (
            select 1 from places
            where places.author_key = dirty.author_key
        )

),

seen as (

    select
        candidates.author_key,
        min(posts.created_at) as first_seen_at,
        max(posts.created_at) as last_seen_at,
        count(distinct {{ week_of('posts.created_at') }}) as active_week_count,
        count(*) as post_count,
        count(posts.text_hash) as text_post_count,
        bool_or(posts.is_synthetic) as is_synthetic
    from candidates
    inner join posts on candidates.platform = posts.platform and candidates.author_id = posts.author_id
    group by candidates.author_key

),

told as (

    select
        places.author_key,
        places.industry,
        count(*) filter (where places.is_text_relevant) as relevant_post_count,
        count(*) filter (where places.industry_source in ('text', 'correction')) as industry_post_count
    from candidates
    inner join places on candidates.author_key = places.author_key
    group by places.author_key, places.industry

),

ranked as (

    select
        *,
        sum(relevant_post_count) over (partition by author_key) as relevant_total,
        sum(industry_post_count) over (partition by author_key) as industry_total,
        row_number() over (partition by author_key order by industry_post_count desc, industry asc) as place,
        lead(industry_post_count) over (partition by author_key order by industry_post_count desc, industry asc)
            as next_count
    from told

),

commonest as (

    select
        author_key,
        relevant_total,
        industry_total,
        case when industry_post_count > coalesce(next_count, 0) then industry end as industry,
        industry_post_count > 0 and industry_post_count = coalesce(next_count, 0) as is_divided
    from ranked
    where place = 1

),

judged as (

    select
        candidates.*,
        seen.first_seen_at,
        seen.last_seen_at,
        seen.active_week_count,
        seen.post_count,
        seen.text_post_count,
        seen.is_synthetic,
        coalesce(commonest.relevant_total, 0) as relevant_post_count,
        coalesce(commonest.industry_total, 0) as industry_judged_post_count,
        coalesce(candidates.profile_industry, commonest.industry) as industry,
        case
            when candidates.profile_industry is not null then 'profile'
            when commonest.industry is not null then 'posts'
        end as industry_source,
        case
            when coalesce(candidates.profile_industry, commonest.industry) is not null then null
            when commonest.is_divided then 'divided'
            else 'no_known_word'
        end as industry_reason,
        case
            when candidates.brand_id is not null then 'brand'
            when candidates.is_business_profile then 'profile'
            when
                coalesce(commonest.relevant_total, 0) >= {{ fewest_relevant_posts() }}
                and 2 * coalesce(commonest.relevant_total, 0) >= seen.text_post_count
                then 'posts'
        end as evidence
    from candidates
    inner join seen on candidates.author_key = seen.author_key
    left join commonest on candidates.author_key = commonest.author_key

),

of_industry as (

    select
        judged.author_key,
        coalesce(sum(told.industry_post_count), 0) as industry_post_count
    from judged
    left join told on judged.author_key = told.author_key and judged.industry = told.industry
    group by judged.author_key

),

final as (

    select
        judged.author_key,
        judged.platform,
        judged.brand_id,
        judged.evidence,
        judged.industry,
        judged.industry_source,
        judged.industry_reason,
        judged.place_code,
        judged.place_name,
        judged.is_place_ambiguous,
        judged.province_code,
        judged.province_name,
        case when judged.province_code is null then coalesce(judged.place_reason, 'no_profile') end
            as province_reason,
        judged.is_synthetic,
        judged.active_week_count,
        judged.post_count,
        judged.text_post_count,
        cast(judged.relevant_post_count as bigint) as relevant_post_count,
        {{ safe_pct('judged.relevant_post_count', 'judged.text_post_count') }} as relevant_share_pct,
        {{ wilson_pct('judged.relevant_post_count', 'judged.text_post_count', 'low') }} as confidence_pct,
        {{ wilson_pct('judged.relevant_post_count', 'judged.text_post_count', 'high') }} as relevant_share_high_pct,
        cast(judged.industry_judged_post_count as bigint) as industry_judged_post_count,
        {{ safe_pct('of_industry.industry_post_count', 'judged.industry_judged_post_count') }} as industry_share_pct,
        {{ wilson_pct('of_industry.industry_post_count', 'judged.industry_judged_post_count', 'low') }}
        as industry_confidence_pct,
        {{ wilson_pct('of_industry.industry_post_count', 'judged.industry_judged_post_count', 'high') }}
        as industry_share_high_pct,
        judged.first_seen_at,
        judged.last_seen_at,
        {{ lineage() }}
    from judged
    inner join of_industry on judged.author_key = of_industry.author_key
    where judged.evidence is not null

)

select * from final
