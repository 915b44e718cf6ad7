"""The schema: made by migrations alone, known by its version, refused if it is another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from schedsvc.domain.errors import Contended, StoreUnavailable
from schedsvc.repositories.base import SchemaMismatch
from schedsvc.repositories.sql import engine, schema, tables
from schedsvc.repositories.sql.engine import SqlSettings, exclusive, open_database
from schedsvc.repositories.sql.errors import StoreFault
from schedsvc.repositories.sql.migrate import config, migrate
from schedsvc.repositories.sql.schema import schema_state, state_of_version
from schedsvc.repositories.sql.store import SqlStore
from tests.postgres import Server
from tests.repositories.conftest import Database, FixedClock


async def leave_empty(_url: str) -> None:
    """A migration that does nothing."""


@pytest.fixture
async def blank(server: Server | None, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database with nothing in it."""
    if server is None:
        yield f"sqlite+aiosqlite:///{tmp_path}/blank.db"
        return
    async with server.fresh_database(leave_empty) as url:
        yield url


async def execute(url: str, *statements: str) -> None:
    async with exclusive(url) as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))


async def open_store(url: str) -> SqlStore:
    return await SqlStore.create(SqlSettings(url=url), FixedClock())


async def test_a_migration_makes_an_empty_database_current_and_may_be_repeated(blank: str) -> None:
    assert await schema_state(blank) == "empty"
    for _ in range(2):
        await migrate(blank)
        assert await schema_state(blank) == "current"
    await (await open_store(blank)).close()


async def test_migrations_at_once_are_one_after_the_other(blank: str) -> None:
    await asyncio.gather(*(migrate(blank) for _ in range(4)))
    assert await schema_state(blank) == "current"


async def test_a_failed_migration_leaves_nothing_behind(blank: str) -> None:
    taken = "ix_outbox_tenant_id_due_us_outbox_id"
    await execute(blank, "CREATE TABLE other (id text)", f"CREATE INDEX {taken} ON other (id)")
    with pytest.raises(StoreFault):
        await migrate(blank)
    assert await schema_state(blank) == "empty"
    await execute(blank, f"DROP INDEX {taken}")
    await migrate(blank)
    assert await schema_state(blank) == "current"


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_migration_that_others_keep_waiting_is_contended(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.02)
    async with exclusive(blank):
        with pytest.raises(Contended):
            await migrate(blank)
    await migrate(blank)


async def test_the_tables_are_what_the_migrations_make(database: Database) -> None:
    def compare(connection: sa.Connection) -> object:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)

    opened = open_database(SqlSettings(url=database.url))
    async with opened.reader.connect() as connection:
        assert await connection.run_sync(compare) == []
    await opened.dispose()


def test_the_known_versions_are_those_of_the_scripts() -> None:
    scripts = list(ScriptDirectory.from_config(config()).walk_revisions())
    assert [script.revision for script in reversed(scripts)] == list(schema.VERSIONS)


async def test_a_newer_schema_is_neither_read_nor_migrated(database: Database) -> None:
    await execute(database.url, "UPDATE alembic_version SET version_num = '9999'")
    assert await schema_state(database.url) == "newer"
    for refused in (open_store, migrate):
        with pytest.raises(SchemaMismatch, match="newer version"):
            await refused(database.url)


async def test_an_empty_or_older_schema_is_not_read(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SchemaMismatch, match="empty; run `schedsvc migrate`"):
        await open_store(blank)
    await migrate(blank)
    monkeypatch.setattr(schema, "VERSIONS", (*schema.VERSIONS, "9998"))
    assert await schema_state(blank) == "older"
    with pytest.raises(SchemaMismatch, match="older version; run `schedsvc migrate`"):
        await open_store(blank)


async def test_the_tables_of_another_program_are_left_alone(blank: str) -> None:
    await execute(blank, "CREATE TABLE events (id text)")
    assert await schema_state(blank) == "unknown"
    for refused in (open_store, migrate):
        with pytest.raises(SchemaMismatch, match="another program"):
            await refused(blank)


@pytest.mark.parametrize(
    ("version", "state"),
    [("0001", "older"), ("0003", "current"), ("9999", "newer"), ("abcd", "unknown"), ("10000", "unknown")],
)
def test_versions_tell_earlier_from_later(version: str, state: str) -> None:
    assert state_of_version(version) == state


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///file:x?mode=memory&uri=true",
        "sqlite:///file.db",
        "postgresql://localhost/db",
        "mysql+aiomysql://localhost/db",
    ],
)
async def test_a_url_that_cannot_be_served_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"use sqlite|needs a file"):
        await schema_state(url)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:////no/such/folder/x.db",
        "postgresql+asyncpg://nobody@/db?host=/no/such/folder",
    ],
)
async def test_an_unreachable_database_is_unavailable(url: str) -> None:
    for attempt in (schema_state, migrate, open_store):
        with pytest.raises(StoreUnavailable):
            await attempt(url)
