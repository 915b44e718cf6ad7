"""Alembic's entry: runs the migrations on the connection it is given, in the open transaction."""

from __future__ import annotations

from alembic import context

from schedsvc.repositories.sql.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
