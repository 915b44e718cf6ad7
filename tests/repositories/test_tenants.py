"""Tenants: every statement names one, and none sees another's records."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from schedsvc.domain.feeds import FeedKey, account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import Once, Write
from schedsvc.repositories.sql import tables
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.repositories.sql.views import SqlRead
from tests.repositories.conftest import furnish
from tests.repositories.records import (
    ADA,
    INTRO,
    OTHER,
    SIDE,
    TENANT,
    all_day_event,
    booking,
    event,
    grant,
    key,
    weekly,
)
from tests.repositories.tour import READS

FEEDS = [calendar_feed(ADA), calendar_feed(SIDE), profile_feed(INTRO), account_feed(AccountName("ada"))]
REPOSITORIES = ("accounts", "calendars", "grants", "events", "profiles", "bookings", "changes", "outbox", "keys")
# What speaks of no tenant: the clock, the look for any key at all, and the probe of writability.
WITHOUT_TENANT = ("SELECT clock_timestamp()", "FROM api_keys WHERE api_keys.revoke_us IS NULL")


async def fill(tx: Write) -> None:
    """So that every read finds something."""
    tx.events.create(event())
    tx.events.create(replace(all_day_event("dates", date(2030, 1, 1)), uid=event().uid))
    tx.events.create(weekly())
    tx.outbox.add("topic", str(event().name), {"of": tx.tenant})
    tx.bookings.create(booking())
    tx.keys.create(key(tenant=tx.tenant))
    tx.grants.create(grant(ADA))
    tx.grants.create(grant(SIDE))


async def change_everything(tx: Write) -> None:
    """One write of every kind that `fill` has not."""
    account, side = await tx.accounts.get(AccountName("bob")), await tx.calendars.get(SIDE)
    primary, intro = await tx.calendars.get(ADA), await tx.profiles.get(INTRO)
    made, booked = await tx.events.get(event().name), await tx.bookings.get(booking().name)
    assert account is not None
    assert side is not None
    assert primary is not None
    assert intro is not None
    assert made is not None
    assert booked is not None
    tx.accounts.update(account)
    tx.accounts.delete(account)
    tx.calendars.update(primary)
    tx.calendars.delete(side)
    tx.profiles.update(intro)
    tx.profiles.delete(intro)
    tx.grants.update(grant(ADA, role=Role.WRITER))
    tx.grants.delete(grant(ADA))
    tx.events.update(made, made)
    tx.events.delete((await tx.events.zoned_by_calendar(ADA))[0])
    tx.bookings.update(booked, booked)
    tx.keys.update(key(tenant=tx.tenant))


@contextmanager
def recorded(store: SqlStore) -> Iterator[list[str]]:
    """Every statement that goes to the database."""
    statements: list[str] = []

    def record(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(" ".join(statement.split()))

    engines = [store._database.reader.sync_engine, store._database.writer.sync_engine]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", record)
    yield statements
    for engine in engines:
        sa.event.remove(engine, "before_cursor_execute", record)


def test_the_tour_calls_every_read_of_every_repository() -> None:
    view = SqlRead(Session(AsyncConnection(create_async_engine("sqlite+aiosqlite:///unused")), TENANT))
    methods = {
        f"{name}.{method}"
        for name in REPOSITORIES
        for method, _ in inspect.getmembers(getattr(view, name), inspect.iscoroutinefunction)
        if not method.startswith("_")
    }
    assert methods | {"heads"} == {call.split()[0] for call in READS}


async def test_every_read_finds_something_in_its_own_tenant(store: SqlStore) -> None:
    await store.write(TENANT, FEEDS, fill)
    async with store.read(TENANT) as tx:
        assert [name for name, call in READS.items() if not await call(tx)] == []


async def test_another_tenant_sees_nothing_on_any_read(store: SqlStore) -> None:
    await store.write(TENANT, FEEDS, fill)
    for view in (store.read(OTHER), store.snapshot(OTHER)):
        async with view as tx:
            assert [name for name, call in READS.items() if await call(tx)] == []

    async def inside(tx: Write) -> list[str]:
        assert tx.locked == {}
        return [name for name, call in READS.items() if await call(tx)]

    assert await store.write(OTHER, FEEDS, inside) == []


async def test_two_tenants_with_the_same_ids_do_not_touch_each_other(store: SqlStore) -> None:
    await furnish(store, OTHER)
    for tenant in (TENANT, OTHER):
        await store.write(tenant, FEEDS, fill)
    async with store.read(OTHER) as tx:
        before = {name: await call(tx) for name, call in READS.items()}
    bob = account_feed(AccountName("bob"))
    await store.write(TENANT, [*FEEDS, bob], change_everything)
    async with store.read(OTHER) as tx:
        assert {name: await call(tx) for name, call in READS.items()} == before


@pytest.mark.parametrize("dry_run", [False, True])
async def test_every_statement_filters_by_tenant(store: SqlStore, dry_run: bool) -> None:
    once = Once("m", "r1", b"", lambda _: b"")
    with recorded(store) as statements:
        await furnish(store, OTHER)
        await store.write(OTHER, FEEDS, fill, once=once)
        async with store.read(OTHER) as tx:
            for call in READS.values():
                await call(tx)
        feeds: list[FeedKey] = [*FEEDS, account_feed(AccountName("bob"))]
        await store.write(OTHER, feeds, change_everything, dry_run=dry_run)
        await store.has_keys()
        await store.ping()
    assert len(statements) > len(READS)
    without = {s for s in statements if "tenant_id" not in s}
    assert all(any(known in s for known in WITHOUT_TENANT) for s in without)
    # An UPDATE or DELETE must name it in its condition, not in what it sets.
    for statement in statements:
        if statement.startswith(("UPDATE", "DELETE")):
            assert "tenant_id" in statement.partition(" WHERE ")[2]


def test_the_tenant_leads_every_key_and_every_index() -> None:
    for table in tables.metadata.sorted_tables:
        assert table.primary_key.columns.keys()[0] == "tenant_id"
        for index in table.indexes:
            assert index.columns.keys()[0] == "tenant_id"
        for constraint in table.foreign_key_constraints:
            assert constraint.column_keys[0] == "tenant_id"
