"""Checks that no annotation can express, by message type; each sees messages of its type wherever they occur.

They run after the fields of the message were looked at, and leave alone what is bad by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from schedsvc.domain.periods import parse_period
from schedsvc.domain.templates import variables
from schedsvc.domain.time import EARLIEST, LATEST
from schedsvc.rpc.checks import events, suggestions, times
from schedsvc.rpc.checks.report import Report, join, shown
from schedsvc.rpc.codec.names import calendar_target, sync_target
from schedsvc.v1 import (
    booking_profiles_pb2,
    bookings_pb2,
    changes_pb2,
    events_pb2,
    free_busy_pb2,
    suggestions_pb2,
    time_pb2,
)

Semantic = Callable[[Report, str, Any], None]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _profile(report: Report, path: str, profile: booking_profiles_pb2.BookingProfile) -> None:
    if profile.duration.seconds % 60 or profile.duration.nanos:
        report.add(join(path, "duration"), "must be a whole number of minutes")
    if profile.HasField("start_time") and profile.HasField("end_time"):
        start, end = profile.start_time, profile.end_time
        if (end.seconds, end.nanos) <= (start.seconds, start.nanos):
            report.add(join(path, "end_time"), "must be after start_time", "BAD_TIME_RANGE")
    for name in ("start_time", "end_time"):
        if profile.HasField(name) and not EARLIEST <= getattr(profile, name).seconds < LATEST:
            report.add(join(path, name), times.ERA)
    if profile.time_available_for:
        _attempt(report, join(path, "time_available_for"), parse_period, profile.time_available_for)
    _templates(report, path, profile)


def _templates(report: Report, path: str, profile: booking_profiles_pb2.BookingProfile) -> None:
    texts: list[str] = []
    for name in ("subject", "description", "location"):
        texts.append(getattr(profile, name))
        if not _attempt(report, join(path, name), variables, *texts):
            texts.pop()


def _attempt(report: Report, path: str, read: Callable[..., object], *texts: str) -> bool:
    """Reports the sentence of a ValueError."""
    try:
        read(*texts)
    except ValueError as error:
        report.add(path, str(error))
        return False
    return True


def _booking(report: Report, path: str, booking: bookings_pb2.Booking) -> None:
    if booking.HasField("start"):
        times.whole_second(report, join(path, "start"), booking.start)
    if booking.HasField("duration"):
        times.length(report, join(path, "duration"), booking.duration)


def _booker(report: Report, path: str, booker: bookings_pb2.Booker) -> None:
    for name in ("email", "display_name"):
        if _CONTROL.search(getattr(booker, name)):
            report.add(join(path, name), "must not contain control characters")


def _slots(report: Report, _path: str, request: bookings_pb2.ListSlotsRequest) -> None:
    if request.HasField("duration"):
        times.length(report, "duration", request.duration)


def _free_busy(report: Report, _path: str, request: free_busy_pb2.QueryFreeBusyRequest) -> None:
    for index, name in enumerate(request.targets):
        try:
            calendar_target(name)
        except ValueError:
            text = f"{shown(name)} is not the name of a calendar or account"
            report.add(f"targets[{index}]", text)


def _sync(report: Report, _path: str, request: changes_pb2.StartSyncRequest) -> None:
    feeds = set()
    for index, name in enumerate(request.targets):
        try:
            feed = sync_target(name)
        except ValueError:
            text = f"{shown(name)} is not the name of a calendar or booking profile"
            report.add(f"targets[{index}]", text)
            continue
        if feed in feeds:
            report.add(f"targets[{index}]", "names a feed for the second time")
        feeds.add(feed)


_BY_TYPE: Mapping[type[Message], Semantic] = {
    Timestamp: times.timestamp,
    Duration: times.duration,
    time_pb2.EventTime: times.event_time,
    time_pb2.TimeBound: times.time_bound,
    time_pb2.MinuteRange: times.minute_range,
    time_pb2.WorkHours: times.work_hours,
    events_pb2.Event: events.event,
    events_pb2.RecurrencePattern: events.pattern,
    events_pb2.Reminders: events.reminders,
    events_pb2.CreateEventRequest: events.creation,
    events_pb2.ListEventsRequest: events.listing,
    events_pb2.MoveEventRequest: events.move,
    events_pb2.BatchWriteEventsRequest: events.batch,
    booking_profiles_pb2.BookingProfile: _profile,
    bookings_pb2.Booking: _booking,
    bookings_pb2.Booker: _booker,
    bookings_pb2.ListSlotsRequest: _slots,
    free_busy_pb2.QueryFreeBusyRequest: _free_busy,
    suggestions_pb2.SuggestTimesRequest: suggestions.request,
    suggestions_pb2.MemberGroup: suggestions.group,
    suggestions_pb2.TimeInterval: suggestions.interval,
    changes_pb2.StartSyncRequest: _sync,
}
SEMANTICS: Mapping[str, Semantic] = {kind.DESCRIPTOR.full_name: check for kind, check in _BY_TYPE.items()}
"""By the full name of the type."""
