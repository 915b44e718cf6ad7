"""How long instances last and how far they are moved, in the terms of the clock that their times are read from."""

from __future__ import annotations

from datetime import datetime, timedelta

from schedsvc.domain.time import DAY, AllDay, EventTime, Zoned, instant_of, local_at, zoned_at

_MIDNIGHT = datetime.min.time()


def length(start: EventTime, end: EventTime) -> int:
    """Days of an all-day event, exact seconds of another (RFC 5545 section 3.8.5.3 of a DTEND).

    Ends of another kind than the start have no length; then it is that of an event without an end (section 3.6.1).
    """
    if isinstance(start, AllDay):
        return (end.day - start.day).days if isinstance(end, AllDay) else 1
    return _instant(end) - _instant(start) if isinstance(end, Zoned) else 0


def after(start: EventTime, span: int, end_zone: str) -> EventTime:
    """The end of what starts at `start` and is so long; `end_zone` is the zone that a time is told in."""
    if isinstance(start, AllDay):
        return AllDay(start.day + timedelta(days=span))
    return zoned_at(_instant(start) + span, end_zone)


def shifted(time: EventTime, origin: EventTime, to: EventTime, zone_name: str) -> EventTime:
    """Moves `time` by what is between `origin` and `to` in local time; the result is of the kind of `to`.

    `zone_name` is where dates begin.
    """
    if isinstance(to, AllDay):
        return AllDay(_local(time, zone_name).date() + (to.day - _local(origin, zone_name).date()))
    local = _local(time, to.time_zone) + (to.local - _local(origin, to.time_zone))
    return zoned_at(instant_of(local, to.time_zone), to.time_zone)


def seconds_at_most(span: int, *, dated: bool) -> int:
    """No event of this length takes more seconds than that: days may be repeated where a zone moves."""
    return span * DAY + 2 * DAY if dated else span


def zone_of(time: EventTime, otherwise: str) -> str:
    return time.time_zone if isinstance(time, Zoned) else otherwise


def _local(time: EventTime, zone_name: str) -> datetime:
    """What a clock in the zone shows; a date is its midnight in any zone."""
    if isinstance(time, AllDay):
        return datetime.combine(time.day, _MIDNIGHT)
    if time.time_zone == zone_name:
        return time.local
    return local_at(_instant(time), zone_name).replace(tzinfo=None, fold=0)


def _instant(time: Zoned) -> int:
    return instant_of(time.local, time.time_zone)
