-- Posts and mood of the fortnight that ends with the day; a day without a row was not seen.
select
    cast(calendar.local_date as text) as local_date,
    calendar.day_number,
    summary.post_count,
    round(summary.net_sentiment_all_pct, 1) as net_sentiment_all_pct
from marts.dim_date as calendar
left join marts.rpt_brand_day__summary as summary
    on calendar.local_date = summary.local_date and summary.brand_id = %(brand_id)s
where
    calendar.local_date > cast(%(local_date)s as date) - 14
    and calendar.local_date <= cast(%(local_date)s as date)
order by calendar.local_date
