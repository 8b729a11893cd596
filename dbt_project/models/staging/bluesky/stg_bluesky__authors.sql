{{ stage_authors('bluesky') }}
