{{ union_staged('authors') }}
