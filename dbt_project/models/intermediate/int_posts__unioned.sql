{{ union_staged('posts') }}
