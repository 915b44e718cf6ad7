"""Original starts as text, as they are in the names of instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from schedsvc.domain.recurrence.civil import date_of
from schedsvc.domain.recurrence.errors import InvalidRecurrence
from schedsvc.domain.recurrence.parse import parse_time
from schedsvc.domain.recurrence.text import format_time
from schedsvc.domain.time import DAY, AllDay, EventTime, Zoned, instant_of


def original_id(original: EventTime) -> str:
    """`YYYYMMDD`, or `YYYYMMDDThhmmssZ` of the instant."""
    if isinstance(original, AllDay):
        return format_time(original.day)
    return instant_id(instant_of(original.local, original.time_zone))


def instant_id(instant: int) -> str:
    """`YYYYMMDDThhmmssZ`"""
    day, second = divmod(instant, DAY)
    return day_id(day) + _clock(second)


def instant_ids(instants: Iterable[int], prefix: str) -> Iterator[str]:
    """The same of many instants in a row, each after the prefix."""
    today, begun = None, ""
    for instant in instants:
        day, second = divmod(instant, DAY)
        if day != today:
            today, begun = day, prefix + day_id(day)
        yield begun + _clock(second)


@lru_cache(maxsize=65_536)
def day_id(day: int) -> str:
    """`YYYYMMDD` of a day since 1970."""
    return format_time(date_of(day * DAY))


def original_of(text: str) -> EventTime | None:
    """The original start, in UTC if it is a time, that an instance is named by; None if the text names none."""
    try:
        time = parse_time(text, "original")
    except InvalidRecurrence:
        return None
    if not isinstance(time, datetime):
        return AllDay(time)
    return Zoned(time.replace(tzinfo=None), "UTC") if time.tzinfo is UTC else None


@lru_cache(maxsize=4096)
def _clock(second: int) -> str:
    return f"T{second // 3600:02}{second // 60 % 60:02}{second % 60:02}Z"
