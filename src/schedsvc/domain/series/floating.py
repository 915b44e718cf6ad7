"""Times that named no zone: they are kept in the zone of their calendar, and follow it when it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from schedsvc.domain.events import Event, Override
from schedsvc.domain.recurrence.lines import format_lines, parse_lines
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.time import EventTime, Zoned, instant_of, local_at, seconds, utc

Time = TypeVar("Time", EventTime, EventTime | None)


def anchored(event: Event) -> Event:
    """The event with its floating times in the zone of its calendar; any other event as it is."""
    if not event.floating or not isinstance(event.start, Zoned) or event.start.time_zone == event.zone:
        return event
    moved = _Moved(event.start.time_zone, event.zone)
    return replace(
        event,
        start=moved.time(event.start),
        end=moved.time(event.end),
        recurrence=moved.lines(event.start, event.recurrence),
        overrides=tuple(map(moved.override, event.overrides)),
        cancelled=tuple(map(moved.time, event.cancelled)),
    )


class _Moved:
    """Reads what was written in one zone in another; times in a third are not floating."""

    def __init__(self, before: str, now: str) -> None:
        self._before = before
        self._now = now

    def time(self, time: Time) -> Time:
        if not isinstance(time, Zoned) or time.time_zone != self._before:
            return time
        return Zoned(time.local, self._now)

    def override(self, override: Override) -> Override:
        return replace(
            override,
            original=self.time(override.original),
            start=self.time(override.start),
            end=self.time(override.end),
        )

    def lines(self, start: Zoned, lines: tuple[str, ...]) -> tuple[str, ...]:
        if not lines:
            return lines
        found = parse_lines(lines, start, lenient=True)
        rule = found.rule
        if rule is not None and isinstance(rule.until, datetime) and rule.until.tzinfo is not None:
            rule = replace(rule, until=self._until(rule.until))
        rdates = tuple(RDate(self.time(rdate.start), rdate.span) for rdate in found.rdates)
        return format_lines(RecurrenceSet(start, rule, rdates, tuple(map(self.time, found.exdates))))

    def _until(self, until: datetime) -> datetime:
        local = local_at(seconds(until), self._before).replace(tzinfo=None, fold=0)
        return utc(instant_of(local, self._now)).astimezone(UTC)
