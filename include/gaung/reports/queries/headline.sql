-- The day's head figures, beside the day before and the same weekday of the four weeks before.
with today as (
    select * from marts.rpt_brand_day__summary
    where brand_id = %(brand_id)s and local_date = %(local_date)s
),

day_before as (
    select * from marts.rpt_brand_day__summary
    where brand_id = %(brand_id)s and local_date = cast(%(local_date)s as date) - 1
),

same_weekdays as (
    select
        count(*) as usual_week_count,
        round(avg(post_count), 1) as usual_post_count
    from marts.rpt_brand_day__summary
    where
        brand_id = %(brand_id)s
        and local_date in (
            cast(%(local_date)s as date) - 7,
            cast(%(local_date)s as date) - 14,
            cast(%(local_date)s as date) - 21,
            cast(%(local_date)s as date) - 28
        )
)

select
    today.post_count,
    day_before.post_count as previous_post_count,
    today.post_count - day_before.post_count as post_count_change,
    case when same_weekdays.usual_week_count >= 2 then same_weekdays.usual_week_count end as usual_week_count,
    case when same_weekdays.usual_week_count >= 2 then same_weekdays.usual_post_count end as usual_post_count,
    case
        when same_weekdays.usual_week_count >= 2
            then round(100 * (today.post_count / nullif(same_weekdays.usual_post_count, 0) - 1), 1)
    end as post_count_vs_usual_pct,
    today.repost_count,
    today.author_count,
    today.scored_count,
    today.unscored_count,
    today.unscored_pct,
    today.positive_count,
    today.neutral_count,
    today.negative_count,
    today.net_sentiment_all_pct,
    day_before.net_sentiment_all_pct as previous_net_sentiment_all_pct,
    today.net_sentiment_all_pct - day_before.net_sentiment_all_pct as net_sentiment_change_pct,
    today.positive_share_low_pct,
    today.positive_share_high_pct,
    today.negative_share_pct,
    today.negative_share_low_pct,
    today.negative_share_high_pct,
    today.is_synthetic
from today
cross join same_weekdays
left join day_before on true
