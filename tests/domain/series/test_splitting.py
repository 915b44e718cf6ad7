"""A series that goes on differently from one of its instances on, or ends before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import Event, Override
from schedsvc.domain.names import EventName
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import Split, continuation, instance_at, is_first, split, truncated
from schedsvc.domain.time import EventTime, Zoned
from tests.domain.series.made import at, event, found, moved, on, starts, weekly, window, written

SECOND, THIRD, FOURTH = at("2026-03-09T09:00"), at("2026-03-16T09:00"), at("2026-03-23T09:00")
REST = EventName(weekly().name.calendar, "rest")
FIVE = "RRULE:FREQ=WEEKLY;COUNT=5"


def one(series: Event, original: EventTime) -> Event:
    there = instance_at(series, original, Budget())
    assert there is not None
    return there


def cut(series: Event, original: EventTime, **values: Any) -> Split:
    there = one(series, original)
    return split(series, there, REST, "rest", replace(continuation(series, there), **values))


def test_the_count_is_divided_and_the_first_half_ends_with_until() -> None:
    parts = cut(weekly(FIVE), THIRD)
    assert parts.before.recurrence == ("RRULE:FREQ=WEEKLY;UNTIL=20260309T130000Z",)
    assert parts.after.recurrence == ("RRULE:FREQ=WEEKLY;COUNT=3",)
    assert starts(parts.before) == ["2026-03-02T09:00", "2026-03-09T09:00"]
    assert starts(parts.after) == ["2026-03-16T09:00", "2026-03-23T09:00", "2026-03-30T09:00"]


def test_the_second_half_is_a_series_of_its_own() -> None:
    series = weekly(FIVE)
    after = cut(series, THIRD).after
    assert (after.name, after.uid, after.split_from, after.start) == (REST, "rest", series.name, THIRD)
    assert (after.subject, after.end) == (series.subject, at("2026-03-16T09:30"))


def test_the_first_half_of_an_all_day_series_ends_with_a_date() -> None:
    series = event(on("2026-03-02"), on("2026-03-04"), "RRULE:FREQ=WEEKLY")
    parts = cut(series, on("2026-03-16"))
    assert parts.before.recurrence == ("RRULE:FREQ=WEEKLY;UNTIL=20260309",)
    assert (parts.after.start, parts.after.end) == (on("2026-03-16"), on("2026-03-18"))


def test_until_stays_with_the_second_half() -> None:
    parts = cut(weekly("RRULE:FREQ=WEEKLY;UNTIL=20260323T130000Z"), THIRD)
    assert parts.after.recurrence == ("RRULE:FREQ=WEEKLY;UNTIL=20260323T130000Z",)
    assert starts(parts.after) == ["2026-03-16T09:00", "2026-03-23T09:00"]


def test_exdates_count_and_dates_go_where_they_belong() -> None:
    dates = "RDATE;TZID=America/New_York:20260304T090000,20260325T090000", "EXDATE:20260309T130000Z,20260323T130000Z"
    parts = cut(weekly(FIVE, *dates), THIRD)
    assert parts.before.recurrence == (
        "RRULE:FREQ=WEEKLY;UNTIL=20260309T130000Z",
        "RDATE;TZID=America/New_York:20260304T090000",
        "EXDATE:20260309T130000Z",
    )
    assert parts.after.recurrence == (
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "RDATE;TZID=America/New_York:20260325T090000",
        "EXDATE:20260323T130000Z",
    )


def test_exceptions_from_the_instance_on_move_and_keep_their_former_names() -> None:
    series = weekly(
        FIVE,
        overrides=(Override(original=SECOND, subject="Retro"), Override(original=FOURTH, subject="Planning")),
        cancelled=(THIRD,),
    )
    parts = cut(series, THIRD)
    assert (parts.before.overrides, parts.before.cancelled) == (series.overrides[:1], ())
    (override,) = parts.after.overrides
    assert (override.original, override.previous) == (FOURTH, series.name.instance("20260323T130000Z"))
    assert (parts.after.cancelled, parts.dropped) == ((THIRD,), ())


def test_a_new_time_from_the_instance_on_takes_exceptions_along() -> None:
    series = weekly(
        FIVE, overrides=(Override(original=FOURTH, subject="Planning"),), cancelled=(at("2026-03-30T09:00"),)
    )
    parts = cut(series, THIRD, start=at("2026-03-16T14:00"), end=at("2026-03-16T15:00"))
    assert starts(parts.after) == ["2026-03-16T14:00", "2026-03-23T14:00"]
    assert [o.original for o in parts.after.overrides] == [at("2026-03-23T14:00")]
    assert (parts.after.cancelled, parts.dropped) == ((at("2026-03-30T14:00"),), ())


def test_a_new_weekday_moves_a_rule_without_weekdays_and_names_what_is_lost() -> None:
    series = weekly(FIVE, overrides=(Override(original=FOURTH, subject="Planning"),))
    parts = cut(series, THIRD, start=at("2026-03-17T09:00"), end=at("2026-03-17T09:30"))
    assert starts(parts.after) == ["2026-03-17T09:00", "2026-03-24T09:00", "2026-03-31T09:00"]
    assert parts.dropped == (FOURTH,)


def test_another_recurrence_is_taken_as_it_is() -> None:
    parts = cut(weekly(FIVE), THIRD, recurrence=("RRULE:FREQ=DAILY;COUNT=2",))
    assert starts(parts.after) == ["2026-03-16T09:00", "2026-03-17T09:00"]


def test_the_recurrence_of_the_whole_series_means_what_is_left_of_it() -> None:
    assert cut(weekly(FIVE), THIRD, recurrence=(FIVE,)) == cut(weekly(FIVE), THIRD)


def test_the_series_may_go_on_as_a_single_event() -> None:
    series = weekly(FIVE, overrides=(Override(original=FOURTH, subject="Planning"),), cancelled=(THIRD,))
    parts = cut(series, THIRD, recurrence=())
    assert (parts.after.is_series, parts.after.overrides) == (False, ())
    assert parts.dropped == (THIRD, FOURTH)


def test_what_was_changed_about_the_instance_alone_stays_so_unless_it_is_changed_from_it_on() -> None:
    series = weekly(FIVE, overrides=(moved(THIRD, at("2026-03-17T11:00"), at("2026-03-17T12:00"), subject="Retro"),))
    quiet = cut(series, THIRD, description="new")
    assert [(written(e.start), e.subject, e.description) for e in found(quiet.after)] == [
        ("2026-03-17T11:00", "Retro", "new"),
        ("2026-03-23T09:00", "Standup", "new"),
        ("2026-03-30T09:00", "Standup", "new"),
    ]
    loud = cut(series, THIRD, subject="Daily", start=at("2026-03-16T10:00"), end=at("2026-03-16T10:30"))
    assert loud.after.overrides == ()
    assert starts(loud.after) == ["2026-03-16T10:00", "2026-03-23T10:00", "2026-03-30T10:00"]


def test_a_new_length_from_the_instance_on_is_its_own_too() -> None:
    series = weekly(FIVE, overrides=(moved(THIRD, at("2026-03-17T11:00"), at("2026-03-17T12:00")),))
    parts = cut(series, THIRD, end=at("2026-03-16T09:15"))
    assert [written(e.end) for e in found(parts.after)] == ["2026-03-17T11:15", "2026-03-23T09:15", "2026-03-30T09:15"]


def test_a_series_goes_on_in_the_gap_at_the_time_that_its_rule_has() -> None:
    series = event(at("2026-03-07T02:30"), at("2026-03-07T03:00"), "RRULE:FREQ=DAILY;COUNT=3")
    parts = cut(series, at("2026-03-08T02:30"))
    assert starts(parts.after) == ["2026-03-08T03:30", "2026-03-09T02:30"]


def test_a_cut_at_an_rdate_lets_the_rule_go_on_where_it_was() -> None:
    series = weekly(FIVE, "RDATE;TZID=America/New_York:20260312T120000")
    parts = cut(series, at("2026-03-12T12:00"))
    assert parts.after.start == THIRD
    assert starts(parts.after) == ["2026-03-12T12:00", "2026-03-16T09:00", "2026-03-23T09:00", "2026-03-30T09:00"]
    moved_on = cut(series, at("2026-03-12T12:00"), start=at("2026-03-12T15:00"), end=at("2026-03-12T15:30"))
    assert starts(moved_on.after)[:2] == ["2026-03-12T15:00", "2026-03-19T15:00"]


def test_a_series_of_dates_is_cut_between_them() -> None:
    dates = weekly("RDATE;TZID=America/New_York:20260304T090000,20260306T090000")
    parts = cut(dates, at("2026-03-04T09:00"))
    assert (starts(parts.before), starts(parts.after)) == (
        ["2026-03-02T09:00"],
        ["2026-03-04T09:00", "2026-03-06T09:00"],
    )
    assert parts.before.is_series
    last = cut(dates, at("2026-03-06T09:00"))
    assert (starts(last.after), last.after.is_series) == (["2026-03-06T09:00"], True)


def test_the_starts_before_the_rule_can_be_cut_off() -> None:
    series = weekly(FIVE, "RDATE;TZID=America/New_York:20260220T120000,20260224T120000")
    parts = cut(series, at("2026-03-02T09:00"))
    assert starts(parts.before) == ["2026-02-20T12:00", "2026-02-24T12:00"]
    assert parts.after.recurrence == (FIVE,)


def test_the_last_instance_may_go_on_alone() -> None:
    parts = cut(weekly(FIVE), at("2026-03-30T09:00"))
    assert (starts(parts.after), parts.after.is_series) == (["2026-03-30T09:00"], True)


def test_nothing_is_before_the_first_instance() -> None:
    series = weekly("RRULE:FREQ=WEEKLY", "EXDATE:20260302T140000Z", cancelled=(SECOND,))
    assert is_first(series, one(series, SECOND))
    assert not is_first(series, one(series, THIRD))
    with pytest.raises(ValueError, match="first"):
        cut(series, SECOND)
    with pytest.raises(ValueError, match="first"):
        truncated(series, SECOND)


def test_the_continuation_from_the_start_is_the_series_itself() -> None:
    series = weekly(FIVE, overrides=(Override(original=at("2026-03-02T09:00"), subject="Kickoff"),))
    assert continuation(series, one(series, series.start)) is series


def test_a_truncated_series_ends_before_the_instance() -> None:
    series = weekly(
        overrides=(Override(original=SECOND, subject="Retro"), Override(original=FOURTH, subject="Planning"))
    )
    after = truncated(series, THIRD)
    assert (starts(after), after.overrides, after.name) == (
        ["2026-03-02T09:00", "2026-03-09T09:00"],
        series.overrides[:1],
        series.name,
    )


def test_an_instance_that_is_moved_beyond_the_cut_stays_with_its_original_start() -> None:
    series = weekly(FIVE, overrides=(moved(SECOND, at("2026-03-25T09:00"), at("2026-03-25T09:30")),))
    parts = cut(series, THIRD)
    assert starts(parts.before) == ["2026-03-02T09:00", "2026-03-25T09:00"]


class TestOverridesForAllLaterInstances:
    LATER = moved(SECOND, at("2026-03-09T11:00"), at("2026-03-09T12:00"), following=True, subject="Retro")
    SERIES = weekly(FIVE, overrides=(LATER, Override(original=FOURTH, following=True, subject="Planning")))

    def test_they_hold_in_both_halves(self) -> None:
        parts = cut(self.SERIES, THIRD)
        both = [*found(parts.before), *found(parts.after)]
        assert [(written(e.start), e.subject) for e in both] == [
            ("2026-03-02T09:00", "Standup"),
            ("2026-03-09T11:00", "Retro"),
            ("2026-03-16T11:00", "Retro"),
            ("2026-03-23T09:00", "Planning"),
            ("2026-03-30T09:00", "Planning"),
        ]

    def test_what_is_changed_from_the_cut_on_is_the_end_of_them(self) -> None:
        parts = cut(self.SERIES, THIRD, subject="Daily", start=at("2026-03-16T10:00"), end=at("2026-03-16T10:30"))
        assert [(written(e.start), e.subject) for e in found(parts.after)] == [
            ("2026-03-16T10:00", "Daily"),
            ("2026-03-23T10:00", "Planning"),
            ("2026-03-30T10:00", "Planning"),
        ]


def test_a_count_that_takes_too_much_work_to_divide_is_refused() -> None:
    series = event(at("1950-01-02T09:00"), at("1950-01-02T09:30"), "RRULE:FREQ=HOURLY;COUNT=1000000000")
    far = found(series, window("2190-01-01", "2190-01-02"))[0]
    assert isinstance(far.start, Zoned)
    with pytest.raises(InvalidInput, match="UNTIL in place of a large COUNT"):
        split(series, far, REST, "rest", series)
