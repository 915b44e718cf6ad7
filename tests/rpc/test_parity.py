"""Lines of the parity checklist, each a test of that name."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from schedsvc.v1.bookings_pb2 import (
    Booker,
    Booking,
    CancelBookingRequest,
    CreateBookingRequest,
    GetBookingRequest,
)
from schedsvc.v1.calendars_pb2 import GetCalendarRequest, ListCalendarsRequest
from schedsvc.v1.events_pb2 import (
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    GetEventRequest,
    ListEventsRequest,
    UpdateEventRequest,
)
from schedsvc.v1.time_pb2 import EventTime, TimeBound
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import Deployment
from tests.rpc.requests import DAY, HOUR, World, at, bound, timed


async def test_parity_05_list_calendars_get_one_by_id_and_by_primary(alpha: Caller, world: World) -> None:
    listed = await alpha.calendar.ListCalendars(ListCalendarsRequest(parent=world.account))
    names = [calendar.name for calendar in listed.calendars]
    assert names == [f"{world.account}/calendars/{id_}" for id_ in ("ada", "side", "spare")]
    assert [calendar.primary for calendar in listed.calendars] == [True, False, False]
    primary, side, _ = listed.calendars
    assert await alpha.calendar.GetCalendar(GetCalendarRequest(name=side.name)) == side
    assert await alpha.calendar.GetCalendar(GetCalendarRequest(name=primary.name)) == primary
    by_alias = await alpha.calendar.GetCalendar(GetCalendarRequest(name=f"{world.account}/calendars/primary"))
    assert by_alias == primary


def _instant(text: str) -> TimeBound:
    """An RFC 3339 text with any offset, as every JSON form of a Timestamp takes it."""
    parsed = Timestamp()
    parsed.FromJsonString(text)
    return TimeBound(instant=parsed)


async def test_parity_06_a_range_with_offsets_lists_the_same_events_as_the_same_instants_in_utc(
    alpha: Caller, world: World
) -> None:
    for number in range(24):
        await alpha.calendar.CreateEvent(
            CreateEventRequest(
                parent=world.spare_calendar, event_id=f"h{number}", event=timed(number * HOUR, (number + 1) * HOUR)
            )
        )

    async def listed(low: TimeBound, high: TimeBound, zone: str = "") -> list[str]:
        request = ListEventsRequest(parent=world.spare_calendar, time_min=low, time_max=high, time_zone=zone)
        return [event.name for event in (await alpha.calendar.ListEvents(request)).events]

    expected = [f"{world.spare_calendar}/events/h{number}" for number in (15, 16, 17)]
    assert await listed(_instant("2030-01-07T15:00:00Z"), _instant("2030-01-07T18:00:00Z")) == expected
    assert await listed(_instant("2030-01-07T08:00:00-07:00"), _instant("2030-01-07T11:00:00-07:00")) == expected
    assert await listed(_instant("2030-01-07T20:30:00+05:30"), _instant("2030-01-07T18:00:00+00:00")) == expected
    local = TimeBound(date_time="2030-01-07T08:00"), TimeBound(date_time="2030-01-07T11:00")
    assert await listed(*local, "America/Denver") == expected


async def test_parity_14_create_read_update_delete_of_an_appointment_and_its_errors(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    """The appointment as an event: created, read, updated, deleted. As a booking: made, read, cancelled."""
    event = timed(14 * HOUR, 15 * HOUR, subject="Check-up")
    made = await alpha.calendar.CreateEvent(CreateEventRequest(parent=world.calendar, event=event))
    assert await alpha.calendar.GetEvent(GetEventRequest(name=made.name)) == made
    moved = Event(name=made.name, start=EventTime(instant=at(15 * HOUR)), end=EventTime(instant=at(16 * HOUR)))
    updated = await alpha.calendar.UpdateEvent(UpdateEventRequest(event=moved))
    assert (updated.subject, updated.sequence, updated.start.resolved) == ("Check-up", 1, at(15 * HOUR))
    await alpha.calendar.DeleteEvent(DeleteEventRequest(name=made.name))
    for call in (
        alpha.calendar.GetEvent(GetEventRequest(name=made.name)),
        alpha.calendar.DeleteEvent(DeleteEventRequest(name=made.name)),
    ):
        refusal = await refused(call)
        assert (refusal.code, refusal.resource) == (StatusCode.NOT_FOUND, made.name)
    await alpha.calendar.DeleteEvent(DeleteEventRequest(name=made.name, allow_missing=True))

    booking = Booking(start=at(10 * HOUR), booker=Booker(email="grace@example.org"))
    booked = await alpha.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking))
    assert await alpha.booking.GetBooking(GetBookingRequest(name=booked.name)) == booked
    cancelled = await alpha.booking.CancelBooking(CancelBookingRequest(name=booked.name))
    assert cancelled.state == Booking.STATE_CANCELLED

    unknown = CreateBookingRequest(parent=f"{world.account}/bookingProfiles/nothing", booking=booking)
    refusal = await refused(alpha.booking.CreateBooking(unknown))
    assert (refusal.code, refusal.resource) == (StatusCode.NOT_FOUND, unknown.parent)
    refusal = await refused(
        deployment.nobody.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=booking))
    )
    assert refusal.code is StatusCode.UNAUTHENTICATED
    bad = Booking(booker=Booker(email="nobody"), duration=Duration(seconds=-1))
    refusal = await refused(alpha.booking.CreateBooking(CreateBookingRequest(parent=world.profile, booking=bad)))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "FIELD_INVALID")
    assert set(refusal.fields) == {"booking.start", "booking.booker.email", "booking.duration"}
    listed = await alpha.calendar.ListEvents(
        ListEventsRequest(parent=world.calendar, time_min=bound(0), time_max=bound(DAY))
    )
    assert [found.name for found in listed.events] == [world.event]
