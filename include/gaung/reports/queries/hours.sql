-- Posts of the day by the brand's own hours and by mood.
select
    local_hour,
    post_count,
    positive_count,
    neutral_count,
    negative_count,
    unscored_count
from marts.rpt_brand_day__hours
where brand_id = %(brand_id)s and local_date = %(local_date)s
order by local_hour
