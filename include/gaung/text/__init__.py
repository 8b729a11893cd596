"""Text functions: Arrow batch in, Arrow batch out; they know neither sources nor the database."""
