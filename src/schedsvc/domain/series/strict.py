"""From what other programs write to strict RFC 5545: the same starts, in the forms that section 3.8.5 asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import second_of
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.recurrence.starts import Starts, starts_of
from schedsvc.domain.time import (
    DAY,
    EARLIEST,
    LATEST,
    AllDay,
    EventTime,
    Zoned,
    day_of,
    day_start,
    instant_of,
    local_at,
    seconds,
    utc,
    zoned_at,
)

_LAST_SECOND = time(23, 59, 59)
_FIRST_YEAR, _LAST_YEAR = 1901, 2199


def strictly(recurrence: RecurrenceSet, zone: str) -> RecurrenceSet:
    """UNTIL as a date for all-day series and in UTC for others; EXDATEs of the kind of the start.

    `zone` is the calendar's. Raises WorkBudgetExceeded.
    """
    rule = recurrence.rule
    if rule is not None and rule.until is not None:
        recurrence = replace(recurrence, rule=replace(rule, until=_until(recurrence.start, rule, rule.until, zone)))
    if any(type(exdate) is not type(recurrence.start) for exdate in recurrence.exdates):
        starts = starts_of(replace(recurrence, exdates=()), zone)
        begin = recurrence.start
        exdates = [like for exdate in recurrence.exdates for like in _like_start(exdate, begin, starts)]
        recurrence = replace(recurrence, exdates=tuple(exdates))
    return recurrence


def _until(start: EventTime, rule: Rule, until: date, zone: str) -> date:
    if isinstance(start, Zoned):
        return until if isinstance(until, datetime) and until.tzinfo is not None else _in_utc(start, rule, until)
    if not isinstance(until, datetime):
        return until
    return until.date() if until.tzinfo is None else day_of(_within(seconds(until)), zone)


def _in_utc(start: Zoned, rule: Rule, until: date) -> datetime:
    """The instant of a local time, or of the end of a local day.

    Clocks that skip the local time bring starts before and after it out of order: then it is the last of the starts.
    """
    local = until if isinstance(until, datetime) else datetime.combine(until, _LAST_SECOND)
    if local.year not in range(_FIRST_YEAR, _LAST_YEAR + 1):
        return utc(EARLIEST - 1 if local.year < _FIRST_YEAR else LATEST)
    instant = instant_of(local, start.time_zone)
    if local_at(instant, start.time_zone).replace(tzinfo=None, fold=0) != local:
        given = starts_of(RecurrenceSet(start, rule), start.time_zone).between(instant - DAY, instant + DAY, Budget())
        instant = max((found for found, _ in given), default=instant - DAY)
    return utc(instant)


def _within(instant: int) -> int:
    return min(max(instant, EARLIEST - 1), LATEST)


def _like_start(exdate: EventTime, start: EventTime, starts: Starts) -> Iterator[EventTime]:
    """The times of a timed series on a date, or the date of a time."""
    if isinstance(exdate, Zoned):
        yield AllDay(exdate.local.date()) if isinstance(start, AllDay) else exdate
    elif isinstance(start, AllDay):
        yield exdate
    elif exdate.day.year in range(_FIRST_YEAR, _LAST_YEAR + 1):
        begin, day = day_start(exdate.day, starts.zone_name), second_of(exdate.day) // DAY
        for instant, second in starts.between(begin - DAY, begin + 2 * DAY, Budget()):
            if second // DAY == day:
                yield zoned_at(instant, starts.zone_name)
