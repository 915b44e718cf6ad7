"""Databases that are busy, away, full or read-only: one word of the domain each, and nothing half done."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from schedsvc.domain.errors import Contended, DomainError, Overloaded, StoreUnavailable
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import calendar_feed
from schedsvc.repositories.base import Read, Write
from schedsvc.repositories.sql import engine
from schedsvc.repositories.sql.errors import Conflict, StoreFault, driver_errors
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import Database
from tests.repositories.records import ADA, TENANT, event

FEED = calendar_feed(ADA)


async def add(store: SqlStore, id_: str = "e1") -> Event:
    async def work(tx: Write) -> Event:
        return tx.events.create(event(id_))

    return await store.write(TENANT, [FEED], work)


async def count(store: SqlStore) -> int:
    async with store.read(TENANT) as tx:
        return (await tx.heads([FEED]))[FEED].revision


async def hold(store: SqlStore) -> Callable[[], Awaitable[None]]:
    """Begins a write that stays open. Returns what ends it."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def work(_tx: Write) -> None:
        inside.set()
        await go_on.wait()

    holder = asyncio.create_task(store.write(TENANT, [FEED], work))
    await inside.wait()

    async def release() -> None:
        go_on.set()
        await holder

    return release


async def test_readers_beyond_the_pool_are_turned_away(store: SqlStore, database: Database) -> None:
    narrow = await database.open(pool_size=engine.SQLITE_READERS, pool_wait=0.02)
    async with AsyncExitStack() as stack:
        for _ in range(engine.SQLITE_READERS):
            await stack.enter_async_context(narrow.read(TENANT))
        for view in (narrow.read(TENANT), narrow.snapshot(TENANT)):
            with pytest.raises(Overloaded):
                await stack.enter_async_context(view)
        # Running requests are not disturbed, and writers have a pool of their own.
        assert (await add(narrow)).revision == 1
    assert await count(narrow) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_writers_beyond_the_pool_are_turned_away(store: SqlStore, database: Database) -> None:
    narrow = await database.open(pool_size=1, pool_wait=0.02)
    release = await hold(narrow)
    with pytest.raises(Overloaded):
        await add(narrow)
    await narrow.ping()
    await release()
    assert (await add(narrow)).revision == 1


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_writers_that_wait_too_long_for_the_only_one_are_contended(
    store: SqlStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.02)
    hasty, other = await database.open(), await database.open()
    release = await hold(hasty)
    for process in (hasty, other):
        with pytest.raises(Contended):
            await add(process)
        await process.ping()
    await release()
    assert (await add(other)).revision == 1


async def test_a_ping_is_answered_by_a_database_that_can_be_written(store: SqlStore) -> None:
    before = await count(store)
    await store.ping()
    assert await count(store) == before


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_connections_that_the_server_closed_are_replaced(store: SqlStore, database: Database) -> None:
    await add(store, "e1")
    assert await count(store) == 1
    await _terminate_others(database)
    assert await count(store) == 1
    assert (await add(store, "e2")).revision == 2


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_connection_lost_during_a_write_is_unavailable_and_undoes_it(
    store: SqlStore, database: Database
) -> None:
    async def work(tx: Write) -> None:
        tx.events.create(event("e1"))
        await _terminate_others(database)
        await tx.events.get(event("e1").name)

    with pytest.raises(StoreUnavailable):
        await store.write(TENANT, [FEED], work)
    assert await count(store) == 0
    assert (await add(store)).revision == 1


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_connection_lost_before_the_commit_is_unavailable(store: SqlStore, database: Database) -> None:
    async def work(_tx: Write) -> None:
        await _terminate_others(database)

    with pytest.raises(StoreUnavailable):
        await store.write(TENANT, [FEED], work)
    assert (await add(store)).revision == 1


async def _terminate_others(database: Database) -> None:
    connection = await database.connect()
    await connection.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()
    # The news of the closed sockets is read by the loop.
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_read_only_server_serves_reads_and_refuses_writes(store: SqlStore, database: Database) -> None:
    await add(store, "e1")
    connection = await database.connect()
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await connection.close()
    await _reads_go_on_and_writes_do_not(await database.open())


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_read_only_file_serves_reads_and_refuses_writes(store: SqlStore, database: Database) -> None:
    await add(store, "e1")
    database.url = f"sqlite+aiosqlite:///file:{database.path}?mode=ro&uri=true"
    await _reads_go_on_and_writes_do_not(await database.open())


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_full_disk_refuses_writes_keeps_what_is_committed_and_serves_reads(
    store: SqlStore, database: Database
) -> None:
    await add(store, "e1")

    async def full(tx: Any) -> None:
        pages = (await tx._session.first(sa.text("PRAGMA page_count")))[0]
        await tx._session.first(sa.text(f"PRAGMA max_page_count = {pages}"))

    await store.write(TENANT, (), full)

    async def large(tx: Write) -> None:
        for number in range(200):
            tx.events.create(event(f"large-{number}", subject="x" * 10_000))

    with pytest.raises(StoreUnavailable):
        await store.write(TENANT, [FEED], large)
    assert await count(store) == 1


async def _reads_go_on_and_writes_do_not(store: SqlStore) -> None:
    assert await count(store) == 1
    with pytest.raises(StoreUnavailable):
        await add(store, "e2")
    with pytest.raises(StoreUnavailable):
        await store.ping()
    assert await count(store) == 1


async def test_cancelled_reads_leave_no_connection_dirty_or_lost(store: SqlStore, database: Database) -> None:
    """Cancelled at every point on the way, both kinds of reads."""
    small = await database.open(pool_size=engine.SQLITE_READERS, pool_wait=20.0)

    async def read(view: Callable[[str], Any]) -> None:
        async with view(TENANT) as tx:
            for _ in range(20):
                await tx.events.get(event().name)

    for pauses in range(30):
        for view in (small.read, small.snapshot):
            reading = asyncio.create_task(read(view))
            for _ in range(pauses):
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.wait([reading])
    async with AsyncExitStack() as stack:
        views = [await stack.enter_async_context(small.read(TENANT)) for _ in range(engine.SQLITE_READERS)]
        await asyncio.gather(*(_reads_alone(view) for view in views))


async def _reads_alone(tx: Read) -> None:
    assert await tx.events.get(event().name) is None
    driver = tx._session._connection.sync_connection.connection.driver_connection  # type: ignore[attr-defined]
    assert not (driver.in_transaction if hasattr(driver, "in_transaction") else driver.is_in_transaction())


async def test_a_statement_the_database_cannot_carry_out_is_a_fault(store: SqlStore) -> None:
    async def work(tx: Any) -> None:
        await tx._session.all(sa.text("SELECT nonsense"))

    with pytest.raises(StoreFault):
        await store.write(TENANT, [FEED], work)
    assert (await add(store)).revision == 1


def meaning(error: Exception) -> type[Exception]:
    try:
        with driver_errors():
            raise error
    except (DomainError, Conflict, StoreFault) as known:
        return type(known)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("23505", Conflict),
        ("40001", Conflict),
        ("40P01", Conflict),
        ("55P03", Conflict),
        ("53300", Overloaded),
        ("57014", Overloaded),
        ("08006", StoreUnavailable),
        ("25006", StoreUnavailable),
        ("28000", StoreUnavailable),
        ("3D000", StoreUnavailable),
        ("53100", StoreUnavailable),
        ("57P01", StoreUnavailable),
        ("57P03", StoreUnavailable),
        ("58030", StoreUnavailable),
        ("23503", StoreFault),
        ("42601", StoreFault),
        ("22021", StoreFault),
    ],
)
def test_every_sqlstate_has_a_meaning(state: str, expected: type[Exception]) -> None:
    error = asyncpg.PostgresError("text")
    error.sqlstate = state
    assert meaning(error) is expected
    assert meaning(sa.exc.DBAPIError("statement", {}, error)) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, Conflict),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Conflict),
        (sqlite3.SQLITE_LOCKED, Conflict),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, Conflict),
        (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, Conflict),
        (sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, StoreFault),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_WRITE, StoreUnavailable),
        (sqlite3.SQLITE_FULL, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_CORRUPT, StoreUnavailable),
        (sqlite3.SQLITE_NOTADB, StoreUnavailable),
        (sqlite3.SQLITE_ERROR, StoreFault),
    ],
)
def test_every_result_code_has_a_meaning(code: int, expected: type[Exception]) -> None:
    error = sqlite3.OperationalError("text")
    error.sqlite_errorcode = code
    assert meaning(error) is expected
    assert meaning(sa.exc.DBAPIError("statement", {}, error)) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), StoreUnavailable),
        (TimeoutError(), StoreUnavailable),
        (asyncpg.InterfaceError("connection is closed"), StoreUnavailable),
        (sa.exc.TimeoutError(), Overloaded),
        (sa.exc.InvalidRequestError(), StoreFault),
    ],
)
def test_errors_without_a_code_have_a_meaning_too(error: Exception, expected: type[Exception]) -> None:
    assert meaning(error) is expected


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(KeyError), driver_errors():
        raise KeyError
