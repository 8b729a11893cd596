{{ stage_authors('tokopedia') }}
