-- The conversation that explains most: what moved the mood the way it went; without a mood, the busiest.
with changed as (
    select
        today.net_sentiment_all_pct,
        today.net_sentiment_all_pct - day_before.net_sentiment_all_pct as net_sentiment_change_pct
    from marts.rpt_brand_day__summary as today
    left join marts.rpt_brand_day__summary as day_before
        on today.brand_id = day_before.brand_id and day_before.local_date = today.local_date - 1
    where today.brand_id = %(brand_id)s and today.local_date = %(local_date)s
)

select
    posts.text,
    posts.platform,
    posts.is_deleted,
    posts.url,
    posts.post_key,
    posts.metrics_observed_at,
    authors.handle,
    conversations.post_count,
    conversations.repost_count,
    conversations.scored_count,
    conversations.positive_count,
    conversations.negative_count,
    conversations.net_sentiment_without_pct,
    conversations.net_sentiment_effect_pct
from marts.rpt_brand_day__conversations as conversations
cross join changed
inner join marts.fct_post as posts on conversations.post_key = posts.post_key
left join marts.dim_author as authors on posts.author_key = authors.author_key
where conversations.brand_id = %(brand_id)s and conversations.local_date = %(local_date)s
order by
    case
        when conversations.net_sentiment_effect_pct is null then 2
        when coalesce(changed.net_sentiment_change_pct, 0) = 0 then 0
        when sign(conversations.net_sentiment_effect_pct) = sign(changed.net_sentiment_change_pct) then 0
        else 1
    end,
    abs(conversations.net_sentiment_effect_pct) desc nulls last,
    conversations.talk_rank,
    conversations.post_key
limit 1
