{{ stage_posts('other') }}
