"""How Alembic runs the migrations: on the connection it is handed, one session at a time."""

from alembic import context
from sqlalchemy import text

# Any number of machines may come at once; the second waits here, then finds nothing left to do.
LOCK = "select pg_advisory_xact_lock(hashtextextended('gaung.migrate', 0))"

connection = context.config.attributes["connection"]
connection.execute(text(LOCK))
context.configure(connection=connection, target_metadata=None, version_table_schema="public")
with context.begin_transaction():
    context.run_migrations()
