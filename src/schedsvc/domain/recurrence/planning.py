"""From a rule and its start to the plan that lists its starts (RFC 5545 section 3.3.10).

What a rule leaves open comes from DTSTART. Every BYxxx part either multiplies the starts of a period or thins them out,
as the table there says; BYSETPOS chooses from whole periods, also from the one that DTSTART lies in. Where a rule gives
the same pattern again and again, its plan is a `Cycle`; where the calendar decides, a `Calendar` of years, months or
weeks; the rest are days that such a plan lists, each with the times that a clock shows on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from math import gcd, lcm
from typing import NamedTuple

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import WEEK, local_of, week_of, weekday_of
from schedsvc.domain.recurrence.clock import FEW, HOUR, MINUTE, Clock, Times
from schedsvc.domain.recurrence.days import DayFilter, Pattern, of_week
from schedsvc.domain.recurrence.plan import Calendar, Clocked, Cycle, EveryNthDay, Patterns, Plan, Steps, Timed
from schedsvc.domain.recurrence.rule import ByDay, Freq, Rule
from schedsvc.domain.recurrence.years import Blocks, Weeks, day_at, months, week_year_number, years
from schedsvc.domain.time import DAY

MONTH = 31 * DAY
_MANY = 4096  # starts in a cycle of a sub-daily rule that are still worth a list
Days = Cycle | Calendar | EveryNthDay | Steps
"""Plans whose starts are midnights."""
_NEVER = Cycle(0, DAY, ())
_MIDNIGHT = Times((0,), (0,), (0,))


class Start(NamedTuple):
    """DTSTART in local seconds; a date if `dated`, and then BYHOUR, BYMINUTE and BYSECOND mean nothing."""

    second: int
    dated: bool


@lru_cache(maxsize=1024)
def plan_of(rule: Rule, start: Start) -> Plan:
    """The plan of a rule; its COUNT and UNTIL are left to the caller."""
    return _PLANNERS[rule.freq](rule, start)


def _yearly(rule: Rule, start: Start) -> Plan:
    table, days = years(), _days_of_year(rule, local_of(start.second))
    if not rule.by_week_no:
        return _calendar(rule, start, table, table.number(start.second), days.of_year, days.most_in_year())

    def pattern(kind: int) -> Pattern:
        return days.of_week_year(kind, rule.week_start, rule.by_week_no)

    first = _first_week_year(rule, start.second, pattern)
    return _calendar(rule, start, table, first, pattern, 7 * len(rule.by_week_no), reach=3 * DAY)


def _days_of_year(rule: Rule, local: datetime) -> DayFilter:
    """The days of a yearly rule, with what it leaves open.

    Without any day it is DTSTART's: its weekday in the weeks of BYWEEKNO, else its day of the month. Without a month,
    a day of the month means DTSTART's month, unless BYYEARDAY or BYWEEKNO say where in the year it is.
    """
    placed = bool(rule.by_year_day or rule.by_week_no)
    by_day, month_days, in_months = rule.by_day, rule.by_month_day, rule.by_month
    if not (by_day or month_days or placed):
        month_days = (local.day,)
    if rule.by_week_no and not (by_day or month_days or rule.by_year_day):
        by_day = (ByDay(local.weekday()),)
    if month_days and not (in_months or placed):
        in_months = (local.month,)
    return DayFilter(
        frozenset(in_months),
        frozenset(rule.by_year_day),
        frozenset(month_days),
        frozenset(by_day),
        in_year=not rule.by_month,
    )


def _first_week_year(rule: Rule, second: int, pattern: Callable[[int], Pattern]) -> int:
    """The year from which INTERVAL counts where BYWEEKNO stands.

    It is the one that DTSTART's week belongs to; but if that has no day in DTSTART's calendar year or later, it is the
    calendar year. (No RFC says so; it is what several programs agree on.)
    """
    table, number = years(), week_year_number(second, rule.week_start)
    calendar_year = table.number(second)
    day_one = table.first(calendar_year)
    days = pattern(table.kind(number))
    return number if any(table.first(number) + day * DAY >= day_one for day in days) else calendar_year


def _monthly(rule: Rule, start: Start) -> Plan:
    month_days = rule.by_month_day
    if not (month_days or rule.by_day):
        month_days = (local_of(start.second).day,)
    days = DayFilter(frozenset(rule.by_month), month_days=frozenset(month_days), by_day=frozenset(rule.by_day))
    return _calendar(rule, start, months(), months().number(start.second), days.of_month, days.most_in_month())


def _weekly(rule: Rule, start: Start) -> Plan:
    named = {day.weekday for day in rule.by_day} or {weekday_of(start.second)}
    days = tuple(sorted((weekday - rule.week_start) % 7 for weekday in named))
    if rule.by_month:
        weeks, in_months = Weeks(rule.week_start), frozenset(rule.by_month)
        return _calendar(rule, start, weeks, weeks.number(start.second), lambda kind: of_week(kind, days, in_months), 7)
    origin, step, times = week_of(start.second, rule.week_start), rule.interval * WEEK, _times(rule, start)
    if rule.by_set_pos:
        return Cycle(origin, step, _chosen(days, times, rule.by_set_pos))
    return _on_days(Cycle(origin, step, tuple(day * DAY for day in days)), times)


def _daily(rule: Rule, start: Start) -> Plan:
    days, times = _every_nth(rule, start.second - start.second % DAY), _times(rule, start)
    if not rule.by_set_pos:
        return _on_days(days, times)
    chosen = _chosen((0,), times, rule.by_set_pos)
    return _on_days(days, chosen) if chosen else _NEVER


def _every_nth(rule: Rule, midnight: int) -> Days:
    """The midnights of a daily rule."""
    step, cycle = rule.interval * DAY, lcm(rule.interval * DAY, WEEK if rule.by_day else DAY)
    weekdays = _weekdays(rule)
    days = tuple(day for day in range(0, cycle, step) if weekday_of(midnight + day) in weekdays)
    if not days or not _dates_named(rule):
        return Cycle(midnight, cycle, days)
    if step > MONTH:
        named = _days_named(rule)
        return Steps(midnight, step, (0,), lambda day: named.admits(day_at(day)))
    chosen = _admitted_days(rule, midnight)
    return chosen if rule.interval == 1 else EveryNthDay(chosen, midnight, step)


def _sub_daily(rule: Rule, start: Start) -> Plan:
    clock = _clock(rule, start)
    if not clock.offsets or not _ever(clock, _weekdays(rule)):
        return _NEVER
    if not _dates_named(rule) and (cycle := _short_cycle(rule, clock)):
        return cycle
    if clock.step > MONTH:
        named = _days_named(rule)
        return Steps(
            clock.origin, clock.step, clock.offsets, lambda step: clock.counts(step) and named.admits(day_at(step))
        )
    if _dates_named(rule):
        days: Days = _admitted_days(rule, start.second)
    else:
        days = Cycle(week_of(start.second, 0), WEEK, tuple(day * DAY for day in _weekdays(rule)))
    if not clock.repeats_daily or clock.densest > FEW:
        return Clocked(days, clock)
    return _on_days(days, tuple(clock.between(0, DAY, Budget())))


def _clock(rule: Rule, start: Start) -> Clock:
    """The steps of a rule that is hourly or faster; the finer parts of the time are chosen from within a step."""
    local, seconds = local_of(start.second), _seconds(rule)
    minutes = rule.by_minute or (local.minute,)
    in_hour = Times((0,), minutes, seconds or (local.second,))
    unit, hours, minutes, seconds, within = {
        Freq.HOURLY: (HOUR, rule.by_hour, (), (), in_hour),
        Freq.MINUTELY: (MINUTE, rule.by_hour, rule.by_minute, (), Times((0,), (0,), seconds or (local.second,))),
        Freq.SECONDLY: (1, rule.by_hour, rule.by_minute, seconds, _MIDNIGHT),
    }[rule.freq]
    offsets = _chosen((0,), within, rule.by_set_pos) if rule.by_set_pos else tuple(within)
    origin = start.second - start.second % unit
    return Clock(unit, origin, rule.interval * unit, hours, minutes, seconds, offsets)


def _short_cycle(rule: Rule, clock: Clock) -> Cycle | None:
    """What a clock shows on the weekdays named, if that soon begins again; None if it does not."""
    named = ((WEEK, rule.by_day), (DAY, clock.hours), (HOUR, clock.minutes), (MINUTE, clock.seconds))
    cycle = lcm(clock.step, next((length for length, values in named if values), 1))
    if cycle // clock.step * len(clock.offsets) > _MANY:
        return None
    weekdays = _weekdays(rule)
    return Cycle(
        clock.origin,
        cycle,
        tuple(
            step + offset
            for step in range(0, cycle, clock.step)
            if clock.counts(clock.origin + step) and weekday_of(clock.origin + step) in weekdays
            for offset in clock.offsets
        ),
    )


def _ever(clock: Clock, weekdays: Pattern) -> bool:
    """Whether a clock ever shows anything on one of the weekdays.

    Over the weeks it reaches every time that is a multiple of `step` away from it, and a week is a day seven times
    over if `step` divides the day.
    """
    step = gcd(clock.step, WEEK)
    days = weekdays if DAY % step else weekdays[:1]
    reached, monday, budget = replace(clock, step=step), week_of(clock.origin, 0), Budget(WEEK)
    hours = (monday + day * DAY + hour * HOUR for day in days for hour in range(24))
    return any(reached.between(hour, hour + HOUR, budget) for hour in hours)


def _calendar(
    rule: Rule,
    start: Start,
    blocks: Blocks,
    first: int,
    pattern: Callable[[int], Pattern],
    widest: int,
    reach: int = 0,
) -> Plan:
    """Every `interval`-th block, from the one with the number `first` on, with a pattern of days for each kind."""
    times = _times(rule, start)
    if rule.by_set_pos:
        chosen = Patterns(lambda kind: _chosen(pattern(kind), times, rule.by_set_pos))
        return Calendar(blocks, first, rule.interval, chosen, len(rule.by_set_pos), reach)
    midnights = Patterns(lambda kind: tuple(day * DAY for day in pattern(kind)))
    return _on_days(Calendar(blocks, first, rule.interval, midnights, widest, reach), times)


def _on_days(days: Days, times: Times | tuple[int, ...]) -> Plan:
    """The times, of which there is at least one, on each of the midnights of `days`."""
    if isinstance(times, Times) and len(times) > FEW:
        return Clocked(days, times.as_clock())
    listed = tuple(times)
    if isinstance(days, Cycle) and len(days.offsets) * len(listed) <= FEW:
        return Cycle(days.origin, days.step, tuple(day + time for day in days.offsets for time in listed))
    if isinstance(days, Calendar) and len(listed) == 1:
        return replace(days, patterns=Patterns(lambda kind: tuple(day + listed[0] for day in days.patterns[kind])))
    return Timed(days, listed)


def _admitted_days(rule: Rule, second: int) -> Calendar:
    """Every day, from the month of the second on, that a rule that is daily or faster admits."""
    days = _days_named(rule)
    midnights = Patterns(lambda kind: tuple(day * DAY for day in days.of_month(kind)))
    return Calendar(months(), months().number(second), 1, midnights, days.most_in_month())


def _days_named(rule: Rule) -> DayFilter:
    return DayFilter(
        frozenset(rule.by_month), frozenset(rule.by_year_day), frozenset(rule.by_month_day), frozenset(rule.by_day)
    )


def _dates_named(rule: Rule) -> bool:
    """Whether more than the weekday decides about a day."""
    return bool(rule.by_month or rule.by_month_day or rule.by_year_day)


def _weekdays(rule: Rule) -> Pattern:
    """Those that BYDAY names, or all seven."""
    return tuple(sorted({day.weekday for day in rule.by_day})) or tuple(range(7))


def _times(rule: Rule, start: Start) -> Times:
    """When on its days a rule that is daily or slower starts."""
    if start.dated:
        return _MIDNIGHT
    local = local_of(start.second)
    return Times(rule.by_hour or (local.hour,), rule.by_minute or (local.minute,), _seconds(rule) or (local.second,))


def _seconds(rule: Rule) -> tuple[int, ...]:
    """BYSECOND; without leap seconds, second 60 is the 59th (section 3.3.12)."""
    return tuple(sorted({min(second, 59) for second in rule.by_second}))


def _chosen(days: Pattern, times: Times, positions: tuple[int, ...]) -> tuple[int, ...]:
    """BYSETPOS: of every time on every day, in order, those at the positions, in seconds from the first day."""
    size = len(times)
    total = len(days) * size
    indexes = {position - 1 if position > 0 else total + position for position in positions}
    return tuple(days[index // size] * DAY + times[index % size] for index in sorted(indexes) if 0 <= index < total)


_PLANNERS: dict[Freq, Callable[[Rule, Start], Plan]] = {
    Freq.YEARLY: _yearly,
    Freq.MONTHLY: _monthly,
    Freq.WEEKLY: _weekly,
    Freq.DAILY: _daily,
    Freq.HOURLY: _sub_daily,
    Freq.MINUTELY: _sub_daily,
    Freq.SECONDLY: _sub_daily,
}
