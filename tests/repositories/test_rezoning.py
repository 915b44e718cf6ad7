"""What rezoning asks of a store: whose data there is, and records that say by which rules and why they were written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from schedsvc.domain.changes import ChangeCause, Place
from schedsvc.domain.feeds import FeedKey, calendar_feed, profile_feed
from schedsvc.domain.series import derived
from schedsvc.domain.time import Zoned
from schedsvc.repositories.base import Write
from schedsvc.repositories.sql.store import SqlStore
from tests.repositories.conftest import furnish
from tests.repositories.records import ADA, HOUR, INTRO, TENANT, booking, event

FEEDS = [calendar_feed(ADA), profile_feed(INTRO)]


async def causes(store: SqlStore, feed: FeedKey) -> list[ChangeCause | None]:
    async with store.read(TENANT) as tx:
        return [change.cause for change in await tx.changes.log(feed, Place(0, 0), 9, 9)]


async def test_the_tenants_are_those_with_an_account(empty: SqlStore) -> None:
    assert await empty.tenants() == []
    for tenant in ("north", "Alpha", "south-2", "beta"):
        await furnish(empty, tenant)
    assert await empty.tenants() == ["Alpha", "beta", "north", "south-2"]


async def test_the_cause_of_a_change_is_in_both_feeds(store: SqlStore) -> None:
    async def make(tx: Write) -> None:
        tx.events.create(event())
        tx.bookings.create(booking())

    async def move(tx: Write) -> None:
        made, booked = await tx.events.get(event().name), await tx.bookings.get(booking().name)
        assert made is not None
        assert booked is not None
        tx.events.update(made, made, ChangeCause.TZDATA)
        later = booked.extent[0] + HOUR, booked.extent[1] + HOUR
        tx.bookings.update(replace(booked, extent=later, occupied=later), booked, ChangeCause.TZDATA)

    for work in (make, move):
        await store.write(TENANT, FEEDS, work)
    assert [await causes(store, feed) for feed in FEEDS] == [[None, ChangeCause.TZDATA]] * 2


async def test_a_series_is_kept_with_the_rules_it_was_derived_by(store: SqlStore) -> None:
    times = [Zoned(datetime.fromisoformat(f"2030-01-07T{hour}:00"), "Asia/Tokyo") for hour in ("09", "10")]
    weekly = derived(replace(event(), start=times[0], end=times[1], recurrence=("RRULE:FREQ=WEEKLY",)))

    async def make(tx: Write) -> None:
        tx.events.create(weekly)
        tx.events.create(event("single"))

    await store.write(TENANT, FEEDS, make)
    async with store.read(TENANT) as tx:
        kept, single = await tx.events.get(weekly.name), await tx.events.get(event("single").name)
    assert kept is not None
    assert single is not None
    assert (kept.rules, single.rules) == ("Asia/Tokyo JST-9", "")
