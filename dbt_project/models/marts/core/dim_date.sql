{%- set first_day = '2000-01-01' -%}
{%- set last_day = '2049-12-31' -%}
with

calendar as (

    {{ days(first_day, last_day) }}

),

brands as (

    select * from {{ source('core', 'brand') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

days_outside as (

    select distinct places.local_date
    from brands
    inner join places on brands.brand_id = places.brand_id
    where places.local_date < date '{{ first_day }}' or places.local_date > date '{{ last_day }}'

),

all_days as (

    select local_date from calendar
    union all
    select local_date from days_outside

),

final as (

    select
        local_date,
        cast(extract(year from local_date) as integer) as year_number,
        cast(extract(quarter from local_date) as integer) as quarter_number,
        cast(extract(month from local_date) as integer) as month_number,
        cast(extract(day from local_date) as integer) as day_number,
        cast(extract(isodow from local_date) as integer) as weekday_number,
        cast(extract(week from local_date) as integer) as iso_week_number,
        cast(extract(isoyear from local_date) as integer) as iso_year_number,
        case cast(extract(isodow from local_date) as integer)
            when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday'
            when 5 then 'Friday' when 6 then 'Saturday' else 'Sunday'
        end as weekday_name,
        case cast(extract(isodow from local_date) as integer)
            when 1 then 'Senin' when 2 then 'Selasa' when 3 then 'Rabu' when 4 then 'Kamis'
            when 5 then 'Jumat' when 6 then 'Sabtu' else 'Minggu'
        end as weekday_name_id,
        extract(isodow from local_date) >= 6 as is_weekend,
        {{ lineage() }}
    from all_days

)

select * from final
