"""All that a database holds, to see that nothing happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing

from schedsvc.repositories.sql.tables import metadata
from tests.repositories.conftest import Database

Contents = Mapping[str, list[str]]
"""The rows of each table as text, sorted."""


async def contents(database: Database) -> Contents:
    """Every row of every table, as it is committed now."""
    if database.is_postgresql:
        connection = await database.connect()
        rows = {name: await connection.fetch(f"SELECT * FROM {name}") for name in metadata.tables}
        await connection.close()
    else:
        with closing(sqlite3.connect(database.path)) as file:
            rows = {name: file.execute(f"SELECT * FROM {name}").fetchall() for name in metadata.tables}
    return {name: sorted(map(repr, found)) for name, found in rows.items()}


async def heads(database: Database) -> Mapping[str, tuple[int, int]]:
    """Revision and version of every feed, by tenant, kind and id."""
    query = "SELECT tenant_id, kind, feed_id, revision, version FROM feeds"
    if database.is_postgresql:
        connection = await database.connect()
        rows = [tuple(row) for row in await connection.fetch(query)]
        await connection.close()
    else:
        with closing(sqlite3.connect(database.path)) as file:
            rows = file.execute(query).fetchall()
    return {f"{tenant}/{kind}/{id_}": (revision, version) for tenant, kind, id_, revision, version in rows}
