"""Local time as numbers: seconds since 1970-01-01T00:00 on a clock that never changes its offset."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from schedsvc.domain.time import DAY

WEEK = 7 * DAY
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local time
_ORDINAL = _EPOCH.toordinal()
_SECOND = timedelta(seconds=1)

FIRST = (1 - _ORDINAL) * DAY
"""0001-01-01T00:00."""
END = (date.max.toordinal() + 1 - _ORDINAL) * DAY
"""10000-01-01T00:00, when time ends."""


def second_of(local: date) -> int:
    """The number of a naive local time, or of the midnight of a date. Fractions of a second are cut off."""
    if not isinstance(local, datetime):
        return (local.toordinal() - _ORDINAL) * DAY
    if local.tzinfo is not None:
        raise ValueError("local times carry no zone")
    return (local - _EPOCH) // _SECOND


def local_of(second: int) -> datetime:
    """The naive local time of a number."""
    return _EPOCH + timedelta(seconds=second)


def date_of(second: int) -> date:
    """The local date that the second lies in."""
    return date.fromordinal(second // DAY + _ORDINAL)


def weekday_of(second: int) -> int:
    """0 for a Monday."""
    return (second // DAY + 3) % 7


def week_of(second: int, week_start: int) -> int:
    """The first second of the week that the second lies in; weeks begin on the weekday `week_start`."""
    day = second // DAY
    return (day - (day + 3 - week_start) % 7) * DAY
