"""The tables of the calendar against the calendar of the standard library."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import date_of, local_of, second_of, week_of, weekday_of
from schedsvc.domain.recurrence.expand import expand
from schedsvc.domain.recurrence.parse import parse_rule
from schedsvc.domain.recurrence.years import (
    CYCLE,
    Day,
    day_at,
    days_of_month,
    days_of_year,
    months,
    week_year,
    week_year_number,
    years,
)
from schedsvc.domain.time import DAY
from tests.domain.recurrence.moments import midnight

YEARS = (1, 1899, 1900, 1999, 2000, 2001, *range(2019, 2047), 2099, 2100, 2101, 2399, 2400, 9998)


def facts(day: date) -> Day:
    length = 365 + isleap(day.year)
    return Day(day.month, day.day, monthrange(day.year, day.month)[1], day.timetuple().tm_yday, length, day.weekday())


@pytest.mark.parametrize("year", YEARS)
def test_years_and_months_are_those_of_the_calendar(year: int) -> None:
    first = date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range(365 + isleap(year))]
    number = years().number(second_of(first))
    assert years().first(number) == second_of(first)
    assert days_of_year(years().kind(number)) == tuple(map(facts, days))
    for month in range(1, 13):
        number = months().number(second_of(date(year, month, 15)))
        assert months().first(number) == second_of(date(year, month, 1))
        assert days_of_month(months().kind(number)) == tuple(facts(day) for day in days if day.month == month)


@pytest.mark.parametrize("week_start", range(7))
def test_a_year_of_weeks_has_the_weeks_with_four_days_in_it(week_start: int) -> None:
    for year in YEARS[1:]:
        number = years().number(second_of(date(year, 1, 1)))
        weeks = week_year(years().kind(number), week_start)
        days = [date(year, 1, 1) + timedelta(days=weeks.start + index) for index in range(7 * weeks.weeks)]
        assert weeks.days == tuple(map(facts, days))
        assert all(sum(day.year == year for day in days[i : i + 7]) >= 4 for i in range(0, len(days), 7))
        assert {week_year_number(second_of(day), week_start) for day in days} == {number}
        if week_start == 0:
            assert [day.isocalendar().week for day in days] == [index // 7 + 1 for index in range(len(days))]


@given(st.datetimes().map(lambda local: local.replace(microsecond=0)), st.integers(0, 6))
def test_local_times_and_numbers_are_one(local: object, week_start: int) -> None:
    assert isinstance(local, date)
    second = second_of(local)
    assert local_of(second) == local
    assert midnight(date_of(second)) == midnight(local)
    assert second_of(date_of(second)) == second - second % DAY
    assert weekday_of(second) == local.weekday()
    assert day_at(second) == facts(local)
    assert weekday_of(week_of(second, week_start)) == week_start
    assert 0 <= second - week_of(second, week_start) < 7 * DAY


def test_the_calendar_repeats_itself_after_400_years() -> None:
    assert local_of(second_of(date(2026, 3, 1)) + CYCLE) == midnight(date(2426, 3, 1))
    assert years().size == 400
    assert months().size == 4800


@pytest.mark.parametrize(
    ("week", "lo", "hi", "days"),
    [
        ("1", "2024-12-28", "2024-12-31", ["2024-12-30"]),
        ("1", "2024-12-31", "2025-01-01", ["2024-12-31"]),
        ("1", "2026-01-01", "2026-02-01", ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]),
        ("1", "2027-01-01", "2027-01-05", ["2027-01-04"]),
        ("-1", "2027-01-01", "2027-01-05", ["2027-01-01", "2027-01-02", "2027-01-03"]),
        ("53", "2027-01-03", "2032-12-28", ["2027-01-03", "2032-12-27"]),
    ],
)
def test_a_window_at_new_year_has_the_days_of_both_years(week: str, lo: str, hi: str, days: list[str]) -> None:
    dtstart = date(2020, 1, 1)
    rule = parse_rule(f"FREQ=YEARLY;BYWEEKNO={week};BYDAY=MO,TU,WE,TH,FR,SA,SU", dtstart=dtstart)
    found = expand(rule, dtstart, date.fromisoformat(lo), date.fromisoformat(hi), Budget())
    assert [day.isoformat() for day in found] == days
