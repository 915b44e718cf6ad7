"""What the benchmarks ask for, and what they count on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from benchmarks import ics, messages, noop, world
from schedsvc.rpc import checks
from schedsvc.v1.bookings_pb2 import CreateBookingRequest, ListSlotsRequest
from schedsvc.v1.events_pb2 import CreateEventRequest
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest


def test_the_reference_calendar_is_the_same_each_time_and_spans_a_year() -> None:
    starts = world.busy_starts(world.EVENTS)
    assert starts == world.busy_starts(world.EVENTS)
    assert len(starts) == pytest.approx(world.EVENTS + 52 * world.SERIES, rel=0.01)
    assert world.YEAR[0] <= starts[0] < starts[-1] < world.YEAR[1]


def test_about_260_slots_are_free_in_the_reference_window() -> None:
    assert 240 <= world.expected_slots(*world.WINDOW) <= 290


def test_a_calendar_is_the_same_as_one_file_and_as_many() -> None:
    in_one, in_many = world.calendar_file(100), b"".join(world.calendar_files(100))
    events = 100 + world.SERIES
    assert in_one.count(b"BEGIN:VEVENT") == in_many.count(b"BEGIN:VEVENT") == events
    assert in_one.count(b"RRULE:FREQ=WEEKLY") == in_many.count(b"RRULE:FREQ=WEEKLY") == world.SERIES


def test_every_series_of_the_shared_calendar_takes_time_in_each_week_of_the_window() -> None:
    lo = world.WINDOW[0] - world.WINDOW[0] % world.DAY
    taken = world.shared_busy(lo, lo + 7 * world.DAY)
    for first in world.weekly_starts():
        week = datetime.fromtimestamp(lo, UTC).replace(tzinfo=None) - first
        local = first + timedelta(weeks=-(-week // timedelta(weeks=1)))
        instant = int(local.replace(tzinfo=ZoneInfo(world.ZONE)).timestamp())
        assert any(start <= instant and instant + ics.HALF_HOUR <= end for start, end in taken)


def test_periods_that_touch_are_one_and_all_are_cut_to_the_window() -> None:
    assert world.merged([(30, 40), (0, 12), (12, 15), (90, 120), (35, 38)], 10, 100) == [(10, 15), (30, 40), (90, 100)]


def test_no_two_questions_about_other_times_are_the_same() -> None:
    make = messages.other_free_busy()
    windows = {QueryFreeBusyRequest.FromString(make()).time_min.instant.seconds for _ in range(100)}
    assert len(windows) == 100


def test_no_two_questions_about_other_slots_are_the_same() -> None:
    make = messages.other_slots()
    windows = {ListSlotsRequest.FromString(make()).time_min.instant.seconds for _ in range(100)}
    assert len(windows) == 100


def test_one_event_after_the_other_goes_to_another_calendar_with_an_id_of_its_own() -> None:
    make = messages.new_events()
    requests = [CreateEventRequest.FromString(make()) for _ in world.CALENDARS]
    assert {request.parent for request in requests} == set(world.CALENDARS)
    assert len({request.request_id for request in requests}) == len(requests)


def test_what_is_asked_for_breaks_no_rule() -> None:
    bookings: CreateBookingRequest = messages.booking_request(world.MOST_CONTESTED - 1, 31)
    others = (messages.slots_request(1), messages.free_busy_request(1), messages.event_request("run", 1))
    for request in (*others, bookings):
        assert checks.violations(request) == []


def test_the_no_op_is_a_method_like_those_of_the_product() -> None:
    served = noop.service()
    assert f"/{served.wire_name}/{served.descriptor.methods[0].name}" == noop.PATH
    assert list(noop.SCOPES) == [f"{served.descriptor.name}/{served.descriptor.methods[0].name}"]
