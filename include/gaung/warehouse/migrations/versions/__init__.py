"""Versioned migrations (Alembic)."""
