"""Every field of a record reaches the wire, and what callers can set comes back as it was."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from schedsvc.domain.accounts import AccountDraft, AccountKind
from schedsvc.domain.bookings import BookingDraft
from schedsvc.domain.calendars import CalendarDraft
from schedsvc.domain.events import EventDraft, EventStatus, EventType, ShowAs
from schedsvc.domain.names import primary_calendar
from schedsvc.domain.profiles import DatePeriod, ProfileDraft
from schedsvc.domain.roles import Role
from schedsvc.rpc.codec import accounts, bookings, calendars, events, profiles
from schedsvc.usecases.calendars import CalendarView
from schedsvc.v1 import accounts_pb2, booking_profiles_pb2, bookings_pb2, calendars_pb2, events_pb2
from tests.rpc.codec.building import build
from tests.rpc.codec.records import (
    ACCOUNT,
    BOOKING,
    BOOKING_NAME,
    CALENDAR,
    DAY_OFF,
    EVENT,
    PROFILE,
)

# Set elsewhere: the booking of a booked event, the end of an active period, the place in a series.
UNSET = {
    "booking",
    "end_time",
    "effective_work_hours",
    *("recurrence", "pattern", "recurrence_from_pattern", "exceptions", "cancelled_starts", "dropped_exceptions"),
    *("series", "original_start", "and_following", "previous_instance", "split_from"),
}
ENCODED = [
    (accounts.encode(ACCOUNT), set()),
    (calendars.encode_view(CalendarView(CALENDAR, Role.READER)), {"primary"}),
    (events.encode(EVENT), UNSET),
    (profiles.encode(PROFILE), UNSET),
    (bookings.encode(BOOKING), set()),
]


def drafted(record: Any, kind: type) -> Any:
    return kind(**{field.name: getattr(record, field.name) for field in fields(kind)})


@pytest.mark.parametrize(("message", "unset"), ENCODED, ids=lambda value: type(value).__name__)
def test_every_field_of_a_record_is_told(message: Message, unset: set[str]) -> None:
    told = {field.name for field, _ in message.ListFields()}
    assert {field.name for field in message.DESCRIPTOR.fields} - told <= unset


def test_what_was_told_of_an_account_comes_back() -> None:
    assert accounts.decode(accounts.encode(ACCOUNT)) == drafted(ACCOUNT, AccountDraft)


def test_what_was_told_of_a_calendar_comes_back() -> None:
    assert calendars.decode(calendars.encode(CALENDAR)) == drafted(CALENDAR, CalendarDraft)


@pytest.mark.parametrize("event", [EVENT, DAY_OFF], ids=["timed", "all-day"])
def test_what_was_told_of_an_event_comes_back(event: Any) -> None:
    assert events.decode(events.encode(event)) == drafted(replace(event, floating=False), EventDraft)


def test_what_was_told_of_a_profile_comes_back() -> None:
    assert profiles.decode(profiles.encode(PROFILE), "other") == drafted(PROFILE, ProfileDraft)


def test_what_was_told_of_a_booking_comes_back() -> None:
    draft = bookings.decode(bookings.encode(BOOKING))
    assert draft == BookingDraft(
        start=BOOKING.extent[0],
        duration=2700,
        booker=BOOKING.booker,
        substitutions=BOOKING.substitutions,
        metadata=BOOKING.metadata,
    )


def test_an_empty_account_is_a_person_in_utc_without_hours() -> None:
    draft = accounts.decode(accounts_pb2.Account())
    assert (draft.kind, draft.time_zone, draft.work_hours) == (AccountKind.PERSON, "UTC", None)


def test_an_empty_calendar_leaves_its_zone_to_the_account() -> None:
    draft = calendars.decode(calendars_pb2.Calendar())
    assert (draft.time_zone, draft.external_ref) == ("", None)


def test_an_event_that_says_nothing_is_busy_and_an_all_day_one_free() -> None:
    timed = build(
        events_pb2.Event,
        start={"date_time": "2030-01-01T10:00", "time_zone": "UTC"},
        end={"date_time": "2030-01-01T11:00", "time_zone": "UTC"},
    )
    daily = build(events_pb2.Event, start={"date": "2030-01-01"}, end={"date": "2030-01-02"})
    assert events.decode(timed).show_as is ShowAs.BUSY
    assert events.decode(daily).show_as is ShowAs.FREE
    assert events.decode(daily).status is EventStatus.CONFIRMED
    assert events.decode(daily).event_type is EventType.DEFAULT


def test_an_empty_profile_has_the_defaults_of_the_contract() -> None:
    draft = profiles.decode(build(booking_profiles_pb2.BookingProfile, duration={"seconds": 1800}), "ada")
    assert draft.calendar == primary_calendar("ada")
    assert (draft.step_minutes, draft.start_after_minutes, draft.duration_minutes) == (15, 60, 30)
    assert draft.available_for == DatePeriod(months=0, days=60)
    assert (draft.slug, draft.work_hours, draft.active_from, draft.active_until) == ("", None, None, None)


def test_a_notice_of_zero_is_not_the_default() -> None:
    message = build(booking_profiles_pb2.BookingProfile, duration={"seconds": 1800}, start_after_minutes=0)
    assert profiles.decode(message, "ada").start_after_minutes == 0


def test_a_booking_without_a_duration_leaves_it_to_the_profile() -> None:
    assert bookings.decode(build(bookings_pb2.Booking, start={"seconds": 60})).duration is None


def test_an_event_keeps_its_own_terms_and_tells_the_instants_beside_them() -> None:
    told = MessageToDict(events.encode(EVENT))
    assert told["start"] == {
        "dateTime": "2030-01-01T12:00:00",
        "timeZone": "Europe/Berlin",
        "resolved": "2030-01-01T11:00:00Z",
    }
    day = MessageToDict(events.encode(replace(DAY_OFF, extent=(100, 200))))
    assert day["end"] == {"date": "2030-04-01", "resolved": "1970-01-01T00:03:20Z"}


def test_the_event_of_a_booking_names_it() -> None:
    assert events.encode(replace(EVENT, booking=BOOKING_NAME)).booking == str(BOOKING_NAME)


def test_times_are_told_to_the_microsecond() -> None:
    assert events.encode(EVENT).create_time.ToJsonString() == "2029-12-31T23:59:59.250Z"


def test_a_booking_is_shown_in_the_zone_of_its_booker_and_else_in_that_of_the_hours() -> None:
    told = bookings.encode(BOOKING)
    assert (told.local_start, told.local_end) == ("2030-01-01T06:00:00-05:00", "2030-01-01T06:45:00-05:00")
    nowhere = replace(BOOKING, booker=replace(BOOKING.booker, time_zone=""))
    assert bookings.encode(nowhere).local_start == "2030-01-01T12:00:00+01:00"


def test_a_profile_tells_the_hours_in_force_beside_its_own() -> None:
    assert ACCOUNT.work_hours is not None
    told = profiles.encode(replace(PROFILE, work_hours=None), ACCOUNT.work_hours)
    assert not told.HasField("work_hours")
    assert told.effective_work_hours.time_zone == "Europe/Berlin"
    assert [day.day_of_week for day in told.effective_work_hours.day_schedules] == [1, 7]


def test_states_are_asked_for_once_each() -> None:
    request = build(bookings_pb2.ListBookingsRequest, states=[2, 1, 2])
    assert bookings.decode_states(request) == (1, 2)
