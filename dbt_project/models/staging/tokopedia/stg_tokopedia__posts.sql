{{ stage_posts('tokopedia') }}
