"""Bringing a database to the newest schema. Apart from the rest, since it imports Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from schedsvc.repositories.sql import schema
from schedsvc.repositories.sql.engine import exclusive
from schedsvc.repositories.sql.errors import driver_errors, no_second_try

_MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(url: str) -> None:
    """Applies every migration that is missing, all or none; does nothing to a current schema.

    Several processes may do this at once. Raises SchemaMismatch for a newer or foreign schema, Contended if others
    keep the tables locked, StoreUnavailable.
    """
    with no_second_try():
        async with exclusive(url) as connection:
            state = await schema.state_over(connection)
            if state in ("newer", "unknown"):
                schema.check(state)
            with driver_errors():
                await connection.run_sync(_upgrade)


def config() -> Config:
    """Alembic's settings, without a file."""
    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return settings


def _upgrade(connection: sa.Connection) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
