"""The canonical text of a rule.

Parts stand in the order of the grammar in RFC 5545 section 3.3.10, lists are sorted (signed ones from the start to
the end of the period: `1,15,-1`), and what is the default (INTERVAL=1, WKST=MO) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schedsvc.domain.recurrence.rule import ByDay, Rule

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def format_rule(rule: Rule) -> str:
    """Such as `FREQ=MONTHLY;COUNT=3;BYDAY=-1FR`; two equal rules have one text."""
    return ";".join(f"{name}={value}" for name, value in _parts(rule) if value)


def format_time(time: date) -> str:
    """A date, a naive local time or an aware time in UTC in basic form (RFC 5545 sections 3.3.4 and 3.3.5)."""
    text = f"{time.year:04}{time.month:02}{time.day:02}"
    if not isinstance(time, datetime):
        return text
    return f"{text}T{time.hour:02}{time.minute:02}{time.second:02}{'Z' if time.tzinfo else ''}"


def _parts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "FREQ", rule.freq.value
    yield "UNTIL", format_time(rule.until) if rule.until else ""
    yield "COUNT", str(rule.count or "")
    yield "INTERVAL", str(rule.interval) if rule.interval > 1 else ""
    yield "BYSECOND", _list(rule.by_second)
    yield "BYMINUTE", _list(rule.by_minute)
    yield "BYHOUR", _list(rule.by_hour)
    yield "BYDAY", ",".join(map(_day, rule.by_day))
    yield "BYMONTHDAY", _list(rule.by_month_day)
    yield "BYYEARDAY", _list(rule.by_year_day)
    yield "BYWEEKNO", _list(rule.by_week_no)
    yield "BYMONTH", _list(rule.by_month)
    yield "BYSETPOS", _list(rule.by_set_pos)
    yield "WKST", WEEKDAYS[rule.week_start] if rule.week_start else ""


def _list(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))


def _day(day: ByDay) -> str:
    return f"{day.ordinal or ''}{WEEKDAYS[day.weekday]}"
