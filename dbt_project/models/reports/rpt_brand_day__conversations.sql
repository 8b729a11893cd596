{#- A conversation is a post with what answers, quotes or comments on it. Its effect on the mood of a day is the net
    sentiment with it less the net sentiment without it. Kept: the strongest ten of each kind. -#}
{%- set kept_per_rank = 10 -%}
with

posts as (

    select
        *,
        -- what another brand's own account says is not shown in this brand's brief
        post_type <> 'repost' and (is_own or not is_brand_account) as is_showable
    from {{ ref('int_brand_days__posts') }}

),

-- the beginning of a conversation speaks for it; else what was noticed most
ordered as (

    select
        brand_id,
        local_date,
        platform,
        conversation_id,
        post_key,
        row_number() over (
            partition by brand_id, local_date, platform, conversation_id
            order by
                case when post_id = conversation_id then 0 else 1 end asc,
                coalesce(engagements_known, -1) desc,
                created_at asc,
                post_key asc
        ) as position_number
    from posts
    where is_showable

),

shown as (

    select * from ordered
    where position_number = 1

),

counted as (

    select
        brand_id,
        local_date,
        platform,
        conversation_id,
        bool_or(is_synthetic) as is_synthetic,
        count(*) filter (where post_type <> 'repost') as post_count,
        count(*) filter (where post_type = 'repost') as repost_count,
        count(*) filter (where post_type <> 'repost' and sentiment_label <> 'unscored') as scored_count,
        count(*) filter (where post_type <> 'repost' and sentiment_label = 'positive') as positive_count,
        count(*) filter (where post_type <> 'repost' and sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where post_type <> 'repost' and sentiment_label = 'negative') as negative_count
    from posts
    group by brand_id, local_date, platform, conversation_id

),

day_totals as (

    select
        brand_id,
        local_date,
        sum(scored_count) as scored_count,
        sum(positive_count) as positive_count,
        sum(negative_count) as negative_count
    from counted
    group by brand_id, local_date

),

compared as (

    select
        counted.*,
        shown.post_key,
        {{ safe_pct(
            'day_totals.positive_count - day_totals.negative_count', 'day_totals.scored_count'
        ) }} as net_sentiment_all_pct,
        {{ safe_pct(
            '(day_totals.positive_count - counted.positive_count - day_totals.negative_count + counted.negative_count)',
            '(day_totals.scored_count - counted.scored_count)'
        ) }} as net_sentiment_without_pct
    from counted
    inner join day_totals on counted.brand_id = day_totals.brand_id and counted.local_date = day_totals.local_date
    inner join shown
        on
            counted.brand_id = shown.brand_id
            and counted.local_date = shown.local_date
            and counted.platform = shown.platform
            and counted.conversation_id = shown.conversation_id

),

effects as (

    select
        *,
        case
            when scored_count > 0 then net_sentiment_all_pct - net_sentiment_without_pct
        end as net_sentiment_effect_pct
    from compared

),

ranked as (

    select
        *,
        row_number() over (
            partition by brand_id, local_date
            order by coalesce(net_sentiment_effect_pct, 0) desc, post_count desc, post_key asc
        ) as lift_rank,
        row_number() over (
            partition by brand_id, local_date
            order by coalesce(net_sentiment_effect_pct, 0) asc, post_count desc, post_key asc
        ) as drag_rank,
        row_number() over (
            partition by brand_id, local_date
            order by post_count desc, repost_count desc, post_key asc
        ) as talk_rank
    from effects

),

final as (

    select
        brand_id,
        local_date,
        post_key,
        is_synthetic,
        post_count,
        repost_count,
        scored_count,
        positive_count,
        neutral_count,
        negative_count,
        net_sentiment_without_pct,
        net_sentiment_effect_pct,
        case when net_sentiment_effect_pct > 0 then lift_rank end as lift_rank,
        case when net_sentiment_effect_pct < 0 then drag_rank end as drag_rank,
        talk_rank,
        {{ lineage() }}
    from ranked
    where
        talk_rank <= {{ kept_per_rank }}
        or (net_sentiment_effect_pct > 0 and lift_rank <= {{ kept_per_rank }})
        or (net_sentiment_effect_pct < 0 and drag_rank <= {{ kept_per_rank }})

)

select * from final
