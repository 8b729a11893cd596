{{ stage_authors('other') }}
