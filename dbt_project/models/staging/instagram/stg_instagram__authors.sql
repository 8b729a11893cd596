{{ stage_authors('instagram') }}
