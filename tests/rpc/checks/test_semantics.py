"""What no annotation can express: times, spans, hours, templates, texts."""

from __future__ import annotations

from typing import Any

import pytest

from schedsvc.v1.accounts_pb2 import CreateAccountRequest
from schedsvc.v1.booking_profiles_pb2 import CreateBookingProfileRequest
from schedsvc.v1.bookings_pb2 import CancelBookingRequest, CreateBookingRequest, ListSlotsRequest
from schedsvc.v1.changes_pb2 import ListChangesRequest, StreamChangesRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, ListEventsRequest
from tests.rpc.checks.said import reasons, texts
from tests.rpc.codec.building import build

CALENDAR = "accounts/a/calendars/a"
PROFILE = "accounts/a/bookingProfiles/p"


def timed(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"date_time": text, "time_zone": zone}


def event(start: Any, end: Any, **more: Any) -> CreateEventRequest:
    return build(CreateEventRequest, parent=CALENDAR, event={"start": start, "end": end, **more})


def an_event(**more: Any) -> CreateEventRequest:
    return event({"date": "2030-01-01"}, {"date": "2030-01-02"}, **more)


def profile(**values: Any) -> CreateBookingProfileRequest:
    values.setdefault("duration", {"seconds": 1800})
    return build(CreateBookingProfileRequest, parent="accounts/a", booking_profile=values)


def booking(**values: Any) -> CreateBookingRequest:
    values.setdefault("start", {"seconds": 1_893_495_600})
    values.setdefault("booker", {"email": "ada@example.com"})
    return build(CreateBookingRequest, parent=PROFILE, booking=values)


GOOD_SPANS = [
    (timed("2030-01-01T10:00"), timed("2030-01-01T10:00")),
    (timed("2030-01-01T10:00", "Asia/Tokyo"), timed("2030-01-01T02:00", "Europe/Berlin")),
    (timed("2030-03-31T02:30", "Europe/Berlin"), timed("2030-03-31T03:30", "Europe/Berlin")),
    ({"instant": {"seconds": 1_893_495_600}}, timed("2030-01-01T11:00")),
    ({"date": "2030-01-01"}, {"date": "2030-01-02"}),
    ({"date": "1900-01-01"}, {"date": "1900-01-02"}),
    (timed("2199-12-31T23:00"), timed("2200-01-01T00:00")),
    ({"date": "2030-01-01"}, {"date": "2040-01-09"}),
    (timed("2030-01-01T00:00"), timed("2031-02-05T00:00")),
]


@pytest.mark.parametrize(("start", "end"), GOOD_SPANS)
def test_an_event_may_last_from_no_time_to_ten_years(start: Any, end: Any) -> None:
    assert reasons(event(start, end)) == {}


BAD_SPANS = [
    (timed("2030-01-01T10:00"), timed("2030-01-01T09:59:59"), "BAD_TIME_RANGE"),
    (timed("2030-01-01T10:00", "Europe/Berlin"), timed("2030-01-01T08:00", "UTC"), "BAD_TIME_RANGE"),
    ({"date": "2030-01-01"}, {"date": "2030-01-01"}, "BAD_TIME_RANGE"),
    ({"date": "2030-01-02"}, {"date": "2030-01-01"}, "BAD_TIME_RANGE"),
    ({"date": "2030-01-01"}, {"date": "2040-01-10"}, "RANGE_TOO_LARGE"),
    (timed("2030-01-01T00:00"), timed("2040-01-09T00:00:01"), "RANGE_TOO_LARGE"),
    ({"date": "2030-01-01"}, timed("2030-01-02T00:00"), "MIXED_TIME_KINDS"),
    ({"instant": {"seconds": 1_893_495_600}}, {"date": "2030-01-02"}, "MIXED_TIME_KINDS"),
]


@pytest.mark.parametrize(("start", "end", "reason"), BAD_SPANS)
def test_an_end_that_does_not_fit_the_start_is_refused(start: Any, end: Any, reason: str) -> None:
    assert reasons(event(start, end)) == {"event.end": reason}


BAD_TIMES = [
    ({}, "event.start"),
    ({"time_zone": "UTC"}, "event.start"),
    ({"date": "2030-02-30"}, "event.start.date"),
    ({"date": "1899-12-31"}, "event.start.date"),
    ({"date": "2200-01-02"}, "event.start.date"),
    ({"date": "9999-12-31"}, "event.start.date"),
    ({"date": "0000-01-01"}, "event.start.date"),
    ({"date": "2030-01-01", "time_zone": "UTC"}, "event.start.time_zone"),
    ({"date_time": "2030-01-01T10:00"}, "event.start.time_zone"),
    (timed("2030-01-01T10:00:00Z"), "event.start.date_time"),
    (timed("2016-12-31T23:59:60"), "event.start.date_time"),
    (timed("1900-01-01T00:00", "Asia/Tokyo"), "event.start.date_time"),
    (timed("0001-01-01T00:00", "Asia/Tokyo"), "event.start.date_time"),
    (timed("9999-12-31T23:59", "America/New_York"), "event.start.date_time"),
    ({"instant": {"seconds": 1, "nanos": 5}}, "event.start.instant"),
    ({"instant": {"seconds": -2_208_988_801}}, "event.start.instant"),
    ({"instant": {"seconds": 2**62}}, "event.start.instant"),
    ({"instant": {"nanos": -1}}, "event.start.instant"),
]


@pytest.mark.parametrize(("start", "field"), BAD_TIMES)
def test_a_time_is_well_formed_whole_and_between_1900_and_2200(start: Any, field: str) -> None:
    assert reasons(event(start, {"date": "2030-01-02"})) == {field: "FIELD_INVALID"}


@pytest.mark.parametrize(
    "zone", ["Mars", "W. Europe Standard Time", "../../etc/passwd", "\0", "utc", "Europe/Berlin ", "x" * 99]
)
def test_a_zone_is_one_of_the_iana_names(zone: str) -> None:
    bad = "BAD_TIME_ZONE"
    assert reasons(event(timed("2030-01-01T10:00", zone), timed("2030-01-01T10:00"))) == {"event.start.time_zone": bad}
    assert reasons(build(ListEventsRequest, parent=CALENDAR, time_zone=zone)) == {"time_zone": bad}
    assert reasons(booking(booker={"email": "a@b.c", "time_zone": zone})) == {"booking.booker.time_zone": bad}
    assert reasons(build(CreateAccountRequest, account={"time_zone": zone})) == {"account.time_zone": bad}


BAD_BOUNDS = [
    ({}, "time_min", "FIELD_INVALID"),
    ({"date": "2030-1-1"}, "time_min.date", "FIELD_INVALID"),
    ({"date_time": "2030-01-01T10:00+01:00"}, "time_min.date_time", "FIELD_INVALID"),
    ({"instant": {"seconds": 2**62}}, "time_min.instant", "FIELD_INVALID"),
    ({"instant": {"seconds": -62_135_596_800}}, "time_min.instant", "BAD_TIME_RANGE"),
    ({"date": "9999-12-31"}, "time_min.date", "BAD_TIME_RANGE"),
    ({"date_time": "0001-01-01T00:00"}, "time_min.date_time", "BAD_TIME_RANGE"),
]


@pytest.mark.parametrize(("bound", "field", "reason"), BAD_BOUNDS)
def test_a_bound_is_well_formed_and_between_1900_and_2200(bound: Any, field: str, reason: str) -> None:
    assert reasons(build(ListEventsRequest, parent=CALENDAR, time_min=bound)) == {field: reason}


def test_a_bound_may_lie_between_two_seconds() -> None:
    bound: Any = {"instant": {"seconds": 5, "nanos": 999_999_999}}
    assert reasons(build(ListEventsRequest, parent=CALENDAR, time_min=bound)) == {}


def test_nobody_is_invited_twice_whatever_the_case() -> None:
    invited = [{"email": "Ada@example.com"}, {"email": "bob@example.com"}, {"email": "ada@EXAMPLE.com"}]
    assert reasons(an_event(attendees=invited)).keys() == {"event.attendees[2].email"}


def test_events_of_bookings_are_made_by_bookings_alone() -> None:
    assert reasons(an_event(event_type="TYPE_BOOKING")).keys() == {"event.event_type"}


def test_all_bad_fields_are_told_at_once_and_each_once() -> None:
    request = event({"date": "x"}, {}, subject="x" * 1025, attendees=[{}, {"email": "y"}], external_ref={"id": "\0"})
    assert sorted(reasons(request)) == [
        "event.attendees[0].email",
        "event.attendees[1].email",
        "event.end",
        "event.external_ref.id",
        "event.external_ref.provider",
        "event.start.date",
        "event.subject",
    ]


def hours(*days: tuple[int, int, int]) -> dict[str, Any]:
    schedules = [{"day_of_week": d, "intervals": [{"start_minute": a, "end_minute": b}]} for d, a, b in days]
    return {"time_zone": "UTC", "day_schedules": schedules}


def test_hours_end_after_they_begin_on_days_named_once() -> None:
    assert reasons(profile(work_hours=hours((1, 0, 1440), (7, 1439, 1440)))) == {}
    prefix = "booking_profile.work_hours.day_schedules"
    assert reasons(profile(work_hours=hours((1, 600, 600)))) == {
        f"{prefix}[0].intervals[0].end_minute": "BAD_TIME_RANGE"
    }
    assert reasons(profile(work_hours=hours((1, 0, 9), (2, 0, 9), (1, 10, 20)))) == {
        f"{prefix}[2].day_of_week": "FIELD_INVALID"
    }
    assert reasons(profile(work_hours=hours((0, 0, 1441)))).keys() == {
        f"{prefix}[0].day_of_week",
        f"{prefix}[0].intervals[0].end_minute",
    }


def test_hours_have_a_zone() -> None:
    assert reasons(profile(work_hours={})) == {"booking_profile.work_hours.time_zone": "FIELD_INVALID"}


@pytest.mark.parametrize(
    "duration", [{"seconds": 330}, {"seconds": 300, "nanos": 1}, {"seconds": 240}, {"seconds": 2**60}]
)
def test_the_duration_of_a_profile_is_whole_minutes_from_five(duration: Any) -> None:
    assert reasons(profile(duration=duration)) == {"booking_profile.duration": "FIELD_INVALID"}


@pytest.mark.parametrize("period", ["P0D", "P3Y", "P25M", "p30d", "30"])
def test_a_horizon_is_a_period_of_at_most_two_years(period: str) -> None:
    assert reasons(profile(time_available_for=period)) == {"booking_profile.time_available_for": "FIELD_INVALID"}


def test_an_active_period_does_not_end_before_it_begins() -> None:
    request = profile(start_time={"seconds": 10}, end_time={"seconds": 10})
    assert reasons(request) == {"booking_profile.end_time": "BAD_TIME_RANGE"}
    assert reasons(profile(start_time={"seconds": 10}, end_time={"seconds": 10, "nanos": 1})) == {}


def test_a_template_variable_has_one_known_type() -> None:
    request = profile(subject="{{a:colour}}", description="{{b:date}} {{ {{b}} }}", location="{{b:integer}}")
    said = texts(request)
    assert said.keys() == {"booking_profile.subject", "booking_profile.location"}
    assert "colour" in said["booking_profile.subject"]


def test_a_booking_starts_on_a_whole_second_in_known_times() -> None:
    assert reasons(booking(start={"seconds": 1, "nanos": 1})) == {"booking.start": "FIELD_INVALID"}
    assert reasons(booking(start={"seconds": 2**40})) == {"booking.start": "FIELD_INVALID"}
    assert reasons(booking()) == {}


@pytest.mark.parametrize("duration", [{}, {"seconds": -60}, {"seconds": 60, "nanos": 1}, {"seconds": 86_401}])
def test_a_length_is_whole_seconds_up_to_a_day(duration: Any) -> None:
    assert reasons(booking(duration=duration)) == {"booking.duration": "FIELD_INVALID"}
    assert reasons(build(ListSlotsRequest, parent=PROFILE, duration=duration)) == {"duration": "FIELD_INVALID"}


@pytest.mark.parametrize("control", ["\r", "\n", "\0", "\x1b", "\x7f", "\x85"])
def test_a_booker_has_no_control_characters(control: str) -> None:
    said = reasons(booking(booker={"email": f"a{control}@b.c", "display_name": f"A{control}da"}))
    assert said.keys() == {"booking.booker.email", "booking.booker.display_name"}


@pytest.mark.parametrize("name", ["عادة\u202eada", "Ada 🦊", "O’Neil-Smith"])
def test_all_other_characters_of_a_name_are_kept(name: str) -> None:
    assert reasons(booking(booker={"email": "a@b.c", "display_name": name})) == {}


def test_a_name_of_64_kib_is_refused() -> None:
    said = reasons(booking(booker={"email": "a@b.c", "display_name": "x" * 65536}))
    assert said.keys() == {"booking.booker.display_name"}


def test_nul_is_refused_wherever_text_is_stored_or_searched() -> None:
    texts_with_nul = {"subject": "\0", "metadata": {"k\0": "v", "l": "\0"}, "uid": "\0"}
    assert reasons(an_event(**texts_with_nul)).keys() == {
        "event.subject",
        "event.uid",
        'event.metadata["k\\u0000"]',
        'event.metadata["l"]',
    }
    assert reasons(build(ListEventsRequest, parent=CALENDAR, query="\0", ical_uids=["a", "\0"])).keys() == {
        "query",
        "ical_uids[1]",
    }
    assert reasons(booking(substitutions={"a": "\0"})).keys() == {'booking.substitutions["a"]'}
    assert reasons(build(CancelBookingRequest, name=f"{PROFILE}/bookings/b", reason="\0")).keys() == {"reason"}


def test_a_token_is_never_a_bad_field_of_its_own() -> None:
    assert reasons(build(ListEventsRequest, parent=CALENDAR, page_token="\0")) == {}
    assert reasons(build(ListChangesRequest, token="\0")) == {}


@pytest.mark.parametrize(
    "heartbeat", [{"seconds": 4}, {"seconds": 61}, {"seconds": 5, "nanos": -1}, {"seconds": 2**62}]
)
def test_a_heartbeat_is_a_valid_duration_of_5_to_60_seconds(heartbeat: Any) -> None:
    assert reasons(build(StreamChangesRequest, tokens=["x"], heartbeat=heartbeat)) == {"heartbeat": "FIELD_INVALID"}
