"""Texts of bookers, what a refused slot is told, and what a booking is made of."""

from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from schedsvc.v1.booking_profiles_pb2 import (
    BookingProfile,
    CreateBookingProfileRequest,
    DeleteBookingProfileRequest,
    UpdateBookingProfileRequest,
)
from schedsvc.v1.bookings_pb2 import (
    Booker,
    Booking,
    CancelBookingRequest,
    CreateBookingRequest,
    GetBookingRequest,
    ListBookingsRequest,
    ListSlotsRequest,
)
from schedsvc.v1.events_pb2 import (
    SHOW_AS_FREE,
    SHOW_AS_OUT_OF_OFFICE,
    SHOW_AS_TENTATIVE,
    SHOW_AS_WORKING_ELSEWHERE,
    Attendee,
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    GetEventRequest,
    UpdateEventRequest,
)
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import MONDAY, ManualClock
from tests.rpc.requests import DAY, HOUR, World, at, booking_at, bound, half_hours, hours, timed

MINUTE = 60


async def _book(caller: Caller, profile: str, seconds: int, **fields: object) -> Booking:
    return await caller.booking.CreateBooking(
        CreateBookingRequest(parent=profile, booking=booking_at(seconds, **fields))  # type: ignore[arg-type]
    )


async def _profile(caller: Caller, world: World, **fields: object) -> str:
    made = await caller.booking.CreateBookingProfile(
        CreateBookingProfileRequest(parent=world.account, booking_profile=half_hours(**fields))
    )
    return made.name


async def _starts(caller: Caller, profile: str, low: int = 0, high: int = DAY) -> list[int]:
    """The listed starts, in seconds from Monday's midnight."""
    request = ListSlotsRequest(parent=profile, time_min=bound(low), time_max=bound(high), page_size=1000)
    return [slot.start.seconds - at(0).seconds for slot in (await caller.booking.ListSlots(request)).slots]


async def _verdicts(caller: Caller, profile: str, seconds: int) -> list[tuple[str, str]]:
    refusal = await refused(_book(caller, profile, seconds))
    assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "SLOT_UNAVAILABLE")
    return refusal.verdicts


@pytest.mark.parametrize(
    "email", ["a@example.org\r\nBcc: b@example.org", "a@example.org\n", "a\t@example.org", "a\0@x.org"]
)
async def test_an_address_with_control_characters_is_refused(email: str, alpha: Caller, world: World) -> None:
    refusal = await refused(_book(alpha, world.profile, 10 * HOUR, email=email))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["booking.booker.email"])


@pytest.mark.parametrize("email", ["", "nobody", "a@", "@b", "a b@example.org", f"{'a' * 250}@example.org"])
async def test_an_address_that_is_none_is_refused(email: str, alpha: Caller, world: World) -> None:
    refusal = await refused(_book(alpha, world.profile, 10 * HOUR, email=email))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["booking.booker.email"])


@pytest.mark.parametrize("name", ["x" * 65_536, "x" * 257, "a\r\nb", "a\0", "a\x7f", "a\x85b"])
async def test_a_name_that_is_too_long_or_has_control_characters_is_refused(
    name: str, alpha: Caller, world: World
) -> None:
    booking = booking_at(10 * HOUR)
    booking.booker.display_name = name
    refusal = await refused(alpha.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking)))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["booking.booker.display_name"])


@pytest.mark.parametrize(
    "text",
    [
        "\u202eevil\u202c",
        "👩‍🚀👨‍👩‍👧",
        "Z\u0351\u036b\u0343algo",
        "ﷺ",
        "e\u0301 is not é",
        "'; DROP TABLE bookings; --",
        " x ",
        "x" * 256,
    ],
)
async def test_any_other_text_is_kept_byte_for_byte(text: str, alpha: Caller, world: World) -> None:
    booker = Booker(email="a@example.org", display_name=text, external_id=text)
    booking = Booking(start=at(10 * HOUR), booker=booker, metadata={"k": text}, substitutions={"k": text})
    made = await alpha.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking))
    read = await alpha.booking.GetBooking(GetBookingRequest(name=made.name))
    assert (read.booker, dict(read.metadata), dict(read.substitutions)) == (booker, {"k": text}, {"k": text})
    event = await alpha.calendar.GetEvent(GetEventRequest(name=read.event))
    assert event.attendees[0].display_name == text


async def test_a_booking_makes_one_event_with_the_booker_on_it(alpha: Caller, world: World) -> None:
    booking = await alpha.booking.GetBooking(GetBookingRequest(name=world.booking))
    event = await alpha.calendar.GetEvent(GetEventRequest(name=booking.event))
    assert event.booking == booking.name
    assert (event.start.resolved, event.end.resolved) == (booking.start, booking.end)
    assert event.event_type == Event.TYPE_BOOKING
    (attendee,) = event.attendees
    assert (attendee.email, attendee.response) == ("grace@example.org", Attendee.RESPONSE_ACCEPTED)


async def test_every_listed_slot_can_be_booked_and_no_other_start(
    alpha: Caller, world: World, clock: ManualClock
) -> None:
    profile = await _profile(
        alpha, world, availability_step_minutes=15, buffer_before_minutes=10, buffer_after_minutes=5
    )
    await alpha.calendar.CreateEvent(
        CreateEventRequest(parent=f"{world.account}/calendars/primary", event=timed(13 * HOUR, 13 * HOUR + 300))
    )
    listed = await _starts(alpha, profile)
    assert listed
    for start in range(0, DAY, 5 * MINUTE):
        request = CreateBookingRequest(parent=profile, booking=booking_at(start), validate_only=True)
        if start in listed:
            await alpha.booking.CreateBooking(request)
        else:
            assert (await refused(alpha.booking.CreateBooking(request))).reason == "SLOT_UNAVAILABLE", start


async def test_every_reason_against_a_start_is_told_with_what_is_in_the_way(alpha: Caller, world: World) -> None:
    primary = "accounts/ada/calendars/ada"
    assert await _verdicts(alpha, world.profile, 9 * HOUR) == [("BUSY", primary)]
    assert await _verdicts(alpha, world.profile, 12 * HOUR) == [("BUSY", world.calendar)]
    assert await _verdicts(alpha, world.profile, 10 * HOUR + 60) == [("OFF_GRID", "")]
    assert await _verdicts(alpha, world.profile, 8 * HOUR) == [("OFF_GRID", ""), ("OUTSIDE_HOURS", ""), ("NOTICE", "")]
    assert await _verdicts(alpha, world.profile, 16 * HOUR + 45 * MINUTE) == [("OFF_GRID", ""), ("OUTSIDE_HOURS", "")]
    assert ("HORIZON", "") in await _verdicts(alpha, world.profile, 70 * DAY + 10 * HOUR)


@pytest.mark.parametrize(
    ("show_as", "verdict"),
    [
        (SHOW_AS_FREE, None),
        (SHOW_AS_WORKING_ELSEWHERE, None),
        (SHOW_AS_TENTATIVE, "BUSY"),
        (SHOW_AS_OUT_OF_OFFICE, "OUT_OF_OFFICE"),
    ],
)
async def test_what_an_event_shows_decides_whether_its_time_can_be_booked(
    show_as: int, verdict: str | None, alpha: Caller, world: World
) -> None:
    event = timed(14 * HOUR, 15 * HOUR, show_as=show_as)
    await alpha.calendar.CreateEvent(CreateEventRequest(parent=world.calendar, event=event))
    if verdict is None:
        await _book(alpha, world.profile, 14 * HOUR)
    else:
        assert await _verdicts(alpha, world.profile, 14 * HOUR) == [(verdict, world.calendar)]


async def test_a_cancelled_event_and_a_place_of_work_take_no_time(alpha: Caller, world: World) -> None:
    for fields in ({"status": Event.STATUS_CANCELLED}, {"event_type": Event.TYPE_WORKING_LOCATION}):
        event = timed(14 * HOUR, 15 * HOUR, **fields)
        await alpha.calendar.CreateEvent(CreateEventRequest(parent=world.calendar, event=event))
    await _book(alpha, world.profile, 14 * HOUR)


async def test_bookings_keep_the_distance_of_both_of_them(alpha: Caller, world: World) -> None:
    """A booking from 10:00 to 10:30 with 15 minutes after it; another profile wants 10 minutes before."""
    first = await _profile(alpha, world, buffer_after_minutes=15)
    await _book(alpha, first, 10 * HOUR)
    quarters = await _profile(alpha, world, availability_step_minutes=15, buffer_before_minutes=10)
    fives = await _profile(alpha, world, availability_step_minutes=5, buffer_before_minutes=10)
    early, late = 10 * HOUR + 45 * MINUTE, 11 * HOUR
    assert [start for start in await _starts(alpha, quarters) if early <= start <= late] == [late]
    assert [start for start in await _starts(alpha, fives) if early <= start <= late] == [late - 5 * MINUTE, late]
    assert await _verdicts(alpha, fives, 10 * HOUR + 50 * MINUTE) == [("BUFFER", "accounts/ada/calendars/ada")]


async def test_notice_and_horizon_are_inclusive(alpha: Caller, world: World, clock: ManualClock) -> None:
    profile = await _profile(alpha, world, start_after_minutes=60, time_available_for="P1D")
    clock.time = MONDAY.replace(hour=9, minute=0)
    assert await _starts(alpha, profile, 0, 3 * DAY) == [
        *range(10 * HOUR, 17 * HOUR, 1800),
        *range(DAY + 9 * HOUR, DAY + 17 * HOUR, 1800),
    ]
    clock.pass_by(microseconds=1)
    assert (await _starts(alpha, profile, 0, DAY))[0] == 10 * HOUR + 1800


async def test_slots_show_local_time_and_until_when_the_answer_holds(alpha: Caller, world: World) -> None:
    answer = await alpha.booking.ListSlots(
        ListSlotsRequest(
            parent=world.profile,
            time_min=bound(9 * HOUR + 1800),
            time_max=bound(DAY),
            time_zone="Asia/Kathmandu",
            page_size=1,
        )
    )
    (slot,) = answer.slots
    assert (slot.local_start, slot.local_end) == ("2030-01-07T15:15:00+05:45", "2030-01-07T15:45:00+05:45")
    assert slot.end.seconds - slot.start.seconds == 1800
    assert answer.time_zone == "Asia/Kathmandu"
    assert answer.as_of.ToDatetime() == MONDAY.replace(tzinfo=None)
    assert answer.valid_until.seconds == slot.start.seconds - HOUR


async def test_an_active_period_bounds_the_starts(alpha: Caller, world: World) -> None:
    profile = await _profile(alpha, world, start_time=at(10 * HOUR), end_time=at(11 * HOUR))
    assert await _starts(alpha, profile) == [10 * HOUR, 10 * HOUR + 1800]
    assert await _verdicts(alpha, profile, 11 * HOUR) == [("PROFILE_INACTIVE", "")]


async def test_a_profile_cannot_open_when_time_ends(alpha: Caller, world: World) -> None:
    end = Timestamp(seconds=253_402_300_799, nanos=999_999_999)
    refusal = await refused(_profile(alpha, world, start_time=end))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["booking_profile.start_time"])


async def test_hours_touching_at_midnight_are_one_stretch(alpha: Caller, world: World) -> None:
    nights = hours(start=22, end=24, days=[1])
    nights.day_schedules.extend(hours(start=0, end=2, days=[2]).day_schedules)
    profile = await _profile(alpha, world, work_hours=nights, duration=Duration(seconds=3600))
    found = await _starts(alpha, profile, 0, 2 * DAY)
    assert found == [22 * HOUR + 1800 * step for step in range(7)]


async def test_cancelling_frees_the_time_and_keeps_the_booking(alpha: Caller, world: World) -> None:
    cancelled = await alpha.booking.CancelBooking(CancelBookingRequest(name=world.booking, reason="rain"))
    assert (cancelled.state, cancelled.cancel_reason) == (Booking.STATE_CANCELLED, "rain")
    event = await alpha.calendar.GetEvent(GetEventRequest(name=cancelled.event))
    assert (event.status, event.sequence) == (Event.STATUS_CANCELLED, 1)
    again = await _book(alpha, world.profile, 9 * HOUR)
    assert again.name != cancelled.name
    listed = await alpha.booking.ListBookings(
        ListBookingsRequest(parent=world.profile, states=[Booking.STATE_CANCELLED])
    )
    assert [booking.name for booking in listed.bookings] == [world.booking]


async def test_cancelling_twice_is_answered_with_the_booking_as_it_stands(alpha: Caller, world: World) -> None:
    first = await alpha.booking.CancelBooking(CancelBookingRequest(name=world.booking, reason="rain"))
    second = await alpha.booking.CancelBooking(CancelBookingRequest(name=world.booking, reason="snow"))
    assert second == first


async def test_the_event_of_a_booking_is_changed_by_the_booking_alone(alpha: Caller, world: World) -> None:
    booking = await alpha.booking.GetBooking(GetBookingRequest(name=world.booking))
    for call in (
        alpha.calendar.UpdateEvent(UpdateEventRequest(event=Event(name=booking.event, subject="mine"))),
        alpha.calendar.DeleteEvent(DeleteEventRequest(name=booking.event)),
    ):
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "OWNED_BY_BOOKING")
        assert refusal.metadata == {"booking": world.booking}


async def test_variables_without_value_or_default_are_named_each(alpha: Caller, world: World) -> None:
    profile = await _profile(
        alpha, world, subject="{{topic}} with {{name}}", description="{{room}} {{topic}}", location="{{place=here}}"
    )
    refusal = await refused(_book(alpha, profile, 10 * HOUR))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SUBSTITUTION_MISSING")
    told = " ".join(violation.description for violation in refusal.violations)
    assert "'topic'" in told
    assert "'room'" in told
    made = await _book(alpha, profile, 10 * HOUR, substitutions={"topic": "{{email}}", "room": "7"})
    assert (made.subject, made.description, made.location) == ("{{email}} with Grace", "7 {{email}}", "here")


@pytest.mark.parametrize(
    "text", ["{{name.__class__}}", "{{ name }}", "{{ {{name}} }}", "{" * 1000, "{{" * 500, "{{1a}}", "}}{{", "{{a b}}"]
)
async def test_braces_that_are_no_variable_stay_as_they_are(text: str, alpha: Caller, world: World) -> None:
    profile = await _profile(alpha, world, subject=text, description=text)
    made = await _book(alpha, profile, 10 * HOUR)
    assert (made.subject, made.description) == (text, text)


async def test_a_variable_of_an_unknown_type_or_of_two_types_is_refused_when_the_profile_is_made(
    alpha: Caller, world: World
) -> None:
    for fields, bad in (
        ({"subject": "{{a:colour}}"}, "booking_profile.subject"),
        ({"subject": "{{a:integer}}", "location": "{{a:date}}"}, "booking_profile.location"),
        ({"description": "{" * (1024 * 1024)}, "booking_profile.description"),
    ):
        refusal = await refused(_profile(alpha, world, **fields))
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, [bad])


async def test_a_profile_with_bookings_to_come_is_deleted_only_by_force_and_then_they_are_cancelled(
    alpha: Caller, world: World
) -> None:
    refusal = await refused(alpha.booking.DeleteBookingProfile(DeleteBookingProfileRequest(name=world.profile)))
    assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "PROFILE_IN_USE")
    assert refusal.metadata == {"bookings": "1"}
    await alpha.booking.DeleteBookingProfile(DeleteBookingProfileRequest(name=world.profile, force=True))
    booking = await alpha.booking.GetBooking(GetBookingRequest(name=world.booking))
    assert booking.state == Booking.STATE_CANCELLED
    event = await alpha.calendar.GetEvent(GetEventRequest(name=booking.event))
    assert event.status == Event.STATUS_CANCELLED


async def test_changed_hours_leave_bookings_alone(alpha: Caller, world: World) -> None:
    profile = BookingProfile(name=world.profile, work_hours=hours(start=14, end=16))
    await alpha.booking.UpdateBookingProfile(UpdateBookingProfileRequest(booking_profile=profile))
    booking = await alpha.booking.GetBooking(GetBookingRequest(name=world.booking))
    assert (booking.state, booking.revision) == (Booking.STATE_CONFIRMED, 1)
    assert await _starts(alpha, world.profile) == [14 * HOUR + 1800 * step for step in range(4)]
