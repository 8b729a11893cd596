{{ brand_sentiment('local_date', 'dirty__brand_date') }}
