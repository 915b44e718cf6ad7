"""Dates, times, periods and durations as iCalendar writes them (RFC 5545 sections 3.3.4 to 3.3.6 and 3.3.9)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import NamedTuple

_DATE = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"([0-9]{8})[Tt]([0-9]{4})([0-9]{2})?([Zz])?")
_LEAP = 60
_DURATION = re.compile(
    r"([+-]?)P(?:(?P<W>[0-9]{1,6})W)?(?:(?P<D>[0-9]{1,6})D)?"
    r"(?:T(?:(?P<H>[0-9]{1,8})H)?(?:(?P<M>[0-9]{1,8})M)?(?:(?P<S>[0-9]{1,10})S)?)?"
)


class Moment(NamedTuple):
    """A naive time and whether it is in UTC; if not, a TZID or the calendar tells the zone."""

    local: datetime
    utc: bool


class Span(NamedTuple):
    """Days of the calendar, and then exact seconds."""

    days: int
    seconds: int


def read_date(text: str) -> date:
    """Reads `YYYYMMDD`, also where a time follows; raises ValueError."""
    day = text[:8]
    if _DATE.fullmatch(day) is None:
        raise ValueError(text)
    return date(int(day[:4]), int(day[4:6]), int(day[6:]))


def is_date(text: str) -> bool:
    """Whether the text is a date without a time."""
    return _DATE.fullmatch(text) is not None


def read_moment(text: str) -> Moment:
    """Reads `YYYYMMDDThhmm[ss][Z]`, a leap second as the one before it; raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hours, minutes, seconds = int(found[2][:2]), int(found[2][2:]), int(found[3] or 0)
    day, seconds = read_date(found[1]), 59 if seconds == _LEAP else seconds
    return Moment(datetime(day.year, day.month, day.day, hours, minutes, seconds), found[4] is not None)  # noqa: DTZ001 - local


def read_span(text: str) -> Span:
    """Reads a duration; raises ValueError also for a negative one."""
    sign, span = _signed(text)
    if sign < 0 and any(span):
        raise ValueError(text)
    return span


def read_offset(text: str) -> int:
    """Reads a duration that may be negative as seconds, a day having 86,400; raises ValueError."""
    sign, (days, seconds) = _signed(text)
    return sign * (days * 86_400 + seconds)


def _signed(text: str) -> tuple[int, Span]:
    found = _DURATION.fullmatch(text.upper())
    if found is None or text.upper().endswith(("P", "T")):
        raise ValueError(text)
    weeks, days, hours, minutes, seconds = (int(found[unit] or 0) for unit in "WDHMS")
    return -1 if found[1] == "-" else 1, Span(7 * weeks + days, 3600 * hours + 60 * minutes + seconds)
