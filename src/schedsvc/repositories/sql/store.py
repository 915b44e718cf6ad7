"""The port `Store` on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from schedsvc.domain.errors import Contended, Overloaded
from schedsvc.domain.feeds import FeedKey
from schedsvc.repositories.base import ChangeSignal, Clock, Once, Read, Write
from schedsvc.repositories.sql import keys, schema
from schedsvc.repositories.sql.committer import Committer, Job
from schedsvc.repositories.sql.engine import Database, SqlSettings, open_database
from schedsvc.repositories.sql.errors import Conflict, driver_errors, no_second_try
from schedsvc.repositories.sql.feeds import TENANTS
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.signal import InProcessSignal
from schedsvc.repositories.sql.tables import feeds
from schedsvc.repositories.sql.views import SqlRead

T = TypeVar("T")

# Changes nothing, but only where something could be changed.
_PROBE = feeds.update().where(feeds.c.tenant_id == "").values(version=feeds.c.version)


class SqlStore:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._signal = InProcessSignal()
        self._committer = Committer(database, clock, self._signal)

    @classmethod
    async def create(cls, settings: SqlSettings, clock: Clock) -> SqlStore:
        """Raises SchemaMismatch unless the schema is this program's own; StoreUnavailable."""
        schema.check(await schema.schema_state(settings.url))
        return cls(open_database(settings), clock)

    @property
    def signal(self) -> ChangeSignal:
        return self._signal

    @asynccontextmanager
    async def read(self, tenant: str) -> AsyncIterator[Read]:
        with no_second_try():
            async with self._database.reading() as connection:
                yield SqlRead(Session(connection, tenant))

    @asynccontextmanager
    async def snapshot(self, tenant: str) -> AsyncIterator[Read]:
        with no_second_try():
            async with self._database.snapshot() as connection:
                yield SqlRead(Session(connection, tenant))

    async def write(
        self,
        tenant: str,
        feeds: Collection[FeedKey],
        work: Callable[[Write], Awaitable[T]],
        *,
        once: Once | None = None,
        dry_run: bool = False,
    ) -> T:
        job = Job(tenant=tenant, feeds=feeds, work=work, once=once, dry_run=dry_run)
        return await self._committer.submit(job)

    async def has_keys(self) -> bool:
        with no_second_try(), driver_errors():
            async with self._database.reading() as connection:
                return (await connection.execute(keys.IN_FORCE)).first() is not None

    async def tenants(self) -> Sequence[str]:
        with no_second_try(), driver_errors():
            async with self._database.reading() as connection:
                return [row.tenant_id for row in await connection.execute(TENANTS)]

    async def ping(self) -> None:
        """A database that is merely busy is well."""
        try:
            async with self._database.writing() as transaction:
                with driver_errors():
                    await transaction.connection.execute(_PROBE)
        except (Conflict, Contended, Overloaded):
            return

    async def close(self) -> None:
        """Lets running writes end, wakes whoever waits for a change and closes all connections."""
        await self._committer.close()
        self._signal.close()
        await self._database.dispose()
