{#- Whom to answer or thank. Handles stand in dim_author alone, which names public voices only. -#}
{%- set kept_per_purpose = 10 -%}
with

posts as (

    select
        *,
        case
            when post_type = 'repost' or is_deleted or is_brand_account or author_key is null then null
            when sentiment_label = 'negative' then 'complaint'
            when is_question then 'question'
            when sentiment_label = 'positive' then 'praise'
        end as reason
    from {{ ref('int_brand_days__posts') }}

),

answered as (

    select distinct
        brand_id,
        local_date,
        platform,
        parent_post_id as post_id
    from posts
    where is_own and parent_post_id is not null

),

wanted as (

    select
        posts.*,
        case when posts.reason = 'praise' then 'thank' else 'answer' end as purpose,
        answered.post_id is not null as is_answered
    from posts
    left join answered
        on
            posts.brand_id = answered.brand_id
            and posts.local_date = answered.local_date
            and posts.platform = answered.platform
            and posts.post_id = answered.post_id
    where posts.reason is not null

),

once_per_author as (

    select
        *,
        row_number() over (
            partition by brand_id, local_date, purpose, author_key
            order by is_answered asc, coalesce(engagements_known, -1) desc, created_at asc, post_key asc
        ) as author_position
    from wanted

),

ranked as (

    select
        *,
        count(case when purpose = 'answer' and not is_answered then 1 end) over (
            partition by brand_id, local_date
        ) as waiting_count,
        row_number() over (
            partition by brand_id, local_date, purpose
            order by is_answered asc, coalesce(engagements_known, -1) desc, created_at asc, post_key asc
        ) as purpose_rank
    from once_per_author
    where author_position = 1

),

final as (

    select
        brand_id,
        local_date,
        purpose,
        purpose_rank,
        post_key,
        author_key,
        reason,
        is_answered,
        is_synthetic,
        engagements_known,
        waiting_count,
        {{ lineage() }}
    from ranked
    where purpose_rank <= {{ kept_per_purpose }}

)

select * from final
