-- The newest day up to the wanted one on which anything about the brand was seen.
select
    cast(max(local_date) as text) as local_date,
    sum(post_count) filter (where local_date = newest_date) as post_count
from (
    select
        local_date,
        post_count,
        max(local_date) over () as newest_date
    from marts.rpt_brand_day__summary
    where brand_id = %(brand_id)s and local_date <= %(local_date)s
) as days
