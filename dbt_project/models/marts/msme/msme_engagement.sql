with

dirty as (

    select * from {{ source('core', 'dirty__msme_media') }}

),

places as (

    select * from {{ source('core', 'placed_msme') }}
    -- kept by the hooks of {{ ref('int_posts__business') }}

),

engagements as (

    select * from {{ ref('int_posts__engagements') }}

),

counted as (

    select
        places.week_date,
        places.industry,
        places.activity,
        places.media_type,
        bool_or(places.is_synthetic) as is_synthetic,
        count(*) as post_count,
        count(distinct places.author_key) as account_count,
        count(engagements.engagements) as engagement_post_count,
        sum(engagements.engagements) as engagements,
        avg(cast(engagements.engagements as numeric)) as engagements_per_post
    from dirty
    inner join places
        on
            dirty.week_date = places.week_date
            and dirty.industry = places.industry
            and dirty.activity = places.activity
            and dirty.media_type = places.media_type
    left join engagements on places.post_key = engagements.post_key
    group by places.week_date, places.industry, places.activity, places.media_type

),

final as (

    select
        week_date,
        industry,
        activity,
        media_type,
        is_synthetic,
        account_count < {{ fewest_accounts() }} as is_suppressed,
        {{ shown('post_count') }} as post_count,
        {{ shown('account_count') }} as account_count,
        {{ shown('engagement_post_count') }} as engagement_post_count,
        cast({{ shown('engagements') }} as bigint) as engagements,
        round({{ shown('engagements_per_post') }}, 4) as engagements_per_post,
        case
            when account_count < {{ fewest_accounts() }} then 'fewer_than_{{ fewest_accounts() }}_accounts'
            when engagement_post_count = 0 then 'not_reported'
        end as engagements_reason,
        {{ lineage() }}
    from counted

)

select * from final
