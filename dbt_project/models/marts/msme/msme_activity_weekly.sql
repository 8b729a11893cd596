with

dirty as (

    select * from {{ source('core', 'dirty__msme_cell') }}
    -- noted, too, by the hooks of {{ ref('int_posts__business') }}

),

places as (

    select * from {{ source('core', 'placed_msme') }}

),

counted as (

    select
        places.week_date,
        places.province_code,
        places.industry,
        places.activity,
        max(places.province_name) as province_name,
        bool_or(places.is_synthetic) as is_synthetic,
        count(*) as post_count,
        count(distinct places.author_key) as account_count
    from dirty
    inner join places
        on
            dirty.week_date = places.week_date
            and dirty.province_code = places.province_code
            and dirty.industry = places.industry
            and dirty.activity = places.activity
    group by places.week_date, places.province_code, places.industry, places.activity

),

final as (

    select
        week_date,
        province_code,
        industry,
        activity,
        province_name,
        is_synthetic,
        account_count < {{ fewest_accounts() }} as is_suppressed,
        {{ shown('post_count') }} as post_count,
        {{ shown('account_count') }} as account_count,
        case when account_count < {{ fewest_accounts() }} then 'fewer_than_{{ fewest_accounts() }}_accounts' end
            as suppressed_reason,
        {{ lineage() }}
    from counted

)

select * from final
