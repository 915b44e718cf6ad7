"""The Gregorian calendar in tables. It repeats itself every 400 years, to the day of the week.

A *kind* of year or month is a small number that says all there is to say about its days, but which year it is in. All
positions are in seconds of local time, see `civil`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from schedsvc.domain.recurrence.civil import WEEK, second_of, week_of, weekday_of
from schedsvc.domain.time import DAY

YEARS = 400
"""The calendar repeats itself after as many years,"""
CYCLE = 146_097 * DAY
"""which are as many seconds."""
_ORIGIN = second_of(date(2000, 1, 1))  # most of what is asked for lies in the cycle from then on
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Day(NamedTuple):
    """What a rule can ask about a day. Months and days count from 1, weekdays from Monday = 0."""

    month: int
    day: int
    month_length: int
    year_day: int
    year_length: int
    weekday: int


class WeekYear(NamedTuple):
    """The weeks that belong to a year (RFC 5545 section 3.3.10, BYWEEKNO); `start` is in days from 1 January."""

    start: int
    weeks: int
    days: tuple[Day, ...]


Rows = tuple[int, Sequence[int], Sequence[int]]
"""Some blocks: a base, their first seconds, to be added to the base, and their kinds."""


@dataclass(frozen=True, slots=True)
class Table:
    """Years or months by number, counted from 2000; one cycle of them is kept."""

    firsts: tuple[int, ...]
    kinds: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many blocks make a cycle."""
        return len(self.firsts)

    def number(self, second: int) -> int:
        """Of the block that the second lies in."""
        cycle = (second - _ORIGIN) // CYCLE
        return cycle * self.size + bisect_right(self.firsts, second - cycle * CYCLE) - 1

    def first(self, number: int) -> int:
        """The first second of a block."""
        return self.firsts[number % self.size] + number // self.size * CYCLE

    def kind(self, number: int) -> int:
        return self.kinds[number % self.size]

    def rows(self, number: int, step: int, limit: int) -> Rows:
        """Every `step`-th block from `number` on: at least one, at most `limit` of them."""
        cycle, start = divmod(number, self.size)
        stop = start + limit * step
        return cycle * CYCLE, self.firsts[start:stop:step], self.kinds[start:stop:step]


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks by number; the kind says to which months the seven days belong."""

    week_start: int
    size: int = CYCLE // WEEK

    def number(self, second: int) -> int:
        return (second - week_of(0, self.week_start)) // WEEK

    def rows(self, number: int, step: int, limit: int) -> Rows:
        """As those of `Table`."""
        start = week_of(0, self.week_start) + number * WEEK
        firsts = range(start, start + limit * step * WEEK, step * WEEK)
        return 0, firsts, [_week_kind(first) for first in firsts]


Blocks = Table | Weeks


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@cache
def years() -> Table:
    """Every calendar year."""
    firsts = _running(366 if is_leap(year) else 365 for year in range(YEARS))
    kinds = (_year_kind(year, weekday_of(first)) for year, first in enumerate(firsts))
    return Table(firsts, tuple(kinds))


@cache
def months() -> Table:
    """Every month; the number of a month is `12 * (year - 2000) + month - 1`."""
    firsts = _running(length for year in range(YEARS) for length in _lengths(leap=is_leap(year)))
    kinds = (_month_kind(number, weekday_of(first)) for number, first in enumerate(firsts))
    return Table(firsts, tuple(kinds))


def week_year_number(second: int, week_start: int) -> int:
    """The year that the week of the second belongs to: the one that four of its days or more lie in."""
    return years().number(week_of(second, week_start) + 3 * DAY)


@cache
def days_of_year(kind: int) -> tuple[Day, ...]:
    """The days of a year of that kind."""
    leap, first = bool(kind // 7 & 1), kind % 7
    lengths = _lengths(leap=leap)
    dates = [(month, day) for month in range(1, 13) for day in range(1, lengths[month - 1] + 1)]
    return tuple(
        Day(month, day, lengths[month - 1], index + 1, len(dates), (first + index) % 7)
        for index, (month, day) in enumerate(dates)
    )


@cache
def days_of_month(kind: int) -> tuple[Day, ...]:
    """The days of a month of that kind."""
    month, leap, first = kind // 14, bool(kind // 7 & 1), kind % 7
    before = sum(_lengths(leap=leap)[:month])
    year = days_of_year((first - before) % 7 + 7 * leap)
    return year[before : before + year[before].month_length]


@cache
def week_year(kind: int, week_start: int) -> WeekYear:
    """The weeks of a year of that kind, where weeks begin on the weekday `week_start`."""
    own = days_of_year(kind)
    start = _first_week(own[0].weekday, week_start)
    end = len(own) + _first_week((own[-1].weekday + 1) % 7, week_start)
    length_before, length_after = 365 + (kind // 14 & 1), 365 + (kind // 28 & 1)
    before = [
        Day(12, 32 + i, 31, length_before + i + 1, length_before, (own[0].weekday + i) % 7) for i in range(start, 0)
    ]
    after = [Day(1, i, 31, i, length_after, (own[-1].weekday + i) % 7) for i in range(1, end - len(own) + 1)]
    return WeekYear(start, (end - start) // 7, (*before, *own[max(start, 0) : end], *after))


def day_at(second: int) -> Day:
    """The day that the second lies in."""
    table = months()
    number = table.number(second)
    return days_of_month(table.kind(number))[(second - table.first(number)) // DAY]


def months_of_week(kind: int) -> list[int]:
    """The months of the seven days of a week of that kind."""
    month, left = divmod(kind, 8)
    return [month + 1 if i < left else (month + 1) % 12 + 1 for i in range(7)]


def _week_kind(first: int) -> int:
    """The month (from 0) of the first day, and how many of the seven days lie in it."""
    table = months()
    number = table.number(first)
    left = (table.first(number + 1) - first) // DAY
    return number % 12 * 8 + min(left, 7)


def _running(lengths: Iterable[int]) -> tuple[int, ...]:
    """Where each of blocks of so many days begins."""
    ends = accumulate((length * DAY for length in lengths), initial=_ORIGIN)
    return tuple(ends)[:-1]


def _lengths(*, leap: bool) -> tuple[int, ...]:
    return (31, 29, *_LENGTHS[2:]) if leap else _LENGTHS


def _year_kind(year: int, weekday: int) -> int:
    """Of 1 January, and whether this year, the one before and the one after are leap years."""
    return weekday + 7 * is_leap(year) + 14 * is_leap(year - 1) + 28 * is_leap(year + 1)


def _month_kind(number: int, weekday: int) -> int:
    return number % 12 * 14 + 7 * is_leap(number // 12) + weekday


def _first_week(weekday: int, week_start: int) -> int:
    """Where week 1 of a year begins, in days from 1 January, which is such a weekday (section 3.3.10)."""
    into_week = (weekday - week_start) % 7
    return -into_week if into_week <= 3 else 7 - into_week
