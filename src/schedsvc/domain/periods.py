"""Spans of calendar days and months (ISO 8601 `PnD`, `PnW`, `PnM`), and the horizon they make."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from schedsvc.domain.profiles import DatePeriod
from schedsvc.domain.time import day_of, day_start

MAX_MONTHS = 24
MAX_DAYS = 730
_PERIOD = re.compile(r"P?([0-9]{1,6})([DWM])")


def parse_period(text: str) -> DatePeriod:
    """Reads `PnD`, `PnW` or `PnM`, the `P` optional; weeks become days.

    Raises ValueError for anything else, for zero, and for more than 24 months or 730 days.
    """
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError("a period is written P30D, P2W or P3M")
    count, unit = int(found[1]), found[2]
    months, days = (count, 0) if unit == "M" else (0, count * (7 if unit == "W" else 1))
    if months == days == 0:
        raise ValueError("a period is at least one day long")
    if months > MAX_MONTHS or days > MAX_DAYS:
        raise ValueError("a period is at most two years long: P24M or P730D")
    return DatePeriod(months, days)


def format_period(period: DatePeriod) -> str:
    """The canonical text: `P3M` or `P14D`."""
    return f"P{period.months}M" if period.months else f"P{period.days}D"


def end_of_horizon(now: int, period: DatePeriod, zone_name: str) -> int:
    """The first instant after the last local day that is at most `period` from the day of `now`.

    A month that lacks the day of the month ends the count on its last day.
    """
    last = _add_months(day_of(now, zone_name), period.months) + timedelta(days=period.days)
    return day_start(last + timedelta(days=1), zone_name)


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    length = monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, length))
