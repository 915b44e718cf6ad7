"""Which days a rule admits, and the patterns they make in a month, a year or a week."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from schedsvc.domain.recurrence.rule import ByDay
from schedsvc.domain.recurrence.years import Day, days_of_month, days_of_year, months_of_week, week_year

Pattern = tuple[int, ...]
"""Days from the first one of a block, sorted."""


@dataclass(frozen=True, slots=True)
class DayFilter:
    """The BYxxx parts that speak of days (RFC 5545 section 3.3.10); an empty part admits every day.

    Ordinals of `by_day` count within the year if `in_year`, else within the month.
    """

    months: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    by_day: frozenset[ByDay] = frozenset()
    in_year: bool = False

    def admits(self, day: Day) -> bool:
        return (
            (not self.months or day.month in self.months)
            and (not self.year_days or _counted(day.year_day, day.year_length, self.year_days))
            and (not self.month_days or _counted(day.day, day.month_length, self.month_days))
            and (not self.by_day or self._is_by_day(day))
        )

    def _is_by_day(self, day: Day) -> bool:
        number, length = (day.year_day, day.year_length) if self.in_year else (day.day, day.month_length)
        names = (
            ByDay(day.weekday),
            ByDay(day.weekday, (number - 1) // 7 + 1),
            ByDay(day.weekday, -((length - number) // 7 + 1)),
        )
        return not self.by_day.isdisjoint(names)

    def most_in_month(self) -> int:
        """No month has more of these days."""
        return min(31, *self._bounds(1))

    def most_in_year(self) -> int:
        """No year has more of these days."""
        months = len(self.months) or 12
        return min(366, 31 * months, *self._bounds(months))

    def _bounds(self, months: int) -> Iterator[int]:
        """What each part allows in so many months."""
        yield 366
        if self.year_days:
            yield len(self.year_days)
        if self.month_days:
            yield len(self.month_days) * months
        if self.by_day and all(day.ordinal is not None for day in self.by_day):
            yield len(self.by_day) * (1 if self.in_year else months)

    def of_month(self, kind: int) -> Pattern:
        days = days_of_month(kind)
        if self.months and days[0].month not in self.months:
            return ()
        return tuple(index for index, day in enumerate(days) if self.admits(day))

    def of_year(self, kind: int) -> Pattern:
        return tuple(index for index, day in enumerate(days_of_year(kind)) if self.admits(day))

    def of_week_year(self, kind: int, week_start: int, weeks: Collection[int]) -> Pattern:
        """From 1 January, so that the first ones may be negative; `weeks` is BYWEEKNO."""
        year = week_year(kind, week_start)
        return tuple(
            year.start + index
            for index, day in enumerate(year.days)
            if _counted(index // 7 + 1, year.weeks, weeks) and self.admits(day)
        )


def of_week(kind: int, weekdays: Pattern, months: Collection[int]) -> Pattern:
    """The `weekdays`, counted from the first day of the week, that lie in `months`."""
    named = months_of_week(kind)
    return tuple(day for day in weekdays if named[day] in months)


def _counted(number: int, length: int, numbers: Collection[int]) -> bool:
    """Whether a number from 1 to `length` is one of those, of which negative ones count from the end."""
    return number in numbers or number - length - 1 in numbers
