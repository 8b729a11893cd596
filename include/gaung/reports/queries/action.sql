-- The first rule that holds, with the measure it rests on.
with headline as (
    select
        today.*,
        today.net_sentiment_all_pct - day_before.net_sentiment_all_pct as net_sentiment_change_pct,
        least(today.scored_count, day_before.scored_count) as compared_count
    from marts.rpt_brand_day__summary as today
    left join marts.rpt_brand_day__summary as day_before
        on today.brand_id = day_before.brand_id and day_before.local_date = today.local_date - 1
    where today.brand_id = %(brand_id)s and today.local_date = %(local_date)s
),

usual as (
    select
        count(*) as usual_week_count,
        avg(post_count) as usual_post_count
    from marts.rpt_brand_day__summary
    where
        brand_id = %(brand_id)s
        and local_date in (
            cast(%(local_date)s as date) - 7,
            cast(%(local_date)s as date) - 14,
            cast(%(local_date)s as date) - 21,
            cast(%(local_date)s as date) - 28
        )
),

waiting as (
    select coalesce(max(waiting_count), 0) as waiting_count
    from marts.rpt_brand_day__contacts
    where brand_id = %(brand_id)s and local_date = %(local_date)s
),

measures as (
    select 'post_count' as measure, cast(post_count as numeric) as measure_value, post_count as rests_on
    from headline
    union all
    select 'unscored_pct', unscored_pct, post_count from headline
    union all
    select 'negative_share_low_pct', negative_share_low_pct, scored_count from headline
    union all
    select 'positive_share_low_pct', positive_share_low_pct, scored_count from headline
    union all
    select 'net_sentiment_change_pct', net_sentiment_change_pct, compared_count from headline
    union all
    select 'waiting_count', waiting.waiting_count, waiting.waiting_count from headline cross join waiting
    union all
    select
        'post_count_vs_usual_pct',
        case
            when usual.usual_week_count >= 2
                then 100 * (headline.post_count / nullif(usual.usual_post_count, 0) - 1)
        end,
        headline.post_count
    from headline
    cross join usual
)

select
    rules.rule_id,
    round(abs(measures.measure_value), 1) as measure_value,
    measures.rests_on,
    rules.because_id,
    rules.because_en,
    rules.action_id,
    rules.action_en
from marts.rpt_action_rule as rules
inner join measures on rules.measure = measures.measure
where
    measures.rests_on >= rules.least_post_count
    and (
        (rules.comparison = 'at_least' and measures.measure_value >= rules.threshold)
        or (rules.comparison = 'at_most' and measures.measure_value <= rules.threshold)
    )
order by rules.priority, rules.rule_id
limit 1
