{{ stage_authors('youtube') }}
