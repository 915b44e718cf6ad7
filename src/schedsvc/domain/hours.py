"""Weekly working hours as they are written down: local minutes of local days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MINUTES_PER_DAY = 1440
MAX_INTERVALS_PER_DAY = 24


@dataclass(frozen=True, slots=True, order=True)
class MinuteRange:
    """`[start, end)` in minutes of a local day; `0 <= start < end <= 1440`, 1440 being the midnight that ends it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WorkHours:
    """Open hours by ISO weekday (1 = Monday … 7 = Sunday) in one zone. A day that is absent is closed."""

    time_zone: str
    days: Mapping[int, tuple[MinuteRange, ...]]


def default_hours(time_zone: str) -> WorkHours:
    """Monday to Friday, 09:00 to 17:00: what an account without hours of its own works."""
    return WorkHours(time_zone, {day: (MinuteRange(9 * 60, 17 * 60),) for day in range(1, 6)})
