"""Many callers for one thing: exactly one gets it, everybody is told, nothing is left half done."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.v1.booking_profiles_pb2 import CreateBookingProfileRequest
from schedsvc.v1.bookings_pb2 import (
    Booking,
    CancelBookingRequest,
    CreateBookingRequest,
    ListBookingsRequest,
    ListSlotsRequest,
)
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, ListEventsRequest
from tests.rpc.callers import Caller, attempt, refused
from tests.rpc.conftest import Deployment, deployed, on_both_stores
from tests.rpc.consumers import walk
from tests.rpc.requests import DAY, HOUR, World, booking_at, bound, half_hours, timed

pytestmark = on_both_stores


@pytest.fixture
async def callers(deployment: Deployment, alpha: Caller, database: Any, clock: Any, limits: Any) -> Any:
    """The same caller at two processes."""
    async with deployed(database, clock, limits) as second:
        yield [alpha, Caller(second.channel, alpha.authorization)]


async def _outcome(caller: Caller, request: CreateBookingRequest) -> tuple[StatusCode, str]:
    _, refusal = await attempt(caller.booking.CreateBooking(request))
    return (StatusCode.OK, "") if refusal is None else (refusal.code, refusal.reason)


class Crowd:
    """Callers at several processes, with at most 64 calls at once at each: a connection has room for 100."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self._callers = [(caller, asyncio.Semaphore(64)) for caller in callers]

    async def book(self, requests: Iterable[CreateBookingRequest]) -> list[tuple[StatusCode, str]]:
        """Sends the requests in turn to one process after the other, all at once."""
        return await asyncio.gather(*map(self._book, itertools.cycle(self._callers), requests))

    async def _book(
        self, one: tuple[Caller, asyncio.Semaphore], request: CreateBookingRequest
    ) -> tuple[StatusCode, str]:
        caller, room = one
        async with room:
            return await _outcome(caller, request)


def _request(profile: str, seconds: int, number: int) -> CreateBookingRequest:
    booking = booking_at(seconds, email=f"caller-{number}@example.org")
    return CreateBookingRequest(parent=profile, booking=booking, booking_id=f"b{seconds}-{number}")


LOST = (StatusCode.FAILED_PRECONDITION, "SLOT_UNAVAILABLE")
WON = (StatusCode.OK, "")


async def test_of_100_bookings_of_one_slot_exactly_one_wins(callers: Sequence[Caller], world: World) -> None:
    """One booking, one event, one change each."""
    alpha = callers[0]
    started = await alpha.sync.StartSync(
        StartSyncRequest(targets=[world.profile, "accounts/ada/calendars/ada"], skip_initial=True)
    )
    outcomes = await Crowd(callers).book(_request(world.profile, 10 * HOUR, number) for number in range(100))
    assert Counter(outcomes) == {WON: 1, LOST: 99}
    changes = (await walk(alpha, started.change_token)).changes
    assert sorted(change.WhichOneof("record") or "" for change in changes) == ["booking", "event"]
    listed = await alpha.booking.ListBookings(ListBookingsRequest(parent=world.profile))
    assert len(listed.bookings) == 2


async def test_of_many_bookings_of_many_slots_as_many_win_as_there_are_slots(
    callers: Sequence[Caller], world: World
) -> None:
    """16 slots, 20 requests for each, in random order."""
    slots = range(DAY + 9 * HOUR, DAY + 17 * HOUR, 1800)
    asked = [(slot, number) for slot in slots for number in range(20)]
    random.Random(1).shuffle(asked)
    outcomes = await Crowd(callers).book(_request(world.profile, slot, number) for slot, number in asked)
    assert Counter(outcomes) == {WON: 16, LOST: 16 * 19}
    assert await _overlaps(callers[0]) == []
    left = await callers[0].booking.ListSlots(
        ListSlotsRequest(parent=world.profile, time_min=bound(DAY), time_max=bound(2 * DAY))
    )
    assert not left.slots


async def test_profiles_that_share_a_calendar_do_not_sell_its_time_twice(
    callers: Sequence[Caller], world: World
) -> None:
    """Their conflict calendars are named in opposite orders."""
    profiles = [world.profile]
    calendars = [world.calendar, world.spare_calendar]
    for order in (calendars, calendars[::-1]):
        profile = half_hours(conflict_calendars=order, buffer_before_minutes=5)
        made = await callers[0].booking.CreateBookingProfile(
            CreateBookingProfileRequest(parent=world.account, booking_profile=profile)
        )
        profiles.append(made.name)
    outcomes = await Crowd(callers).book(
        _request(profiles[number % 3], DAY + 10 * HOUR + number // 3 % 4 * 1800, number) for number in range(96)
    )
    assert {WON, LOST} == set(outcomes)
    assert await _overlaps(callers[0]) == []


async def test_a_booking_and_an_event_at_once_are_never_both_silent(callers: Sequence[Caller], world: World) -> None:
    """Trap 8: the event is seen by the booking, or comes after it."""
    alpha = callers[0]
    slots = range(DAY + 9 * HOUR, DAY + 17 * HOUR, 1800)

    async def event(slot: int) -> int:
        request = CreateEventRequest(parent=world.calendar, event=timed(slot, slot + 1800))
        return (await callers[1].calendar.CreateEvent(request)).revision

    async def both(slot: int) -> None:
        (code, _), _ = await asyncio.gather(_outcome(alpha, _request(world.profile, slot, 0)), event(slot))
        assert code in (StatusCode.OK, StatusCode.FAILED_PRECONDITION)
        refusal = await refused(alpha.booking.CreateBooking(_request(world.profile, slot, 1)))
        assert ("BUSY", world.calendar) in refusal.verdicts
        assert (("BUSY", "accounts/ada/calendars/ada") in refusal.verdicts) == (code is StatusCode.OK)

    await asyncio.gather(*map(both, slots))


async def test_a_freed_slot_is_sold_once_more_and_not_twice(callers: Sequence[Caller], world: World) -> None:
    cancel = callers[0].booking.CancelBooking(CancelBookingRequest(name=world.booking))
    outcomes, _ = await asyncio.gather(
        Crowd(callers).book(_request(world.profile, 9 * HOUR, number) for number in range(40)),
        cancel,
    )
    assert Counter(outcomes)[WON] <= 1
    assert set(outcomes) <= {WON, LOST}
    late = await _outcome(callers[1], _request(world.profile, 9 * HOUR, 99))
    assert Counter([*outcomes, late])[WON] == 1


async def test_an_id_that_many_choose_is_given_once(callers: Sequence[Caller], world: World) -> None:
    async def create(number: int) -> StatusCode:
        request = CreateEventRequest(parent=world.calendar, event_id="mine", event=timed(number, number))
        _, refusal = await attempt(callers[number % 2].calendar.CreateEvent(request))
        return StatusCode.OK if refusal is None else refusal.code

    codes = await asyncio.gather(*map(create, range(30)))
    assert Counter(codes) == {StatusCode.OK: 1, StatusCode.ALREADY_EXISTS: 29}


async def _overlaps(caller: Caller) -> list[tuple[str, str]]:
    """Pairs of confirmed bookings of the account whose events overlap."""
    listed = await caller.booking.ListBookings(
        ListBookingsRequest(parent="accounts/ada/bookingProfiles/-", states=[Booking.STATE_CONFIRMED], page_size=500)
    )
    events = await caller.calendar.ListEvents(
        ListEventsRequest(parent="accounts/ada/calendars/primary", page_size=1000)
    )
    others = [event.name for event in events.events if not event.booking]
    assert [name.rpartition("/")[2] for name in others] == ["gym", "trip"]
    booked = {event.booking for event in events.events if event.booking}
    assert booked == {booking.name for booking in listed.bookings}
    found = sorted(listed.bookings, key=lambda booking: booking.start.seconds)
    pairs = itertools.pairwise(found)
    return [(one.name, other.name) for one, other in pairs if one.end.seconds > other.start.seconds]
