with

posts as (

    select * from {{ ref('int_brand_days__posts') }}
    where post_type <> 'repost'

),

final as (

    select
        brand_id,
        local_date,
        local_hour,
        bool_or(is_synthetic) as is_synthetic,
        count(*) as post_count,
        count(*) filter (where sentiment_label = 'positive') as positive_count,
        count(*) filter (where sentiment_label = 'neutral') as neutral_count,
        count(*) filter (where sentiment_label = 'negative') as negative_count,
        count(*) filter (where sentiment_label = 'unscored') as unscored_count,
        {{ lineage() }}
    from posts
    group by brand_id, local_date, local_hour

)

select * from final
