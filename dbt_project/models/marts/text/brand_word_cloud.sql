with

dirty as (

    select * from {{ source('core', 'dirty__brand_date') }}

),

places as (

    select * from {{ source('core', 'placed_brand') }}

),

-- by key: the union of platforms is never walked for a brand's whole day
posts as (

    select * from {{ source('core', 'post') }}
    where post_type <> 'repost'

),

brand_terms as (

    select
        brand_id,
        term
    from {{ source('core', 'brand_term') }}
    where kind in ('keyword', 'hashtag')

),

{{ cloud_sources() }}

texts as (

    select
        dirty.brand_id,
        dirty.local_date,
        posts.text_hash,
        count(*) as post_count,
        bool_or(posts.is_synthetic) as is_synthetic
    from dirty
    inner join places on dirty.brand_id = places.brand_id and dirty.local_date = places.local_date
    inner join posts on places.platform = posts.platform and places.post_id = posts.post_id
    where posts.text_hash is not null
    group by dirty.brand_id, dirty.local_date, posts.text_hash

),

{{ counted_cloud(['brand_id', 'local_date']) }}

naming as (

    select distinct
        odds.brand_id,
        odds.term
    from odds
    inner join brand_terms
        on
            odds.brand_id = brand_terms.brand_id
            and ' ' || brand_terms.term || ' ' like '% ' || odds.term || ' %'

),

final as (

    select
        odds.brand_id,
        odds.local_date,
        odds.sentiment_label,
        odds.term_type,
        odds.term,
        moods.engine_version,
        moods.is_synthetic,
        naming.term is not null as is_brand_term,
        {{- cloud_measures() }}
        {{ lineage() }}
    from odds
    inner join moods
        on
            odds.brand_id = moods.brand_id
            and odds.local_date = moods.local_date
            and odds.sentiment_label = moods.sentiment_label
    left join naming on odds.brand_id = naming.brand_id and odds.term = naming.term

)

select * from final
