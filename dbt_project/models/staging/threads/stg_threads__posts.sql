{{ stage_posts('threads') }}
