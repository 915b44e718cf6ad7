"""What the benchmarks ask for, and what they count on."""

from __future__ import annotations

from benchmarks import messages, noop, world
from schedsvc.rpc import checks
from schedsvc.v1.bookings_pb2 import CreateBookingRequest, ListSlotsRequest
from schedsvc.v1.events_pb2 import CreateEventRequest


def test_the_reference_calendar_is_the_same_each_time_and_spans_a_year() -> None:
    starts = world.busy_starts()
    assert starts == world.busy_starts()
    assert len(starts) == world.EVENTS
    assert world.YEAR[0] <= starts[0] < starts[-1] < world.YEAR[1]


def test_about_260_slots_are_free_in_the_reference_window() -> None:
    assert 240 <= world.expected_slots(*world.WINDOW) <= 290


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
    for request in (messages.slots_request(1), messages.event_request("run", 1), bookings):
        assert checks.violations(request) == []


def test_the_no_op_is_a_method_like_those_of_the_product() -> None:
    served = noop.service()
    assert f"/{served.wire_name}/{served.descriptor.methods[0].name}" == noop.PATH
    assert list(noop.SCOPES) == [f"{served.descriptor.name}/{served.descriptor.methods[0].name}"]
