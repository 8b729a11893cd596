{%- set denominators = ['followers', 'reach', 'impressions', 'views'] -%}
with

dirty as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

brands as (

    select * from {{ source('core', 'brand') }}

),

accounts as (

    select * from {{ source('core', 'brand_account') }}

),

author_metrics as (

    select * from {{ source('raw', 'author_metrics') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

posts as (

    select * from {{ ref('int_posts__touched') }}

),

engagements as (

    select * from {{ ref('int_posts__engagements') }}

),

followers as (

    select * from {{ ref('int_posts__followers') }}

),

breaks as (

    select * from {{ ref('series_breaks') }}
    where metric = 'followers'

),

account_days as (

    select
        dirty.brand_id,
        dirty.local_date,
        accounts.platform,
        accounts.author_id,
        brands.timezone,
        {{ day_start('dirty.local_date - 1', 'brands.timezone') }} as day_before_at,
        {{ day_start('dirty.local_date', 'brands.timezone') }} as begins_at,
        {{ day_start('dirty.local_date + 1', 'brands.timezone') }} as ends_at
    from dirty
    inner join brands on dirty.brand_id = brands.brand_id
    inner join accounts on dirty.brand_id = accounts.brand_id

),

snapshots as (

    select
        account_days.brand_id,
        account_days.local_date,
        account_days.platform,
        account_days.author_id,
        author_metrics.followers,
        author_metrics.observed_at,
        author_metrics.is_synthetic,
        author_metrics.observed_at >= account_days.begins_at as is_of_the_day,
        row_number() over (
            partition by
                account_days.brand_id,
                account_days.local_date,
                account_days.platform,
                account_days.author_id,
                author_metrics.observed_at >= account_days.begins_at
            order by author_metrics.observed_at desc, author_metrics.content_hash desc
        ) as lateness
    from account_days
    inner join author_metrics
        on
            account_days.platform = author_metrics.platform
            and account_days.author_id = author_metrics.author_id
            and account_days.day_before_at <= author_metrics.observed_at
            and account_days.ends_at > author_metrics.observed_at
    where author_metrics.followers is not null

),

account_followers as (

    select
        account_days.brand_id,
        account_days.local_date,
        account_days.platform,
        account_days.author_id,
        max(snapshots.followers) filter (where snapshots.is_of_the_day) as followers,
        max(snapshots.followers) filter (where not snapshots.is_of_the_day) as followers_before,
        max(snapshots.observed_at) filter (where snapshots.is_of_the_day) as observed_at,
        bool_or(snapshots.is_synthetic) as is_synthetic
    from account_days
    left join snapshots
        on
            account_days.brand_id = snapshots.brand_id
            and account_days.local_date = snapshots.local_date
            and account_days.platform = snapshots.platform
            and account_days.author_id = snapshots.author_id
            and snapshots.lateness = 1
    group by account_days.brand_id, account_days.local_date, account_days.platform, account_days.author_id

),

platform_followers as (

    select
        brand_id,
        local_date,
        platform,
        count(*) as account_count,
        count(followers) as snapshot_count,
        case when count(followers) = count(*) then cast(sum(followers) as bigint) end as followers,
        case when count(followers_before) = count(*) then cast(sum(followers_before) as bigint) end as followers_before,
        max(observed_at) as followers_observed_at,
        bool_or(is_synthetic) as is_synthetic
    from account_followers
    group by brand_id, local_date, platform

),

own_posts as (

    select
        dirty.brand_id,
        dirty.local_date,
        posts.platform,
        posts.post_type = 'repost' as is_repost,
        posts.is_synthetic,
        engagements.engagements,
        followers.followers,
        posts.reach,
        posts.impressions,
        posts.views
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.local_date = places.local_date
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    inner join accounts
        on
            posts.platform = accounts.platform
            and posts.author_id = accounts.author_id
            and dirty.brand_id = accounts.brand_id
    left join engagements on posts.post_key = engagements.post_key
    left join followers on posts.post_key = followers.post_key

),

post_counts as (

    select
        brand_id,
        local_date,
        platform,
        count(*) filter (where not is_repost) as post_count,
        count(*) filter (where is_repost) as repost_count,
        count(engagements) filter (where not is_repost) as engagements_known_count,
        cast(sum(engagements) filter (where not is_repost) as bigint) as engagements,
        {%- for denominator in denominators %}
        count(*) filter (
            where not is_repost and engagements is not null and {{ denominator }} > 0
        ) as rate_by_{{ denominator }}_post_count,
        avg({{ safe_pct('engagements', denominator, 12) }}) filter (
            where not is_repost
        ) as rate_by_{{ denominator }}_mean,
        cast(sum(engagements) filter (where not is_repost and {{ denominator }} > 0) as numeric)
        as engagements_by_{{ denominator }},
        sum({{ denominator }}) filter (
            where not is_repost and engagements is not null and {{ denominator }} > 0
        ) as {{ denominator }}_sum,
        {%- endfor %}
        bool_or(is_synthetic) as is_synthetic
    from own_posts
    group by brand_id, local_date, platform

),

compared as (

    select
        platform_followers.brand_id,
        platform_followers.local_date,
        platform_followers.platform,
        coalesce(platform_followers.is_synthetic, post_counts.is_synthetic, false) as is_synthetic,
        platform_followers.account_count,
        platform_followers.snapshot_count,
        platform_followers.followers,
        platform_followers.followers_before,
        platform_followers.followers_observed_at,
        case
            when platform_followers.followers is null then 'no_snapshot'
            when breaks.platform is not null then 'series_break'
            when platform_followers.followers_before is null then 'no_snapshot_the_day_before'
        end as followers_net_reason,
        coalesce(post_counts.post_count, 0) as post_count,
        coalesce(post_counts.repost_count, 0) as repost_count,
        coalesce(post_counts.engagements_known_count, 0) as engagements_known_count,
        post_counts.engagements,
        {%- for denominator in denominators %}
        coalesce(post_counts.rate_by_{{ denominator }}_post_count, 0) as rate_by_{{ denominator }}_post_count,
        post_counts.rate_by_{{ denominator }}_mean,
        post_counts.engagements_by_{{ denominator }},
        post_counts.{{ denominator }}_sum{{ ',' if not loop.last }}
        {%- endfor %}
    from platform_followers
    left join post_counts
        on
            platform_followers.brand_id = post_counts.brand_id
            and platform_followers.local_date = post_counts.local_date
            and platform_followers.platform = post_counts.platform
    left join breaks
        on platform_followers.platform = breaks.platform and platform_followers.local_date = breaks.break_date
    where platform_followers.snapshot_count > 0 or post_counts.brand_id is not null

),

final as (

    select
        brand_id,
        local_date,
        platform,
        is_synthetic,
        account_count,
        snapshot_count,
        followers,
        case when followers is null then 'no_snapshot' end as followers_reason,
        followers_observed_at,
        case when followers_net_reason is null then followers - followers_before end as followers_net,
        case
            when followers_net_reason is null then {{ safe_pct('followers - followers_before', 'followers_before') }}
        end as follower_growth_pct,
        coalesce(
            followers_net_reason, case when followers_before = 0 then 'no_followers_the_day_before' end
        ) as follower_growth_reason,
        post_count,
        repost_count,
        engagements_known_count,
        engagements,
        {%- for denominator in denominators %}
        rate_by_{{ denominator }}_post_count,
        round(rate_by_{{ denominator }}_mean, 4) as engagement_rate_by_{{ denominator }}_mean_pct,
        {{ safe_pct('engagements_by_' ~ denominator, denominator ~ '_sum') }}
        as engagement_rate_by_{{ denominator }}_pooled_pct,
        {%- endfor %}
        {{ lineage() }}
    from compared

)

select * from final
