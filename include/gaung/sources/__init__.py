"""Sources: one package per platform or format; they know nothing of the database."""
