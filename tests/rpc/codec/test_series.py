"""Series and their instances on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import Event, EventDraft, Override
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import derived, instances, with_dates_moved_along
from schedsvc.domain.time import DAY, LATEST, AllDay
from schedsvc.rpc import checks
from schedsvc.rpc.codec import events
from schedsvc.v1 import events_pb2 as pb
from tests.rpc.codec.building import build
from tests.rpc.codec.records import BERLIN, DAY_OFF, EVENT, SERIES, instance_of

THIRD, LATER = "20300103T110000Z", "20300109T110000Z"
WEEKLY = {"type": "TYPE_WEEKLY"}


def test_a_series_tells_its_recurrence_in_both_forms() -> None:
    told = events.encode(SERIES)
    assert told.kind == pb.Event.KIND_SERIES
    assert tuple(told.recurrence) == SERIES.recurrence
    assert (told.pattern.type, told.pattern.interval, told.pattern.count) == (pb.RecurrencePattern.TYPE_DAILY, 2, 9)
    assert told.pattern.exclusions[0].resolved.ToJsonString() == "2030-01-05T11:00:00Z"
    assert told.recurrence_from_pattern
    assert told.split_from == "accounts/room-1/calendars/events/events/e0"


def test_the_times_of_a_series_are_those_of_its_first_instance() -> None:
    assert SERIES.extent[1] > EVENT.extent[1]
    told = events.encode(SERIES)
    assert (told.start, told.end) == (events.encode(EVENT).start, events.encode(EVENT).end)


def test_a_pattern_tells_all_of_its_fields() -> None:
    lines = ("RRULE:FREQ=WEEKLY;UNTIL=20300630T215959Z;INTERVAL=2;BYDAY=TU,SU;WKST=SU",)
    pattern = events.encode(replace(EVENT, recurrence=lines)).pattern
    assert (list(pattern.days_of_week), pattern.week_start, pattern.end_date) == ([2, 7], 7, "2030-06-30")
    lines = ("RRULE:FREQ=YEARLY;BYDAY=-1FR;BYMONTH=11",)
    pattern = events.encode(replace(EVENT, recurrence=lines)).pattern
    assert (list(pattern.days_of_week), pattern.month, pattern.ordinal) == ([5], 11, pb.RecurrencePattern.ORDINAL_LAST)
    assert events.encode(replace(EVENT, recurrence=("RRULE:FREQ=MONTHLY;BYMONTHDAY=31",))).pattern.day_of_month == 31


def test_a_recurrence_that_no_pattern_says_has_none() -> None:
    told = events.encode(replace(EVENT, recurrence=("RRULE:FREQ=DAILY;BYHOUR=9,12",)))
    assert not told.HasField("pattern")


def test_a_series_tells_its_exceptions_whole_and_the_starts_that_are_cancelled() -> None:
    told = events.encode(SERIES)
    moved, later = told.exceptions
    assert moved == events.encode(instance_of(SERIES, THIRD))
    assert later == events.encode(instance_of(SERIES, LATER))
    assert (moved.subject, moved.description) == ("Talk, a day later", "About it")
    assert [start.date_time for start in told.cancelled_starts] == ["2030-01-07T12:00:00"]
    assert told.cancelled_starts[0].resolved.ToJsonString() == "2030-01-07T11:00:00Z"


def test_a_change_of_one_instance_stands_beside_one_of_all_later_ones_that_begins_with_it() -> None:
    both = replace(
        SERIES, overrides=(SERIES.overrides[1], replace(SERIES.overrides[1], following=False, color="#000000"))
    )
    led, own = events.encode(derived(both)).exceptions
    assert (led.and_following, led.location, led.color) == (True, "Hall D", EVENT.color)
    assert (own.and_following, own.location, own.color) == (False, "Hall D", "#000000")


def test_an_instance_names_its_series_and_its_original_start() -> None:
    told = events.encode(instance_of(SERIES, "20300111T110000Z"))
    assert told.kind == pb.Event.KIND_INSTANCE
    assert told.name == "accounts/room-1/calendars/events/events/e1~20300111T110000Z"
    assert told.series == "accounts/room-1/calendars/events/events/e1"
    assert (told.original_start.date_time, told.original_start.time_zone) == ("2030-01-11T12:00:00", BERLIN)
    assert told.original_start.resolved.ToJsonString() == "2030-01-11T11:00:00Z"
    said = {field.name for field, _ in told.ListFields()}
    assert said.isdisjoint({"recurrence", "pattern", "recurrence_from_pattern", "cancelled_starts", "exceptions"})


def test_an_exception_tells_when_it_was_to_be_and_what_it_was_called_before_a_split() -> None:
    told = events.encode(instance_of(SERIES, THIRD))
    assert told.kind == pb.Event.KIND_EXCEPTION
    assert (told.start.date_time, told.original_start.date_time) == ("2030-01-04T09:00:00", "2030-01-03T12:00:00")
    assert told.previous_instance.endswith("/e0~20300103T110000Z")
    assert not told.and_following
    assert events.encode(instance_of(SERIES, LATER)).and_following


def test_dates_of_a_series_are_read_in_the_zone_of_the_calendar() -> None:
    day = AllDay(date(2030, 4, 1))
    daily = derived(replace(DAY_OFF, recurrence=("RRULE:FREQ=DAILY",), cancelled=(day,)))
    told = events.encode(daily)
    assert (told.cancelled_starts[0].date, told.cancelled_starts[0].resolved.ToJsonString()) == (
        "2030-04-01",
        "2030-03-31T22:00:00Z",
    )
    assert (
        events.encode(instance_of(daily, "20300402")).original_start.resolved.ToJsonString() == "2030-04-01T22:00:00Z"
    )


def test_an_answer_to_an_update_tells_the_starts_that_were_lost() -> None:
    told = events.encode_edited(EVENT, [AllDay(date(2030, 4, 1)), EVENT.start])
    assert [start.resolved.ToJsonString() for start in told.dropped_exceptions] == [
        "2030-03-31T22:00:00Z",
        "2030-01-01T11:00:00Z",
    ]


def made(**values: Any) -> EventDraft:
    values.setdefault("start", {"date_time": "2030-01-01T12:00", "time_zone": BERLIN})
    values.setdefault("end", {"date_time": "2030-01-01T13:30", "time_zone": BERLIN})
    return events.decode(build(pb.Event, **values))


def test_lines_are_kept_in_canonical_form() -> None:
    draft = made(recurrence=["exdate:20300103T120000", "RRULE:BYDAY=FR,MO;FREQ=weekly;INTERVAL=1"])
    assert draft.recurrence == ("RRULE:FREQ=WEEKLY;BYDAY=MO,FR", "EXDATE;TZID=Europe/Berlin:20300103T120000")
    assert not draft.from_pattern


def test_lines_that_cannot_be_read_are_left_to_be_refused() -> None:
    assert made(recurrence=["RRULE:FREQ=NEVER", "x"]).recurrence == ("RRULE:FREQ=NEVER", "x")


def test_a_pattern_is_kept_as_lines() -> None:
    draft = made(
        pattern=WEEKLY | {"days_of_week": [2], "count": 4, "exclusions": [{"instant": {"seconds": 1_894_100_400}}]}
    )
    assert draft.recurrence == ("RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU", "EXDATE:20300108T110000Z")
    assert draft.from_pattern


def test_what_only_the_server_sets_is_not_taken_from_callers() -> None:
    draft = made(recurrence=["RRULE:FREQ=DAILY"], recurrence_from_pattern=True, floating=True)
    assert (draft.from_pattern, draft.floating) == (False, False)


def test_a_conference_that_says_nothing_is_none() -> None:
    assert made(conference={}).conference is None


def patch(*paths: str, **values: Any) -> Callable[[Event], EventDraft]:
    request = build(pb.UpdateEventRequest, event={"name": str(SERIES.name), **values}, update_mask={"paths": paths})
    assert checks.violations(request) == []
    return events.patch(request)


def bad_fields(change: Callable[[Event], EventDraft], event: Event) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        change(event)
    return {violation.field for violation in caught.value.violations}


def drafted(event: Event) -> EventDraft:
    return EventDraft(**{field.name: getattr(event, field.name) for field in fields(EventDraft)})


@pytest.mark.parametrize("event", [EVENT, DAY_OFF, SERIES, instance_of(SERIES, THIRD), instance_of(SERIES, LATER)])
def test_an_update_of_nothing_leaves_everything_as_it_is(event: Event) -> None:
    assert patch("name")(event) == drafted(event)


def test_an_update_that_repeats_what_was_told_changes_nothing() -> None:
    told = events.encode(SERIES)
    request = build(pb.UpdateEventRequest, event=told)
    assert checks.violations(request) == []
    assert events.patch(request)(SERIES) == drafted(SERIES)


def test_naming_the_lines_alone_replaces_the_pattern_too() -> None:
    after = patch("recurrence", recurrence=["RRULE:FREQ=MONTHLY"])(SERIES)
    assert (after.recurrence, after.from_pattern) == (("RRULE:FREQ=MONTHLY",), False)
    assert patch(recurrence=["RRULE:FREQ=MONTHLY"])(SERIES).recurrence == ("RRULE:FREQ=MONTHLY",)


def test_naming_the_pattern_alone_replaces_the_lines_too() -> None:
    by_lines = replace(SERIES, from_pattern=False)
    for paths in ((), ("pattern",)):
        after = patch(*paths, pattern=WEEKLY)(by_lines)
        assert (after.recurrence, after.from_pattern) == (("RRULE:FREQ=WEEKLY",), True)


@pytest.mark.parametrize("path", ["recurrence", "pattern"])
def test_clearing_either_form_makes_a_single_event(path: str) -> None:
    after = patch(path)(SERIES)
    assert (after.recurrence, after.from_pattern) == ((), False)


def test_a_part_of_a_pattern_is_changed_within_it() -> None:
    after = patch("pattern.end_date", pattern={"end_date": "2030-02-01"})(SERIES)
    assert after.recurrence == (
        "RRULE:FREQ=DAILY;UNTIL=20300201T225959Z;INTERVAL=2",
        "EXDATE;TZID=Europe/Berlin:20300105T120000",
    )


def test_a_part_of_a_pattern_that_is_not_there_cannot_be_changed() -> None:
    hourly = replace(SERIES, recurrence=("RRULE:FREQ=HOURLY",))
    assert bad_fields(patch("pattern.count", pattern={"count": 3}), hourly) == {"event.pattern"}
    assert bad_fields(patch("pattern.count"), hourly) == {"event.pattern"}
    assert bad_fields(patch("pattern.count", pattern={"count": 3}), EVENT) == {"event.pattern.type"}
    assert patch("pattern.count")(EVENT).recurrence == ()


def test_a_part_that_contradicts_the_rest_of_the_pattern_is_refused() -> None:
    assert bad_fields(patch("pattern.month", pattern={"month": 3}), SERIES) == {"event.pattern.month"}


def test_lines_stay_as_they_are_when_the_start_changes() -> None:
    start = {"date_time": "2030-01-01T12:00", "time_zone": "Asia/Tokyo"}
    end = {"date_time": "2030-01-01T13:00", "time_zone": "Asia/Tokyo"}
    lines = ("RRULE:FREQ=DAILY;UNTIL=20300110T235959Z",)
    after = patch(start=start, end=end)(replace(SERIES, recurrence=lines, from_pattern=False))
    assert after.recurrence == lines


def test_the_end_date_of_a_pattern_is_one_in_the_zone_of_the_new_start() -> None:
    start = {"date_time": "2030-01-01T12:00", "time_zone": "Asia/Tokyo"}
    end = {"date_time": "2030-01-01T13:00", "time_zone": "Asia/Tokyo"}
    lines = ("RRULE:FREQ=DAILY;UNTIL=20300110T225959Z",)
    before = replace(SERIES, recurrence=lines, from_pattern=True)
    after = with_dates_moved_along(patch(start=start, end=end)(before), before)
    assert (after.recurrence, after.from_pattern) == (("RRULE:FREQ=DAILY;UNTIL=20300110T145959Z",), True)


def test_a_series_in_fields_can_become_one_of_dates() -> None:
    made_of_dates = patch(start={"date": "2030-01-01"}, end={"date": "2030-01-02"})
    plain = replace(SERIES, recurrence=("RRULE:FREQ=DAILY;UNTIL=20300110T225959Z",), overrides=(), cancelled=())
    after = with_dates_moved_along(made_of_dates(plain), plain)
    assert after.recurrence == ("RRULE:FREQ=DAILY;UNTIL=20300110",)


def test_times_that_are_changed_no_longer_follow_the_zone_of_the_calendar() -> None:
    assert patch("subject", subject="x")(EVENT).floating
    assert not patch("start", start={"date_time": "2030-01-01T12:15", "time_zone": BERLIN})(EVENT).floating


def test_an_instance_can_be_changed_like_an_event() -> None:
    after = patch("subject", subject="x")(instance_of(SERIES, THIRD))
    assert (after.subject, after.start, after.recurrence) == ("x", SERIES.overrides[0].start, ())


TEXTS = st.sampled_from(["", "x", "é"])
LINES = st.sampled_from(
    [
        (),
        ("RRULE:FREQ=DAILY;COUNT=5",),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU,TH;WKST=SU",),
        ("RRULE:FREQ=HOURLY;INTERVAL=7;BYDAY=MO",),
        ("RRULE:FREQ=YEARLY;UNTIL=20350101T000000Z", "RDATE:20300105T110000Z", "EXDATE:20310101T110000Z"),
    ]
)


@st.composite
def records(draw: st.DrawFn) -> Event:
    """Single events and series that differ from `EVENT` in all sorts of ways, some of them with exceptions."""
    nothing: dict[str, Any] = {"attendees": (), "metadata": {}, "attachments": (), "categories": (), "floating": False}
    nothing |= dict.fromkeys(["external_ref", "organizer", "reminders", "conference"])
    empty = {name: value for name, value in nothing.items() if draw(st.booleans())}
    lines = draw(LINES)
    event = replace(EVENT, **empty, subject=draw(TEXTS), color=draw(st.sampled_from(["", "#123456"])), recurrence=lines)
    event = replace(event, from_pattern=draw(st.booleans()) and bool(lines))
    if draw(st.booleans()) and lines:
        first = next(instances(derived(event), (0, LATEST), Budget()))
        assert first.occurrence is not None
        changed = Override(original=first.occurrence.original, location=draw(TEXTS), following=draw(st.booleans()))
        event = replace(event, overrides=(changed,))
    return derived(event)


@given(records(), st.integers(0, 3))
def test_what_was_told_of_any_record_or_instance_comes_back(event: Event, number: int) -> None:
    assert patch("name")(event) == drafted(event)
    said = replace(drafted(event), floating=False, from_pattern=False)
    assert replace(events.decode(events.encode(event)), from_pattern=False) == said
    if event.is_series:
        window = (event.extent[0], event.extent[0] + 400 * DAY)
        for occurrence, _ in zip(instances(event, window, Budget()), range(number), strict=False):
            assert patch("name")(occurrence) == drafted(occurrence)
