"""Ranges, zones, local times that clocks skip or repeat, odd lengths, and all-day events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from schedsvc.rpc.codec.masks import is_settable
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from schedsvc.v1.bookings_pb2 import CreateBookingRequest, ListBookingsRequest, ListSlotsRequest
from schedsvc.v1.calendars_pb2 import Calendar, CreateCalendarRequest
from schedsvc.v1.events_pb2 import SHOW_AS_BUSY, SHOW_AS_FREE, CreateEventRequest, Event, ListEventsRequest
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from schedsvc.v1.time_pb2 import EventTime, TimeBound
from tests.rpc.callers import METHODS, Caller, refused
from tests.rpc.requests import BUILDERS, DAY, HOUR, MIDNIGHT, World, all_day, at, booking_at, bound, instant, timed

RANGED = {
    "CalendarService/ListEvents": (732, "time_min", "time_max"),
    "CalendarService/QueryFreeBusy": (92, "time_min", "time_max"),
    "CalendarService/SuggestTimes": (92, "time_min", "time_max"),
    "BookingService/ListSlots": (366, "time_min", "time_max"),
    "SyncService/StartSync": (3660, "time_min", "time_max"),
}
"""Greatest range in days, and the fields."""


def _ranged(name: str, world: World, low: TimeBound, high: TimeBound) -> Any:
    request: Any = BUILDERS[name](world)
    fields = RANGED.get(name, (0, "start_min", "start_max"))[1:]
    for field, value in zip(fields, (low, high), strict=True):
        getattr(request, field).CopyFrom(value)
    return request


@pytest.mark.parametrize("name", RANGED)
async def test_a_range_beyond_the_limit_is_refused_with_the_limit(name: str, alpha: Caller, world: World) -> None:
    days = RANGED[name][0]
    await alpha.send(name, _ranged(name, world, bound(0), bound(days * DAY)))
    refusal = await refused(alpha.send(name, _ranged(name, world, bound(0), bound(days * DAY + 1))))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "RANGE_TOO_LARGE")
    assert refusal.fields == ["time_max"]
    assert str(days) in refusal.text


@pytest.mark.parametrize("name", [*RANGED, "BookingService/ListBookings"])
@pytest.mark.parametrize("step", [0, -1, -DAY])
async def test_a_reversed_or_empty_range_is_refused(name: str, step: int, alpha: Caller, world: World) -> None:
    refusal = await refused(alpha.send(name, _ranged(name, world, bound(DAY), bound(DAY + step))))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "BAD_TIME_RANGE")
    assert refusal.fields == [RANGED.get(name, (0, "", "start_max"))[2]]


@pytest.mark.parametrize("name", [*RANGED, "BookingService/ListBookings"])
async def test_a_range_of_ten_thousand_years_is_refused_at_both_ends(name: str, alpha: Caller, world: World) -> None:
    for low, high in [
        (TimeBound(date="0001-01-01"), TimeBound(date="9999-12-31")),
        (TimeBound(date_time="0001-01-01T00:00"), TimeBound(date_time="9999-12-31T23:59")),
        (
            TimeBound(instant=Timestamp(seconds=-62_135_596_800)),
            TimeBound(instant=Timestamp(seconds=253_402_300_799, nanos=999_999_999)),
        ),
    ]:
        refusal = await refused(alpha.send(name, _ranged(name, world, low, high)))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "BAD_TIME_RANGE")
        assert len(refusal.fields) == 2
        assert "1900" in refusal.text


@pytest.mark.parametrize("name", ["CalendarService/ListEvents", "SyncService/StartSync"])
async def test_one_bound_alone_is_refused_where_both_are_wanted(name: str, alpha: Caller, world: World) -> None:
    for field in ("time_min", "time_max"):
        request: Any = BUILDERS[name](world)
        request.ClearField(field)
        refusal = await refused(alpha.send(name, request))
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, [field])


def _zone_fields(message: Descriptor, path: tuple[FieldDescriptor, ...] = ()) -> Iterator[tuple[FieldDescriptor, ...]]:
    for field in message.fields:
        inner = field.message_type
        if field.name == "time_zone":
            yield (*path, field)
        elif inner is not None and inner.full_name.startswith("schedsvc.") and is_settable(field):
            yield from _zone_fields(inner, (*path, field))


ZONES = [
    (name, path) for name, method in METHODS.items() for path in _zone_fields(method.input_type) if name in BUILDERS
]
BAD_ZONES = [
    "Mars/Olympus",
    "W. Europe Standard Time",
    "../../etc/passwd",
    "/etc/localtime",
    "Europe/Berlin\0",
    "europe/berlin",
    "UTC+1",
    "localtime",
    "posixrules",
    " UTC",
    "Europe",
]


@pytest.mark.parametrize(
    ("name", "path"), ZONES, ids=lambda p: p if isinstance(p, str) else ".".join(f.name for f in p)
)
async def test_what_is_no_iana_zone_is_refused_in_every_field_that_holds_one(
    name: str, path: tuple[FieldDescriptor, ...], alpha: Caller, world: World
) -> None:
    for zone in BAD_ZONES:
        request: Any = BUILDERS[name](world)
        inner, where = request, []
        for field in path[:-1]:
            inner = getattr(inner, field.name)
            if field.is_repeated:
                inner = inner[0] if inner else inner.add()
                where.append(f"{field.name}[0]")
            else:
                inner.SetInParent()
                where.append(field.name)
        if isinstance(inner, EventTime):
            inner.instant.seconds = MIDNIGHT
        inner.time_zone = zone
        refusal = await refused(alpha.send(name, request))
        assert refusal.code is StatusCode.INVALID_ARGUMENT, zone
        found = {violation.field: violation.reason for violation in refusal.violations}
        assert found[".".join([*where, "time_zone"])] == "BAD_TIME_ZONE", (zone, found)


async def _created(caller: Caller, parent: str, event: Event) -> Event:
    return await caller.calendar.CreateEvent(CreateEventRequest(parent=parent, event=event))


def _local(text: str, zone: str) -> EventTime:
    return EventTime(date_time=text, time_zone=zone)


@pytest.mark.parametrize(
    ("zone", "local", "resolved"),
    [
        ("America/New_York", "2030-03-10T02:30:00", "2030-03-10T07:30:00Z"),
        ("America/New_York", "2030-11-03T01:30:00", "2030-11-03T05:30:00Z"),
        ("Europe/Berlin", "2030-03-31T02:00:00", "2030-03-31T01:00:00Z"),
        ("Europe/Berlin", "2030-10-27T02:59:59", "2030-10-27T00:59:59Z"),
        ("Australia/Lord_Howe", "2030-10-06T02:15:00", "2030-10-05T15:45:00Z"),
        ("Africa/Cairo", "2030-04-26T00:00:00", "2030-04-25T22:00:00Z"),
    ],
)
async def test_a_local_time_that_clocks_skip_or_repeat_is_taken_and_shown_as_it_was_read(
    zone: str, local: str, resolved: str, alpha: Caller, world: World
) -> None:
    """A skipped time is read with the offset before the gap, a repeated one is the first."""
    start = _local(local, zone)
    made = await _created(alpha, world.calendar, Event(start=start, end=_local("2030-12-01T00:00", zone)))
    assert made.start.date_time == local
    assert made.start.time_zone == zone
    assert made.start.resolved.ToJsonString() == resolved


async def test_an_instant_comes_back_as_the_same_instant_also_in_a_repeated_hour(alpha: Caller, world: World) -> None:
    for seconds in (1_919_914_200, 1_919_917_800):  # the two passes of 01:30 on 2030-11-03
        time = EventTime(instant=Timestamp(seconds=seconds), time_zone="America/New_York")
        made = await _created(alpha, world.calendar, Event(start=time, end=time))
        assert made.start.resolved.seconds == seconds


async def test_an_event_that_ends_before_its_start_is_refused(alpha: Caller, world: World) -> None:
    for event in (timed(HOUR, HOUR - 1), all_day("2030-01-08", "2030-01-08"), all_day("2030-01-08", "2030-01-07")):
        request = CreateEventRequest(parent=world.calendar, event=event)
        refusal = await refused(alpha.calendar.CreateEvent(request))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "BAD_TIME_RANGE")
        assert refusal.fields == ["event.end"]


async def test_dates_and_times_do_not_mix_in_one_event(alpha: Caller, world: World) -> None:
    event = Event(start=EventTime(date="2030-01-07"), end=instant(DAY))
    refusal = await refused(alpha.calendar.CreateEvent(CreateEventRequest(parent=world.calendar, event=event)))
    assert (refusal.reason, refusal.fields) == ("MIXED_TIME_KINDS", ["event.end"])


async def test_an_event_of_no_length_takes_no_time_and_is_listed_at_its_start(alpha: Caller, world: World) -> None:
    made = await _created(alpha, world.spare_calendar, timed(10 * HOUR, 10 * HOUR))
    assert made.start == made.end

    async def listed(low: int, high: int) -> list[str]:
        request = ListEventsRequest(parent=world.spare_calendar, time_min=bound(low), time_max=bound(high))
        return [event.name for event in (await alpha.calendar.ListEvents(request)).events]

    assert await listed(10 * HOUR, 10 * HOUR + 1) == [made.name]
    assert await listed(10 * HOUR - 1, 10 * HOUR) == []
    busy = await alpha.calendar.QueryFreeBusy(
        QueryFreeBusyRequest(targets=[world.spare_calendar], time_min=bound(0), time_max=bound(DAY))
    )
    assert not busy.results[0].busy.periods


async def test_an_event_may_last_400_days_and_ten_years_and_no_longer(alpha: Caller, world: World) -> None:
    for days in (400, 3660):
        made = await _created(alpha, world.calendar, timed(0, days * DAY))
        assert made.end.resolved.seconds - made.start.resolved.seconds == days * DAY
    for event in (timed(0, 3660 * DAY + 1), all_day("2030-01-01", "2040-01-10")):
        refusal = await refused(alpha.calendar.CreateEvent(CreateEventRequest(parent=world.calendar, event=event)))
        assert (refusal.reason, refusal.fields) == ("RANGE_TOO_LARGE", ["event.end"])
        assert "3,660 days" in refusal.text


@pytest.mark.parametrize(
    "time",
    [
        EventTime(date="0000-01-01"),
        EventTime(date="0001-01-01"),
        EventTime(date="1899-12-31"),
        EventTime(date="9999-12-31"),
        EventTime(date="2030-02-29"),
        EventTime(date="2030-1-7"),
        EventTime(date_time="9999-12-31T23:59:59", time_zone="UTC"),
        EventTime(date_time="2016-12-31T23:59:60", time_zone="UTC"),
        EventTime(date_time="2030-01-07T24:00:00", time_zone="UTC"),
        EventTime(date_time="2030-01-07T09:00:00Z", time_zone="UTC"),
        EventTime(date_time="2030-01-07T09:00:00.5", time_zone="UTC"),
        EventTime(date_time="2030-01-07T09:00:00"),
        EventTime(date="2030-01-07", time_zone="UTC"),
        EventTime(instant=Timestamp(seconds=2_000_000_000, nanos=1)),
        EventTime(instant=Timestamp(seconds=253_402_300_799)),
        EventTime(instant=Timestamp(seconds=2**62)),
        EventTime(),
    ],
    ids=str,
)
async def test_years_out_of_bounds_leap_seconds_and_malformed_times_are_refused(
    time: EventTime, alpha: Caller, world: World
) -> None:
    request = CreateEventRequest(parent=world.calendar, event=Event(start=time, end=time))
    refusal = await refused(alpha.calendar.CreateEvent(request))
    assert refusal.code is StatusCode.INVALID_ARGUMENT
    assert {field.split(".")[1] for field in refusal.fields} == {"start", "end"}


async def test_a_booking_of_no_length_or_of_another_than_is_offered_is_refused(alpha: Caller, world: World) -> None:
    for duration in (Duration(), Duration(seconds=-60), Duration(seconds=1800, nanos=1), Duration(seconds=1799)):
        request = CreateBookingRequest(parent=world.profile, booking=booking_at(10 * HOUR, duration=duration))
        refusal = await refused(alpha.booking.CreateBooking(request))
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["booking.duration"])


async def test_a_booking_starts_at_a_whole_second(alpha: Caller, world: World) -> None:
    booking = booking_at(10 * HOUR)
    booking.start.nanos = 1
    refusal = await refused(alpha.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking)))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["booking.start"])


@pytest.mark.parametrize(
    ("zone", "day", "after", "start", "end"),
    [
        ("America/Los_Angeles", "2030-07-01", "2030-07-02", "2030-07-01T07:00:00Z", "2030-07-02T07:00:00Z"),
        ("Pacific/Kiritimati", "2030-07-01", "2030-07-02", "2030-06-30T10:00:00Z", "2030-07-01T10:00:00Z"),
        ("America/New_York", "2030-03-10", "2030-03-11", "2030-03-10T05:00:00Z", "2030-03-11T04:00:00Z"),
        ("America/New_York", "2030-11-03", "2030-11-04", "2030-11-03T04:00:00Z", "2030-11-04T05:00:00Z"),
        ("Africa/Cairo", "2030-04-26", "2030-04-27", "2030-04-25T22:00:00Z", "2030-04-26T21:00:00Z"),
        ("UTC", "2030-01-07", "2030-01-09", "2030-01-07T00:00:00Z", "2030-01-09T00:00:00Z"),
    ],
)
async def test_an_all_day_event_takes_the_day_of_its_calendars_zone(
    zone: str, day: str, after: str, start: str, end: str, alpha: Caller, world: World
) -> None:
    calendar = await alpha.calendar.CreateCalendar(
        CreateCalendarRequest(parent=world.account, calendar=Calendar(time_zone=zone))
    )
    made = await _created(alpha, calendar.name, all_day(day, after, show_as=SHOW_AS_BUSY))
    assert (made.start.resolved.ToJsonString(), made.end.resolved.ToJsonString()) == (start, end)
    assert (made.start.date, made.start.time_zone) == (day, "")
    answer = await alpha.calendar.QueryFreeBusy(
        QueryFreeBusyRequest(
            targets=[calendar.name], time_min=TimeBound(date="2030-01-01"), time_max=TimeBound(date="2030-01-31")
        )
        if zone == "UTC"
        else QueryFreeBusyRequest(
            targets=[calendar.name],
            time_min=TimeBound(instant=Timestamp(seconds=made.start.resolved.seconds - DAY)),
            time_max=TimeBound(instant=Timestamp(seconds=made.end.resolved.seconds + DAY)),
            time_zone="Asia/Kathmandu",
        )
    )
    (period,) = answer.results[0].busy.periods
    assert (period.start.ToJsonString(), period.end.ToJsonString()) == (start, end)


async def test_an_all_day_event_takes_no_time_unless_it_says_so(alpha: Caller, world: World) -> None:
    made = await _created(alpha, world.calendar, all_day("2030-01-07", "2030-01-08"))
    assert made.show_as == SHOW_AS_FREE

    async def slots() -> int:
        return len((await alpha.booking.ListSlots(ListSlotsRequest(parent=world.profile, time_max=bound(DAY)))).slots)

    free = await slots()
    assert free > 0
    await _created(alpha, world.calendar, all_day("2030-01-07", "2030-01-08", show_as=SHOW_AS_BUSY))
    assert await slots() == 0


async def test_an_all_day_event_blocks_the_slots_of_its_day_and_zone_alone(alpha: Caller, world: World) -> None:
    """The eighth in Kiritimati ends at ten on the eighth in UTC."""
    far = await alpha.calendar.CreateCalendar(
        CreateCalendarRequest(parent=world.account, calendar=Calendar(time_zone="Pacific/Kiritimati"))
    )
    await _created(alpha, far.name, all_day("2030-01-08", "2030-01-09", show_as=SHOW_AS_BUSY))
    request: Any = BUILDERS["BookingService/UpdateBookingProfile"](world)
    request.booking_profile.conflict_calendars[:] = [far.name]
    await alpha.booking.UpdateBookingProfile(request)
    listed = await alpha.booking.ListSlots(
        ListSlotsRequest(parent=world.profile, time_min=bound(DAY), time_max=bound(2 * DAY), page_size=1)
    )
    assert listed.slots[0].start == at(DAY + 10 * HOUR)


async def test_time_zones_default_to_those_above(alpha: Caller) -> None:
    """No zone is one; it is that of the account, and UTC for an account that names none."""
    plain = await alpha.calendar.CreateAccount(CreateAccountRequest(account=Account(), account_id="plain"))
    assert plain.time_zone == "UTC"
    tokyo = await alpha.calendar.CreateAccount(
        CreateAccountRequest(account=Account(time_zone="Asia/Tokyo"), account_id="tokyo")
    )
    made = await alpha.calendar.CreateCalendar(CreateCalendarRequest(parent=tokyo.name, calendar=Calendar()))
    assert made.time_zone == "Asia/Tokyo"


async def test_bounds_of_bookings_may_stand_alone(alpha: Caller, world: World) -> None:
    for low, high, count in ((0, None, 1), (9 * HOUR, None, 1), (9 * HOUR + 1, None, 0), (None, 9 * HOUR, 0)):
        request = ListBookingsRequest(
            parent=world.profile,
            start_min=None if low is None else bound(low),
            start_max=None if high is None else bound(high),
        )
        assert len((await alpha.booking.ListBookings(request)).bookings) == count
