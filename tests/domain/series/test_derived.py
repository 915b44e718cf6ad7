"""From when to when events and series take place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedsvc.domain.events import Event, Override
from schedsvc.domain.names import BookingName, ProfileName
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import derived, instance
from schedsvc.domain.time import LATEST
from tests.domain.series.made import at, event, instant, moved, on, starts, weekly

BERLIN = "Europe/Berlin"


def test_a_single_event_takes_place_from_its_start_to_its_end() -> None:
    timed = event(at("2026-03-02T09:00"), at("2026-03-02T15:30", BERLIN))
    assert timed.extent == timed.occupied == (instant("2026-03-02T14:00"), instant("2026-03-02T14:30"))
    dated = event(on("2026-03-08"), on("2026-03-09"))
    assert dated.extent == (instant("2026-03-08T05:00"), instant("2026-03-09T04:00"))


def test_the_event_of_a_booking_keeps_its_buffers() -> None:
    name = BookingName(ProfileName("ada", "intro"), "one")
    single = event(at("2026-03-02T09:00"), at("2026-03-02T09:30"), booking=name)
    (start, end) = single.extent
    padded = replace(
        single, occupied=(start - 300, end + 600), start=at("2026-03-02T10:00"), end=at("2026-03-02T10:30")
    )
    assert derived(padded).occupied == (start + 3300, end + 4200)


@pytest.mark.parametrize(
    ("series", "end"),
    [
        (weekly("RRULE:FREQ=WEEKLY;COUNT=2"), instant("2026-03-09T13:30")),
        (weekly("RRULE:FREQ=WEEKLY;UNTIL=20260315T235959Z"), instant("2026-03-09T13:30")),
        (weekly(), LATEST),
        (weekly("RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20260401T120000Z"), instant("2026-04-01T12:30")),
        (weekly("RRULE:FREQ=WEEKLY;COUNT=2", "RDATE;VALUE=PERIOD:20260303T120000Z/P20D"), instant("2026-03-23T12:00")),
        (weekly("RRULE:FREQ=WEEKLY;COUNT=2", cancelled=(at("2026-03-09T09:00"),)), instant("2026-03-02T14:30")),
        (
            weekly(
                "RRULE:FREQ=WEEKLY;COUNT=2",
                overrides=(moved(at("2026-03-02T09:00"), at("2026-05-01T09:00"), at("2026-05-01T10:00")),),
            ),
            instant("2026-05-01T14:00"),
        ),
        (
            weekly("RRULE:FREQ=WEEKLY;COUNT=1", cancelled=(at("2026-03-02T09:00"),)),
            instant("2026-03-02T14:30"),
        ),
    ],
)
def test_a_series_ends_with_its_last_instance(series: Event, end: int) -> None:
    assert series.extent[1] == end


def test_a_series_begins_with_its_first_instance() -> None:
    first = weekly("RRULE:FREQ=WEEKLY", "EXDATE:20260302T140000Z")
    assert first.extent[0] == instant("2026-03-09T13:00")
    earlier = weekly(overrides=(moved(at("2026-03-09T09:00"), at("2026-02-01T09:00"), at("2026-02-01T10:00")),))
    assert earlier.extent[0] == instant("2026-02-01T14:00")


def test_an_all_day_series_lies_in_the_zone_of_its_calendar() -> None:
    series = event(on("2026-03-02"), on("2026-03-03"), "RRULE:FREQ=DAILY;COUNT=2")
    assert series.extent == (instant("2026-03-02T05:00"), instant("2026-03-04T05:00"))
    assert derived(replace(series, zone=BERLIN)).extent == (instant("2026-03-01T23:00"), instant("2026-03-03T23:00"))


def test_a_series_of_any_length_is_derived_within_the_budget() -> None:
    series = event(
        at("2020-01-06T09:00"), at("2020-01-06T09:30"), "RRULE:FREQ=HOURLY;BYMINUTE=0,5,10,15;UNTIL=21991231T000000Z"
    )
    assert series.extent[1] == instant("2199-12-31T00:00") - 15 * 60 + 30 * 60 + 15 * 60


class TestFloatingTimes:
    SERIES = weekly(
        "RRULE:FREQ=WEEKLY;UNTIL=20260330T130000Z",
        "RDATE;TZID=America/New_York:20260303T120000",
        "EXDATE;TZID=America/New_York:20260316T090000",
        floating=True,
        overrides=(moved(at("2026-03-09T09:00"), at("2026-03-10T11:00"), at("2026-03-10T12:00")),),
        cancelled=(at("2026-03-23T09:00"),),
    )

    def test_they_follow_the_zone_of_the_calendar(self) -> None:
        there = derived(replace(self.SERIES, zone=BERLIN))
        assert starts(there) == starts(self.SERIES)
        assert (there.start, there.end) == (at("2026-03-02T09:00", BERLIN), at("2026-03-02T09:30", BERLIN))
        assert there.recurrence == (
            "RRULE:FREQ=WEEKLY;UNTIL=20260330T070000Z",
            "RDATE;TZID=Europe/Berlin:20260303T120000",
            "EXDATE;TZID=Europe/Berlin:20260316T090000",
        )
        assert [o.original for o in there.overrides] == [at("2026-03-09T09:00", BERLIN)]
        assert there.cancelled == (at("2026-03-23T09:00", BERLIN),)
        assert instance(there, "20260309T080000Z", Budget()) is not None

    def test_others_stay_where_they_are(self) -> None:
        fixed = replace(self.SERIES, floating=False)
        assert derived(replace(fixed, zone=BERLIN)).start == fixed.start

    def test_a_floating_single_event_moves_too(self) -> None:
        single = event(at("2026-03-02T09:00"), at("2026-03-02T09:30"), floating=True)
        assert derived(replace(single, zone=BERLIN)).extent == (
            instant("2026-03-02T08:00"),
            instant("2026-03-02T08:30"),
        )


def test_overrides_for_all_later_instances_are_within_the_extent() -> None:
    later = Override(
        original=at("2026-03-09T09:00"), following=True, start=at("2026-03-12T09:00"), end=at("2026-03-13T09:00")
    )
    series = weekly("RRULE:FREQ=WEEKLY;COUNT=3", overrides=(later,))
    assert series.extent[1] >= instant("2026-03-20T13:00")
