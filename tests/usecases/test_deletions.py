"""What may be deleted when, what goes with it, and what stays."""

from __future__ import annotations

import pytest

from schedsvc.domain.bookings import BookingState
from schedsvc.domain.changes import Place, TombstoneReason
from schedsvc.domain.errors import (
    CalendarInUse,
    IdTaken,
    NotEmpty,
    PrimaryCalendar,
    ProfileInUse,
    ResourceNotFound,
)
from schedsvc.domain.events import EventStatus
from schedsvc.domain.feeds import FeedKey, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, CalendarName, ProfileName
from schedsvc.usecases.event_writes import Creation, Deletion
from tests.usecases.conftest import ADA, ADMIN, INTRO, NOW, PRIMARY, SIDE, SPARE, ManualClock, Process
from tests.usecases.drafts import HOUR, account_draft, booking_draft, calendar_draft, event_draft, profile_draft


async def _log(process: Process, feed: FeedKey) -> list[TombstoneReason | None]:
    async with process.store.read(ADMIN.tenant) as tx:
        return [change.reason for change in await tx.changes.log(feed, Place(0, 0), 10**6, 1000)]


async def test_an_account_with_anything_in_it_is_kept_and_what_is_in_it_is_named(process: Process) -> None:
    with pytest.raises(NotEmpty) as refusal:
        await process.accounts.delete(ADMIN, NOW, ADA)
    assert refusal.value.metadata == {"children": f"{INTRO} {SIDE} {SPARE}"}


async def test_an_event_on_the_primary_calendar_keeps_an_account(process: Process) -> None:
    bob = AccountName("bob")
    await process.accounts.create(ADMIN, NOW, "bob", account_draft())
    primary = CalendarName("bob", "bob")
    event = await process.events.create(ADMIN, NOW, primary, Creation("", event_draft()))
    with pytest.raises(NotEmpty):
        await process.accounts.delete(ADMIN, NOW, bob)
    await process.events.delete(ADMIN, NOW, Deletion(event.name))
    await process.accounts.delete(ADMIN, NOW, bob)
    with pytest.raises(ResourceNotFound):
        await process.accounts.get(ADMIN, bob)


async def test_an_account_deleted_by_force_takes_all_with_it(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft()))
    booking = await process.bookings.create(ADMIN, NOW, INTRO, "b", booking_draft(10 * HOUR))
    await process.accounts.delete(ADMIN, NOW, ADA, force=True)
    for get in (
        process.accounts.get(ADMIN, ADA),
        process.calendars.get(ADMIN, PRIMARY),
        process.calendars.get(ADMIN, SIDE),
        process.profiles.get(ADMIN, INTRO),
    ):
        with pytest.raises(ResourceNotFound):
            await get
    assert (await process.bookings.get(ADMIN, booking.name)).state is BookingState.CANCELLED
    assert (await _log(process, calendar_feed(SIDE)))[-1] is TombstoneReason.CALENDAR_DELETED
    assert (await _log(process, calendar_feed(PRIMARY))).count(TombstoneReason.CALENDAR_DELETED) == 1


async def test_a_calendar_that_another_accounts_profile_checks_keeps_its_account_even_by_force(
    process: Process,
) -> None:
    bob = AccountName("bob")
    await process.accounts.create(ADMIN, NOW, "bob", account_draft())
    bobs = CalendarName("bob", "bob")
    draft = profile_draft(calendar=bobs, conflict_calendars=(SIDE,))
    made = await process.profiles.create(ADMIN, NOW, bob, "over", draft)
    with pytest.raises(CalendarInUse) as refusal:
        await process.accounts.delete(ADMIN, NOW, ADA, force=True)
    assert refusal.value.metadata == {"profiles": str(made.profile.name)}
    assert (await process.accounts.get(ADMIN, ADA)).name == ADA
    await process.profiles.delete(ADMIN, NOW, made.profile.name)
    await process.accounts.delete(ADMIN, NOW, ADA, force=True)


async def test_a_primary_calendar_goes_with_its_account_only(process: Process) -> None:
    with pytest.raises(PrimaryCalendar):
        await process.calendars.delete(ADMIN, NOW, PRIMARY)


async def test_a_calendar_that_a_profile_uses_is_kept(process: Process) -> None:
    with pytest.raises(CalendarInUse) as refusal:
        await process.calendars.delete(ADMIN, NOW, SIDE)
    assert refusal.value.metadata == {"profiles": str(INTRO)}
    await process.profiles.delete(ADMIN, NOW, INTRO)
    await process.calendars.delete(ADMIN, NOW, SIDE)


async def test_a_calendar_goes_with_its_events_and_one_marker(process: Process) -> None:
    for number in range(3):
        await process.events.create(ADMIN, NOW, SPARE, Creation(f"e{number}", event_draft()))
    await process.calendars.delete(ADMIN, NOW, SPARE)
    assert await _log(process, calendar_feed(SPARE)) == [None, None, None, TombstoneReason.CALENDAR_DELETED]
    async with process.store.read(ADMIN.tenant) as tx:
        assert not await tx.events.exist(SPARE)


async def test_nothing_is_written_to_a_deleted_calendar(process: Process) -> None:
    event = await process.events.create(ADMIN, NOW, SPARE, Creation("e", event_draft()))
    await process.calendars.delete(ADMIN, NOW, SPARE)
    for write in (
        process.events.create(ADMIN, NOW, SPARE, Creation("", event_draft())),
        process.events.delete(ADMIN, NOW, Deletion(event.name)),
        process.imports.run(ADMIN, NOW, SPARE, []),
        process.profiles.create(ADMIN, NOW, ADA, "", profile_draft(conflict_calendars=(SPARE,))),
    ):
        with pytest.raises(ResourceNotFound):
            await write


async def test_a_profile_with_bookings_to_come_is_kept_and_they_are_counted(process: Process) -> None:
    for hour in (10, 11):
        await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(hour * HOUR))
    with pytest.raises(ProfileInUse) as refusal:
        await process.profiles.delete(ADMIN, NOW, INTRO)
    assert refusal.value.metadata == {"bookings": "2"}


async def test_past_and_cancelled_bookings_keep_no_profile_and_stay_as_they_are(
    process: Process, clock: ManualClock
) -> None:
    past = await process.bookings.create(ADMIN, NOW, INTRO, "past", booking_draft(9 * HOUR))
    cancelled = await process.bookings.create(ADMIN, NOW, INTRO, "off", booking_draft(11 * HOUR))
    cancelled = await process.bookings.cancel(ADMIN, NOW, cancelled.name)
    clock.pass_by(hours=2)
    await process.profiles.delete(ADMIN, NOW, INTRO)
    assert await process.bookings.get(ADMIN, past.name) == past
    assert await process.bookings.get(ADMIN, cancelled.name) == cancelled


async def test_by_force_bookings_to_come_are_cancelled_with_their_events_and_past_ones_are_not(
    process: Process, clock: ManualClock
) -> None:
    past = await process.bookings.create(ADMIN, NOW, INTRO, "past", booking_draft(9 * HOUR))
    running = await process.bookings.create(ADMIN, NOW, INTRO, "running", booking_draft(10 * HOUR))
    ahead = await process.bookings.create(ADMIN, NOW, INTRO, "ahead", booking_draft(12 * HOUR))
    clock.pass_by(hours=2, minutes=10)
    await process.profiles.delete(ADMIN, NOW, INTRO, force=True)
    states = {name: (await process.bookings.get(ADMIN, name)).state for name in (past.name, running.name, ahead.name)}
    assert list(states.values()) == [BookingState.CONFIRMED, BookingState.CANCELLED, BookingState.CANCELLED]
    for booking, status in ((past, EventStatus.CONFIRMED), (ahead, EventStatus.CANCELLED)):
        assert (await process.events.get(ADMIN, booking.event)).status is status
    async with process.store.read(ADMIN.tenant) as tx:
        heads = await tx.heads([profile_feed(INTRO)])
    assert heads[profile_feed(INTRO)].revision == 4


async def test_ids_are_never_given_out_twice(process: Process) -> None:
    await process.calendars.delete(ADMIN, NOW, SPARE)
    await process.profiles.delete(ADMIN, NOW, INTRO)
    with pytest.raises(IdTaken):
        await process.calendars.create(ADMIN, NOW, ADA, "spare", calendar_draft())
    with pytest.raises(IdTaken):
        await process.profiles.create(ADMIN, NOW, ADA, "intro", profile_draft(slug="other"))
    await process.accounts.delete(ADMIN, NOW, ADA, force=True)
    with pytest.raises(IdTaken):
        await process.accounts.create(ADMIN, NOW, "ada", account_draft())


async def test_the_slug_of_a_deleted_profile_is_free_again(process: Process) -> None:
    await process.profiles.delete(ADMIN, NOW, INTRO)
    again = await process.profiles.create(ADMIN, NOW, ADA, "other", profile_draft(slug="intro"))
    assert again.profile.slug == "intro"


async def test_a_second_deletion_is_not_found_unless_that_is_allowed(process: Process) -> None:
    gone = ProfileName("ada", "gone")
    for delete in (
        process.profiles.delete(ADMIN, NOW, gone),
        process.calendars.delete(ADMIN, NOW, CalendarName("ada", "gone")),
        process.accounts.delete(ADMIN, NOW, AccountName("gone")),
    ):
        with pytest.raises(ResourceNotFound):
            await delete
    await process.profiles.delete(ADMIN, NOW, gone, allow_missing=True)
    await process.calendars.delete(ADMIN, NOW, CalendarName("ada", "gone"), allow_missing=True)
    await process.accounts.delete(ADMIN, NOW, AccountName("gone"), allow_missing=True)
