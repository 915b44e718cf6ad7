"""The dates that are written in a recurrence, when its series moves to another time.

An UNTIL at the last start, an EXDATE and an RDATE name starts. Whoever moves a series from nine to eleven means them to
move along, or the last instance would be lost, and the excluded one be back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar

from schedsvc.domain.events import Event, EventDraft
from schedsvc.domain.recurrence.lines import format_lines, parse_lines
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.time import (
    EARLIEST,
    LATEST,
    AllDay,
    EventTime,
    Zoned,
    instant_of,
    local_at,
    seconds,
    utc,
    zoned_at,
)

_LAST_SECOND = time(23, 59, 59)

Draft = TypeVar("Draft", bound=EventDraft)


def with_dates_moved_along(draft: Draft, before: Event) -> Draft:
    """A draft that has another start and the recurrence of before, with the dates in that recurrence moved along."""
    if not before.is_series:
        return draft
    recurrence = parse_lines(before.recurrence, before.start, lenient=True)
    return replace(draft, recurrence=moved_along(recurrence, draft.start))


def moved_along(recurrence: RecurrenceSet, to: EventTime) -> tuple[str, ...]:
    """The lines of the set for a start at `to`: every date as far from it on the wall clock as from the old one.

    Between dates and times, a time becomes its date, and a date the time of the new start on that date (UNTIL its end).
    """
    start = recurrence.start
    if isinstance(start, AllDay):
        shift: _Shift = _Days(to.day - start.day) if isinstance(to, AllDay) else _ToTimes(to)
    else:
        shift = _ToDays(start) if isinstance(to, AllDay) else _Times(start, to)
    return format_lines(_moved(recurrence, to, shift))


class _Shift(Protocol):
    def time(self, written: EventTime, /) -> EventTime: ...

    def until(self, until: date, /) -> date: ...


class _Days:
    """Moves dates by whole days."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def time(self, written: EventTime, /) -> EventTime:
        return AllDay(written.day + self._by) if isinstance(written, AllDay) else written

    def until(self, until: date) -> date:
        return min(until, utc(LATEST).date()) + self._by


class _Times:
    """Moves times by the difference of two local times, and from the zone of the one to that of the other."""

    def __init__(self, start: Zoned, to: Zoned) -> None:
        self._from, self._to = start.time_zone, to.time_zone
        self._by = to.local - start.local

    def time(self, written: EventTime, /) -> EventTime:
        if isinstance(written, AllDay):
            return written
        return zoned_at(self._instant(instant_of(written.local, written.time_zone)), self._to)

    def until(self, until: date) -> date:
        if not isinstance(until, datetime) or until.tzinfo is None:
            return until
        return utc(self._instant(seconds(until)))

    def _instant(self, instant: int) -> int:
        """Nothing takes place outside of the era, so that a time beyond it may be the end of it."""
        instant = min(max(instant, EARLIEST), LATEST)
        local = local_at(instant, self._from).replace(tzinfo=None, fold=0)
        return instant_of(local + self._by, self._to)


class _ToDays:
    """Turns times into the dates that they are on, in the zone that they were meant in."""

    def __init__(self, start: Zoned) -> None:
        self._zone = start.time_zone

    def time(self, written: EventTime, /) -> EventTime:
        if isinstance(written, AllDay):
            return written
        return AllDay(self._date(instant_of(written.local, written.time_zone)))

    def until(self, until: date) -> date:
        return self._date(seconds(until)) if isinstance(until, datetime) and until.tzinfo is not None else until

    def _date(self, instant: int) -> date:
        return local_at(min(max(instant, EARLIEST), LATEST), self._zone).date()


class _ToTimes:
    """Turns dates into the times at which a series begins on them."""

    def __init__(self, to: Zoned) -> None:
        self._to = to

    def time(self, written: EventTime, /) -> EventTime:
        if isinstance(written, Zoned):
            return written
        return Zoned(datetime.combine(written.day, self._to.local.time()), self._to.time_zone)

    def until(self, until: date) -> date:
        last = datetime.combine(min(until, utc(LATEST).date()), _LAST_SECOND)
        return until if isinstance(until, datetime) else utc(instant_of(last, self._to.time_zone))


def _moved(recurrence: RecurrenceSet, to: EventTime, shift: _Shift) -> RecurrenceSet:
    rule = recurrence.rule
    if rule is not None and rule.until is not None:
        rule = replace(rule, until=shift.until(rule.until))
    return replace(
        recurrence,
        start=to,
        rule=rule,
        rdates=tuple(_rdate(rdate, shift) for rdate in recurrence.rdates),
        exdates=tuple(shift.time(exdate) for exdate in recurrence.exdates),
    )


def _rdate(rdate: RDate, shift: _Shift) -> RDate:
    """A date has no length of its own."""
    start = shift.time(rdate.start)
    return RDate(start, None if isinstance(start, AllDay) else rdate.span)
