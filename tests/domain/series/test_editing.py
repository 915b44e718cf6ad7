"""Changes to a whole series and to single instances."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schedsvc.domain import series as series_package
from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import Attendee, AttendeeType, Event, EventStatus, EventType, Override, ResponseStatus
from schedsvc.domain.limits import SERIES_EXCEPTIONS
from schedsvc.domain.particulars import Conference, Organizer, Reminders
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import cancelled, edited, instance, overridden
from schedsvc.domain.time import EventTime
from tests.domain.series.made import at, event, found, moved, on, starts, weekly, written

SECOND, THIRD, FOURTH = at("2026-03-09T09:00"), at("2026-03-16T09:00"), at("2026-03-23T09:00")
ALTERED = weekly(
    "RRULE:FREQ=WEEKLY;COUNT=5", overrides=(Override(original=SECOND, subject="Retro"),), cancelled=(THIRD,)
)


def one(series: Event, original: EventTime) -> Event:
    there = series_package.instance_at(series, original, Budget())
    assert there is not None
    return there


def put(series: Event, original: EventTime, **values: Any) -> Event:
    """The series after one instance got new values."""
    there = one(series, original)
    return overridden(series, there, replace(there, **values))


def edit(series: Event, *, keep: bool = True, **values: Any) -> tuple[Event, list[str]]:
    after = edited(series, replace(series, **values), keep_exceptions=keep)
    return after.event, [written(original) for original in after.dropped]


class TestWholeSeries:
    def test_what_does_not_touch_the_starts_keeps_every_exception(self) -> None:
        after, dropped = edit(ALTERED, subject="Daily", end=at("2026-03-02T10:00"))
        assert (after.overrides, after.cancelled, dropped) == (ALTERED.overrides, ALTERED.cancelled, [])
        assert [e.subject for e in found(after)] == ["Daily", "Retro", "Daily", "Daily"]

    def test_a_new_time_of_day_takes_the_exceptions_along(self) -> None:
        after, dropped = edit(ALTERED, start=at("2026-03-02T10:00"), end=at("2026-03-02T10:30"))
        assert (after.overrides[0].original, after.cancelled, dropped) == (
            at("2026-03-09T10:00"),
            (at("2026-03-16T10:00"),),
            [],
        )
        assert starts(after) == ["2026-03-02T10:00", "2026-03-09T10:00", "2026-03-23T10:00", "2026-03-30T10:00"]

    def test_a_new_weekday_drops_and_names_them(self) -> None:
        after, dropped = edit(ALTERED, start=at("2026-03-03T09:00"), end=at("2026-03-03T09:30"))
        assert (after.overrides, after.cancelled) == ((), ())
        assert dropped == ["2026-03-09T09:00", "2026-03-16T09:00"]

    def test_a_new_rule_keeps_those_whose_start_it_still_gives(self) -> None:
        after, dropped = edit(ALTERED, recurrence=("RRULE:FREQ=WEEKLY;INTERVAL=2",))
        assert (after.overrides, after.cancelled, dropped) == ((), (THIRD,), ["2026-03-09T09:00"])

    def test_a_new_zone_keeps_those_on_the_same_local_date(self) -> None:
        after, dropped = edit(
            ALTERED, start=at("2026-03-02T09:00", "Asia/Tokyo"), end=at("2026-03-02T09:30", "Asia/Tokyo")
        )
        assert after.overrides[0].original == at("2026-03-09T09:00", "Asia/Tokyo")
        assert (after.cancelled, dropped) == ((at("2026-03-16T09:00", "Asia/Tokyo"),), [])

    def test_the_same_instants_in_another_zone_keep_all(self) -> None:
        utc_rule = weekly(
            "RRULE:FREQ=DAILY;COUNT=3", overrides=(Override(original=at("2026-03-03T09:00"), subject="x"),)
        )
        after, dropped = edit(utc_rule, start=at("2026-03-02T14:00", "UTC"), end=at("2026-03-02T14:30", "UTC"))
        assert (after.overrides[0].original, dropped) == (at("2026-03-03T14:00", "UTC"), [])

    def test_all_day_instead_of_timed_keeps_those_on_the_same_date(self) -> None:
        after, dropped = edit(ALTERED, start=on("2026-03-02"), end=on("2026-03-03"))
        assert (after.overrides[0].original, after.cancelled, dropped) == (on("2026-03-09"), (on("2026-03-16"),), [])

    def test_of_several_on_a_date_it_is_the_one_that_was_shifted_alike(self) -> None:
        twice = event(
            at("2026-03-02T09:00"),
            at("2026-03-02T09:30"),
            "RRULE:FREQ=DAILY;BYHOUR=9,15",
            overrides=(Override(original=at("2026-03-03T15:00"), subject="Retro"),),
        )
        after, dropped = edit(
            twice,
            start=at("2026-03-02T10:00"),
            end=at("2026-03-02T10:30"),
            recurrence=("RRULE:FREQ=DAILY;BYHOUR=10,16",),
        )
        assert (after.overrides[0].original, dropped) == (at("2026-03-03T16:00"), [])
        after, dropped = edit(twice, start=at("2026-03-02T11:00"), recurrence=("RRULE:FREQ=DAILY;BYHOUR=11,12",))
        assert (after.overrides, dropped) == ((), ["2026-03-03T15:00"])

    def test_no_start_gets_two_exceptions(self) -> None:
        twice = event(
            at("2026-03-02T09:00"),
            at("2026-03-02T09:30"),
            "RRULE:FREQ=DAILY;BYHOUR=9,15",
            overrides=(Override(original=at("2026-03-03T09:00"), subject="Retro"),),
            cancelled=(at("2026-03-03T15:00"),),
        )
        after, dropped = edit(twice, recurrence=("RRULE:FREQ=DAILY;BYHOUR=15",), start=at("2026-03-02T15:00"))
        assert (after.overrides, after.cancelled, dropped) == ((), (at("2026-03-03T15:00"),), ["2026-03-03T09:00"])

    def test_exceptions_are_dropped_if_they_are_not_to_be_kept(self) -> None:
        after, dropped = edit(ALTERED, keep=False, subject="Daily")
        assert (after.overrides, after.cancelled) == ((), ())
        assert dropped == ["2026-03-09T09:00", "2026-03-16T09:00"]

    def test_a_single_event_has_no_exceptions(self) -> None:
        after, dropped = edit(ALTERED, recurrence=())
        assert (after.is_series, after.overrides, after.cancelled) == (False, (), ())
        assert after.extent == found(ALTERED)[0].extent
        assert dropped == ["2026-03-09T09:00", "2026-03-16T09:00"]

    def test_a_single_event_may_become_a_series(self) -> None:
        single = event(at("2026-03-02T09:00"), at("2026-03-02T09:30"))
        after, dropped = edit(single, recurrence=("RRULE:FREQ=DAILY;COUNT=2",))
        assert (starts(after), dropped) == (["2026-03-02T09:00", "2026-03-03T09:00"], [])

    def test_a_moved_instance_stays_where_it_was_moved_to(self) -> None:
        series = weekly(overrides=(moved(SECOND, at("2026-03-10T15:00"), at("2026-03-10T16:00")),))
        after, _ = edit(series, start=at("2026-03-02T10:00"), end=at("2026-03-02T10:30"))
        assert written(one(after, at("2026-03-09T10:00")).start) == "2026-03-10T15:00"


class TestOneInstance:
    def test_only_what_differs_is_kept(self) -> None:
        after = put(weekly(), SECOND, subject="Retro")
        assert after.overrides == (Override(original=SECOND, subject="Retro"),)

    def test_a_moved_instance_keeps_both_its_times(self) -> None:
        after = put(weekly(), SECOND, start=at("2026-03-10T09:00"), end=at("2026-03-10T09:30"))
        assert after.overrides == (moved(SECOND, at("2026-03-10T09:00"), at("2026-03-10T09:30")),)

    def test_nothing_is_kept_once_nothing_differs(self) -> None:
        after = put(put(weekly(), SECOND, subject="Retro"), SECOND, subject="Standup")
        assert after == weekly()

    def test_an_instance_may_be_moved_again_and_keeps_its_original_start(self) -> None:
        once = put(weekly(), SECOND, start=at("2026-03-10T09:00"), end=at("2026-03-10T09:30"))
        twice = put(once, SECOND, start=at("2026-04-10T09:00"), end=at("2026-04-10T09:30"))
        assert [o.original for o in twice.overrides] == [SECOND]
        assert written(one(twice, SECOND).start) == "2026-04-10T09:00"

    def test_its_sequence_and_former_name_are_kept(self) -> None:
        name = weekly().name
        series = weekly(overrides=(Override(original=SECOND, subject="Retro", sequence=3, previous=name),))
        (kept,) = put(series, SECOND, subject="Planning").overrides
        assert (kept.sequence, kept.previous) == (3, name)

    def test_overrides_stand_in_the_order_of_their_originals(self) -> None:
        after = put(put(weekly(), FOURTH, subject="a"), SECOND, subject="b")
        assert [o.original for o in after.overrides] == [SECOND, FOURTH]

    def test_what_the_series_has_may_be_taken_away(self) -> None:
        link = Conference("https://meet.example/1", "", "", "")
        series = weekly(conference=link, reminders=Reminders(use_default=False, overrides=()), description="daily")
        there = one(put(series, SECOND, conference=None, reminders=None, description=""), SECOND)
        assert (there.conference, there.reminders, there.description) == (None, Reminders(True, ()), "")

    def test_an_instance_may_have_its_own_attendees(self) -> None:
        guest = Attendee("bob@example.com", "", AttendeeType.REQUIRED, ResponseStatus.NEEDS_ACTION)
        assert one(put(weekly(), SECOND, attendees=(guest,)), SECOND).attendees == (guest,)
        none = put(weekly(attendees=(guest,)), SECOND, attendees=())
        assert one(none, SECOND).attendees == ()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("uid", "another"),
            ("event_type", EventType.FOCUS_TIME),
            ("organizer", Organizer("bob@example.com", "")),
            ("recurrence", ("RRULE:FREQ=DAILY",)),
        ],
    )
    def test_what_only_a_series_can_have_is_refused(self, field: str, value: object) -> None:
        with pytest.raises(InvalidInput) as refused:
            put(weekly(), SECOND, **{field: value})
        assert [violation.field for violation in refused.value.violations] == [f"event.{field}"]

    def test_every_such_field_is_named(self) -> None:
        with pytest.raises(InvalidInput) as refused:
            put(weekly(), SECOND, uid="another", event_type=EventType.FOCUS_TIME)
        assert [violation.field for violation in refused.value.violations] == ["event.uid", "event.event_type"]

    def test_an_event_that_is_no_instance_cannot_be_one(self) -> None:
        with pytest.raises(ValueError, match="no instance"):
            overridden(weekly(), weekly(), replace(weekly(), recurrence=()))

    def test_an_override_for_all_later_ones_stays_below_that_of_one(self) -> None:
        later = Override(original=SECOND, following=True, subject="Retro")
        series = weekly("RRULE:FREQ=WEEKLY;COUNT=4", overrides=(later,))
        after = put(series, SECOND, description="only here")
        assert after.overrides == (later, Override(original=SECOND, description="only here"))
        assert [(e.subject, e.description) for e in found(after)[1:3]] == [("Retro", "only here"), ("Retro", "")]
        assert put(after, SECOND, description="") == series


class TestCancelling:
    def test_a_cancelled_instance_is_kept_as_its_original_start(self) -> None:
        after = cancelled(put(weekly(), SECOND, subject="Retro"), SECOND)
        assert (after.overrides, after.cancelled) == ((), (SECOND,))
        assert cancelled(after, SECOND) == after

    def test_originals_stand_in_order_and_in_the_zone_of_the_series(self) -> None:
        after = cancelled(cancelled(weekly(), at("2026-03-23T13:00", "UTC")), SECOND)
        assert after.cancelled == (SECOND, FOURTH)

    def test_an_update_takes_the_cancelling_back(self) -> None:
        off = cancelled(weekly(), SECOND)
        assert put(off, SECOND) == weekly()
        again = put(off, SECOND, subject="Retro")
        assert (again.cancelled, again.overrides) == ((), (Override(original=SECOND, subject="Retro"),))
        there = instance(again, "20260309T130000Z", Budget())
        assert there is not None
        assert there.status is EventStatus.CONFIRMED

    def test_one_exception_too_many_is_refused(self) -> None:
        rule = ("RRULE:FREQ=DAILY",)
        days = found(event(at("2026-03-02T09:00"), at("2026-03-02T09:30"), f"{rule[0]};COUNT={SERIES_EXCEPTIONS + 1}"))
        originals = tuple(e.occurrence.original for e in days if e.occurrence)
        full = event(at("2026-03-02T09:00"), at("2026-03-02T09:30"), *rule, cancelled=originals[:-1])
        with pytest.raises(InvalidInput, match="split the series"):
            cancelled(full, originals[-1])
        with pytest.raises(InvalidInput, match="split the series"):
            put(full, originals[-1], subject="Retro")
