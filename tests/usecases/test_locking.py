"""Writes that find out what to lock: what came in between is seen, or the write begins anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedsvc.domain.bookings import BookingState
from schedsvc.domain.errors import Contended, ProfileInUse, ResourceNotFound, SlotUnavailable
from schedsvc.domain.feeds import account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import CalendarName, ProfileName
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases.event_writes import Creation
from schedsvc.usecases.locking import ATTEMPTS, FeedsMoved, until_locked
from tests.usecases.conftest import ADA, ADMIN, INTRO, NOW, PRIMARY, SIDE, SPARE, ManualClock, Meddled, Process
from tests.usecases.drafts import (
    DAY,
    HOUR,
    booking_draft,
    calendar_draft,
    event_draft,
    hours,
    profile_draft,
)


async def _versions(process: Process, *profiles: ProfileName) -> list[int]:
    feeds = [profile_feed(name) for name in profiles]
    async with process.store.read(ADMIN.tenant) as tx:
        heads = await tx.heads(feeds)
    return [heads[feed].version for feed in feeds]


async def test_what_keeps_moving_is_given_up_after_three_attempts() -> None:
    attempts = 0

    async def attempt() -> None:
        nonlocal attempts
        attempts += 1
        raise FeedsMoved

    with pytest.raises(Contended):
        await until_locked(attempt)
    assert attempts == ATTEMPTS == 3


async def test_hours_of_an_account_reach_a_profile_that_was_made_meanwhile(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    late = ProfileName("ada", "late")
    meddled = Meddled(store, lambda: process.profiles.create(ADMIN, NOW, ADA, "late", profile_draft()))
    slow = Process(meddled, clock)
    before = await _versions(process, INTRO)
    await slow.accounts.update(ADMIN, NOW, ADA, "", lambda account: replace(account, work_hours=hours(10, 12)))
    assert meddled.writes == 2
    assert await _versions(process, INTRO, late) == [before[0] + 1, 2]


async def test_a_deleted_account_takes_what_was_made_meanwhile_with_it(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    meddled = Meddled(
        store,
        lambda: process.profiles.create(ADMIN, NOW, ADA, "late", profile_draft()),
        lambda: process.calendars.create(ADMIN, NOW, ADA, "late", calendar_draft()),
    )
    await Process(meddled, clock).accounts.delete(ADMIN, NOW, ADA, force=True)
    assert meddled.writes == 3
    for get in (
        process.profiles.get(ADMIN, ProfileName("ada", "late")),
        process.calendars.get(ADMIN, CalendarName("ada", "late")),
        process.accounts.get(ADMIN, ADA),
    ):
        with pytest.raises(ResourceNotFound):
            await get


async def test_a_new_zone_reaches_a_profile_that_began_to_use_the_calendar_meanwhile(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    late = ProfileName("ada", "late")
    draft = profile_draft(conflict_calendars=(SIDE,))
    meddled = Meddled(store, lambda: process.profiles.create(ADMIN, NOW, ADA, "late", draft))
    zoned = Process(meddled, clock).calendars
    await zoned.update(ADMIN, NOW, SIDE, "", lambda calendar: replace(calendar, time_zone="Asia/Tokyo"))
    assert meddled.writes == 2
    assert await _versions(process, late) == [2]


async def test_a_profile_deleted_by_force_calls_off_what_was_booked_meanwhile(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    meddled = Meddled(store, lambda: process.bookings.create(ADMIN, NOW, INTRO, "b", booking_draft(10 * HOUR)))
    await Process(meddled, clock).profiles.delete(ADMIN, NOW, INTRO, force=True)
    async with store.read(ADMIN.tenant) as tx:
        assert await tx.bookings.to_come(INTRO, 0) == []


async def test_a_profile_deleted_without_force_is_kept_by_what_was_booked_meanwhile(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    meddled = Meddled(store, lambda: process.bookings.create(ADMIN, NOW, INTRO, "b", booking_draft(10 * HOUR)))
    with pytest.raises(ProfileInUse):
        await Process(meddled, clock).profiles.delete(ADMIN, NOW, INTRO)


async def test_a_booking_is_decided_with_the_calendars_that_the_profile_has_by_then(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    """The profile begins to check a calendar that is busy, after the slots were listed and before the lock is had."""
    await process.events.create(ADMIN, NOW, SPARE, Creation("", event_draft(10 * HOUR, 11 * HOUR)))

    async def widen() -> None:
        await process.profiles.update(
            ADMIN, NOW, INTRO, "", lambda profile: replace(profile, conflict_calendars=(SIDE, SPARE))
        )

    meddled = Meddled(store, widen)
    with pytest.raises(SlotUnavailable) as refusal:
        await Process(meddled, clock).bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    assert [(one.reason, one.subject) for one in refusal.value.refusals] == [("BUSY", str(SPARE))]
    assert meddled.writes == 2


async def test_a_profile_is_updated_with_the_calendars_that_it_has_by_then(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    async def widen() -> None:
        await process.profiles.update(ADMIN, NOW, INTRO, "", lambda p: replace(p, conflict_calendars=(SIDE, SPARE)))

    meddled = Meddled(store, widen)
    updated = await Process(meddled, clock).profiles.update(
        ADMIN, NOW, INTRO, "", lambda profile: replace(profile, subject="changed")
    )
    assert updated.profile.conflict_calendars == (SIDE, SPARE)
    assert meddled.writes == 2


async def test_a_profile_that_changes_its_calendars_every_time_is_given_up(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    turns = iter([(SPARE,), (SIDE,), (SPARE, SIDE)])

    async def change() -> None:
        calendars = next(turns)
        for name in calendars:
            assert name in (SIDE, SPARE)
        made = CalendarName("ada", f"more-{len(calendars)}-{calendars[0].calendar}")
        await process.calendars.create(ADMIN, NOW, ADA, made.calendar, calendar_draft())
        await process.profiles.update(ADMIN, NOW, INTRO, "", lambda p: replace(p, conflict_calendars=(made,)))

    meddled = Meddled(store, change, change, change)
    with pytest.raises(Contended):
        await Process(meddled, clock).bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    async with store.read(ADMIN.tenant) as tx:
        heads = await tx.heads([profile_feed(INTRO), calendar_feed(PRIMARY), account_feed(ADA)])
    assert heads[profile_feed(INTRO)].revision == heads[calendar_feed(PRIMARY)].revision == 0


async def test_a_booking_for_a_day_that_was_closed_meanwhile_is_refused(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    async def close() -> None:
        await process.accounts.update(ADMIN, NOW, ADA, "", lambda account: replace(account, work_hours=hours(20, 21)))

    slow = Process(Meddled(store, close), clock)
    with pytest.raises(SlotUnavailable) as refusal:
        await slow.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(DAY + 10 * HOUR))
    assert "OUTSIDE_HOURS" in [one.reason for one in refusal.value.refusals]


async def test_a_booking_cancelled_by_two_at_once_is_cancelled_once(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    made = await process.bookings.create(ADMIN, NOW, INTRO, "b", booking_draft(10 * HOUR))
    meddled = Meddled(store, lambda: process.bookings.cancel(ADMIN, NOW, made.name, reason="first"))
    answered = await Process(meddled, clock).bookings.cancel(ADMIN, NOW, made.name, reason="second")
    assert (answered.state, answered.cancel_reason, answered.revision) == (BookingState.CANCELLED, "first", 2)
