with

dirty as (

    select * from {{ source('core', 'dirty__panel_date') }}

),

members as (

    select * from {{ source('core', 'panel_member') }}

),

brands as (

    select * from {{ source('core', 'brand') }}

),

days as (

    select
        dirty.panel_id,
        dirty.local_date,
        {{ day_start('dirty.local_date', 'brands.timezone') }} as begins_at,
        {{ day_start('dirty.local_date + 1', 'brands.timezone') }} as ends_at
    from dirty
    inner join brands on dirty.panel_id = brands.brand_id

),

final as (

    select
        days.panel_id,
        members.brand_id,
        members.series_id,
        days.local_date,
        {{ hour_of('days.begins_at') }} as first_hour_at,
        days.begins_at,
        days.ends_at
    from days
    inner join members
        on
            days.panel_id = members.panel_id
            and days.local_date >= members.first_date
            and days.local_date <= members.last_date

)

select * from final
