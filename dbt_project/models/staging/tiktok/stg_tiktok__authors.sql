{{ stage_authors('tiktok') }}
