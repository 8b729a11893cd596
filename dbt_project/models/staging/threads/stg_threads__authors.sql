{{ stage_authors('threads') }}
