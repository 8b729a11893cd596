{#- Posts of small businesses stand in core.placed_msme: in which cells of the weekly tables. The hooks of
    int_posts__business move the touched ones and note the cells that they leave and enter, in the transaction
    of the model. A build that fails afterwards loses nothing: dirty keys stay until a publication empties them. -#}

{#- A cell of fewer accounts than this shows no numbers. -#}
{% macro fewest_accounts() -%}
    5
{%- endmacro %}

{#- How many relevant posts of its own make an account a small business without a profile that says so. -#}
{% macro fewest_relevant_posts() -%}
    3
{%- endmacro %}

{% macro leave_msme_cells() %}
    with gone as (
        delete from core.placed_msme as p
        using core.dirty__post as d
        where p.post_key = d.post_key
        returning p.week_date, p.province_code, p.industry, p.activity, p.media_type
    ),
    cells as (
        insert into core.dirty__msme_cell (week_date, province_code, industry, activity)
        select distinct week_date, province_code, industry, activity from gone
        on conflict do nothing
    )
    insert into core.dirty__msme_media (week_date, industry, activity, media_type)
    select distinct week_date, industry, activity, media_type from gone
    on conflict do nothing
{% endmacro %}

{% macro enter_msme_cells() %}
    with placed as (
        insert into core.placed_msme (
            post_key, author_key, week_date, province_code, province_name, industry, industry_source, activity,
            media_type, is_text_relevant, is_synthetic
        )
        select
            post_key, author_key, week_date, coalesce(province_code, 'unknown'), coalesce(province_name, 'unknown'),
            coalesce(industry, 'unjudged'), industry_source, coalesce(activity, 'unjudged'),
            coalesce(media_type, 'unknown'), is_text_relevant, is_synthetic
        from {{ this }}
        where relevance = 'msme' and week_date is not null
        returning week_date, province_code, industry, activity, media_type
    ),
    cells as (
        insert into core.dirty__msme_cell (week_date, province_code, industry, activity)
        select distinct week_date, province_code, industry, activity from placed
        on conflict do nothing
    )
    insert into core.dirty__msme_media (week_date, industry, activity, media_type)
    select distinct week_date, industry, activity, media_type from placed
    on conflict do nothing
{% endmacro %}

{#- A count that is shown from the fewest accounts on. -#}
{% macro shown(measure) -%}
    case when account_count >= {{ fewest_accounts() }} then {{ measure }} end
{%- endmacro %}
