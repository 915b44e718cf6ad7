"""A recurrence rule as a filter over every candidate there is, written from the table of RFC 5545 section 3.3.10.

It knows nothing of the engine: dates are `date` objects, every part is a test that a candidate passes or not, and every
candidate from the period of DTSTART on is tried.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import groupby, product, starmap
from typing import NamedTuple

from schedsvc.domain.recurrence.rule import Freq, Rule
from tests.domain.recurrence.moments import midnight

CALENDAR = (Freq.YEARLY, Freq.MONTHLY, Freq.WEEKLY, Freq.DAILY)
STEPS = {Freq.HOURLY: timedelta(hours=1), Freq.MINUTELY: timedelta(minutes=1), Freq.SECONDLY: timedelta(seconds=1)}
ONE_DAY = timedelta(days=1)
FIRST = midnight(date.min)


class Facts(NamedTuple):
    """What the calendar says about a date."""

    weekday: int
    month_length: int
    year_day: int
    year_length: int


@cache
def facts(day: date) -> Facts:
    length = 366 if isleap(day.year) else 365
    return Facts(day.weekday(), monthrange(day.year, day.month)[1], day.timetuple().tm_yday, length)


def starts(rule: Rule, dtstart: date, before: datetime) -> list[datetime]:
    """Every start before `before`, as a local time (of dates: midnight)."""
    dated = not isinstance(dtstart, datetime)
    start = dtstart if isinstance(dtstart, datetime) else midnight(dtstart)
    found: list[datetime] = []
    for period, members in groupby(candidates(rule, start, before, dated=dated), key=period_of(rule)):
        if in_interval(rule, start, period):
            found += [moment for moment in chosen(rule, list(members)) if moment >= start]
    found = [moment for moment in found if moment < before and allowed(rule, moment)]
    return found[: rule.count]


def candidates(rule: Rule, start: datetime, before: datetime, *, dated: bool) -> Iterator[datetime]:
    """Everything that the parts admit, from before the period of `start` to after that of `before`."""
    admits_day, admits_time = day_test(rule, start), time_test(rule)
    if rule.freq in CALENDAR:
        times = day_times(rule, start, dated=dated)
        first, last = whole_periods(rule, start.date(), before.date())
        for number in range(first.toordinal(), last.toordinal() + 1):
            if admits_day(day := date.fromordinal(number)):
                yield from (datetime.combine(day, clock) for clock in times)
        return
    step, within = STEPS[rule.freq], inner_times(rule, start)
    at = start if rule.freq is Freq.SECONDLY else start.replace(second=0)
    at = at.replace(minute=0) if rule.freq is Freq.HOURLY else at
    while at < before:
        if admits_time(at) and admits_day(at.date()):
            yield from (at + inside for inside in within)
        at += step


def day_test(rule: Rule, start: datetime) -> Callable[[date], bool]:
    """The tests of the parts that name days, given or taken from the start."""
    months, month_days, weekday = implied(rule, start)
    tests: list[tuple[object, Callable[[date], bool]]] = [
        (months, lambda day: day.month in months),
        (month_days, lambda day: day.day in month_days or day.day - facts(day).month_length - 1 in month_days),
        (rule.by_year_day, lambda day: year_day_named(rule, day)),
        (rule.by_week_no, lambda day: week_named(rule, day)),
        (rule.by_day, lambda day: any(is_by_day(rule, day, *named) for named in rule.by_day)),
        (weekday, lambda day: facts(day).weekday == start.weekday()),
    ]
    given = [test for values, test in tests if values]
    return lambda day: all(test(day) for test in given)


def implied(rule: Rule, start: datetime) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """The months and days of the month, with what comes from the start, and whether its weekday counts too."""
    months, month_days = rule.by_month, rule.by_month_day
    any_day = bool(rule.by_day or month_days or rule.by_year_day)
    if rule.freq is Freq.WEEKLY:
        return months, (), not rule.by_day
    if rule.freq is Freq.MONTHLY and not any_day:
        return months, (start.day,), False
    if rule.freq is not Freq.YEARLY or rule.by_year_day:
        return months, month_days, False
    if rule.by_week_no:
        return months, month_days, not any_day
    if not any_day:
        return months or (start.month,), (start.day,), False
    return months or ((start.month,) if month_days else ()), month_days, False


def year_day_named(rule: Rule, day: date) -> bool:
    known = facts(day)
    return known.year_day in rule.by_year_day or known.year_day - known.year_length - 1 in rule.by_year_day


def week_named(rule: Rule, day: date) -> bool:
    year = week_year(day, rule.week_start)
    first, following = week_one(year, rule.week_start), week_one(year + 1, rule.week_start)
    number, weeks = (day - first).days // 7 + 1, (following - first).days // 7
    return number in rule.by_week_no or number - weeks - 1 in rule.by_week_no


def is_by_day(rule: Rule, day: date, weekday: int, ordinal: int | None) -> bool:
    known = facts(day)
    if known.weekday != weekday:
        return False
    if ordinal is None:
        return True
    of_year = rule.freq is Freq.YEARLY and not rule.by_month
    before = known.year_day if of_year else day.day
    after = (known.year_length if of_year else known.month_length) - before + 1
    return ordinal == (-((after + 6) // 7) if ordinal < 0 else (before + 6) // 7)


@cache
def week_one(year: int, week_start: int) -> date:
    """The week with 4 January in it is the first one with four days in the year."""
    day = date(year, 1, 4)
    while day.weekday() != week_start:
        day -= ONE_DAY
    return day


def week_year(day: date, week_start: int) -> int:
    if day >= week_one(day.year + 1, week_start):
        return day.year + 1
    return day.year if day >= week_one(day.year, week_start) else day.year - 1


def time_test(rule: Rule) -> Callable[[datetime], bool]:
    """The tests of the parts that name times, where they only thin out."""
    hours, minutes = rule.by_hour, rule.by_minute if rule.freq is not Freq.HOURLY else ()
    seconds = seconds_of(rule) if rule.freq is Freq.SECONDLY else ()

    def admits(moment: datetime) -> bool:
        return (
            (not hours or moment.hour in hours)
            and (not minutes or moment.minute in minutes)
            and (not seconds or moment.second in seconds)
        )

    return admits


def seconds_of(rule: Rule) -> tuple[int, ...]:
    return tuple(sorted({59 if second == 60 else second for second in rule.by_second}))


def day_times(rule: Rule, start: datetime, *, dated: bool) -> list[time]:
    if dated:
        return [time.min]
    hours, minutes = rule.by_hour or (start.hour,), rule.by_minute or (start.minute,)
    return sorted(starmap(time, product(hours, minutes, seconds_of(rule) or (start.second,))))


def inner_times(rule: Rule, start: datetime) -> list[timedelta]:
    """How far into a step the starts lie."""
    seconds = seconds_of(rule) or (start.second,)
    minutes = (rule.by_minute or (start.minute,)) if rule.freq is Freq.HOURLY else (0,)
    if rule.freq is Freq.SECONDLY:
        return [timedelta(0)]
    return [timedelta(minutes=minute, seconds=second) for minute in minutes for second in seconds]


def whole_periods(rule: Rule, first: date, last: date) -> tuple[date, date]:
    """All days of the periods that the two days lie in, and then some."""
    if rule.freq is Freq.YEARLY:
        return date(first.year - 1, 12, 1), date(last.year + 1, 1, 31)
    if rule.freq is Freq.MONTHLY:
        return first.replace(day=1), last.replace(day=facts(last).month_length)
    return first - 7 * ONE_DAY, last + 7 * ONE_DAY


def period_of(rule: Rule) -> Callable[[datetime], int]:
    """The number of the period that a moment lies in; neighbours differ by one."""

    def number(moment: datetime) -> int:
        day = moment.date()
        if rule.freq is Freq.YEARLY:
            return week_year(day, rule.week_start) if rule.by_week_no else day.year
        if rule.freq is Freq.MONTHLY:
            return day.year * 12 + day.month
        if rule.freq is Freq.WEEKLY:
            return (day.toordinal() - 1 - rule.week_start) // 7
        if rule.freq is Freq.DAILY:
            return day.toordinal()
        return (moment - FIRST) // STEPS[rule.freq]

    return number


def in_interval(rule: Rule, start: datetime, period: int) -> bool:
    return (period - first_period(rule, start)) % rule.interval == 0


@cache
def first_period(rule: Rule, start: datetime) -> int:
    """The period of the start. A year of weeks that has no day in the calendar year of the start is passed over."""
    number = period_of(rule)(start)
    if not rule.by_week_no or number == start.year:
        return number
    days = (date(start.year - 1, 12, 20) + i * ONE_DAY for i in range(760))
    admits = day_test(rule, start)
    here = (day for day in days if day.year >= start.year and week_year(day, rule.week_start) == number)
    return number if any(admits(day) for day in here) else start.year


def chosen(rule: Rule, members: list[datetime]) -> list[datetime]:
    """BYSETPOS."""
    if not rule.by_set_pos:
        return members
    size = len(members)
    return [m for i, m in enumerate(members) if i + 1 in rule.by_set_pos or i - size in rule.by_set_pos]


def allowed(rule: Rule, moment: datetime) -> bool:
    """UNTIL, of which a date means all of that day."""
    if rule.until is None:
        return True
    if isinstance(rule.until, datetime):
        return moment <= rule.until.replace(tzinfo=None)
    return moment.date() <= rule.until
