"""Alembic's entry: runs the migrations on the connection it is given, one process at a time."""

from alembic import context
from sqlalchemy import Connection, text

from balcao.infrastructure.database.tables import metadata

VERSION_TABLE = "balcao_versao"
_LOCK = 7_105_326_911
"""Key of the advisory lock that serialises migrations of one database; an arbitrary number of this project's own."""

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE)
with context.begin_transaction():
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    context.run_migrations()
