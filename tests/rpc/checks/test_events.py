"""Events and the requests about them: recurrences, particulars, lists, moves and batches."""

from __future__ import annotations

from typing import Any

import pytest

from schedsvc.v1.events_pb2 import (
    BatchWriteEventsRequest,
    CreateEventRequest,
    ListEventsRequest,
    ListInstancesRequest,
    MoveEventRequest,
    RespondToEventRequest,
)
from tests.rpc.checks.said import reasons, texts
from tests.rpc.codec.building import build

CALENDAR = "accounts/a/calendars/a"
START, END = ({"date_time": f"2030-05-06T{hour}:00", "time_zone": "Europe/Berlin"} for hour in ("09", "10"))
DAY, NEXT = {"date": "2030-05-06"}, {"date": "2030-05-07"}


def timed(**more: Any) -> CreateEventRequest:
    return build(CreateEventRequest, parent=CALENDAR, event={"start": START, "end": END, **more})


def all_day(**more: Any) -> CreateEventRequest:
    return build(CreateEventRequest, parent=CALENDAR, event={"start": DAY, "end": NEXT, **more})


def bad(request: Any) -> set[str]:
    """The bad fields inside the event."""
    return {field.removeprefix("event.") for field in reasons(request)}


def test_what_the_lines_of_a_recurrence_say_is_left_to_the_use_case() -> None:
    assert reasons(timed(recurrence=["RRULE:FREQ=SECONDLY", "nonsense", "EXRULE:FREQ=DAILY"])) == {}


def test_a_recurrence_has_an_end_to_its_length() -> None:
    assert bad(timed(recurrence=["x" * 16_385])) == {"recurrence[0]"}
    assert bad(timed(recurrence=["x" * 10_000] * 7)) == {"recurrence"}
    assert bad(timed(recurrence=["RDATE:20300507T070000Z"] * 501)) == {"recurrence"}
    assert bad(timed(recurrence=["", "a\0b"])) == {"recurrence[0]", "recurrence[1]"}


PATTERNS: list[tuple[dict[str, Any], set[str]]] = [
    ({"type": "TYPE_DAILY"}, set()),
    ({"type": "TYPE_WEEKLY", "days_of_week": [1, 7], "week_start": 7, "end_date": "2030-06-01"}, set()),
    ({"type": "TYPE_YEARLY_RELATIVE", "days_of_week": [1], "ordinal": "ORDINAL_LAST", "month": 2, "count": 3}, set()),
    ({}, {"type"}),
    ({"type": 99}, {"type"}),
    ({"type": "TYPE_DAILY", "interval": 10_001}, {"interval"}),
    ({"type": "TYPE_DAILY", "interval": -1, "count": 0}, {"interval", "count"}),
    ({"type": "TYPE_WEEKLY", "days_of_week": [1, 1]}, {"days_of_week"}),
    (
        {"type": "TYPE_WEEKLY", "days_of_week": [0, 8], "week_start": 8},
        {"days_of_week[0]", "days_of_week[1]", "week_start"},
    ),
    ({"type": "TYPE_WEEKLY", "day_of_month": 3, "month": 13}, {"day_of_month", "month"}),
    ({"type": "TYPE_MONTHLY", "day_of_month": 32}, {"day_of_month"}),
    ({"type": "TYPE_MONTHLY_RELATIVE"}, {"days_of_week", "ordinal"}),
    ({"type": "TYPE_MONTHLY", "ordinal": "ORDINAL_FIRST"}, {"ordinal"}),
    ({"type": "TYPE_DAILY", "end_date": "2030-02-30"}, {"end_date"}),
    ({"type": "TYPE_DAILY", "end_date": ""}, {"end_date"}),
    ({"type": "TYPE_DAILY", "end_date": "9999-12-31"}, {"end_date"}),
    ({"type": "TYPE_DAILY", "exclusions": [{}, {"date": "x"}]}, {"exclusions[0]", "exclusions[1].date"}),
]


@pytest.mark.parametrize(("pattern", "fields"), PATTERNS)
def test_a_pattern_has_what_belongs_to_its_type_and_nothing_else(pattern: Any, fields: set[str]) -> None:
    assert bad(timed(pattern=pattern)) == {f"pattern.{field}" for field in fields}


def test_an_exclusion_is_a_date_if_the_start_is_one() -> None:
    daily: dict[str, Any] = {"type": "TYPE_DAILY", "exclusions": [DAY, START]}
    assert reasons(timed(pattern=daily)) == {"event.pattern.exclusions[0]": "MIXED_TIME_KINDS"}
    assert reasons(all_day(pattern=daily)) == {"event.pattern.exclusions[1]": "MIXED_TIME_KINDS"}
    zone = {"date_time": "2030-05-07T09:00", "time_zone": "Mars"}
    found = reasons(timed(pattern=daily | {"exclusions": [zone]}))
    assert found == {"event.pattern.exclusions[0].time_zone": "BAD_TIME_ZONE"}


def test_two_forms_of_a_recurrence_have_to_say_the_same() -> None:
    weekly = {"type": "TYPE_WEEKLY", "days_of_week": [1], "end_date": "2030-06-01"}
    lines = ["RRULE:FREQ=WEEKLY;UNTIL=20300601T100000Z"]
    assert bad(timed(recurrence=lines, pattern=weekly)) == set()
    assert bad(timed(recurrence=lines, pattern=weekly | {"days_of_week": [2]})) == {"pattern"}
    assert bad(timed(recurrence=["RRULE:FREQ=DAILY"], pattern=weekly)) == {"pattern"}
    assert bad(timed(recurrence=["nonsense"], pattern=weekly)) == {"pattern"}


def test_a_pattern_that_is_bad_by_itself_is_told_once() -> None:
    lines = ["RRULE:FREQ=DAILY"]
    assert bad(timed(recurrence=lines, pattern={"type": "TYPE_DAILY", "end_date": "x"})) == {"pattern.end_date"}
    assert bad(timed(recurrence=lines, pattern={"type": "TYPE_DAILY", "month": 2})) == {"pattern.month"}
    assert bad(timed(recurrence=lines, pattern={"type": "TYPE_DAILY", "exclusions": [DAY]})) == {
        "pattern.exclusions[0]"
    }
    assert bad(timed(recurrence=lines, pattern={"type": "TYPE_WEEKLY", "days_of_week": [9]})) == {
        "pattern.days_of_week[0]"
    }


PARTICULARS: list[tuple[dict[str, Any], set[str]]] = [
    ({"reminders": {"use_default": True}}, set()),
    ({"reminders": {"use_default": True, "overrides": [{"method": 1}]}}, {"reminders.overrides"}),
    ({"reminders": {"overrides": [{"method": 1}] * 6}}, {"reminders.overrides"}),
    (
        {"reminders": {"overrides": [{}, {"method": 2, "minutes_before": 40_321}]}},
        {"reminders.overrides[0].method", "reminders.overrides[1].minutes_before"},
    ),
    ({"conference": {"uri": "http://example.org"}}, {"conference.uri"}),
    ({"conference": {"uri": "https://example.org", "pin": "1" * 65}}, {"conference.pin"}),
    ({"attachments": [{}, {"uri": "ftp://x"}]}, {"attachments[0].uri", "attachments[1].uri"}),
    ({"attachments": [{"uri": "https://x"}] * 26}, {"attachments"}),
    ({"categories": ["a", "a"]}, {"categories"}),
    ({"categories": ["", "x" * 65, "a\0"]}, {"categories[0]", "categories[1]", "categories[2]"}),
    ({"organizer": {"display_name": "x"}}, {"organizer.email"}),
    ({"organizer": {"email": "x", "display_name": "\0"}}, {"organizer.email", "organizer.display_name"}),
    ({"visibility": 9, "color": "red"}, {"visibility", "color"}),
    ({"attendees": [{"email": "a@example.org", "comment": "\0"}]}, {"attendees[0].comment"}),
]


@pytest.mark.parametrize(("values", "fields"), PARTICULARS)
def test_every_particular_is_checked(values: dict[str, Any], fields: set[str]) -> None:
    assert bad(timed(**values)) == fields


def test_a_link_is_told_how_to_begin() -> None:
    assert texts(timed(conference={"uri": "jitsi"})) == {"event.conference.uri": "must begin with https://"}


def test_what_only_the_server_sets_is_ignored_however_deep_it_goes() -> None:
    exceptions = [{"name": "\0", "start": {"date": "x"}, "exceptions": [{"subject": "\0"}]}]
    assert reasons(timed(exceptions=exceptions, series="\0", original_start={}, cancelled_starts=[{}])) == {}


def listed(**values: Any) -> dict[str, str]:
    return texts(build(ListEventsRequest, parent=CALENDAR, **values))


def test_instances_are_listed_in_a_range_and_by_start() -> None:
    bounds = {"time_min": DAY, "time_max": NEXT}
    assert listed(expand=True, **bounds) == {}
    assert listed(expand=True).keys() == {"time_min", "time_max"}
    assert listed(expand=True, time_min=DAY).keys() == {"time_max"}
    assert listed(expand=True, order_by="ORDER_UPDATED", **bounds).keys() == {"order_by"}
    assert listed(order_by="ORDER_UPDATED", **bounds) == {}


def test_filters_of_a_list_are_checked() -> None:
    assert listed(attendee="anybody", show_as=[1, 3], metadata={"k": ""}, updated_min={"seconds": 1}) == {}
    found = listed(
        attendee="\0", show_as=[0, 9], metadata={"": "x", "k": "\0"}, updated_min={"nanos": -1}, order_by=9, query="\0"
    )
    assert found.keys() == {
        "attendee",
        "show_as[0]",
        "show_as[1]",
        'metadata[""]',
        'metadata["k"]',
        "updated_min",
        "order_by",
        "query",
    }


def test_instances_of_a_series_are_listed_between_bounds_in_known_zones() -> None:
    request = build(ListInstancesRequest, name=f"{CALENDAR}/events/e", time_min={"date": "x"}, time_zone="Mars")
    assert reasons(request) == {"time_min.date": "FIELD_INVALID", "time_zone": "BAD_TIME_ZONE"}


def test_an_answer_says_something_of_somebody() -> None:
    name = f"{CALENDAR}/events/e"
    assert reasons(build(RespondToEventRequest, name=name, response=1)) == {}
    found = reasons(build(RespondToEventRequest, name=name, response=9, attendee="\0", comment="x" * 1025))
    assert found.keys() == {"response", "attendee", "comment"}


def test_an_event_moves_to_another_calendar() -> None:
    name = "accounts/a/calendars/a/events/e"
    assert reasons(build(MoveEventRequest, name=name, destination="accounts/a/calendars/b")) == {}
    for same in ("accounts/a/calendars/a", "accounts/a/calendars/primary"):
        assert reasons(build(MoveEventRequest, name=name, destination=same)).keys() == {"destination"}


def batch(*writes: dict[str, Any], parent: str = CALENDAR) -> BatchWriteEventsRequest:
    return build(BatchWriteEventsRequest, parent=parent, writes=writes)


def create(**values: Any) -> dict[str, Any]:
    return {"create": {"event": {"start": DAY, "end": NEXT}, **values}}


def update(event: str, **values: Any) -> dict[str, Any]:
    return {"update": {"event": {"name": f"{CALENDAR}/events/{event}", "subject": "x"}, **values}}


def delete(event: str, **values: Any) -> dict[str, Any]:
    return {"delete": {"name": f"{CALENDAR}/events/{event}", **values}}


def test_a_batch_is_of_any_writes_to_its_calendar() -> None:
    writes = [create(), create(), create(event_id="a"), create(parent="accounts/a/calendars/primary"), update("b")]
    assert reasons(batch(*writes, delete("c~20300101"), parent="accounts/a/calendars/a")) == {}


def test_every_write_of_a_batch_is_checked_at_its_place() -> None:
    writes = [
        create(),
        {"create": {}},
        create(event_id="A", event={"start": DAY, "end": DAY, "attendees": [{}]}),
        {"update": {}},
        {"delete": {"name": "x", "etag": "x" * 129}},
        {},
    ]
    assert reasons(batch(*writes)).keys() == {
        "writes[1].create.event",
        "writes[2].create.event_id",
        "writes[2].create.event.end",
        "writes[2].create.event.attendees[0].email",
        "writes[3].update.event",
        "writes[4].delete.name",
        "writes[4].delete.etag",
        "writes[5]",
    }
    booked = create(event={"start": DAY, "end": NEXT, "event_type": "TYPE_BOOKING"})
    assert reasons(batch(booked)).keys() == {"writes[0].create.event.event_type"}


def test_a_batch_has_one_to_two_hundred_writes() -> None:
    assert reasons(batch()).keys() == {"writes"}
    assert reasons(batch(*[create()] * 200)) == {}
    assert reasons(batch(*[create()] * 201)).keys() == {"writes"}


def test_the_writes_of_a_batch_have_no_options_of_their_own() -> None:
    options = {"request_id": "r", "validate_only": True}
    writes = [create(**options), update("a", **options), delete("b", **options)]
    assert reasons(batch(*writes)).keys() == {
        f"writes[{index}].{kind}.{option}"
        for index, kind in enumerate(("create", "update", "delete"))
        for option in options
    }


def test_all_writes_of_a_batch_are_for_its_calendar() -> None:
    other = "accounts/a/calendars/b"
    writes = [create(parent=other), update("a"), delete("b"), create(parent="x")]
    assert reasons(batch(*writes, parent=other)).keys() == {
        "writes[1].update.event.name",
        "writes[2].delete.name",
        "writes[3].create.parent",
    }
    assert reasons(batch(create(parent=other))).keys() == {"writes[0].create.parent"}


def test_a_batch_for_no_calendar_is_told_once() -> None:
    assert reasons(batch(create(), create(parent=CALENDAR), update("a"), parent="")).keys() == {"parent"}
    assert reasons(batch(create(), delete("a"), parent="x")).keys() == {"parent"}


def test_no_event_is_written_twice_in_a_batch_be_it_by_an_instance() -> None:
    writes = [update("a"), delete("a"), update("a~20300101"), delete("a~20300102"), create(event_id="a"), delete("b")]
    said = texts(batch(*writes))
    assert set(said.values()) == {"is written for the second time"}
    assert said.keys() == {
        "writes[1].delete.name",
        "writes[2].update.event.name",
        "writes[3].delete.name",
        "writes[4].create.event_id",
    }
