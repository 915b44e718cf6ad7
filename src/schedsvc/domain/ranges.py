"""Time ranges of requests: bounds that are instants or local times, resolved in the zone they are read in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.intervals import Interval
from schedsvc.domain.time import day_start, instant_of

DAY, HOUR = 86400, 3600

Bound = int | date | datetime
"""An instant, a local date (its first instant), or a naive local date-time."""


@dataclass(frozen=True, slots=True)
class RangeRequest:
    """A range as asked for; `time_zone` of "" means the parent's zone. None is no bound."""

    low: Bound | None
    high: Bound | None
    time_zone: str = ""
    fields: tuple[str, str] = ("time_min", "time_max")


def resolve_bound(bound: Bound, time_zone: str) -> int:
    """The instant that a bound means in a zone."""
    if isinstance(bound, int):
        return bound
    if isinstance(bound, datetime):
        return instant_of(bound, time_zone)
    return day_start(bound, time_zone)


def resolve_range(low: int, high: int, fields: tuple[str, str], max_days: int, slack: int = 0) -> Interval:
    """The half-open range; raises InvalidInput for a reversed, empty or too long one, naming the upper bound."""
    if high <= low:
        raise _bad(fields[1], "BAD_TIME_RANGE", f"must be after {fields[0]}")
    if high - low > max_days * DAY + slack:
        raise _bad(fields[1], "RANGE_TOO_LARGE", f"must be at most {max_days} days after {fields[0]}")
    return low, high


def resolve(asked: RangeRequest, parent_zone: str, max_days: int) -> Interval | None:
    """The range, or None if neither bound is set; one bound alone is refused."""
    if asked.low is None and asked.high is None:
        return None
    if asked.low is None or asked.high is None:
        missing = asked.fields[0] if asked.low is None else asked.fields[1]
        raise _bad(missing, "FIELD_INVALID", f"set both {asked.fields[0]} and {asked.fields[1]}, or none")
    zone = asked.time_zone or parent_zone
    low, high = resolve_bound(asked.low, zone), resolve_bound(asked.high, zone)
    # So many local days last an hour longer when clocks are set back.
    slack = 0 if isinstance(asked.low, int) or isinstance(asked.high, int) else HOUR
    return resolve_range(low, high, asked.fields, max_days, slack)


def _bad(field: str, reason: str, description: str) -> InvalidInput:
    return InvalidInput([Violation(field, description, reason)])
