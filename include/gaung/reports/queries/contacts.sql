-- Whom to answer and whom to thank, three each. Handles and links are those of public voices alone.
select
    contacts.purpose,
    contacts.reason,
    contacts.is_answered,
    contacts.waiting_count,
    posts.text,
    posts.platform,
    posts.url,
    posts.post_key,
    posts.metrics_observed_at,
    authors.handle
from marts.rpt_brand_day__contacts as contacts
inner join marts.fct_post as posts on contacts.post_key = posts.post_key
inner join marts.dim_author as authors on contacts.author_key = authors.author_key
where
    contacts.brand_id = %(brand_id)s
    and contacts.local_date = %(local_date)s
    and contacts.purpose_rank <= 3
    and not (contacts.purpose = 'answer' and contacts.is_answered)
order by contacts.purpose, contacts.purpose_rank
