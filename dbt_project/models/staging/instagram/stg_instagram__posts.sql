{{ stage_posts('instagram') }}
