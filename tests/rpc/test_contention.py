"""A database that is busy is tried three times, then the caller is told to try again; nothing is half done."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial

import pytest
from grpc import StatusCode

from schedsvc.repositories.sql import engine
from schedsvc.usecases.following import StreamLimits
from tests.repositories.conftest import Database
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import ManualClock, deployed, on_both_stores
from tests.rpc.contents import contents
from tests.rpc.requests import BUILDERS, World

pytestmark = on_both_stores

CREATE = "CalendarService/CreateEvent"
WAIT = 0.05
"""Seconds that a writer waits for a lock here, each of three times."""


@pytest.fixture
async def hurried(
    database: Database, clock: ManualClock, limits: StreamLimits, alpha: Caller, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Caller]:
    """The administrator at a process that waits for no lock for long."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", WAIT)
    opened = Database(database.kind, database.url, stores=database.stores)
    monkeypatch.setattr(opened, "open", partial(opened.open, lock_timeout=WAIT))
    async with deployed(opened, clock, limits) as second:
        yield Caller(second.channel, alpha.authorization)


@asynccontextmanager
async def _locked(database: Database) -> AsyncIterator[None]:
    """Somebody else's transaction holds what every writer of the calendar waits for."""
    if database.is_postgresql:
        connection = await database.connect()
        async with connection.transaction():
            await connection.execute("SELECT * FROM feeds FOR UPDATE")
            yield
        await connection.close()
        return
    with closing(sqlite3.connect(database.path, isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")


async def test_a_lock_that_is_not_had_in_three_tries_is_aborted_and_may_be_tried_again(
    hurried: Caller, world: World, database: Database
) -> None:
    before = await contents(database)
    async with _locked(database):
        refusal = await refused(hurried.send(CREATE, BUILDERS[CREATE](world)))
    assert (refusal.code, refusal.reason) == (StatusCode.ABORTED, "SERIALIZATION_RETRY")
    assert refusal.may_be_retried
    assert await contents(database) == before
    await hurried.send(CREATE, BUILDERS[CREATE](world))


async def test_a_lock_that_is_free_at_a_later_try_is_not_noticed_by_the_caller(
    alpha: Caller, world: World, database: Database
) -> None:
    async with _locked(database):
        sent = asyncio.create_task(alpha.send(CREATE, BUILDERS[CREATE](world)))
        await database.until_waiting()
    assert (await sent).message.revision == 2


async def test_reading_waits_for_no_writer(hurried: Caller, world: World, database: Database) -> None:
    async with _locked(database):
        for name in BUILDERS:
            if name.split("/")[1].startswith(("Get", "List", "Query", "Suggest", "Start")):
                await hurried.send(name, BUILDERS[name](world))
