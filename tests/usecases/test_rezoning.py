"""Rezoning: a new release of the zone data moves what it concerns, each once, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from schedsvc.domain.bookings import Booking, BookingState
from schedsvc.domain.changes import Change, ChangeCause, ChangeKind, Place
from schedsvc.domain.errors import Contended
from schedsvc.domain.events import Event, EventDraft, EventStatus
from schedsvc.domain.feeds import FeedKey, calendar_feed, profile_feed
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.principals import Principal, Scope
from schedsvc.domain.ranges import RangeRequest
from schedsvc.domain.time import Zoned
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.engine import SqlSettings
from schedsvc.repositories.sql.migrate import migrate
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases import rezoning
from schedsvc.usecases.event_lists import EventQuery
from schedsvc.usecases.event_writes import Creation, Deletion
from schedsvc.usecases.rezoning import Plan, Rezoning
from tests.conftest import FreshDatabase
from tests.usecases.conftest import ADA, ADMIN, INTRO, NOW, SIDE, SPARE, ManualClock, Meddled, Open, Process
from tests.usecases.drafts import (
    DAY,
    HOUR,
    MIDNIGHT,
    MINUTE,
    account_draft,
    booking_draft,
    calendar_draft,
    day_draft,
    event_draft,
    hours,
    profile_draft,
)
from tests.zone_data import release, tzif

BERLIN = "Europe/Berlin"
NO_SUMMER = tzif("CET-1", 1)
"""Berlin without summer time: what begins at 10:00 in July begins an hour later than it did."""
JULY = 175 * DAY
"""Monday, 1 July 2030, from the first Monday of the year on."""


def meeting(text: str, zone: str = BERLIN, *lines: str, **changes: Any) -> EventDraft:
    """An hour from a local time on."""
    start = datetime.fromisoformat(text)
    times = Zoned(start, zone), Zoned(start + timedelta(hours=1), zone)
    return replace(event_draft(), start=times[0], end=times[1], recurrence=lines, **changes)


async def create(process: Process, calendar: CalendarName, **drafts: EventDraft) -> dict[str, Event]:
    return {
        id_: await process.events.create(ADMIN, NOW, calendar, Creation(id_, draft)) for id_, draft in drafts.items()
    }


@dataclass
class Followed:
    """What happened in a feed since it was followed."""

    store: SqlStore
    feed: FeedKey
    since: int

    async def changes(self) -> list[Change]:
        async with self.store.read(ADMIN.tenant) as tx:
            return list(await tx.changes.log(self.feed, Place(self.since, 2**31), 2**31, 10_000))

    async def ids(self) -> list[str]:
        return sorted(change.resource_id for change in await self.changes())


async def follow(store: SqlStore, feed: FeedKey) -> Followed:
    async with store.read(ADMIN.tenant) as tx:
        return Followed(store, feed, (await tx.heads([feed]))[feed].revision)


async def rezone(process: Process, store: Any = None) -> Plan:
    """As the command does it; returns the plan."""
    use_case = Rezoning(store or process.store, process.clock)
    plan = await use_case.plan(ADMIN.tenant)
    for calendar in plan.calendars:
        await use_case.carry_out(ADMIN.tenant, calendar)
    return plan


async def event(store: SqlStore, name: EventName) -> Event:
    async with store.read(ADMIN.tenant) as tx:
        found = await tx.events.get(name)
    assert found is not None
    return found


async def booked(process: Process, start: int) -> Booking:
    return await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(start))


async def offer(process: Process, **changes: Any) -> None:
    """The profile `intro` for two years, in Berlin unless it is said otherwise."""
    draft = profile_draft(
        **{
            "conflict_calendars": (SIDE,),
            "work_hours": hours(9, 17, BERLIN),
            "available_for": replace(profile_draft().available_for, months=24, days=0),
            **changes,
        }
    )
    await process.profiles.update(ADMIN, NOW, INTRO, "", lambda _: draft)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def opening(request: pytest.FixtureRequest, clock: ManualClock) -> Open:
    """A function that opens a migrated database."""
    if request.param == "sqlite":
        opens: Open = request.getfixturevalue("open_store")
        return opens
    fresh: FreshDatabase = request.getfixturevalue("fresh_database")

    async def open_store() -> SqlStore:
        return await SqlStore.create(SqlSettings(url=await fresh(migrate)), clock)

    return open_store


AFFECTED = {
    "summer": meeting("2030-07-01T10:00"),
    "summer-far": meeting("2035-08-01T10:00"),
    "weekly": meeting("2029-01-01T10:00", BERLIN, "RRULE:FREQ=WEEKLY"),
    "counted": meeting("2030-06-01T10:00", BERLIN, "RRULE:FREQ=DAILY;COUNT=3"),
    "until": meeting("2030-06-03T10:00", BERLIN, "RRULE:FREQ=WEEKLY;UNTIL=20300617T080000Z"),
    "floating": meeting("2030-07-01T10:00", floating=True),
    "dates": day_draft(date(2030, 7, 1)),
    "called-off": meeting("2030-07-01T10:00", status=EventStatus.CANCELLED),
}
OTHERS = {
    "winter": meeting("2030-12-02T10:00"),
    "over": meeting("2029-07-02T10:00"),
    "elsewhere": meeting("2030-07-01T10:00", "America/New_York"),
    "januaries": meeting("2029-01-05T10:00", BERLIN, "RRULE:FREQ=YEARLY"),
    "ended": meeting("2029-05-01T10:00", BERLIN, "RRULE:FREQ=WEEKLY;COUNT=10"),
    "elsewhere-weekly": meeting("2029-01-01T10:00", "America/New_York", "RRULE:FREQ=WEEKLY"),
    "winter-dates": day_draft(date(2030, 12, 2)),
}


async def test_a_changed_rule_puts_exactly_the_affected_ids_into_the_feed(opening: Open, clock: ManualClock) -> None:
    store = await opening()
    process = Process(store, clock)
    await process.accounts.create(ADMIN, NOW, "ada", account_draft())
    for calendar in (SIDE, SPARE):
        await process.calendars.create(ADMIN, NOW, ADA, calendar.calendar, calendar_draft(time_zone=BERLIN))
        await create(process, calendar, **AFFECTED, **OTHERS)
    feeds = [await follow(store, calendar_feed(calendar)) for calendar in (SIDE, SPARE)]
    with release(Europe__Berlin=NO_SUMMER):
        plan = await rezone(Process(store, clock))
        for feed in feeds:
            changes = await feed.changes()
            assert sorted(change.resource_id for change in changes) == sorted(AFFECTED)
            assert {(change.kind, change.cause) for change in changes} == {(ChangeKind.UPDATED, ChangeCause.TZDATA)}
            (summer,) = (change for change in changes if change.resource_id == "summer")
            assert summer.extent is not None
            assert summer.previous == (summer.extent[0] - HOUR, summer.extent[1] - HOUR)
        assert [(part.calendar, len(part.moves)) for part in plan.calendars] == [(SIDE, 8), (SPARE, 8)]
        assert (await rezone(Process(store, clock))).calendars == ()
    await store.close()


async def test_a_plan_writes_nothing(process: Process, store: SqlStore) -> None:
    await create(process, SIDE, **AFFECTED)
    await offer(process)
    await booked(process, JULY + DAY + 12 * HOUR)
    feeds = [await follow(store, feed) for feed in (calendar_feed(SIDE), profile_feed(INTRO))]
    with release(Europe__Berlin=NO_SUMMER):
        plan = await Rezoning(store, process.clock).plan(ADMIN.tenant)
        # The calendar is in UTC, so that the date and the floating time stay; the booking is the one more.
        assert sum(len(part.moves) for part in plan.calendars) == len(AFFECTED) - 2 + 1
    assert [await feed.changes() for feed in feeds] == [[], []]


async def test_instances_are_listed_where_they_are_now(process: Process, store: SqlStore) -> None:
    await create(process, SIDE, weekly=AFFECTED["weekly"])
    week = EventQuery(RangeRequest(MIDNIGHT + JULY, MIDNIGHT + JULY + 7 * DAY), expand=True)
    with release(Europe__Berlin=NO_SUMMER):
        await rezone(process)
        (found,) = (await process.event_lists.list(ADMIN, SIDE, week, Page(10))).records
        assert found.extent[0] == MIDNIGHT + JULY + 9 * HOUR
        assert found.revision == (await event(store, EventName(SIDE, "weekly"))).revision


async def test_a_moved_event_is_the_same_version_for_the_people_invited(process: Process, store: SqlStore) -> None:
    (before,) = (await create(process, SIDE, summer=AFFECTED["summer"])).values()
    with release(Europe__Berlin=NO_SUMMER):
        await rezone(process)
    after = await event(store, before.name)
    assert (after.start, after.end, after.sequence) == (before.start, before.end, before.sequence)
    assert after.extent[0] == before.extent[0] + HOUR


async def test_a_booking_moves_with_its_event(process: Process, store: SqlStore) -> None:
    await offer(process, buffer_before_minutes=10, buffer_after_minutes=5)
    before = await booked(process, JULY + 8 * HOUR)
    bookings, events = (
        await follow(store, profile_feed(INTRO)),
        await follow(store, calendar_feed(before.event.calendar)),
    )
    with release(Europe__Berlin=NO_SUMMER):
        plan = await rezone(process)
    assert plan.overlaps == ()
    after = await process.bookings.get(ADMIN, before.name)
    assert after.extent == (before.extent[0] + HOUR, before.extent[1] + HOUR)
    assert after.occupied == (after.extent[0] - 10 * MINUTE, after.extent[1] + 5 * MINUTE)
    assert after.state is BookingState.CONFIRMED
    moved = await event(store, after.event)
    assert (moved.extent, moved.occupied) == (after.extent, after.occupied)
    for feed in (bookings, events):
        (change,) = await feed.changes()
        assert (change.cause, change.previous, change.extent) == (ChangeCause.TZDATA, before.extent, after.extent)


async def test_bookings_that_move_together_do_not_meet(process: Process) -> None:
    await offer(process)
    for start in (8 * HOUR, 8 * HOUR + 30 * MINUTE, 9 * HOUR):
        await booked(process, JULY + start)
    with release(Europe__Berlin=NO_SUMMER):
        plan = await rezone(process)
    assert [part.bookings for part in plan.calendars] == [3]
    assert plan.overlaps == ()


async def test_a_booking_that_moves_over_something_is_kept_and_named(process: Process) -> None:
    await offer(process)
    before = await booked(process, JULY + 8 * HOUR)
    in_utc = await create(process, SIDE, utc=event_draft(JULY + 9 * HOUR, JULY + 10 * HOUR))
    daily = await create(
        process, SIDE, daily=event_draft(9 * HOUR, 10 * HOUR, recurrence=("RRULE:FREQ=DAILY;COUNT=200",))
    )
    with release(Europe__Berlin=NO_SUMMER):
        (overlap,) = (await rezone(process)).overlaps
    assert (overlap.booking, overlap.before) == (before.name, before.extent)
    assert overlap.extent == (before.extent[0] + HOUR, before.extent[1] + HOUR)
    assert overlap.others == (daily["daily"].name.instance("20300701T090000Z"), in_utc["utc"].name)
    after = await process.bookings.get(ADMIN, before.name)
    assert (after.state, after.extent) == (BookingState.CONFIRMED, overlap.extent)


async def test_a_booking_that_stays_is_named_if_something_moves_over_it(process: Process) -> None:
    await offer(process, work_hours=hours(0, 24))
    kept = await booked(process, JULY + 9 * HOUR)
    far = await booked(process, JULY + 12 * HOUR)
    moved = await create(process, SIDE, summer=AFFECTED["summer"])
    with release(Europe__Berlin=NO_SUMMER):
        (overlap,) = (await rezone(process)).overlaps
    assert (overlap.booking, overlap.before, overlap.extent) == (kept.name, kept.extent, kept.extent)
    assert overlap.others == (moved["summer"].name,)
    assert (await process.bookings.get(ADMIN, far.name)).extent == far.extent


async def test_what_takes_no_time_overlaps_nothing(process: Process) -> None:
    await offer(process)
    await booked(process, JULY + 8 * HOUR)
    called_off = event_draft(JULY + 9 * HOUR, JULY + 10 * HOUR, status=EventStatus.CANCELLED)
    await create(process, SIDE, gone=called_off)
    await create(process, SPARE, unchecked=event_draft(JULY + 9 * HOUR, JULY + 10 * HOUR))
    with release(Europe__Berlin=NO_SUMMER):
        assert (await rezone(process)).overlaps == ()


async def test_a_cancelled_booking_stays_in_step_with_its_event_and_is_not_named(process: Process) -> None:
    await offer(process)
    before = await booked(process, JULY + 8 * HOUR)
    await process.bookings.cancel(ADMIN, NOW, before.name)
    await create(process, SIDE, utc=event_draft(JULY + 9 * HOUR, JULY + 10 * HOUR))
    with release(Europe__Berlin=NO_SUMMER):
        assert (await rezone(process)).overlaps == ()
    after = await process.bookings.get(ADMIN, before.name)
    assert (after.state, after.extent[0]) == (BookingState.CANCELLED, before.extent[0] + HOUR)


async def test_what_is_left_after_an_early_end_is_done_by_the_next_run(
    process: Process, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rezoning, "BATCH", 3)
    drafts = {f"e{n}": meeting(f"2030-07-{n:02}T10:00") for n in range(1, 9)}
    await create(process, SIDE, **drafts)
    feed = await follow(store, calendar_feed(SIDE))

    async def nothing() -> None:
        return None

    async def end() -> None:
        raise Contended("the end")

    with release(Europe__Berlin=NO_SUMMER):
        with pytest.raises(Contended):
            await rezone(process, Meddled(store, nothing, end))
        assert len(await feed.ids()) == 3
        plan = await rezone(process)
    assert sum(len(part.moves) for part in plan.calendars) == 5
    assert await feed.ids() == sorted(drafts)


async def test_what_has_changed_since_the_plan_is_looked_at_again(process: Process, store: SqlStore) -> None:
    made = await create(process, SIDE, deleted=AFFECTED["summer"], moved=AFFECTED["summer"], stays=AFFECTED["summer"])

    async def meanwhile() -> None:
        await process.events.delete(ADMIN, NOW, Deletion(made["deleted"].name))
        await rezone(process)

    with release(Europe__Berlin=NO_SUMMER):
        use_case = Rezoning(Meddled(store, meanwhile), process.clock)
        (part,) = (await use_case.plan(ADMIN.tenant)).calendars
        assert len(part.moves) == 3
        assert await use_case.carry_out(ADMIN.tenant, part) == 0


async def test_an_event_in_a_zone_that_is_gone_is_left_alone_and_named(process: Process) -> None:
    made = await create(process, SIDE, winter=OTHERS["winter"], weekly=AFFECTED["weekly"], tokyo=OTHERS["elsewhere"])
    with release(Europe__Berlin=None):
        (part,) = (await rezone(process)).calendars
    assert part.moves == ()
    assert sorted(part.unreadable) == sorted([made["weekly"].name, made["winter"].name])


async def test_each_tenant_has_a_plan_of_its_own(process: Process, store: SqlStore) -> None:
    await create(process, SIDE, summer=AFFECTED["summer"])
    other = Principal("beta", "admin", frozenset({Scope.ADMIN}))
    await process.accounts.create(other, NOW, "bob", account_draft())
    with release(Europe__Berlin=NO_SUMMER):
        use_case = Rezoning(store, process.clock)
        assert await use_case.tenants() == ["alpha", "beta"]
        plans = [await use_case.plan(tenant) for tenant in await use_case.tenants()]
    assert [(plan.calendars_seen, len(plan.calendars)) for plan in plans] == [(3, 1), (1, 0)]
