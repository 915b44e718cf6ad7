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
from schedsvc.rpc.checks import times
from schedsvc.rpc.checks.report import Report, join, shown
from schedsvc.rpc.codec.names import calendar_target, sync_target
from schedsvc.v1 import (
    booking_profiles_pb2,
    bookings_pb2,
    changes_pb2,
    events_pb2,
    free_busy_pb2,
    time_pb2,
)

Semantic = Callable[[Report, str, Any], None]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _event(report: Report, path: str, event: events_pb2.Event) -> None:
    _span(report, path, event)
    _attendees(report, path, event)
    for index in range(len(event.recurrence)):
        at = f"{path}.recurrence[{index}]"
        report.add(at, "recurring events are not supported yet", "UNSUPPORTED_RRULE")


def _span(report: Report, path: str, event: events_pb2.Event) -> None:
    if not (event.HasField("start") and event.HasField("end")):
        return
    start, end = times.read_event_time(event.start), times.read_event_time(event.end)
    if start is None or end is None:
        return
    if problem := times.span_problem(start, end):
        reason, description = problem
        report.add(join(path, "end"), description, reason)


def _attendees(report: Report, path: str, event: events_pb2.Event) -> None:
    seen = set[str]()
    for index, attendee in enumerate(event.attendees):
        if (email := attendee.email.lower()) in seen:
            report.add(f"{path}.attendees[{index}].email", "invites somebody for the second time")
        seen.add(email)


def _new_event(report: Report, _path: str, request: events_pb2.CreateEventRequest) -> None:
    if request.event.event_type == events_pb2.Event.TYPE_BOOKING:
        report.add("event.event_type", "BOOKING is set by CreateBooking alone")


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
    events_pb2.Event: _event,
    events_pb2.CreateEventRequest: _new_event,
    booking_profiles_pb2.BookingProfile: _profile,
    bookings_pb2.Booking: _booking,
    bookings_pb2.Booker: _booker,
    bookings_pb2.ListSlotsRequest: _slots,
    free_busy_pb2.QueryFreeBusyRequest: _free_busy,
    changes_pb2.StartSyncRequest: _sync,
}
SEMANTICS: Mapping[str, Semantic] = {kind.DESCRIPTOR.full_name: check for kind, check in _BY_TYPE.items()}
"""By the full name of the type."""
