"""Which schema a database has, against the one that this program is made for.

Knows nothing of Alembic but its table: a server that only looks need not import it.
"""

from __future__ import annotations

import re
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schedsvc.repositories.base import SchemaMismatch
from schedsvc.repositories.sql import tables
from schedsvc.repositories.sql.engine import Database, SqlSettings, open_database
from schedsvc.repositories.sql.errors import driver_errors, no_second_try

VERSIONS = ("0001", "0002", "0003")
"""Every version of the schema, oldest first: the names of the migrations."""

SchemaState = Literal["empty", "older", "current", "newer", "unknown"]

_ALEMBIC = sa.table("alembic_version", sa.column("version_num"))
_WHAT_TO_DO: dict[SchemaState, str] = {
    "empty": "The database is empty; run `schedsvc migrate`.",
    "older": "The database was made by an older version; run `schedsvc migrate`.",
    "newer": "The database was made by a newer version; use that version of schedsvc.",
    "unknown": "The database holds tables of another program; name another database.",
}


async def schema_state(url: str) -> SchemaState:
    """Raises StoreUnavailable; ValueError for a URL that is none of ours."""
    database = open_database(SqlSettings(url=url, create=True))
    try:
        return await state_of(database)
    finally:
        await database.dispose()


async def state_of(database: Database) -> SchemaState:
    """The same with a pool of its own."""
    with no_second_try():
        async with database.reading() as connection:
            return await state_over(connection)


async def state_over(connection: AsyncConnection) -> SchemaState:
    """The same over an open connection."""
    with driver_errors():
        names = set(await connection.run_sync(lambda c: sa.inspect(c).get_table_names()))
        version = None
        if _ALEMBIC.name in names:
            version = await connection.scalar(sa.select(_ALEMBIC.c.version_num))
    if version is None:
        return "unknown" if names & tables.metadata.tables.keys() else "empty"
    return state_of_version(version)


def state_of_version(version: str) -> SchemaState:
    """Versions are numbers of four digits, so that a later program's are known to be later."""
    if version in VERSIONS:
        return "current" if version == VERSIONS[-1] else "older"
    return "newer" if re.fullmatch(r"\d{4}", version) and version > VERSIONS[-1] else "unknown"


def check(state: SchemaState) -> None:
    """Raises SchemaMismatch, with what to do, for any state but `current`."""
    if state != "current":
        raise SchemaMismatch(_WHAT_TO_DO[state])
