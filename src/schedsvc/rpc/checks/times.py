"""Checks of time: bounds, event times, weekly hours and the protobuf types for instants and spans."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from schedsvc.domain.limits import EVENT_DAYS
from schedsvc.domain.time import (
    DAY,
    EARLIEST,
    LATEST,
    AllDay,
    EventTime,
    Zoned,
    instant_of,
    utc,
    zone_names,
)
from schedsvc.rpc.checks.report import Report, join
from schedsvc.rpc.codec.time import decode_event_time, parse_date, parse_local
from schedsvc.v1 import time_pb2 as pb

ERA = "must lie between 1900-01-01 and 2200-01-01"
_FIRST, _LAST = utc(EARLIEST).replace(tzinfo=None), utc(LATEST).replace(tzinfo=None)
_TIMESTAMP_SECONDS = range(-62_135_596_800, 253_402_300_800)
_DURATION_SECONDS = range(-315_576_000_000, 315_576_000_001)
_NANOS = range(1_000_000_000)


def timestamp(report: Report, path: str, message: Timestamp) -> None:
    if message.seconds not in _TIMESTAMP_SECONDS or message.nanos not in _NANOS:
        report.add(path, "is no valid timestamp: years 1 to 9999, nanos 0 to 999,999,999")


def duration(report: Report, path: str, message: Duration) -> None:
    signs_differ = message.seconds * message.nanos < 0
    if message.seconds not in _DURATION_SECONDS or abs(message.nanos) not in _NANOS or signs_differ:
        report.add(path, "is no valid duration")


def length(report: Report, path: str, message: Duration) -> None:
    """How long a booking lasts."""
    if message.nanos or message.seconds <= 0:
        report.add(path, "must be a whole number of seconds above 0")
    elif message.seconds > DAY:
        report.add(path, "must be at most 24 hours")


def whole_second(report: Report, path: str, message: Timestamp) -> None:
    """An instant at which something takes place."""
    if not EARLIEST <= message.seconds <= LATEST:
        report.add(path, ERA)
    elif message.nanos:
        report.add(path, "must be a whole second")


def minute_range(report: Report, path: str, message: pb.MinuteRange) -> None:
    if message.end_minute <= message.start_minute:
        report.add(join(path, "end_minute"), "must be after start_minute", "BAD_TIME_RANGE")


def work_hours(report: Report, path: str, message: pb.WorkHours) -> None:
    days = set[int]()
    for index, schedule in enumerate(message.day_schedules):
        if schedule.day_of_week in days:
            at = f"{path}.day_schedules[{index}].day_of_week"
            report.add(at, "names a day for the second time")
        days.add(schedule.day_of_week)


def time_bound(report: Report, path: str, message: pb.TimeBound) -> None:
    kind = message.WhichOneof("kind")
    if kind is None:
        report.add(path, "must be one of instant, date and date_time")
        return
    if kind == "instant":
        if not EARLIEST <= message.instant.seconds <= LATEST:
            report.add(join(path, kind), ERA, "BAD_TIME_RANGE")
        return
    try:
        local = _local_of(message)
    except ValueError as error:
        report.add(join(path, kind), str(error))
        return
    if not _FIRST <= local <= _LAST:
        report.add(join(path, kind), ERA, "BAD_TIME_RANGE")


def _local_of(message: pb.TimeBound) -> datetime:
    if message.WhichOneof("kind") == "date":
        return _midnight(parse_date(message.date))
    return parse_local(message.date_time)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def event_time(report: Report, path: str, message: pb.EventTime) -> None:
    """Apart from its zone, which is checked as every field `time_zone` is."""
    for field, description in event_time_problems(message):
        report.add(join(path, field) if field else path, description)


def event_time_problems(message: pb.EventTime) -> Iterator[tuple[str, str]]:
    """Fields of an event time ("" for itself) and what is wrong with them."""
    kind = message.WhichOneof("kind")
    if kind is None:
        yield "", "must be one of date, date_time and instant"
        return
    if kind == "date" and message.time_zone:
        yield "time_zone", "must be empty with a date"
    if kind == "date_time" and not message.time_zone:
        yield "time_zone", "is required with date_time"
    if problem := _kind_problem(message):
        yield kind, problem


def _kind_problem(message: pb.EventTime) -> str:
    """What is wrong with the date, time or instant as such; "" for nothing."""
    if message.WhichOneof("kind") == "instant":
        if message.instant.nanos:
            return "must be a whole second"
        return "" if EARLIEST <= message.instant.seconds <= LATEST else ERA
    try:
        if message.WhichOneof("kind") == "date":
            return era_problem(AllDay(parse_date(message.date)))
        local = parse_local(message.date_time)
    except ValueError as error:
        return str(error)
    return era_problem(Zoned(local, message.time_zone)) if message.time_zone in zone_names() else ""


def era_problem(time: EventTime) -> str:
    """What is wrong with a time that is too early or too late; "" for nothing. The zone must be known."""
    if isinstance(time, AllDay):
        inside = _FIRST <= _midnight(time.day) <= _LAST
    else:
        inside = EARLIEST <= instant_of(time.local, time.time_zone) <= LATEST
    return "" if inside else ERA


def read_event_time(message: pb.EventTime) -> EventTime | None:
    """The time, or None if anything is wrong with it."""
    if message.time_zone and message.time_zone not in zone_names():
        return None
    return None if any(event_time_problems(message)) else decode_event_time(message)


def span_problem(start: EventTime, end: EventTime) -> tuple[str, str] | None:
    """What is wrong with the end of an event: a reason and a sentence. Both times must be good by themselves."""
    if isinstance(start, AllDay):
        if not isinstance(end, AllDay):
            return "MIXED_TIME_KINDS", "must be a date, as the start is"
        return _length_problem((end.day - start.day).days * DAY, least=DAY)
    if isinstance(end, AllDay):
        return "MIXED_TIME_KINDS", "must be a time, as the start is"
    first, last = (instant_of(time.local, time.time_zone) for time in (start, end))
    return _length_problem(last - first, least=0)


def _length_problem(seconds: int, *, least: int) -> tuple[str, str] | None:
    if seconds < least:
        return "BAD_TIME_RANGE", "must be after the start" if least else "must not be before the start"
    if seconds > EVENT_DAYS * DAY:
        return "RANGE_TOO_LARGE", f"must be at most {EVENT_DAYS:,} days after the start"
    return None
