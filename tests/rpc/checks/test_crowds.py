"""Requests with far too many elements are refused before these are looked at."""

from __future__ import annotations

from typing import Any

from schedsvc.v1.events_pb2 import BatchWriteEventsRequest, CreateEventRequest, UpdateEventRequest
from tests.rpc.checks.said import texts
from tests.rpc.codec.building import build

CALENDAR = "accounts/a/calendars/a"
TOO_MANY = "has more than 1,000 elements, those of lists inside it included"


def an_event(**more: Any) -> dict[str, Any]:
    return {"start": {"date": "2030-01-01"}, "end": {"date": "2030-01-02"}, **more}


def batch(*events: dict[str, Any]) -> BatchWriteEventsRequest:
    return build(BatchWriteEventsRequest, parent=CALENDAR, writes=[{"create": {"event": event}} for event in events])


def test_lists_of_an_event_that_are_too_long_are_named_and_not_looked_into() -> None:
    event = an_event(
        recurrence=[""] * 1001,
        categories=[""] * 1001,
        attachments=[{}] * 1001,
        pattern={"type": 1, "exclusions": [{}] * 1001},
        reminders={"overrides": [{}] * 1001},
    )
    assert texts(build(CreateEventRequest, parent=CALENDAR, event=event)) == dict.fromkeys(
        [
            "event.recurrence",
            "event.categories",
            "event.attachments",
            "event.pattern.exclusions",
            "event.reminders.overrides",
        ],
        TOO_MANY,
    )


def test_the_paths_of_a_mask_are_such_a_list() -> None:
    event = {"name": f"{CALENDAR}/events/e"}
    request = build(UpdateEventRequest, event=event, update_mask={"paths": ["x"] * 1001})
    assert texts(request) == {"update_mask.paths": TOO_MANY}


def test_lists_that_only_the_server_sets_may_be_as_long_as_they_were_told() -> None:
    told = an_event(exceptions=[an_event(attendees=[{}] * 20)] * 900, cancelled_starts=[{}] * 1000)
    assert texts(build(CreateEventRequest, parent=CALENDAR, event=told)) == {}
    assert texts(batch(*[told] * 3)) == {}


def test_lists_in_a_write_of_a_batch_are_named_by_their_place() -> None:
    crowd = an_event(attendees=[{}] * 1001)
    assert texts(batch(an_event(), crowd)) == {"writes[1].create.event.attendees": TOO_MANY}


def test_a_batch_may_hold_more_in_all_than_one_list() -> None:
    invited = [{"email": f"a{number}@example.org"} for number in range(200)]
    assert texts(batch(*[an_event(attendees=invited)] * 40)) == {}


def test_a_batch_may_not_hold_more_than_ten_thousand_elements_in_all() -> None:
    said = texts(batch(*[an_event(attendees=[{}] * 100)] * 100))
    assert said == {"writes": "has more than 10,000 elements, those of lists inside it included"}


def test_a_batch_of_far_too_many_writes_is_not_looked_into() -> None:
    assert texts(batch(*[{}] * 1001)) == {"writes": TOO_MANY}
