"""Events: what counts as a new version (RFC 5546), and what a calendar's zone does to its days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schedsvc.domain.bookings import BookingState
from schedsvc.domain.changes import ChangeKind, Place
from schedsvc.domain.errors import IdTaken, OwnedByBooking
from schedsvc.domain.events import Event, EventDraft, EventStatus, ShowAs
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.interchange import Component
from schedsvc.domain.ranges import RangeRequest
from schedsvc.domain.time import Zoned, utc
from schedsvc.repositories.base import Page
from schedsvc.usecases.bookings import BookingQuery
from schedsvc.usecases.event_lists import EventQuery
from schedsvc.usecases.event_writes import Change, Creation, Deletion
from schedsvc.usecases.merging import Outcome
from schedsvc.usecases.slots import SlotQuery
from tests.usecases.conftest import ADMIN, INTRO, NOW, SIDE, SPARE, ManualClock, Process
from tests.usecases.drafts import DAY, HOUR, MIDNIGHT, booking_draft, day_draft, event_draft

LATER = Zoned(utc(MIDNIGHT + 5 * HOUR).replace(tzinfo=None), "UTC")


async def _changed(process: Process, **changes: Any) -> Event:
    made = await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(description="d")))
    changed = await process.events.update(ADMIN, NOW, Change(made.name, "", lambda event: replace(event, **changes)))
    return changed.event


@pytest.mark.parametrize(
    "changes",
    [
        {"start": Zoned(utc(MIDNIGHT + 60).replace(tzinfo=None), "UTC")},
        {"end": LATER},
        {"location": "elsewhere"},
        {"status": EventStatus.CANCELLED},
    ],
)
async def test_a_new_time_or_place_or_a_calling_off_is_a_new_version(changes: dict[str, Any], process: Process) -> None:
    assert (await _changed(process, **changes)).sequence == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "s"},
        {"description": ""},
        {"show_as": ShowAs.FREE},
        {"status": EventStatus.TENTATIVE},
        {"metadata": {"a": "b"}},
    ],
)
async def test_other_changes_are_none(changes: dict[str, Any], process: Process) -> None:
    changed = await _changed(process, **changes)
    assert (changed.sequence, changed.revision) == (0, 2)


async def test_calling_off_and_taking_back_are_two_versions(process: Process) -> None:
    made = await _changed(process, status=EventStatus.CANCELLED)
    again = await process.events.update(
        ADMIN, NOW, Change(made.name, "", lambda event: replace(event, status=EventStatus.CONFIRMED))
    )
    assert again.event.sequence == 2


async def test_the_same_instant_in_another_zone_is_a_new_version(process: Process) -> None:
    """The wall clock is what people agreed on."""
    berlin = Zoned(utc(MIDNIGHT + HOUR).replace(tzinfo=None), "Europe/Berlin")
    changed = await _changed(process, start=berlin)
    assert changed.extent[0] == MIDNIGHT
    assert changed.sequence == 1


async def test_an_update_that_changes_nothing_writes_nothing(process: Process, clock: ManualClock) -> None:
    made = await process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft()))
    clock.pass_by(hours=1)
    assert (await process.events.update(ADMIN, NOW, Change(made.name, "", lambda event: event))).event == made


async def test_a_uid_is_in_a_calendar_once(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(uid="u")))
    with pytest.raises(IdTaken):
        await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(uid="u")))
    await process.events.create(ADMIN, NOW, SPARE, Creation("", event_draft(uid="u")))


async def test_a_new_zone_moves_the_days_of_a_calendar_and_puts_each_into_its_feed(process: Process) -> None:
    day = date(2030, 1, 8)
    for id_ in ("a", "b"):
        await process.events.create(ADMIN, NOW, SIDE, Creation(id_, day_draft(day)))
    timed = await process.events.create(ADMIN, NOW, SIDE, Creation("timed", event_draft()))
    await process.calendars.update(ADMIN, NOW, SIDE, "", lambda c: replace(c, time_zone="Asia/Tokyo"))
    async with process.store.read(ADMIN.tenant) as tx:
        log = await tx.changes.log(calendar_feed(SIDE), Place(3, 0), 10**6, 100)
    assert [(change.resource_id, change.place, change.kind) for change in log[-2:]] == [
        ("a", Place(4, 0), ChangeKind.UPDATED),
        ("b", Place(4, 1), ChangeKind.UPDATED),
    ]
    assert [change.extent for change in log[-2:]] == [(MIDNIGHT + DAY - 9 * HOUR, MIDNIGHT + 2 * DAY - 9 * HOUR)] * 2
    assert [change.previous for change in log[-2:]] == [(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)] * 2
    assert await process.events.get(ADMIN, timed.name) == timed


async def test_other_changes_of_a_calendar_touch_no_event(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("a", day_draft(date(2030, 1, 8))))
    changed = await process.calendars.update(ADMIN, NOW, SIDE, "", lambda c: replace(c, color="#000000"))
    assert changed.calendar.color == "#000000"
    async with process.store.read(ADMIN.tenant) as tx:
        heads = await tx.heads([calendar_feed(SIDE)])
    assert heads[calendar_feed(SIDE)].revision == 1


async def test_a_new_zone_moves_what_its_days_take_from_slots_at_once(process: Process) -> None:
    """The eighth of January blocks the whole day; in Tokyo it ends at three in the afternoon in UTC."""
    busy = day_draft(date(2030, 1, 8), show_as=ShowAs.BUSY)
    await process.events.create(ADMIN, NOW, SIDE, Creation("a", busy))
    query = SlotQuery(INTRO, RangeRequest(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY), None, 1000)
    assert (await process.slots.list(ADMIN, query)).starts == []
    await process.calendars.update(ADMIN, NOW, SIDE, "", lambda c: replace(c, time_zone="Asia/Tokyo"))
    assert (await process.slots.list(ADMIN, query)).starts[0] == MIDNIGHT + DAY + 15 * HOUR


async def test_the_event_of_a_booking_is_not_changed_by_hand(process: Process) -> None:
    booking = await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    with pytest.raises(OwnedByBooking):
        await process.events.update(ADMIN, NOW, Change(booking.event, "", lambda event: replace(event, subject="s")))
    with pytest.raises(OwnedByBooking):
        await process.events.delete(ADMIN, NOW, Deletion(booking.event))


def _component(uid: str, draft: EventDraft | None, sequence: int = 0) -> Component:
    return Component(uid=uid, recurrence_id="", line=1, sequence=sequence, draft=draft, stamp=None, messages=())


async def test_importing_twice_changes_nothing(process: Process) -> None:
    components = [_component(f"u{number}", event_draft(uid=f"u{number}")) for number in range(3)]
    first = await process.imports.run(ADMIN, NOW, SIDE, components)
    second = await process.imports.run(ADMIN, NOW, SIDE, components)
    assert [one.outcome for one in first] == [Outcome.CREATED] * 3
    assert [one.outcome for one in second] == [Outcome.UNCHANGED] * 3
    assert [one.event for one in first] == [one.event for one in second]
    async with process.store.read(ADMIN.tenant) as tx:
        heads = await tx.heads([calendar_feed(SIDE)])
    assert heads[calendar_feed(SIDE)].revision == 1


async def test_a_large_import_is_written_in_batches_of_one_revision_each(process: Process) -> None:
    components = [_component(f"u{number}", event_draft(uid=f"u{number}")) for number in range(1001)]
    done = await process.imports.run(ADMIN, NOW, SIDE, components)
    assert len(done) == 1001
    async with process.store.read(ADMIN.tenant) as tx:
        heads = await tx.heads([calendar_feed(SIDE)])
    assert heads[calendar_feed(SIDE)].revision == 3


async def test_an_import_does_not_touch_the_event_of_a_booking(process: Process) -> None:
    booking = await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    event = await process.events.get(ADMIN, booking.event)
    component = _component(event.uid, event_draft(uid=event.uid, subject="mine"), sequence=9)
    (result,) = await process.imports.run(ADMIN, NOW, event.name.calendar, [component])
    assert result.outcome is Outcome.REFUSED
    assert str(booking.name) in result.messages[0]
    assert await process.events.get(ADMIN, booking.event) == event


async def test_cancelling_twice_makes_no_new_revision(process: Process, clock: ManualClock) -> None:
    booking = await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    first = await process.bookings.cancel(ADMIN, NOW, booking.name, reason="rain")
    clock.pass_by(minutes=1)
    second = await process.bookings.cancel(ADMIN, NOW, booking.name, reason="snow")
    assert second == first
    assert (first.state, first.revision) == (BookingState.CANCELLED, 2)
    event = await process.events.get(ADMIN, booking.event)
    assert (event.status, event.sequence, event.revision) == (EventStatus.CANCELLED, 1, 2)


@pytest.mark.parametrize(
    ("text", "count"), [("KAFFEE", 1), ("straße", 1), ("STRASSE", 1), ("%", 0), ("_", 0), ("kaffee  ", 0)]
)
async def test_a_search_finds_a_part_of_the_text_whatever_its_case(text: str, count: int, process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(subject="Kaffee in der Straße")))
    found = await process.event_lists.list(ADMIN, SIDE, EventQuery(RangeRequest(None, None), (), text), Page(10))
    assert len(found.records) == count


async def test_bookings_are_found_by_the_address_of_the_booker_whatever_its_case(process: Process) -> None:
    await process.bookings.create(ADMIN, NOW, INTRO, "", booking_draft(10 * HOUR))
    for email, count in (("GRACE@Example.org", 1), ("grace", 0)):
        query = BookingQuery(INTRO, None, RangeRequest(None, None), (), email)
        assert len((await process.bookings.list(ADMIN, query, Page(10))).records) == count
