{#- Which posts hold what may be a misspelt name stands in core.placed_spelling; the hooks of int_posts__spellings
    move the touched ones and note the spellings that they leave and enter, in the transaction of the model. -#}

{#- A row per suggestion in a text: brand_id, name, spelling, distance. -#}
{% macro suggestion_entries(list) -%}
    {{ return(adapter.dispatch('suggestion_entries', 'gaung')(list)) }}
{%- endmacro %}

{% macro default__suggestion_entries(list) -%}
    (
        select
            entry ->> 'id' as brand_id,
            entry ->> 'name' as name,
            entry ->> 'spelling' as spelling,
            cast(entry ->> 'distance' as integer) as distance
        from jsonb_array_elements({{ list }}) as entry
    )
{%- endmacro %}

{% macro spark__suggestion_entries(list) -%}
    (
        select
            entry.id as brand_id,
            entry.name,
            entry.spelling,
            entry.distance
        from (
            select explode(from_json({{ list }}, 'array<struct<id: string, name: string, spelling: string, distance: int>>'))
                as entry
        ) as exploded
    )
{%- endmacro %}

{% macro leave_spellings() %}
    with gone as (
        delete from core.placed_spelling as p
        using core.dirty__post as d
        where p.post_key = d.post_key
        returning p.brand_id, p.spelling
    )
    insert into core.dirty__brand_spelling (brand_id, spelling)
    select distinct brand_id, spelling from gone
    on conflict do nothing
{% endmacro %}

{% macro enter_spellings() %}
    with placed as (
        insert into core.placed_spelling (
            post_key, brand_id, spelling, name, distance, is_matched, created_at, is_synthetic
        )
        select post_key, brand_id, spelling, name, distance, is_matched, created_at, is_synthetic from {{ this }}
        returning brand_id, spelling
    )
    insert into core.dirty__brand_spelling (brand_id, spelling)
    select distinct brand_id, spelling from placed
    on conflict do nothing
{% endmacro %}
