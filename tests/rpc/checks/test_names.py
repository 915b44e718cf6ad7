"""Fields that hold names."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from schedsvc.v1.accounts_pb2 import GetAccountRequest
from schedsvc.v1.booking_profiles_pb2 import CreateBookingProfileRequest, ListBookingProfilesRequest
from schedsvc.v1.bookings_pb2 import GetBookingRequest, ListBookingsRequest, ListSlotsRequest
from schedsvc.v1.calendars_pb2 import CreateCalendarRequest, GetCalendarRequest, ListCalendarsRequest
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.events_pb2 import (
    CreateEventRequest,
    DeleteEventRequest,
    GetEventRequest,
    GetSeriesRequest,
    ListEventsRequest,
    ListInstancesRequest,
    MoveEventRequest,
    RespondToEventRequest,
)
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from tests.rpc.checks.said import reasons, texts
from tests.rpc.codec.building import build

GOOD: list[Message] = [
    build(GetAccountRequest, name="accounts/a"),
    build(GetCalendarRequest, name="accounts/a/calendars/primary"),
    build(GetEventRequest, name="accounts/a/calendars/primary/events/e_1-x"),
    build(GetEventRequest, name="accounts/a/calendars/primary/events/e~20300101"),
    build(DeleteEventRequest, name="accounts/a/calendars/primary/events/e~20300101T100000Z"),
    build(GetSeriesRequest, name="accounts/a/calendars/a/events/e~20300101"),
    build(RespondToEventRequest, name="accounts/a/calendars/a/events/e~20300101", response=2),
    build(ListInstancesRequest, name="accounts/a/calendars/a/events/e"),
    build(MoveEventRequest, name="accounts/a/calendars/a/events/e", destination="accounts/b/calendars/b"),
    build(GetBookingRequest, name="accounts/a/bookingProfiles/p/bookings/b"),
    build(ListCalendarsRequest, parent="accounts/-"),
    build(ListBookingProfilesRequest, parent="accounts/-"),
    build(ListBookingsRequest, parent="accounts/-/bookingProfiles/-"),
    build(ListBookingsRequest, parent="accounts/a/bookingProfiles/-"),
    build(ListBookingsRequest, parent="accounts/a/bookingProfiles/p"),
]
BAD: list[Message] = [
    build(GetAccountRequest, name="accounts/A"),
    build(GetAccountRequest, name="accounts/-"),
    build(GetAccountRequest, name="accounts/a/"),
    build(GetAccountRequest, name="accounts/a\0"),
    build(GetAccountRequest, name="calendars/a"),
    build(GetAccountRequest, name="accounts/" + "a" * 65),
    build(GetCalendarRequest, name="accounts/-/calendars/a"),
    build(GetEventRequest, name="accounts/a/calendars/a"),
    build(GetEventRequest, name="accounts/a/calendars/a/events/e~"),
    build(GetEventRequest, name="accounts/a/calendars/a/events/e~2030"),
    build(GetEventRequest, name="accounts/a/calendars/a/events/e~20300101~20300101"),
    build(ListInstancesRequest, name="accounts/a/calendars/a/events/e~20300101"),
    build(MoveEventRequest, name="accounts/a/calendars/a/events/e~20300101", destination="accounts/b/calendars/b"),
    build(GetBookingRequest, name="accounts/a/bookingProfiles/-/bookings/b"),
    build(CreateCalendarRequest, parent="accounts/-"),
    build(ListEventsRequest, parent="accounts/a/calendars/-"),
    build(ListSlotsRequest, parent="accounts/a/bookingProfiles/-"),
    build(ListBookingsRequest, parent="accounts/-/bookingProfiles/p"),
]


@pytest.mark.parametrize("request_", GOOD)
def test_names_and_the_wildcards_of_lists_are_read(request_: Message) -> None:
    assert reasons(request_) == {}


@pytest.mark.parametrize("request_", BAD)
def test_what_is_no_name_of_the_kind_is_refused(request_: Message) -> None:
    assert {"name", "parent"} & reasons(request_).keys()


def test_the_right_form_is_told() -> None:
    said = texts(build(GetEventRequest, name="x"))["name"]
    assert said == '"x" is not a name of the form accounts/{account}/calendars/{calendar}/events/{event}'


def test_names_inside_lists_are_named_by_their_place() -> None:
    profile = {"calendar": "x", "conflict_calendars": ["accounts/a/calendars/a", "y"]}
    request = build(CreateBookingProfileRequest, parent="accounts/a", booking_profile=profile)
    assert reasons(request).keys() >= {"booking_profile.calendar", "booking_profile.conflict_calendars[1]"}


def test_targets_of_other_kinds_are_refused_one_by_one() -> None:
    asked = ["accounts/a", "accounts/a/calendars/a", "accounts/a/bookingProfiles/p", "x"]
    assert reasons(build(QueryFreeBusyRequest, targets=asked)).keys() >= {"targets[2]", "targets[3]"}
    assert reasons(build(StartSyncRequest, targets=asked)).keys() == {"targets[0]", "targets[3]"}


def test_a_feed_under_two_names_is_there_twice() -> None:
    request = build(StartSyncRequest, targets=["accounts/a/calendars/a", "accounts/a/calendars/primary"])
    assert texts(request) == {"targets[1]": "names a feed for the second time"}


def test_the_form_without_instances_is_told_where_it_has_to_be() -> None:
    said = texts(build(ListInstancesRequest, name="accounts/a/calendars/a/events/e~20300101"))["name"]
    assert said.endswith("accounts/{account}/calendars/{calendar}/events/{event}, not of an instance")


def test_nobody_chooses_the_id_of_an_instance() -> None:
    times = {"start": {"date": "2030-01-01"}, "end": {"date": "2030-01-02"}}
    request = build(CreateEventRequest, parent="accounts/a/calendars/a", event=times, event_id="e~20300101")
    assert reasons(request).keys() == {"event_id"}
