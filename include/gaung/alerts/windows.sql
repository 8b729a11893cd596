-- The newest complete quarters of an hour of each brand beside their own past: what a crisis and a drop rest on.
-- Past only. A past quarter counts when anything of any brand was seen in its hour: what was not collected is not 0.
with parameters as (
    select
        date_bin('15 minutes', cast(%(reference)s as timestamptz), timestamptz '2000-01-01 00:00+00') as end_at,
        interval '15 minutes' as step
),

observed as (
    select distinct date_trunc('hour', quarter_at, 'UTC') as hour_at
    from core.brand_quarter
    where quarter_at >= (select end_at from parameters) - interval '29 days' and post_count > 0
),

firsts as (
    select
        brand_id,
        min(quarter_at) as first_at
    from core.brand_quarter
    group by brand_id
),

windows as (
    select
        brands.brand_id,
        brands.name as brand_name,
        window_at,
        exists (
            select from observed where hour_at = date_trunc('hour', window_at, 'UTC')
        ) as is_observed
    from core.brand as brands
    cross join parameters
    cross join lateral generate_series(
        parameters.end_at - %(windows)s * parameters.step, parameters.end_at - parameters.step, parameters.step
    ) as window_at
),

candidates as (
    select
        windows.brand_id,
        windows.window_at,
        'hour_of_week' as basis,
        date_trunc('hour', windows.window_at, 'UTC') - week * interval '7 days' + quarter * parameters.step as past_at
    from windows
    cross join parameters
    cross join generate_series(1, 4) as week
    cross join generate_series(0, 3) as quarter
    union all
    select
        windows.brand_id,
        windows.window_at,
        'day_before' as basis,
        past_at
    from windows
    cross join parameters
    cross join lateral generate_series(
        windows.window_at - interval '24 hours' - parameters.step,
        windows.window_at - 2 * parameters.step,
        parameters.step
    ) as past_at
),

-- what an alert was about is no past to be measured by, or a long crisis would become the usual
alarmed as (
    select
        opened.brand_id,
        opened.window_at - interval '15 minutes' as start_at,
        coalesce(closed.window_at, timestamptz 'infinity') as end_at
    from ops.alert as opened
    left join ops.alert as closed on opened.alert_id = closed.opened_alert_id and closed.event = 'close'
    where
        opened.event = 'open'
        and opened.window_at >= (select end_at from parameters) - interval '29 days'
),

past as (
    select
        candidates.brand_id,
        candidates.window_at,
        candidates.basis,
        coalesce(counts.post_count, 0) as post_count,
        coalesce(counts.scored_count, 0) as scored_count,
        coalesce(counts.negative_count, 0) as negative_count
    from candidates
    inner join firsts
        on candidates.brand_id = firsts.brand_id and candidates.past_at >= firsts.first_at
    inner join observed on date_trunc('hour', candidates.past_at, 'UTC') = observed.hour_at
    left join core.brand_quarter as counts
        on candidates.brand_id = counts.brand_id and candidates.past_at = counts.quarter_at
    where not exists (
        select from alarmed
        where
            candidates.brand_id = alarmed.brand_id
            and candidates.past_at >= alarmed.start_at
            and candidates.past_at < alarmed.end_at
    )
),

medians as (
    select
        brand_id,
        window_at,
        basis,
        count(*) as past_count,
        sum(scored_count) as past_scored_count,
        sum(negative_count) as past_negative_count,
        percentile_cont(0.5) within group (order by negative_count) as negative_median,
        percentile_cont(0.5) within group (order by post_count) as post_median
    from past
    group by brand_id, window_at, basis
    having count(*) >= %(least_past)s
),

chosen as (
    select distinct on (brand_id, window_at) *
    from medians
    order by brand_id, window_at, case basis when 'hour_of_week' then 0 else 1 end
),

deviations as (
    select
        chosen.brand_id,
        chosen.window_at,
        percentile_cont(0.5) within group (order by abs(past.negative_count - chosen.negative_median)) as negative_mad,
        avg(abs(past.negative_count - chosen.negative_median)) as negative_mean_deviation,
        percentile_cont(0.5) within group (order by abs(past.post_count - chosen.post_median)) as post_mad,
        avg(abs(past.post_count - chosen.post_median)) as post_mean_deviation
    from chosen
    inner join past
        on chosen.brand_id = past.brand_id and chosen.window_at = past.window_at and chosen.basis = past.basis
    group by chosen.brand_id, chosen.window_at
),

coverage as (
    select
        hour_at,
        case when count(*) = count(collection_coverage_pct) then min(collection_coverage_pct) end as collection_coverage_pct
    from marts.collection_coverage
    where planned_window_count is not null
    group by hour_at
),

counted as (
    select
        windows.*,
        coalesce(counts.post_count, 0) as post_count,
        coalesce(counts.scored_count, 0) as scored_count,
        coalesce(counts.positive_count, 0) as positive_count,
        coalesce(counts.negative_count, 0) as negative_count,
        chosen.basis,
        chosen.past_count,
        chosen.past_scored_count,
        chosen.past_negative_count,
        chosen.negative_median,
        chosen.post_median,
        deviations.negative_mad,
        deviations.negative_mean_deviation,
        deviations.post_mad,
        deviations.post_mean_deviation,
        coverage.collection_coverage_pct
    from windows
    left join core.brand_quarter as counts
        on windows.brand_id = counts.brand_id and windows.window_at = counts.quarter_at
    left join chosen on windows.brand_id = chosen.brand_id and windows.window_at = chosen.window_at
    left join deviations on windows.brand_id = deviations.brand_id and windows.window_at = deviations.window_at
    left join coverage on date_trunc('hour', windows.window_at, 'UTC') = coverage.hour_at
),

-- Iglewicz and Hoaglin (1993); a past that never varied has no z
scored as (
    select
        *,
        case
            when negative_mad > 0 then 0.6745 * (negative_count - negative_median) / negative_mad
            when negative_mean_deviation > 0
                then (negative_count - negative_median) / (1.253314 * negative_mean_deviation)
        end as negative_z,
        case
            when post_mad > 0 then 0.6745 * (post_count - post_median) / post_mad
            when post_mean_deviation > 0 then (post_count - post_median) / (1.253314 * post_mean_deviation)
        end as post_z,
        negative_count / nullif(cast(scored_count as double precision), 0) as negative_rate,
        past_negative_count / nullif(cast(past_scored_count as double precision), 0) as past_negative_rate,
        (negative_count + past_negative_count)
        / nullif(cast(scored_count + past_scored_count as double precision), 0) as pooled_rate
    from counted
),

tested as (
    select
        *,
        (negative_rate - past_negative_rate) / nullif(
            sqrt(pooled_rate * (1 - pooled_rate) * (
                1 / nullif(cast(scored_count as double precision), 0)
                + 1 / nullif(cast(past_scored_count as double precision), 0)
            )),
            0
        ) as share_z
    from scored
)

select
    brand_id,
    brand_name,
    window_at,
    is_observed,
    post_count,
    scored_count,
    positive_count,
    negative_count,
    basis,
    past_count,
    negative_median,
    post_median,
    round(cast(negative_z as numeric), 2) as negative_z,
    round(cast(post_z as numeric), 2) as post_z,
    round(cast(100 * negative_rate as numeric), 1) as negative_share_pct,
    round(cast(100 * past_negative_rate as numeric), 1) as past_negative_share_pct,
    round(cast(share_z as numeric), 2) as share_z,
    collection_coverage_pct,
    case when negative_z is null and past_count is not null then 'the past never varied' end as no_z_reason,
    coalesce(
        (negative_z > %(z)s or (negative_z is null and negative_count > negative_median))
        and share_z > %(share_z)s
        and 100 * (negative_rate - past_negative_rate) >= %(least_rise)s
        and negative_count >= %(least_negative)s
        and coalesce(collection_coverage_pct, 100) >= %(least_coverage)s,
        false
    ) as is_crisis,
    coalesce(
        basis = 'hour_of_week'
        and is_observed
        and post_median >= %(least_usual)s
        and post_z < -%(z)s
        and 2 * post_count <= post_median
        and collection_coverage_pct >= %(least_coverage)s,
        false
    ) as is_drop
from tested
order by brand_id, window_at
