"""Ranges and targets of requests."""

from __future__ import annotations

from datetime import date

import pytest

from schedsvc.domain.feeds import FeedKey, FeedKind
from schedsvc.domain.names import CalendarName, ProfileName
from schedsvc.domain.ranges import RangeRequest
from schedsvc.rpc.codec.names import account_parent, booking_parent, calendar_target, sync_target
from schedsvc.rpc.codec.ranges import decode_slots, decode_starts, decode_window
from schedsvc.v1.bookings_pb2 import ListBookingsRequest, ListSlotsRequest
from schedsvc.v1.events_pb2 import ListEventsRequest
from tests.rpc.codec.building import build

BETWEEN = {"instant": {"seconds": 10, "nanos": 500_000_000}}


def test_a_window_is_widened_to_whole_seconds() -> None:
    request = build(ListEventsRequest, time_min=BETWEEN, time_max=BETWEEN)
    assert decode_window(request) == RangeRequest(10, 11)


def test_starts_are_bounded_by_the_next_whole_second() -> None:
    slots = build(ListSlotsRequest, time_min=BETWEEN, time_max=BETWEEN)
    assert decode_slots(slots) == RangeRequest(11, 11)
    bookings = build(ListBookingsRequest, start_min=BETWEEN, time_zone="Asia/Tokyo")
    assert decode_starts(bookings) == RangeRequest(11, None, "Asia/Tokyo", ("start_min", "start_max"))


def test_local_bounds_stay_local() -> None:
    request = build(ListEventsRequest, time_min={"date": "2030-01-01"}, time_zone="Asia/Tokyo")
    assert decode_window(request) == RangeRequest(date(2030, 1, 1), None, "Asia/Tokyo")


def test_a_dash_stands_for_all() -> None:
    assert account_parent("accounts/-") is None
    assert account_parent("accounts/a") == "a"
    assert booking_parent("accounts/-/bookingProfiles/-") == (None, None)
    assert booking_parent("accounts/a/bookingProfiles/-") == (None, "a")
    assert booking_parent("accounts/a/bookingProfiles/p") == (ProfileName("a", "p"), None)


@pytest.mark.parametrize("name", ["accounts/-/bookingProfiles/p", "accounts/a", "bookingProfiles/-"])
def test_no_other_dash_does(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        booking_parent(name)


def test_an_account_stands_for_its_primary_calendar() -> None:
    primary = CalendarName("a", "a")
    assert calendar_target("accounts/a") == primary
    assert calendar_target("accounts/a/calendars/primary") == primary
    assert calendar_target("accounts/a/calendars/b") == CalendarName("a", "b")


def test_calendars_and_profiles_can_be_followed() -> None:
    assert sync_target("accounts/a/calendars/primary") == FeedKey(FeedKind.CALENDAR, "a/a")
    assert sync_target("accounts/a/bookingProfiles/p") == FeedKey(FeedKind.PROFILE, "a/p")


@pytest.mark.parametrize("name", ["accounts/a", "accounts/a/calendars/a/events/e", "x", "accounts/a/bookingProfiles/-"])
def test_nothing_else_can(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        sync_target(name)
