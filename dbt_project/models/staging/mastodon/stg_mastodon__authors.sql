{{ stage_authors('mastodon') }}
