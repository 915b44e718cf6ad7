"""Recurrences on the wire: lines of RFC 5545 and the same in fields."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.recurrence.patterns import Ordinal, Pattern, PatternKind, lines_of, pattern_of
from schedsvc.domain.series import canonical
from schedsvc.domain.time import EventTime, resolve_event
from schedsvc.rpc.codec.time import decode_event_time, fill_event_time, parse_date
from schedsvc.v1 import events_pb2 as pb


def decode_lines(message: pb.Event, start: EventTime) -> tuple[str, ...]:
    """The canonical lines of either form; lines that cannot be read stay as they are, to be refused with reasons."""
    if message.recurrence:
        try:
            return canonical(message.recurrence, start)
        except InvalidInput:
            return tuple(message.recurrence)
    return lines_of(decode_pattern(message.pattern), start) if message.HasField("pattern") else ()


def decode_pattern(message: pb.RecurrencePattern) -> Pattern:
    """Takes for granted what `rpc.checks` has checked."""
    return Pattern(
        kind=PatternKind(message.type),
        interval=message.interval or 1,
        days_of_week=tuple(day - 1 for day in message.days_of_week),
        week_start=max(message.week_start - 1, 0),
        day_of_month=message.day_of_month or None,
        month=message.month or None,
        ordinal=Ordinal(message.ordinal) if message.ordinal else None,
        end_date=parse_date(message.end_date) if message.HasField("end_date") else None,
        count=message.count if message.HasField("count") else None,
        exclusions=tuple(map(decode_event_time, message.exclusions)),
    )


@lru_cache(maxsize=512)
def encoded_pattern(lines: tuple[str, ...], start: EventTime, calendar_zone: str) -> pb.RecurrencePattern | None:
    """What the lines say in fields, None if that cannot be; not to be changed."""
    pattern = pattern_of(lines, start)
    if pattern is None:
        return None
    out = pb.RecurrencePattern(**{name: value for name, value in _values(pattern).items() if value})
    for exclusion in pattern.exclusions:
        fill_event_time(out.exclusions.add(), exclusion, resolve_event(exclusion, calendar_zone))
    return out


def _values(pattern: Pattern) -> dict[str, Any]:
    """By field, apart from the exclusions; what is not set is empty, 0 or None."""
    return {
        "type": pattern.kind,
        "interval": pattern.interval,
        "days_of_week": [day + 1 for day in pattern.days_of_week],
        "week_start": pattern.week_start and pattern.week_start + 1,
        "day_of_month": pattern.day_of_month,
        "month": pattern.month,
        "ordinal": pattern.ordinal,
        "end_date": pattern.end_date and pattern.end_date.isoformat(),
        "count": pattern.count,
    }
