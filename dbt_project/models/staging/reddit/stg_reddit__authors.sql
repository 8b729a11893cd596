{{ stage_authors('reddit') }}
