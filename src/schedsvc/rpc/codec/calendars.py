"""Calendars on the wire, and where records come from."""

from __future__ import annotations

from collections.abc import Callable

from schedsvc.domain.calendars import Calendar, CalendarDraft, ExternalRef
from schedsvc.domain.particulars import Reminder, ReminderMethod
from schedsvc.rpc.codec import patches
from schedsvc.rpc.codec.time import encode_datetime
from schedsvc.usecases.calendars import CalendarView
from schedsvc.v1 import calendars_pb2 as pb


def decode(message: pb.Calendar) -> CalendarDraft:
    """A time zone that is not set stays empty: it means the account's."""
    return CalendarDraft(
        display_name=message.display_name,
        description=message.description,
        color=message.color,
        time_zone=message.time_zone,
        metadata=dict(message.metadata),
        external_ref=decode_ref(message.external_ref) if message.HasField("external_ref") else None,
        default_reminders=tuple(map(decode_reminder, message.default_reminders)),
    )


def encode_view(view: CalendarView) -> pb.Calendar:
    """The calendar as it is answered."""
    message = encode(view.calendar)
    message.access_role = pb.AccessRole.ValueType(view.role)
    return message


def encode(calendar: Calendar) -> pb.Calendar:
    """The calendar without the role on it."""
    return pb.Calendar(
        name=str(calendar.name),
        display_name=calendar.display_name,
        description=calendar.description,
        color=calendar.color,
        time_zone=calendar.time_zone,
        primary=calendar.name.is_primary,
        metadata=calendar.metadata,
        external_ref=encode_ref(calendar.external_ref) if calendar.external_ref else None,
        default_reminders=map(encode_reminder, calendar.default_reminders),
        etag=calendar.etag,
        create_time=encode_datetime(calendar.create_time),
        update_time=encode_datetime(calendar.update_time),
    )


def patch(request: pb.UpdateCalendarRequest) -> Callable[[Calendar], CalendarDraft]:
    """From the calendar as it is to the one asked for; raises InvalidInput when applied."""
    merged = patches.merger(request.calendar, request.update_mask, "calendar")
    return lambda current: decode(merged(encode(current)))


def decode_ref(message: pb.ExternalRef) -> ExternalRef:
    return ExternalRef(message.provider, message.id, message.etag)


def encode_ref(ref: ExternalRef) -> pb.ExternalRef:
    return pb.ExternalRef(provider=ref.provider, id=ref.id, etag=ref.etag)


def decode_reminder(message: pb.Reminder) -> Reminder:
    return Reminder(ReminderMethod(message.method), message.minutes_before)


def encode_reminder(reminder: Reminder) -> pb.Reminder:
    return pb.Reminder(method=pb.Reminder.Method.ValueType(reminder.method), minutes_before=reminder.minutes)
