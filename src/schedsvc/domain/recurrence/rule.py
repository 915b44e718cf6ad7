"""A recurrence rule (RFC 5545 section 3.3.10), valid and in canonical form from the moment it exists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from schedsvc.domain.recurrence.errors import InvalidRecurrence
from schedsvc.domain.recurrence.text import format_rule

LARGEST = 2**31 - 1
"""The largest INTERVAL and COUNT."""
_LAST_ORDINAL = 53


class Freq(StrEnum):
    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"
    MINUTELY = "MINUTELY"
    SECONDLY = "SECONDLY"


SUB_DAILY = frozenset({Freq.HOURLY, Freq.MINUTELY, Freq.SECONDLY})
"""Those that need a time of day to start from."""


class ByDay(NamedTuple):
    """A weekday, 0 = Monday; with an ordinal the n-th one of the month or year, counted from its end if negative."""

    weekday: int
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Lists are sorted and free of doubles whatever order they are given in.

    `until` is inclusive: a date, a naive local time, or an aware time in UTC, of whole seconds. `week_start` is 0 for
    Monday. A BYSECOND of 60 is kept, and expands as 59 (section 3.3.12).

    Raises InvalidRecurrence for numbers out of range and for parts that section 3.3.10 does not allow together.
    """

    freq: Freq
    interval: int = 1
    count: int | None = None
    until: date | None = None
    by_second: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_day: tuple[ByDay, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    def __post_init__(self) -> None:
        _require(self.interval in range(1, LARGEST + 1), "INTERVAL", f"must be from 1 to {LARGEST}")
        _require(self.week_start in range(7), "WKST", "must be a weekday")
        _check_end(self)
        for part in _NUMBERS:
            object.__setattr__(self, part.field, part.checked(getattr(self, part.field)))
        object.__setattr__(self, "by_day", _checked_days(self.by_day))
        for name, conflict, message in _CONFLICTS:
            _require(not conflict(self), name, message)

    def __str__(self) -> str:
        return format_rule(self)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A BYxxx list; a signed one may also count from the end, and then has no 0."""

    name: str
    field: str
    low: int
    high: int
    signed: bool = False

    def checked(self, values: Iterable[int]) -> tuple[int, ...]:
        for value in values:
            size = abs(value) if self.signed else value
            _require(self.low <= size <= self.high, self.name, f"{value} is not {self._bounds()}")
        return tuple(sorted(set(values), key=_from_the_start))

    def _bounds(self) -> str:
        return f"from {self.low} to {self.high}" + (f" or from -{self.high} to -{self.low}" if self.signed else "")


_NUMBERS = (
    _Numbers("BYSECOND", "by_second", 0, 60),
    _Numbers("BYMINUTE", "by_minute", 0, 59),
    _Numbers("BYHOUR", "by_hour", 0, 23),
    _Numbers("BYMONTHDAY", "by_month_day", 1, 31, signed=True),
    _Numbers("BYYEARDAY", "by_year_day", 1, 366, signed=True),
    _Numbers("BYWEEKNO", "by_week_no", 1, 53, signed=True),
    _Numbers("BYMONTH", "by_month", 1, 12),
    _Numbers("BYSETPOS", "by_set_pos", 1, 366, signed=True),
)
NUMBER_FIELDS = {part.name: part.field for part in _NUMBERS}
"""The field of each part that is a list of numbers."""


def _require(condition: bool, part: str, message: str) -> None:
    if not condition:
        raise InvalidRecurrence(part, message)


def _from_the_start(value: int) -> tuple[bool, int]:
    return value < 0, value


def _check_end(rule: Rule) -> None:
    _require(rule.count is None or rule.until is None, "UNTIL", "must not stand beside COUNT")
    if rule.count is not None:
        _require(rule.count in range(1, LARGEST + 1), "COUNT", f"must be from 1 to {LARGEST}")
    if isinstance(rule.until, datetime):
        _require(not rule.until.microsecond, "UNTIL", "must be a whole second")
        _require(rule.until.utcoffset() in {None, timedelta(0)}, "UNTIL", "must be local time or UTC")


def _checked_days(days: Iterable[ByDay]) -> tuple[ByDay, ...]:
    for weekday, ordinal in days:
        _require(weekday in range(7), "BYDAY", "must be weekdays")
        if ordinal is not None:
            in_range = 1 <= abs(ordinal) <= _LAST_ORDINAL
            _require(in_range, "BYDAY", f"{ordinal} is not from 1 to {_LAST_ORDINAL} or from -{_LAST_ORDINAL} to -1")
    return tuple(sorted(set(days), key=lambda day: (*_from_the_start(day.ordinal or 0), day.weekday)))


def _numbered(rule: Rule) -> bool:
    return any(day.ordinal is not None for day in rule.by_day)


def _nothing_to_choose_from(rule: Rule) -> bool:
    fields = set(NUMBER_FIELDS.values()) - {"by_set_pos"} | {"by_day"}
    return bool(rule.by_set_pos) and not any(getattr(rule, field) for field in fields)


_CONFLICTS: tuple[tuple[str, Callable[[Rule], bool], str], ...] = (
    (
        "BYDAY",
        lambda rule: _numbered(rule) and rule.freq not in {Freq.MONTHLY, Freq.YEARLY},
        "has numbers only when FREQ is MONTHLY or YEARLY",
    ),
    ("BYDAY", lambda rule: _numbered(rule) and bool(rule.by_week_no), "has no numbers beside BYWEEKNO"),
    (
        "BYMONTHDAY",
        lambda rule: bool(rule.by_month_day) and rule.freq is Freq.WEEKLY,
        "must not stand where FREQ is WEEKLY",
    ),
    (
        "BYYEARDAY",
        lambda rule: bool(rule.by_year_day) and rule.freq in {Freq.DAILY, Freq.WEEKLY, Freq.MONTHLY},
        "must not stand where FREQ is DAILY, WEEKLY or MONTHLY",
    ),
    (
        "BYWEEKNO",
        lambda rule: bool(rule.by_week_no) and rule.freq is not Freq.YEARLY,
        "stands only where FREQ is YEARLY",
    ),
    ("BYSETPOS", _nothing_to_choose_from, "needs another BYxxx part to choose from"),
)
