"""The stores that the contract is shown on. Every test has a database of its own, migrated."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from schedsvc.domain.names import primary_calendar
from schedsvc.repositories.base import Write
from schedsvc.repositories.sql.engine import SqlSettings
from schedsvc.repositories.sql.migrate import migrate
from schedsvc.repositories.sql.store import SqlStore
from tests.postgres import Server
from tests.repositories.records import SIDE, TENANT, account, calendar, profile

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class FixedClock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, 8, 0, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def at(self, database_now: datetime) -> datetime:
        assert database_now.tzinfo is not None
        return self.time


class DatabaseClock:
    """The time of the transaction is what the database says."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def at(self, database_now: datetime) -> datetime:
        return database_now


@dataclass
class Database:
    """A migrated database. Each store opened on it is like a process of its own."""

    kind: str
    url: str
    clock: FixedClock = field(default_factory=FixedClock)
    stores: list[SqlStore] = field(default_factory=list)

    @property
    def is_postgresql(self) -> bool:
        return self.kind == POSTGRESQL

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.url.removeprefix("sqlite+aiosqlite:///"))

    async def open(self, *, clock: DatabaseClock | None = None, **settings: object) -> SqlStore:
        chosen = SqlSettings(url=self.url, **{"pool_wait": 30.0, **settings})  # type: ignore[arg-type]
        store = await SqlStore.create(chosen, clock or self.clock)
        self.stores.append(store)
        return store

    async def close(self) -> None:
        while self.stores:
            await self.stores.pop().close()

    async def connect(self) -> asyncpg.Connection:
        """A connection of the test's own to PostgreSQL."""
        return await asyncpg.connect(self.url.replace("+asyncpg", ""))

    async def until_waiting(self, count: int = 1) -> None:
        """Returns when so many writers wait for others.

        SQLite's wait inside the process cannot be seen from outside; they have had their chance.
        """
        if not self.is_postgresql:
            for _ in range(100):
                await asyncio.sleep(0)
            return
        connection = await self.connect()
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        while await connection.fetchval(query) < count:
            await connection.execute("SELECT pg_sleep(0.005)")
        await connection.close()


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database; a test that concerns one of them alone is parametrised with it."""
    return str(request.param)


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> Server | None:
    if kind == SQLITE:
        return None
    found = request.getfixturevalue("postgres_server")
    assert isinstance(found, Server)
    return found


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    await migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
async def database(server: Server | None, migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    if server is None:
        path = shutil.copy(migrated_file, tmp_path / "schedsvc.db")
        opened = Database(SQLITE, f"sqlite+aiosqlite:///{path}")
        yield opened
        await opened.close()
        return
    async with server.fresh_database(migrate) as url:
        opened = Database(POSTGRESQL, url)
        yield opened
        await opened.close()


@pytest.fixture
async def empty(database: Database) -> SqlStore:
    """A store with nothing in it."""
    return await database.open()


@pytest.fixture
async def store(empty: SqlStore) -> SqlStore:
    """A store with the accounts ada and bob, ada's calendar `side` and ada's profile `intro`."""
    await furnish(empty, TENANT)
    return empty


async def furnish(store: SqlStore, tenant: str) -> None:
    async def work(tx: Write) -> None:
        for id_ in ("ada", "bob"):
            tx.accounts.create(account(id_))
            tx.calendars.create(calendar(primary_calendar(id_)))
        tx.calendars.create(calendar(SIDE))
        tx.profiles.create(profile())

    await store.write(tenant, (), work)
