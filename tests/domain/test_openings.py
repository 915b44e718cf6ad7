"""Weekly hours as instants: membership is what the wall clock shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.hours import MINUTES_PER_DAY, MinuteRange, WorkHours
from schedsvc.domain.intervals import Interval, clip
from schedsvc.domain.openings import WEEK, compile_week, openings, windows
from schedsvc.domain.time import local_at
from tests.domain.offers import at, daily, hours, local

NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"


def on_day(time_zone: str, day: str, ranges: str) -> list[Interval]:
    """The open time of that local day, if every day had these hours."""
    week = compile_week(daily(time_zone, ranges))
    lo, hi = local(f"{day}T00:00", time_zone), local(f"{day}T23:00", time_zone)
    return clip(windows(week, lo, hi), lo, hi)


@pytest.mark.parametrize(
    ("time_zone", "day", "ranges", "expected"),
    [
        (NEW_YORK, "2026-03-08", "13:00-18:00", [("17:00", "22:00")]),
        (NEW_YORK, "2026-03-08", "01:00-02:30", [("06:00", "07:00")]),
        (NEW_YORK, "2026-03-08", "02:30-05:00", [("07:00", "09:00")]),
        (NEW_YORK, "2026-03-08", "02:15-02:45", []),
        (NEW_YORK, "2026-11-01", "09:00-17:00", [("14:00", "22:00")]),
        (NEW_YORK, "2026-11-01", "01:00-02:00", [("05:00", "07:00")]),
        (NEW_YORK, "2026-11-01", "00:00-01:30", [("04:00", "05:30"), ("06:00", "06:30")]),
        (NEW_YORK, "2026-11-01", "01:30-03:00", [("05:30", "06:00"), ("06:30", "08:00")]),
    ],
)
def test_on_the_day_of_a_clock_change_open_means_what_the_clock_shows(
    time_zone: str, day: str, ranges: str, expected: list[tuple[str, str]]
) -> None:
    instants = [(at(f"{day}T{a}Z"), at(f"{day}T{b}Z")) for a, b in expected]
    assert on_day(time_zone, day, ranges) == instants


def test_a_gap_of_thirty_minutes_shortens_the_morning_by_thirty_minutes() -> None:
    expected = [(at("2026-10-03T14:30Z"), at("2026-10-03T17:00Z"))]
    assert on_day(LORD_HOWE, "2026-10-04", "01:00-04:00") == expected


def test_ranges_that_touch_or_overlap_are_one_interval_also_over_midnight() -> None:
    week = compile_week(hours("UTC", {1: ["22:00-24:00", "21:00-23:00"], 2: ["00:00-02:00"]}))
    assert week.intervals == ((21 * 3600, 26 * 3600),)


def test_sunday_night_joins_monday_morning() -> None:
    week = compile_week(hours("UTC", {7: ["22:00-24:00"], 1: ["00:00-02:00", "09:00-10:00"]}))
    assert week.intervals == ((9 * 3600, 10 * 3600), (WEEK - 2 * 3600, WEEK + 2 * 3600))


def test_a_sunday_night_goes_on_when_clocks_change_early_on_monday() -> None:
    # In Casablanca clocks went from 00:00 to 01:00 on Monday 1 June 2009.
    night = compile_week(hours("Africa/Casablanca", {7: ["22:00-24:00"], 1: ["00:00-02:00"]}))
    lo, hi = at("2009-05-31T12:00Z"), at("2009-06-01T12:00Z")
    assert windows(night, lo, hi) == [(at("2009-05-31T22:00Z"), at("2009-06-01T01:00Z"))]


def test_hours_that_never_close_are_counted_from_monday() -> None:
    assert compile_week(daily("UTC", "00:00-24:00")).intervals == ((0, WEEK),)


def test_hours_that_never_close_are_one_window_over_all_clock_changes() -> None:
    year = at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z")
    assert clip(windows(compile_week(daily(NEW_YORK, "00:00-24:00")), *year), *year) == [year]


def test_no_hours_at_all_are_never_open() -> None:
    assert openings(compile_week(WorkHours("UTC", {})), 0, 10 * WEEK) == []


def is_open(work_hours: WorkHours, instant: int) -> bool:
    shown = local_at(instant, work_hours.time_zone)
    minute = shown.hour * 60 + shown.minute
    ranges = work_hours.days.get(shown.isoweekday(), ())
    return any(r.start <= minute < r.end for r in ranges)


@st.composite
def any_hours(draw: st.DrawFn, zones: tuple[str, ...]) -> WorkHours:
    bounds = st.tuples(st.integers(0, MINUTES_PER_DAY), st.integers(0, MINUTES_PER_DAY))
    ranges = bounds.filter(lambda b: b[0] != b[1]).map(lambda b: MinuteRange(min(b), max(b)))
    days = draw(st.dictionaries(st.integers(1, 7), st.lists(ranges, max_size=3).map(tuple)))
    return WorkHours(draw(st.sampled_from(zones)), days)


ZONES = (NEW_YORK, LORD_HOWE, "Africa/Cairo", "Europe/Berlin", "Pacific/Apia", "America/St_Johns")


@given(
    any_hours(ZONES),
    st.integers(at("2005-01-01T00:00Z"), at("2030-01-01T00:00Z")),
    st.lists(st.integers(0, 3 * 86_400 - 1), min_size=20, max_size=20),
)
def test_an_instant_is_open_if_and_only_if_its_wall_clock_is(
    work_hours: WorkHours, lo: int, offsets: list[int]
) -> None:
    found = windows(compile_week(work_hours), lo, lo + 3 * 86_400)
    for instant in (lo + offset for offset in offsets):
        assert any(a <= instant < b for a, b in found) == is_open(work_hours, instant)
