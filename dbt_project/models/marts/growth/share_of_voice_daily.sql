with

slots as (

    select * from {{ ref('int_panels__dirty_slots') }}

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

accounts as (

    select * from {{ source('core', 'brand_account') }}

),

mentions as (

    select
        slots.panel_id,
        slots.local_date,
        slots.brand_id,
        posts.author_key,
        posts.post_type = 'repost' as is_repost,
        accounts.brand_id is not null as is_own,
        posts.is_synthetic,
        engagements.engagements,
        followers.followers
    from slots
    inner join places
        on
            slots.brand_id = places.brand_id
            and slots.first_hour_at <= places.hour_at
            and slots.ends_at > places.hour_at
    inner join posts
        on
            places.platform = posts.platform
            and places.post_id = posts.post_id
            and slots.begins_at <= posts.created_at
            and slots.ends_at > posts.created_at
    left join engagements on posts.post_key = engagements.post_key
    left join followers on posts.post_key = followers.post_key
    left join accounts
        on
            posts.platform = accounts.platform
            and posts.author_id = accounts.author_id
            and slots.brand_id = accounts.brand_id

),

mention_counts as (

    select
        panel_id,
        local_date,
        brand_id,
        count(*) filter (where not is_repost) as mention_count,
        count(*) filter (where not is_repost and is_own) as own_mention_count,
        count(*) filter (where is_repost) as repost_count,
        count(*) filter (where not is_repost and engagements is not null) as engagements_known_count,
        cast(sum(engagements) filter (where not is_repost) as numeric) as engagements,
        bool_or(is_synthetic) as is_synthetic
    from mentions
    group by panel_id, local_date, brand_id

),

authors as (

    select
        panel_id,
        local_date,
        brand_id,
        author_key,
        max(followers) as followers
    from mentions
    where not is_repost and author_key is not null
    group by panel_id, local_date, brand_id, author_key

),

author_counts as (

    select
        panel_id,
        local_date,
        brand_id,
        count(*) as author_count,
        count(followers) as reach_known_author_count,
        cast(sum(followers) as numeric) as potential_reach
    from authors
    group by panel_id, local_date, brand_id

),

members as (

    -- A brand of the panel without a mention has 0 mentions; its engagements and reach are 0 then, not unknown.
    select
        slots.panel_id,
        slots.local_date,
        slots.brand_id,
        slots.series_id,
        coalesce(mention_counts.is_synthetic, false) as is_synthetic,
        coalesce(mention_counts.mention_count, 0) as mention_count,
        coalesce(mention_counts.own_mention_count, 0) as own_mention_count,
        coalesce(mention_counts.repost_count, 0) as repost_count,
        coalesce(mention_counts.engagements_known_count, 0) as engagements_known_count,
        coalesce(author_counts.author_count, 0) as author_count,
        coalesce(author_counts.reach_known_author_count, 0) as reach_known_author_count,
        case
            when coalesce(mention_counts.mention_count, 0) = 0 then 0 else mention_counts.engagements
        end as engagements,
        case
            when coalesce(mention_counts.mention_count, 0) = 0 then 0 else author_counts.potential_reach
        end as potential_reach
    from slots
    left join mention_counts
        on
            slots.panel_id = mention_counts.panel_id
            and slots.local_date = mention_counts.local_date
            and slots.brand_id = mention_counts.brand_id
    left join author_counts
        on
            slots.panel_id = author_counts.panel_id
            and slots.local_date = author_counts.local_date
            and slots.brand_id = author_counts.brand_id

),

panels as (

    select
        panel_id,
        local_date,
        count(*) as panel_brand_count,
        bool_or(is_synthetic) as is_synthetic,
        cast(sum(mention_count) as bigint) as panel_mention_count,
        cast(sum(repost_count) as bigint) as panel_repost_count,
        count(*) filter (where engagements is null) as engagements_unknown_count,
        sum(engagements) as panel_engagements,
        count(*) filter (where potential_reach is null) as reach_unknown_count,
        sum(potential_reach) as panel_potential_reach
    from members
    group by panel_id, local_date

),

shared as (

    select
        members.panel_id,
        members.local_date,
        members.brand_id,
        members.series_id,
        panels.is_synthetic,
        panels.panel_brand_count,
        members.mention_count,
        members.own_mention_count,
        members.repost_count,
        panels.panel_mention_count,
        members.author_count,
        members.engagements,
        members.engagements_known_count,
        case when panels.engagements_unknown_count = 0 then panels.panel_engagements end as panel_engagements,
        members.potential_reach,
        members.reach_known_author_count,
        case when panels.reach_unknown_count = 0 then panels.panel_potential_reach end as panel_potential_reach,
        case
            when panels.panel_mention_count = 0 then 'no_mentions'
            when panels.engagements_unknown_count > 0 then 'engagements_unknown'
            when panels.panel_engagements = 0 then 'no_engagements'
        end as engagements_share_reason,
        case
            when panels.panel_mention_count = 0 then 'no_mentions'
            when panels.reach_unknown_count > 0 then 'followers_unknown'
            when panels.panel_potential_reach = 0 then 'no_followers'
        end as potential_reach_share_reason
    from members
    inner join panels on members.panel_id = panels.panel_id and members.local_date = panels.local_date
    where panels.panel_mention_count + panels.panel_repost_count > 0

),

final as (

    select
        panel_id,
        local_date,
        brand_id,
        series_id,
        is_synthetic,
        panel_brand_count,
        mention_count,
        own_mention_count,
        repost_count,
        panel_mention_count,
        {{ safe_pct('mention_count', 'panel_mention_count', 9) }} as share_of_voice_pct,
        {{ wilson_pct('mention_count', 'panel_mention_count', 'low') }} as share_of_voice_low_pct,
        {{ wilson_pct('mention_count', 'panel_mention_count', 'high') }} as share_of_voice_high_pct,
        engagements_known_count,
        engagements,
        panel_engagements,
        {{ safe_pct('engagements', 'panel_engagements', 9) }} as share_of_voice_by_engagements_pct,
        {{ wilson_pct('engagements', 'panel_engagements', 'low') }} as share_of_voice_by_engagements_low_pct,
        {{ wilson_pct('engagements', 'panel_engagements', 'high') }} as share_of_voice_by_engagements_high_pct,
        engagements_share_reason,
        author_count,
        reach_known_author_count,
        potential_reach,
        panel_potential_reach,
        {{ safe_pct('potential_reach', 'panel_potential_reach', 9) }} as share_of_voice_by_potential_reach_pct,
        {{ wilson_pct('potential_reach', 'panel_potential_reach', 'low') }}
        as share_of_voice_by_potential_reach_low_pct,
        {{ wilson_pct('potential_reach', 'panel_potential_reach', 'high') }}
        as share_of_voice_by_potential_reach_high_pct,
        potential_reach_share_reason,
        {{ lineage() }}
    from shared

)

select * from final
