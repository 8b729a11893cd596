-- How far the published tables can be trusted, in words.
select
    completeness_id,
    completeness_en,
    reason_id,
    reason_en
from marts.trust_badge
