"""However large the records, every answer fits into a message, and nothing is kept that could not be read again."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, ListAccountsRequest
from schedsvc.v1.booking_profiles_pb2 import CreateBookingProfileRequest, ListBookingProfilesRequest
from schedsvc.v1.bookings_pb2 import CreateBookingRequest, ListBookingsRequest
from schedsvc.v1.calendars_pb2 import Calendar, CreateCalendarRequest, ListCalendarsRequest
from schedsvc.v1.events_pb2 import Attendee, CreateEventRequest, ListEventsRequest
from tests.rpc.callers import Caller, refused
from tests.rpc.consumers import Following, change_token, receive, streaming, walk
from tests.rpc.requests import HOUR, World, booking_at, half_hours, timed

MIB = 1024 * 1024
WIDE = "é"
"""Two bytes a character; an emoji takes four."""
PAIRS = {f"{number:02}".ljust(40, "k"): "🎉" * 500 for number in range(50)}
COUNT = 40
EVENTS = 12


async def _accounts(alpha: Caller, _: World) -> tuple[Any, str]:
    for number in range(COUNT):
        account = Account(metadata=PAIRS, attributes=PAIRS)
        await alpha.calendar.CreateAccount(CreateAccountRequest(account_id=f"a{number}", account=account))
    return ListAccountsRequest(page_size=500), "accounts"


async def _calendars(alpha: Caller, world: World) -> tuple[Any, str]:
    for number in range(COUNT):
        calendar = Calendar(metadata=PAIRS, description=WIDE * 8192)
        await alpha.calendar.CreateCalendar(
            CreateCalendarRequest(parent=world.account, calendar_id=f"c{number}", calendar=calendar)
        )
    return ListCalendarsRequest(parent=world.account, page_size=500), "calendars"


async def _profiles(alpha: Caller, world: World) -> tuple[Any, str]:
    for number in range(COUNT):
        profile = half_hours(metadata=PAIRS, description=WIDE * 8192)
        await alpha.booking.CreateBookingProfile(
            CreateBookingProfileRequest(parent=world.account, booking_profile_id=f"p{number}", booking_profile=profile)
        )
    return ListBookingProfilesRequest(parent=world.account, page_size=500), "booking_profiles"


async def _events(alpha: Caller, world: World) -> tuple[Any, str]:
    guests = [Attendee(email=f"{number}@example.org", display_name="🎉" * 256) for number in range(500)]
    for number in range(EVENTS):
        event = timed(0, HOUR, metadata=PAIRS, attendees=guests)
        await alpha.calendar.CreateEvent(CreateEventRequest(parent=world.calendar, event_id=f"e{number}", event=event))
    return ListEventsRequest(parent=world.calendar, page_size=1000), "events"


async def _bookings(alpha: Caller, world: World) -> tuple[Any, str]:
    made = await alpha.booking.CreateBookingProfile(
        CreateBookingProfileRequest(parent=world.account, booking_profile=half_hours())
    )
    values = {f"v{number}": "🎉" * 4096 for number in range(50)}
    for number in range(1, 15):
        booking = booking_at(9 * HOUR + number * 1800, metadata=PAIRS, substitutions=values)
        if number in (6, 7):  # the hour of the event
            continue
        await alpha.booking.CreateBooking(CreateBookingRequest(parent=made.name, booking=booking))
    return ListBookingsRequest(parent=made.name, page_size=500), "bookings"


LISTS = {
    "CalendarService/ListAccounts": _accounts,
    "CalendarService/ListCalendars": _calendars,
    "BookingService/ListBookingProfiles": _profiles,
    "CalendarService/ListEvents": _events,
    "BookingService/ListBookings": _bookings,
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_of_large_records_is_cut_to_fit_and_the_list_goes_on(
    name: str, alpha: Caller, world: World
) -> None:
    request, field = await LISTS[name](alpha, world)
    names: list[str] = []
    pages = 0
    while True:
        page = (await alpha.send(name, request)).message
        assert page.ByteSize() <= 3 * MIB
        names += [record.name for record in getattr(page, field)]
        pages += 1
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert pages > 1
    assert len(set(names)) == len(names) >= 12


async def test_walks_and_streams_of_large_records_bring_them_in_parts(alpha: Caller, world: World) -> None:
    token = await change_token(alpha, world.calendar)
    await _events(alpha, world)
    walked = await walk(alpha, token, size=2000)
    assert walked.pages > 1
    assert max(feed.ByteSize() for feed in walked.feeds) <= 3 * MIB
    following = Following()
    async with streaming(alpha, [token]) as call:
        await receive(call, following, EVENTS)
    assert len(walked.changes) == len(following.changes[world.calendar]) == EVENTS


async def test_texts_that_values_would_blow_up_are_refused(alpha: Caller, world: World) -> None:
    """A template of 8 KiB and a value of 4 KiB could make a description that no answer could ever carry."""
    profile = half_hours(subject="{{a}}" * 200, description="{{a}}" * 1600, location="{{a}}")
    made = await alpha.booking.CreateBookingProfile(
        CreateBookingProfileRequest(parent=world.account, booking_profile=profile)
    )
    for value, long in (("x" * 4096, 3), ("x" * 6, 2), ("x" * 5, 0)):
        booking = booking_at(10 * HOUR, substitutions={"a": value})
        request = CreateBookingRequest(parent=made.name, booking=booking)
        if not long:
            assert len((await alpha.booking.CreateBooking(request)).description) == 8000
            continue
        refusal = await refused(alpha.booking.CreateBooking(request))
        assert refusal.code is StatusCode.INVALID_ARGUMENT
        assert refusal.fields == ["booking.substitutions"] * long
