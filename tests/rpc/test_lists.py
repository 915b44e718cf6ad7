"""What holds for every list: sizes, tokens, order, each record once."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, ListAccountsRequest
from schedsvc.v1.booking_profiles_pb2 import CreateBookingProfileRequest, ListBookingProfilesRequest
from schedsvc.v1.bookings_pb2 import CreateBookingRequest, ListBookingsRequest, ListSlotsRequest
from schedsvc.v1.calendars_pb2 import ACCESS_ROLE_READER, Calendar, CreateCalendarRequest, ListCalendarsRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, ListEventsRequest, ListInstancesRequest
from schedsvc.v1.grants_pb2 import ListGrantsRequest
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest
from schedsvc.v1.suggestions_pb2 import MemberGroup, SuggestTimesRequest
from tests.rpc.callers import METHODS, Caller, refused
from tests.rpc.conftest import ManualClock
from tests.rpc.requests import BUILDERS, DAY, HOUR, World, booking_at, bound, half_hours, share, timed


def meeting(member: str) -> SuggestTimesRequest:
    """Half an hour of Tuesday with one account."""
    return SuggestTimesRequest(
        groups=[MemberGroup(members=[member])],
        duration=Duration(seconds=1800),
        time_min=bound(DAY),
        time_max=bound(2 * DAY),
    )


SIZED = [name for name, method in METHODS.items() if "page_size" in method.input_type.fields_by_name]
PAGED = [name for name, method in METHODS.items() if "page_token" in method.input_type.fields_by_name]
# A list longer than one record of each kind, and how another query than that looks.
LISTS: dict[str, tuple[Any, str, Any]] = {
    "CalendarService/ListAccounts": (ListAccountsRequest(), "accounts", None),
    "CalendarService/ListCalendars": (
        ListCalendarsRequest(parent="accounts/ada"),
        "calendars",
        ListCalendarsRequest(parent="accounts/-"),
    ),
    "CalendarService/ListGrants": (
        ListGrantsRequest(parent="accounts/ada/calendars/side"),
        "grants",
        ListGrantsRequest(parent="accounts/ada/calendars/spare"),
    ),
    "CalendarService/ListEvents": (
        ListEventsRequest(parent="accounts/ada/calendars/side"),
        "events",
        ListEventsRequest(parent="accounts/ada/calendars/side", query="x"),
    ),
    "CalendarService/ListInstances": (
        ListInstancesRequest(name="accounts/ada/calendars/ada/events/gym"),
        "instances",
        ListInstancesRequest(name="accounts/ada/calendars/ada/events/gym", show_cancelled=True),
    ),
    "BookingService/ListBookingProfiles": (
        ListBookingProfilesRequest(parent="accounts/ada"),
        "booking_profiles",
        ListBookingProfilesRequest(parent="accounts/spare-ada"),
    ),
    "BookingService/ListSlots": (
        ListSlotsRequest(parent="accounts/ada/bookingProfiles/intro", time_max=bound(DAY)),
        "slots",
        ListSlotsRequest(parent="accounts/ada/bookingProfiles/intro", time_max=bound(2 * DAY)),
    ),
    "CalendarService/SuggestTimes": (
        meeting("accounts/ada"),
        "suggestions",
        meeting("accounts/spare-ada"),
    ),
    "BookingService/ListBookings": (
        ListBookingsRequest(parent="accounts/ada/bookingProfiles/intro"),
        "bookings",
        ListBookingsRequest(parent="accounts/ada/bookingProfiles/intro", booker_email="x@example.org"),
    ),
}


async def _filled(alpha: Caller, world: World) -> None:
    """Six or more of everything, made in an order other than that of the lists."""
    for number in (4, 1, 3, 2, 0):
        await alpha.calendar.CreateAccount(CreateAccountRequest(account_id=f"a{number}", account=Account()))
        await share(alpha, world.calendar, f"accounts/a{number}", ACCESS_ROLE_READER)
        await alpha.calendar.CreateCalendar(
            CreateCalendarRequest(parent=world.account, calendar_id=f"c{number}", calendar=Calendar())
        )
        await alpha.booking.CreateBookingProfile(
            CreateBookingProfileRequest(
                parent=world.account, booking_profile_id=f"p{number}", booking_profile=half_hours()
            )
        )
        # Two starts of three events are equal, so that ids decide.
        start = (14 + number % 2) * HOUR
        await alpha.calendar.CreateEvent(
            CreateEventRequest(parent=world.calendar, event_id=f"e{number}", event=timed(start, start + HOUR // 4))
        )
        await alpha.booking.CreateBooking(
            CreateBookingRequest(
                parent=world.profile, booking_id=f"b{number}", booking=booking_at(DAY + (9 + number) * HOUR)
            )
        )


def _with(request: Any, size: int, token: str = "") -> Any:
    copy = type(request)()
    copy.CopyFrom(request)
    copy.page_size, copy.page_token = size, token
    return copy


async def _walk(alpha: Caller, name: str, request: Any, size: int) -> list[Any]:
    """Every record, page by page; no page may be longer than asked for, and only the last one without a token."""
    found: list[Any] = []
    token = ""
    while True:
        page = (await alpha.send(name, _with(request, size, token))).message
        records = list(getattr(page, LISTS[name][1]))
        assert len(records) <= size
        found += records
        token = page.next_page_token
        if not token:
            return found
        assert records


def test_every_list_is_walked_here() -> None:
    assert set(LISTS) == set(PAGED)


@pytest.mark.parametrize("name", SIZED)
async def test_a_negative_page_size_is_refused(name: str, alpha: Caller, world: World) -> None:
    request: Any = BUILDERS[name](world)
    request.page_size = -1
    refusal = await refused(alpha.send(name, request))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["page_size"])


@pytest.mark.parametrize("name", SIZED)
async def test_a_page_size_of_a_thousand_million_is_taken_as_the_greatest(
    name: str, alpha: Caller, world: World
) -> None:
    request: Any = BUILDERS[name](world)
    request.page_size = 10**9
    await alpha.send(name, request)


@pytest.mark.parametrize(
    ("name", "greatest"), [("CalendarService/ListEvents", 1000), ("BookingService/ListSlots", 1000)]
)
async def test_no_page_is_longer_than_the_greatest_size(name: str, greatest: int, alpha: Caller, world: World) -> None:
    if name.endswith("ListEvents"):
        lines = "".join(
            f"BEGIN:VEVENT\r\nUID:u{n}\r\nDTSTAMP:20300101T000000Z\r\nDTSTART:20300107T100000Z\r\nEND:VEVENT\r\n"
            for n in range(1010)
        )
        data = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{lines}END:VCALENDAR\r\n".encode()
        await alpha.send("CalendarService/ImportCalendar", ImportCalendarRequest(parent=world.calendar, data=data))
        request: Any = ListEventsRequest(parent=world.calendar)
    else:
        profile = half_hours(availability_step_minutes=5, time_available_for="P12M")
        made = await alpha.booking.CreateBookingProfile(
            CreateBookingProfileRequest(parent=world.account, booking_profile=profile)
        )
        request = ListSlotsRequest(parent=made.name)
    page = (await alpha.send(name, _with(request, 10**9))).message
    assert len(getattr(page, LISTS[name][1])) == greatest
    assert page.next_page_token


@pytest.mark.parametrize("name", PAGED)
@pytest.mark.parametrize("size", [1, 2, 5])
async def test_pages_hold_every_record_once_and_in_the_order_of_the_whole_list(
    name: str, size: int, alpha: Caller, world: World
) -> None:
    await _filled(alpha, world)
    whole = (await alpha.send(name, _with(LISTS[name][0], 1000))).message
    records = list(getattr(whole, LISTS[name][1]))
    assert len(records) >= 6
    assert not whole.next_page_token
    assert await _walk(alpha, name, LISTS[name][0], size) == records


@pytest.mark.parametrize("name", PAGED)
async def test_a_page_token_with_another_query_method_or_text_is_refused_with_one_text(
    name: str, alpha: Caller, world: World
) -> None:
    await _filled(alpha, world)
    request, _, other = LISTS[name]
    token = (await alpha.send(name, _with(request, 1))).message.next_page_token
    middle = len(token) // 2
    flipped = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    texts = set()
    for bad in (flipped, token[:-1], token + "A", token + "=", "x", "é", "\0", token.lower(), " " + token):
        refusal = await refused(alpha.send(name, _with(request, 1, bad)))
        assert (refusal.code, refusal.reason, refusal.fields) == (
            StatusCode.INVALID_ARGUMENT,
            "PAGE_TOKEN_INVALID",
            ["page_token"],
        ), bad
        texts.add(refusal.text)
    if other is not None:
        refusal = await refused(alpha.send(name, _with(other, 1, token)))
        assert refusal.reason == "PAGE_TOKEN_INVALID"
        texts.add(refusal.text)
    for foreign in PAGED:
        if foreign != name:
            refusal = await refused(alpha.send(foreign, _with(LISTS[foreign][0], 1, token)))
            assert refusal.reason == "PAGE_TOKEN_INVALID", foreign
            texts.add(refusal.text)
    assert len(texts) == 1


@pytest.mark.parametrize("name", PAGED)
async def test_the_size_may_change_from_page_to_page(name: str, alpha: Caller, world: World) -> None:
    await _filled(alpha, world)
    request, field, _ = LISTS[name]
    first = (await alpha.send(name, _with(request, 2))).message
    rest = (await alpha.send(name, _with(request, 500, first.next_page_token))).message
    whole = (await alpha.send(name, _with(request, 500))).message
    assert [*getattr(first, field), *getattr(rest, field)] == list(getattr(whole, field))


async def test_later_pages_of_slots_are_computed_for_the_instant_of_the_first(
    alpha: Caller, world: World, clock: ManualClock
) -> None:
    request = LISTS["BookingService/ListSlots"][0]
    whole = (await alpha.send("BookingService/ListSlots", _with(request, 1000))).message
    first = (await alpha.send("BookingService/ListSlots", _with(request, 1))).message
    clock.pass_by(hours=3)
    second = (await alpha.send("BookingService/ListSlots", _with(request, 1000, first.next_page_token))).message
    assert second.as_of == first.as_of
    assert [*first.slots, *second.slots] == list(whole.slots)


async def test_a_record_made_while_paging_moves_no_other_to_another_page(alpha: Caller, world: World) -> None:
    """Keyset paging: what is new before the mark is not seen, what is after is, and nothing twice."""
    await _filled(alpha, world)
    request = ListAccountsRequest(page_size=3)
    first = await alpha.calendar.ListAccounts(request)
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id="a00", account=Account()))
    await alpha.calendar.CreateAccount(CreateAccountRequest(account_id="zzz", account=Account()))
    request.page_token, request.page_size = first.next_page_token, 100
    second = await alpha.calendar.ListAccounts(request)
    found = [account.name.removeprefix("accounts/") for account in (*first.accounts, *second.accounts)]
    assert found == ["a0", "a1", "a2", "a3", "a4", "ada", "guest-ada", "spare-ada", "zzz"]
