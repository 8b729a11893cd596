{{ stage_authors('facebook') }}
