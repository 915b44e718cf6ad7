"""Time on the wire: instants, local times, event times, range bounds and weekly hours.

Decoding takes for granted what `rpc.checks` has checked. The parsers of texts are the ones that the checks use.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.dayofweek_pb2 import DayOfWeek

from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.intervals import merge
from schedsvc.domain.ranges import Bound
from schedsvc.domain.time import AllDay, EventTime, Zoned, local_at, zoned_at
from schedsvc.v1 import time_pb2 as pb

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def parse_date(text: str) -> date:
    """Reads `YYYY-MM-DD`; raises ValueError, whose text can be shown."""
    if _DATE.fullmatch(text) is None:
        raise ValueError("must be written YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


def parse_local(text: str) -> datetime:
    """Reads `YYYY-MM-DDThh:mm[:ss]` to a naive datetime; raises ValueError, whose text can be shown."""
    if _LOCAL.fullmatch(text) is None:
        raise ValueError("must be written YYYY-MM-DDThh:mm or YYYY-MM-DDThh:mm:ss, without offset")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a time of the calendar") from None


def timestamp(instant: int) -> Timestamp:
    """The message for an instant."""
    return Timestamp(seconds=instant)


def decode_datetime(message: Timestamp) -> datetime:
    """In UTC, cut to microseconds."""
    return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def fill_datetime(out: Timestamp, time: datetime) -> None:
    """Sets `out` to an aware datetime."""
    since = time - _EPOCH
    out.seconds = since.days * 86_400 + since.seconds
    out.nanos = since.microseconds * 1000


def encode_datetime(time: datetime) -> Timestamp:
    """The message for an aware datetime."""
    out = Timestamp()
    fill_datetime(out, time)
    return out


def decode_minutes(message: Duration) -> int:
    """A span in minutes, the rest cut off."""
    return message.seconds // 60


def local_text(instant: int, zone_name: str) -> str:
    """RFC 3339 with the zone's offset at that instant."""
    return local_at(instant, zone_name).isoformat()


def decode_event_time(message: pb.EventTime) -> EventTime:
    """The terms of the author; an instant becomes local time in the zone given, or in UTC."""
    match message.WhichOneof("kind"):
        case "date":
            return AllDay(parse_date(message.date))
        case "date_time":
            return Zoned(parse_local(message.date_time), message.time_zone)
        case _:
            return zoned_at(message.instant.seconds, message.time_zone or "UTC")


def fill_event_time(out: pb.EventTime, time: EventTime, resolved: int) -> None:
    """Sets `out` to the author's terms and to the instant that they come to."""
    if isinstance(time, AllDay):
        out.date = time.day.isoformat()
    else:
        out.date_time = time.local.isoformat()
        out.time_zone = time.time_zone
    out.resolved.seconds = resolved


def decode_bound(message: pb.TimeBound, *, up: bool = False) -> Bound:
    """An instant in whole seconds, rounded down unless `up`; or a local date or time as it is."""
    match message.WhichOneof("kind"):
        case "date":
            return parse_date(message.date)
        case "date_time":
            return parse_local(message.date_time)
        case _:
            return message.instant.seconds + (up and message.instant.nanos > 0)


def decode_work_hours(message: pb.WorkHours) -> WorkHours:
    """Joins overlapping and touching ranges; days without any are left out."""
    schedules = sorted(message.day_schedules, key=lambda schedule: schedule.day_of_week)
    return WorkHours(
        message.time_zone,
        {int(day.day_of_week): _joined(day) for day in schedules if day.intervals},
    )


def _joined(schedule: pb.DaySchedule) -> tuple[MinuteRange, ...]:
    ranges = merge((r.start_minute, r.end_minute) for r in schedule.intervals)
    return tuple(MinuteRange(start, end) for start, end in ranges)


def encode_work_hours(hours: WorkHours) -> pb.WorkHours:
    """One entry for each open day, from Monday on."""
    return pb.WorkHours(
        time_zone=hours.time_zone,
        day_schedules=[_schedule(day, ranges) for day, ranges in sorted(hours.days.items())],
    )


def _schedule(day: int, ranges: tuple[MinuteRange, ...]) -> pb.DaySchedule:
    return pb.DaySchedule(
        day_of_week=DayOfWeek.ValueType(day),
        intervals=[pb.MinuteRange(start_minute=r.start, end_minute=r.end) for r in ranges],
    )
