{{ brand_sentiment('hour_at', 'dirty__brand_hour') }}
