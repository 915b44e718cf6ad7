"""Slots are never stale: whatever they are made of, a change of it shows in the next list, in every process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from schedsvc.domain.errors import InvalidInput, ResourceNotFound, SlotUnavailable
from schedsvc.domain.names import CalendarName, ProfileName
from schedsvc.domain.ranges import RangeRequest
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases.event_writes import Change, Creation, Deletion
from schedsvc.usecases.offers import Offers
from schedsvc.usecases.slots import SlotQuery, Slots
from schedsvc.usecases.timelines import Timelines
from tests.usecases.conftest import (
    ADA,
    ADMIN,
    INTRO,
    NOW,
    PRIMARY,
    SIDE,
    SPARE,
    ManualClock,
    Open,
    Process,
)
from tests.usecases.drafts import (
    DAY,
    HOUR,
    MIDNIGHT,
    MINUTE,
    booking_draft,
    event_draft,
    hours,
    profile_draft,
)

Happening = Callable[[Process], Awaitable[object]]

TUESDAY = SlotQuery(INTRO, RangeRequest(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY), None, 1000)


async def _starts(process: Process, query: SlotQuery = TUESDAY) -> list[int]:
    """In hours since Tuesday's midnight."""
    return [int((start - MIDNIGHT - DAY) / HOUR * 2) for start in (await process.slots.list(ADMIN, query)).starts]


ALL_DAY = list(range(18, 34))
"""Half hours from nine to five."""


async def _account_hours(process: Process) -> None:
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, work_hours=hours(10, 12)))


async def _account_hours_gone(process: Process) -> None:
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, work_hours=hours(10, 12)))
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, work_hours=None))


async def _own_hours(process: Process) -> None:
    await process.profiles.update(ADMIN, NOW, INTRO, "", lambda p: replace(p, work_hours=hours(13, 14)))


async def _calendar_zone(process: Process) -> None:
    """The default hours are those of the calendar's zone: nine in Berlin is eight in UTC."""
    await process.calendars.update(ADMIN, NOW, PRIMARY, "", lambda c: replace(c, time_zone="Europe/Berlin"))


async def _event(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(DAY + 10 * HOUR, DAY + 16 * HOUR)))


async def _event_elsewhere(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SPARE, Creation("", event_draft(DAY + 10 * HOUR, DAY + 16 * HOUR)))


async def _event_moved(process: Process) -> None:
    made = await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(DAY + 9 * HOUR, DAY + 10 * HOUR)))
    moved = event_draft(DAY + 16 * HOUR, DAY + 17 * HOUR)
    await process.events.update(
        ADMIN, NOW, Change(made.name, "", lambda e: replace(e, start=moved.start, end=moved.end))
    )


async def _event_deleted(process: Process) -> None:
    made = await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(DAY + 9 * HOUR, DAY + 10 * HOUR)))
    await process.events.delete(ADMIN, NOW, Deletion(made.name))


async def _booked(process: Process) -> None:
    await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(DAY + 9 * HOUR))


async def _cancelled(process: Process) -> None:
    made = await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(DAY + 9 * HOUR))
    await process.bookings.cancel(ADMIN, NOW, made.name)


async def _other_profile_booked(process: Process) -> None:
    """Another profile on the same calendar, with fifteen minutes after each booking."""
    draft = profile_draft(buffer_after_minutes=15)
    await process.profiles.create(ADMIN, NOW, ADA, "other", draft)
    await process.bookings.create(ADMIN, NOW, ProfileName("ada", "other"), "", booking_draft(DAY + 9 * HOUR))


CHANGES: list[tuple[Happening, list[int]]] = [
    (_account_hours, [20, 21, 22, 23]),
    (_account_hours_gone, ALL_DAY),
    (_own_hours, [26, 27]),
    (_calendar_zone, list(range(16, 32))),
    (_event, [18, 19, 32, 33]),
    (_event_elsewhere, ALL_DAY),
    (_event_moved, ALL_DAY[:-2]),
    (_event_deleted, ALL_DAY),
    (_booked, ALL_DAY[1:]),
    (_cancelled, ALL_DAY),
    (_other_profile_booked, ALL_DAY[2:]),
]


@pytest.mark.parametrize(("change", "left"), CHANGES)
async def test_a_change_shows_at_once_here_and_in_another_process(
    change: Happening, left: list[int], process: Process, open_store: Open, clock: ManualClock
) -> None:
    other = Process(await open_store(), clock)
    assert await _starts(process) == await _starts(other) == ALL_DAY
    await change(other)
    assert await _starts(process) == left
    assert await _starts(other) == left


async def test_what_another_process_books_is_refused_here_though_it_was_listed(
    process: Process, open_store: Open, clock: ManualClock
) -> None:
    other = Process(await open_store(), clock)
    assert await _starts(process) == ALL_DAY
    await other.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(DAY + 9 * HOUR))
    with pytest.raises(SlotUnavailable) as refusal:
        await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(DAY + 9 * HOUR))
    assert [(one.reason, one.subject) for one in refusal.value.refusals] == [("BUSY", str(PRIMARY))]


async def test_a_profile_deleted_by_another_process_is_not_found_here(
    process: Process, open_store: Open, clock: ManualClock
) -> None:
    other = Process(await open_store(), clock)
    await _starts(process)
    await other.profiles.delete(ADMIN, NOW, INTRO)
    with pytest.raises(ResourceNotFound):
        await _starts(process)
    with pytest.raises(ResourceNotFound):
        await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))


async def test_two_processes_writing_in_turns_always_list_the_same(
    process: Process, open_store: Open, clock: ManualClock
) -> None:
    processes = [process, Process(await open_store(), clock)]
    for turn in range(12):
        writer, reader = processes[turn % 2], processes[(turn + 1) % 2]
        free = await _starts(reader)
        start = MIDNIGHT + DAY + free[turn % len(free)] * HOUR // 2
        await writer.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(start - MIDNIGHT))
        assert await _starts(reader) == await _starts(writer) == [f for f in free if f != free[turn % len(free)]]


async def test_a_cache_that_holds_one_profile_and_no_calendar_answers_the_same(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    small = Slots(store, clock, Offers(capacity=1), Timelines(capacity=1))
    await process.profiles.create(ADMIN, NOW, ADA, "other", profile_draft(work_hours=hours(8, 9)))
    other = replace(TUESDAY, profile=ProfileName("ada", "other"))
    for _ in range(2):
        assert len((await small.list(ADMIN, TUESDAY)).starts) == 16
        assert len((await small.list(ADMIN, other)).starts) == 2


async def test_many_readers_and_a_writer_never_see_a_slot_come_back(process: Process) -> None:
    """A reader that is overtaken must not leave an old copy behind under a new version."""
    sold: set[int] = set()

    async def read() -> None:
        for _ in range(20):
            before = set(sold)
            listed = set(await _starts(process))
            assert not listed & before

    async def write() -> None:
        for half in ALL_DAY:
            await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(DAY + half * HOUR // 2))
            sold.add(half)

    await asyncio.gather(write(), *(read() for _ in range(4)))
    assert await _starts(process) == []


async def test_slots_are_listed_over_a_year_and_not_beyond(process: Process) -> None:
    far = replace(TUESDAY, asked=RangeRequest(MIDNIGHT, MIDNIGHT + 366 * DAY))
    assert (await process.slots.list(ADMIN, far)).starts
    with pytest.raises(InvalidInput) as refusal:
        await process.slots.list(ADMIN, replace(far, asked=RangeRequest(MIDNIGHT, MIDNIGHT + 366 * DAY + 1)))
    assert [one.reason for one in refusal.value.violations] == ["RANGE_TOO_LARGE"]


async def test_without_bounds_slots_are_listed_from_now_to_the_horizon(process: Process, clock: ManualClock) -> None:
    query = SlotQuery(INTRO, RangeRequest(None, None), None, 10_000)
    found = (await process.slots.list(ADMIN, query)).starts
    assert found[0] == MIDNIGHT + 9 * HOUR
    # Sixty days from Monday are a Friday.
    assert found[-1] == MIDNIGHT + 60 * DAY + 16 * HOUR + 30 * MINUTE


async def test_a_range_in_the_past_is_empty_and_no_error(process: Process) -> None:
    past = replace(TUESDAY, asked=RangeRequest(MIDNIGHT - 7 * DAY, MIDNIGHT - DAY))
    assert (await process.slots.list(ADMIN, past)).starts == []


async def test_a_busy_stretch_over_two_blocks_of_the_cache_is_one(process: Process) -> None:
    """Items are kept in blocks of 32 days; one that spans several must block in each."""
    await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(0, 58 * DAY)))
    query = SlotQuery(INTRO, RangeRequest(None, None), None, 10_000)
    found = (await process.slots.list(ADMIN, query)).starts
    assert found[0] == MIDNIGHT + 58 * DAY + 9 * HOUR


async def test_a_profile_moves_to_another_calendar_with_its_next_booking(process: Process) -> None:
    first = await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(9 * HOUR))
    await process.profiles.update(
        ADMIN, NOW, INTRO, "", lambda p: replace(p, calendar=SPARE, conflict_calendars=(PRIMARY,))
    )
    second = await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    assert (first.event.calendar, second.event.calendar) == (PRIMARY, SPARE)
    cancelled = await process.bookings.cancel(ADMIN, NOW, first.name)
    assert (await process.events.get(ADMIN, cancelled.event)).sequence == 1


async def test_a_page_of_profiles_shows_the_hours_that_each_works_by(process: Process) -> None:
    await process.profiles.create(ADMIN, NOW, ADA, "own", profile_draft(work_hours=hours(1, 2)))
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, work_hours=hours(3, 4)))
    found = await process.profiles.list(ADMIN, ADA, Page(10))
    assert [view.effective_hours for view in found.records] == [hours(3, 4), hours(1, 2)]


async def test_a_booking_takes_the_texts_and_buffers_that_its_profile_has_then(process: Process) -> None:
    await process.profiles.update(
        ADMIN, NOW, INTRO, "", lambda p: replace(p, subject="with {{name}}", buffer_before_minutes=10)
    )
    made = await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    await process.profiles.update(ADMIN, NOW, INTRO, "", lambda p: replace(p, subject="x", buffer_before_minutes=0))
    kept = await process.bookings.get(ADMIN, made.name)
    assert (kept.subject, kept.occupied[0]) == ("with Grace", MIDNIGHT + 10 * HOUR - 10 * MINUTE)


async def test_every_variable_without_a_value_is_named_once(process: Process) -> None:
    await process.profiles.update(
        ADMIN,
        NOW,
        INTRO,
        "",
        lambda p: replace(p, subject="{{a}} {{b}}", description="{{b}} {{c=x}}", location="{{d}}"),
    )
    with pytest.raises(InvalidInput) as refusal:
        await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR, substitutions={"b": ""}))
    assert [one.description for one in refusal.value.violations] == [
        "a value for 'a' is required",
        "a value for 'd' is required",
    ]
    assert {one.reason for one in refusal.value.violations} == {"SUBSTITUTION_MISSING"}


async def test_a_listing_that_is_overtaken_by_a_new_calendar_of_the_profile_sees_it(
    process: Process,
) -> None:
    """The profile is compiled, then its calendars' versions are read again: none may be missing."""
    busy = CalendarName("ada", "spare")
    await process.events.create(ADMIN, NOW, busy, Creation("", event_draft(DAY, 2 * DAY)))
    await _starts(process)
    await process.profiles.update(ADMIN, NOW, INTRO, "", lambda p: replace(p, conflict_calendars=(busy,)))
    assert await _starts(process) == []
