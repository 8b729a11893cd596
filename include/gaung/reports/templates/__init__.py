"""The page of the brief and its style."""
