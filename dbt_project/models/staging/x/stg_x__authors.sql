{{ stage_authors('x') }}
