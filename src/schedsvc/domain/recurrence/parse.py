"""Reads rules written as RFC 5545 section 3.3.10 has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from schedsvc.domain.recurrence.errors import InvalidRecurrence, UnsupportedRecurrence
from schedsvc.domain.recurrence.rule import NUMBER_FIELDS, SUB_DAILY, ByDay, Freq, Rule
from schedsvc.domain.recurrence.text import WEEKDAYS

LONGEST = 16_384
"""The longest text that is read; a rule that names every number there is, is shorter."""
UNSUPPORTED = {
    "RSCALE": "other calendars (RFC 7529) are not supported",
    "SKIP": "moving invalid dates (RFC 7529) is not supported",
    "EXRULE": "exception rules were removed from iCalendar by RFC 5545 and are not supported",
}
_COUNTING = re.compile(r"[0-9]{1,10}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
_DAY = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})")
_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")


def parse_rule(text: str, *, dtstart: date, lenient: bool = False) -> Rule:
    """The rule of an RRULE value, with or without `RRULE:` before it; one `;` too many at the end is no fault.

    `dtstart` is a date, or the naive local time in the zone of the event. `lenient` is as in `require_fit`.

    Raises InvalidRecurrence, and UnsupportedRecurrence for RSCALE, SKIP and EXRULE.
    """
    if not text.isascii() or len(text) > LONGEST:
        raise InvalidRecurrence("RRULE", f"must be at most {LONGEST} ASCII characters")
    fields = dict(map(_field, _parts(text.upper())))
    if "freq" not in fields:
        raise InvalidRecurrence("FREQ", "must be given")
    rule = Rule(**fields)
    require_fit(rule, dtstart, lenient=lenient)
    return rule


def parse_time(text: str, part: str) -> date:
    """A date, a naive local time or an aware time in UTC; second 60 is read as 59 (section 3.3.12)."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise InvalidRecurrence(part, f"{text!r} is neither a date nor a date with a time")
    *numbers, utc = found.groups()
    year, month, day, *clock = (int(number) for number in numbers if number is not None)
    try:
        if not clock:
            return date(year, month, day)
        hour, minute, second = clock
        return datetime(year, month, day, hour, minute, 59 if second == 60 else second, tzinfo=UTC if utc else None)
    except ValueError as error:
        raise InvalidRecurrence(part, f"{text!r} does not exist: {error}") from None


def require_fit(rule: Rule, dtstart: date, *, lenient: bool = False) -> None:
    """Raises InvalidRecurrence if the rule cannot belong to the start.

    UNTIL must be a date if `dtstart` is one, else a time in UTC. `lenient` takes every form, as imports need: a local
    time is read in the zone of the event, and a date means the end of that local day.
    """
    timed = isinstance(dtstart, datetime)
    if not timed and rule.freq in SUB_DAILY:
        raise InvalidRecurrence("FREQ", f"{rule.freq} needs a start with a time of day")
    if rule.until is None or lenient:
        return
    if timed and not (isinstance(rule.until, datetime) and rule.until.tzinfo):
        raise InvalidRecurrence("UNTIL", "must be a time in UTC, because the start has a time zone")
    if not timed and isinstance(rule.until, datetime):
        raise InvalidRecurrence("UNTIL", "must be a date, because the start is one")


def _parts(text: str) -> Iterator[tuple[str, str]]:
    prefix, colon, rest = text.partition(":")
    if colon and prefix in UNSUPPORTED:
        raise UnsupportedRecurrence(prefix, UNSUPPORTED[prefix])
    seen = set()
    for part in (rest if prefix == "RRULE" else text).removesuffix(";").split(";"):
        name, _, value = part.partition("=")
        if name in seen:
            raise InvalidRecurrence(name, "must be given once only")
        seen.add(name)
        yield name, value


def _field(part: tuple[str, str]) -> tuple[str, Any]:
    name, value = part
    if name in UNSUPPORTED:
        raise UnsupportedRecurrence(name, UNSUPPORTED[name])
    if name not in _READERS:
        raise InvalidRecurrence(name[:40] or "RRULE", "is not a part of a recurrence rule")
    field, read = _READERS[name]
    return field, read(value, name)


def _read_freq(text: str, part: str) -> Freq:
    try:
        return Freq(text)
    except ValueError:
        raise InvalidRecurrence(part, f"{text[:40]!r} is not one of {', '.join(Freq)}") from None


def _read_count(text: str, part: str) -> int:
    if _COUNTING.fullmatch(text) is None:
        raise InvalidRecurrence(part, f"{text[:40]!r} is not a number")
    return int(text)


def _read_weekday(text: str, part: str) -> int:
    if text not in WEEKDAYS:
        raise InvalidRecurrence(part, f"{text[:40]!r} is not one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(text)


def _read_numbers(text: str, part: str) -> tuple[int, ...]:
    values = text.split(",")
    for value in values:
        if _NUMBER.fullmatch(value) is None:
            raise InvalidRecurrence(part, f"{value[:40]!r} is not a number")
    return tuple(map(int, values))


def _read_days(text: str, part: str) -> tuple[ByDay, ...]:
    return tuple(_read_day(value, part) for value in text.split(","))


def _read_day(text: str, part: str) -> ByDay:
    found = _DAY.fullmatch(text)
    if found is None:
        raise InvalidRecurrence(part, f"{text[:40]!r} is not a weekday such as MO or -1FR")
    return ByDay(WEEKDAYS.index(found[2]), int(found[1]) if found[1] else None)


_READERS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "FREQ": ("freq", _read_freq),
    "INTERVAL": ("interval", _read_count),
    "COUNT": ("count", _read_count),
    "UNTIL": ("until", parse_time),
    "WKST": ("week_start", _read_weekday),
    "BYDAY": ("by_day", _read_days),
    **{name: (field, _read_numbers) for name, field in NUMBER_FIELDS.items()},
}
