with

dirty as (

    select * from {{ source('core', 'dirty__source_hour') }}

),

places as (

    select * from {{ source('core', 'placed_outcome') }}

),

outcomes as (

    select * from {{ source('ops', 'outcome') }}

),

batches as (

    select * from {{ source('ops', 'batch') }}

),

loaded_keys as (

    select distinct batch_key
    from outcomes
    where step = 'load' and status = 'succeeded' and batch_key is not null

),

attempts as (

    select
        dirty.source,
        dirty.hour_at,
        outcomes.step,
        outcomes.status,
        coalesce(outcomes.batch_key, cast(outcomes.outcome_id as text)) as collection_window,
        outcomes.batch_id,
        outcomes.received_count,
        outcomes.loaded_count,
        outcomes.unchanged_count,
        outcomes.ignored_count,
        outcomes.quarantined_count,
        outcomes.step = 'load' and outcomes.status = 'succeeded' as is_load,
        outcomes.step <> 'extract' and outcomes.status = 'failed' as is_lost,
        coalesce(batches.is_synthetic, false) as is_synthetic
    from dirty
    inner join places on dirty.source = places.source and dirty.hour_at = places.hour_at
    inner join outcomes on places.outcome_id = outcomes.outcome_id
    left join batches on outcomes.batch_id = batches.batch_id
    left join loaded_keys on outcomes.batch_key = loaded_keys.batch_key
    -- a failure of a batch that was loaded all the same belongs to no hour
    where outcomes.step = 'extract' or outcomes.status <> 'failed' or loaded_keys.batch_key is null

),

counted as (

    select
        source,
        hour_at,
        bool_or(is_synthetic) as is_synthetic,
        nullif(count(distinct case when step = 'extract' then collection_window end), 0) as planned_window_count,
        count(
            distinct case when step = 'extract' and status = 'succeeded' then collection_window end
        ) as completed_window_count,
        count(distinct case when is_load then batch_id end) as batch_count,
        count(distinct case when is_lost then collection_window end) as failed_batch_count,
        cast(coalesce(sum(case when is_load then received_count end), 0) as bigint) as received_count,
        cast(coalesce(sum(case when is_load then loaded_count end), 0) as bigint) as loaded_count,
        cast(coalesce(sum(case when is_load then unchanged_count end), 0) as bigint) as unchanged_count,
        cast(coalesce(sum(case when is_load then ignored_count end), 0) as bigint) as ignored_count,
        cast(coalesce(sum(case when is_load then quarantined_count end), 0) as bigint) as quarantined_count
    from attempts
    group by source, hour_at

),

final as (

    select
        source,
        hour_at,
        is_synthetic,
        planned_window_count,
        case when planned_window_count is not null then completed_window_count end as completed_window_count,
        batch_count,
        failed_batch_count,
        received_count,
        loaded_count,
        unchanged_count,
        ignored_count,
        quarantined_count,
        case
            when planned_window_count is not null
                then {{ safe_pct('completed_window_count', 'planned_window_count') }}
            when failed_batch_count = 0
                then {{ safe_pct('loaded_count + unchanged_count', '(received_count - ignored_count)') }}
        end as collection_coverage_pct,
        case
            when planned_window_count is not null then null
            when failed_batch_count > 0 then 'batch_not_loaded'
            when received_count = ignored_count then 'nothing_to_load'
        end as coverage_unknown_reason,
        {{ lineage() }}
    from counted

)

select * from final
