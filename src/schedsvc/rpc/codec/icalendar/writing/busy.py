"""Taken time as a VFREEBUSY and work hours as a VAVAILABILITY (RFC 5545 section 3.6.4, RFC 7953)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.events import Level
from schedsvc.domain.freebusy import Period
from schedsvc.domain.hours import MINUTES_PER_DAY, MinuteRange, WorkHours
from schedsvc.domain.intervals import Interval
from schedsvc.domain.recurrence.text import WEEKDAYS
from schedsvc.domain.time import Zoned, local_at
from schedsvc.rpc.codec.icalendar.writing.content import Line, component, instant, plain, text, time, utc_text

_TYPES = {Level.OUT_OF_OFFICE: "BUSY-UNAVAILABLE", Level.BUSY: "BUSY", Level.TENTATIVE: "BUSY-TENTATIVE"}
_A_LINE = 100
_MONDAY = date(2024, 1, 1)
"""When work hours begin that no range is asked for: of any Monday long ago."""


class Written(NamedTuple):
    """A component, the zones that its times are told in, and a year before all of them."""

    lines: list[Line]
    zones: set[str]
    year: int


class _Hours(NamedTuple):
    """A stretch of the days of the week that have it."""

    stretch: MinuteRange
    days: list[int]
    zone_name: str


def vfreebusy(calendar: Calendar, window: Interval, periods: Sequence[Period], now: int) -> list[Line]:
    """What is taken in the window, strongest status first; working elsewhere takes no time."""
    by_type: defaultdict[str, list[str]] = defaultdict(list)
    for period in periods:
        if period.level in _TYPES:
            by_type[_TYPES[period.level]].append(f"{utc_text(period.start)}/{utc_text(period.end)}")
    lines = [
        *_head(calendar, "free-busy", now),
        instant("DTSTART", window[0]),
        instant("DTEND", window[1]),
        *(
            plain("FREEBUSY", ",".join(found[at : at + _A_LINE]), {"FBTYPE": kind})
            for kind in _TYPES.values()
            if (found := by_type[kind])
            for at in range(0, len(found), _A_LINE)
        ),
    ]
    return component("VFREEBUSY", lines)


def vavailability(calendar: Calendar, hours: WorkHours, window: Interval | None, now: int) -> Written:
    """Weekly hours, an AVAILABLE part for each stretch of the day; cut to the window if there is one."""
    bounds = [] if window is None else [instant("DTSTART", window[0]), instant("DTEND", window[1])]
    first = _MONDAY if window is None else local_at(window[0], hours.time_zone).date()
    head = _head(calendar, "work-hours", now)
    every = (_Hours(stretch, days, hours.time_zone) for stretch, days in _stretches(hours))
    parts = [_available(calendar, stretch, first, now) for stretch in every]
    lines = [*head, *bounds, text("SUMMARY", "Work hours"), *(line for part in parts for line in part)]
    return Written(component("VAVAILABILITY", lines), {hours.time_zone} - {"UTC"}, first.year - 1)


def _head(calendar: Calendar, what: str, now: int) -> list[Line]:
    uid = f"{calendar.name.account}/{calendar.name.calendar}/{what}@schedsvc"
    return [text("UID", uid), plain("DTSTAMP", utc_text(now))]


def _stretches(hours: WorkHours) -> Iterable[tuple[MinuteRange, list[int]]]:
    """The stretches of a day, each with the days of the week that have it."""
    found: defaultdict[MinuteRange, list[int]] = defaultdict(list)
    for day, ranges in sorted(hours.days.items()):
        for stretch in ranges:
            found[stretch].append(day)
    return sorted(found.items())


def _available(calendar: Calendar, hours: _Hours, first: date, now: int) -> list[Line]:
    week = (first + timedelta(days=number) for number in range(7))
    on = next(day for day in week if day.isoweekday() in hours.days)
    names = ",".join(WEEKDAYS[day - 1] for day in hours.days)
    lines = [
        *_head(calendar, f"work-hours/{hours.stretch.start}-{hours.stretch.end}", now),
        time("DTSTART", _at(on, hours.stretch.start, hours.zone_name)),
        time("DTEND", _at(on, hours.stretch.end, hours.zone_name)),
        plain("RRULE", f"FREQ=WEEKLY;BYDAY={names}"),
    ]
    return component("AVAILABLE", lines)


def _at(day: date, minute: int, zone_name: str) -> Zoned:
    days, minute = divmod(minute, MINUTES_PER_DAY)
    midnight = datetime.combine(day + timedelta(days=days), datetime.min.time())
    return Zoned(midnight + timedelta(minutes=minute), zone_name)
