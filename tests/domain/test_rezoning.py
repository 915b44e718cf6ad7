"""Newer zone data: what is still to come moves if its instants do, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schedsvc.domain.events import Event
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, ProfileName
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.rezoning import rezoned
from schedsvc.domain.series import cancelled, derived, instance, instances, overridden
from schedsvc.domain.time import Zoned, resolve_event
from tests.domain.series.made import NEW_YORK, at, event, found, instant, moved, on, starts, window
from tests.domain.series.random_series import all_series
from tests.zone_data import release, tzif

NOW = instant("2026-06-01")
HOUR = 3600
BOOKING = BookingName(ProfileName("ada", "intro"), "b")

# New York's clocks as they change until 2028, in UTC.
KNOWN = {
    "2024-03-10T07:00Z": -4,
    "2024-11-03T06:00Z": -5,
    "2025-03-09T07:00Z": -4,
    "2025-11-02T06:00Z": -5,
    "2026-03-08T07:00Z": -4,
    "2026-11-01T06:00Z": -5,
    "2027-03-14T07:00Z": -4,
    "2027-11-07T06:00Z": -5,
    "2028-03-12T07:00Z": -4,
}


def new_york(*without: str, **changes: int) -> bytes:
    """Its zone data without some of the changes, and with others, at instants as in `2027-03-21T07:00Z`."""
    kept = {text: offset for text, offset in KNOWN.items() if text not in without}
    return tzif("EST5EDT,M3.2.0,M11.1.0", -5, dict(sorted((kept | changes).items())))


SAME = new_york()
NO_SUMMER = new_york("2027-03-14T07:00Z", "2027-11-07T06:00Z")
LATE_SPRING = new_york("2027-03-14T07:00Z", **{"2027-03-21T07:00Z": -4})
LATE_HOUR = new_york("2026-11-01T06:00Z", **{"2026-11-01T07:00Z": -5})
OTHER_PAST = new_york("2025-11-02T06:00Z", **{"2025-11-09T06:00Z": -5})
SUMMER_FOR_EVER = tzif("EDT4", -5, {text: offset for text, offset in KNOWN.items() if text < "2026-11"})


def to_come(series: Event, until: str = "2028-06-01") -> list[Interval]:
    extents = (e.extent for e in instances(series, window("2026-01-01", until), Budget()))
    return sorted(extent for extent in extents if extent[1] > NOW)


def after(data: bytes, event: Event) -> Event | None:
    with release(America__New_York=data):
        return rezoned(event, NOW)


def single(text: str, zone: str = NEW_YORK) -> Event:
    start = at(text, zone)
    return event(start, replace(start, local=start.local + timedelta(hours=1)))


def weekly(text: str, *lines: str, rule: str = "FREQ=WEEKLY") -> Event:
    start = at(text)
    return event(start, replace(start, local=start.local + timedelta(hours=1)), f"RRULE:{rule}", *lines)


@settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(all_series(), st.sampled_from([SAME, NO_SUMMER, LATE_SPRING, LATE_HOUR, OTHER_PAST, SUMMER_FOR_EVER]))
def test_a_series_moves_if_and_only_if_something_to_come_does(series: Event, data: bytes) -> None:
    due = to_come(series)
    with release(America__New_York=data):
        changed = rezoned(series, NOW)
        if changed is None:
            assert series.extent[1] <= NOW or to_come(series) == due
            return
        led = any(override.following for override in series.overrides)
        assert led or to_come(changed) != due or changed.extent != series.extent
        assert changed.overrides or len(to_come(changed)) == len(due)
        assert rezoned(changed, NOW) is None


def test_a_single_event_to_come_keeps_its_local_time_and_length() -> None:
    meeting = single("2027-07-01T10:00")
    changed = after(NO_SUMMER, meeting)
    assert changed is not None
    assert (changed.start, changed.end) == (meeting.start, meeting.end)
    assert changed.extent == (meeting.extent[0] + HOUR, meeting.extent[1] + HOUR) == changed.occupied


@pytest.mark.parametrize("text", ["2027-01-15T10:00", "2028-07-01T10:00", "2026-07-01T10:00"])
def test_one_at_a_time_that_the_change_does_not_touch_stays(text: str) -> None:
    assert after(NO_SUMMER, single(text)) is None


def test_one_in_another_zone_stays() -> None:
    assert after(NO_SUMMER, single("2027-07-01T10:00", "Europe/Berlin")) is None


def test_one_that_is_over_stays() -> None:
    assert after(OTHER_PAST, single("2025-11-05T10:00")) is None


def test_days_move_with_the_zone_of_their_calendar() -> None:
    changed = after(NO_SUMMER, event(on("2027-07-01"), on("2027-07-02")))
    assert changed is not None
    assert changed.extent == (instant("2027-07-01T05:00"), instant("2027-07-02T05:00"))
    assert after(NO_SUMMER, event(on("2027-07-01"), on("2027-07-02"), zone="Asia/Tokyo")) is None


def test_a_series_is_found_though_its_extent_stays() -> None:
    series = weekly("2026-01-05T09:00")
    changed = after(NO_SUMMER, series)
    assert changed is not None
    assert changed.extent == series.extent


def test_a_series_that_is_never_there_when_the_clocks_differ_stays() -> None:
    assert after(NO_SUMMER, weekly("2026-01-05T09:00", rule="FREQ=YEARLY")) is None
    assert after(LATE_HOUR, weekly("2026-01-05T09:00")) is None
    assert after(LATE_HOUR, weekly("2026-01-04T02:30")) is not None


def test_what_moved_in_the_past_of_a_series_is_past() -> None:
    assert after(OTHER_PAST, weekly("2025-01-06T09:00")) is None


def test_a_series_whose_only_moved_instance_is_cancelled_or_elsewhere_stays() -> None:
    series = weekly("2026-01-02T09:00", rule="FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=2;COUNT=4")
    assert after(NO_SUMMER, series) is not None
    (third,) = (e for e in found(series) if e.start == at("2027-07-02T09:00"))
    assert third.occurrence is not None
    assert after(NO_SUMMER, cancelled(series, third.occurrence.original)) is None
    draft = replace(third, start=at("2027-12-01T09:00"), end=at("2027-12-01T10:00"))
    assert after(NO_SUMMER, overridden(series, third, draft)) is None


def test_an_instance_that_was_moved_into_the_summer_moves_its_series() -> None:
    series = weekly("2026-01-02T09:00", rule="FREQ=YEARLY")
    (second, *_) = (e for e in found(series, window("2027-01-01", "2027-02-01")))
    assert second.occurrence is not None
    override = moved(second.occurrence.original, at("2027-07-01T09:00"), at("2027-07-01T10:00"))
    assert after(NO_SUMMER, derived(replace(series, overrides=(override,)))) is not None


def test_an_end_in_another_zone_changes_how_long_instances_take() -> None:
    start = Zoned(at("2027-06-28T09:00").local, "Europe/Berlin")
    assert after(NO_SUMMER, event(start, at("2027-06-28T09:00"), "RRULE:FREQ=WEEKLY")) is not None


def test_the_last_instance_is_not_lost_to_an_until_in_utc() -> None:
    series = weekly("2027-06-07T09:00", rule="FREQ=WEEKLY;UNTIL=20270628T130000Z")
    before = starts(series)
    with release(America__New_York=NO_SUMMER):
        changed = rezoned(series, NOW)
        assert changed is not None
        assert starts(changed) == before == [f"2027-06-{day:02}T09:00" for day in (7, 14, 21, 28)]
    assert changed.recurrence == ("RRULE:FREQ=WEEKLY;UNTIL=20270628T140000Z",)


def test_an_exdate_in_utc_still_takes_its_start_away() -> None:
    series = weekly("2027-06-07T09:00", "EXDATE:20270614T130000Z", rule="FREQ=WEEKLY;COUNT=3")
    before = starts(series)
    with release(America__New_York=NO_SUMMER):
        changed = rezoned(series, NOW)
        assert changed is not None
        assert starts(changed) == before == ["2027-06-07T09:00", "2027-06-21T09:00"]


def test_an_rdate_in_utc_is_an_instant_and_stays() -> None:
    series = weekly("2027-01-04T09:00", "RDATE:20270701T130000Z", rule="FREQ=WEEKLY;COUNT=2")
    assert after(NO_SUMMER, series) is None


def test_exceptions_keep_their_starts() -> None:
    series = weekly("2027-06-07T09:00")
    third = instance(series, "20270621T130000Z", Budget())
    assert third is not None
    series = overridden(series, third, replace(third, subject="Retro"))
    with release(America__New_York=NO_SUMMER):
        changed = rezoned(series, NOW)
        assert changed is not None
        retro = instance(changed, "20270621T140000Z", Budget())
        assert retro is not None
        assert retro.subject == "Retro"


def test_a_booking_keeps_its_local_start_its_length_and_its_buffers() -> None:
    start, end = at("2027-11-07T00:30"), at("2027-11-07T01:30")
    extent = resolve_event(start, ""), resolve_event(end, "") + HOUR
    booked = replace(
        event(start, Zoned(end.local, NEW_YORK)),
        booking=BOOKING,
        extent=extent,
        occupied=(extent[0] - 600, extent[1] + 300),
    )
    changed = after(new_york("2027-11-07T06:00Z"), booked)
    assert changed is None
    changed = after(NO_SUMMER, booked)
    assert changed is not None
    assert changed.extent == (extent[0] + HOUR, extent[1] + HOUR)
    assert changed.occupied == (extent[0] + HOUR - 600, extent[1] + HOUR + 300)
    assert resolve_event(changed.end, "") == changed.extent[1]


def test_a_series_without_rules_counts_as_moved_once() -> None:
    series = replace(weekly("2026-01-05T09:00"), rules="")
    changed = rezoned(series, NOW)
    assert changed is not None
    assert rezoned(changed, NOW) is None
