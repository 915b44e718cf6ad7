"""Events on the wire. Encoding is on the way of every synced change, so it makes one pass and no copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from schedsvc.domain import series
from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventDraft,
    EventStatus,
    EventType,
    Occurrence,
    ResponseStatus,
    ShowAs,
    extent_of,
)
from schedsvc.domain.particulars import Visibility
from schedsvc.domain.time import AllDay, EventTime, resolve_event
from schedsvc.rpc.codec import particulars, patches
from schedsvc.rpc.codec.calendars import decode_ref
from schedsvc.rpc.codec.masks import Tree, tree_of
from schedsvc.rpc.codec.recurrence import decode_lines, encoded_pattern
from schedsvc.rpc.codec.time import decode_event_time, fill_datetime, fill_event_time
from schedsvc.v1 import events_pb2 as pb

if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

    from schedsvc.v1.time_pb2 import EventTime as EventTimeMessage

# Looked up once: the generated classes take their time.
_SHOW_AS = pb.ShowAs.ValueType
_STATUS = pb.Event.Status.ValueType
_TYPE = pb.Event.Type.ValueType
_VISIBILITY = pb.Event.Visibility.ValueType
_SINGLE = pb.Event.KIND_SINGLE


def decode(message: pb.Event) -> EventDraft:
    """What a caller says, with the defaults: CONFIRMED, DEFAULT, and BUSY unless all-day, which is FREE.

    Recurrences are canonical; lines that cannot be read stay as they are, to be refused with reasons.
    """
    start = decode_event_time(message.start)
    return EventDraft(
        uid=message.uid,
        start=start,
        end=decode_event_time(message.end),
        subject=message.subject,
        description=message.description,
        location=message.location,
        show_as=ShowAs(message.show_as or default_show_as(start)),
        status=EventStatus(message.status or EventStatus.CONFIRMED),
        event_type=EventType(message.event_type or EventType.DEFAULT),
        attendees=tuple(_decode_attendee(attendee) for attendee in message.attendees),
        metadata=dict(message.metadata),
        external_ref=decode_ref(message.external_ref) if message.HasField("external_ref") else None,
        visibility=Visibility(message.visibility or Visibility.DEFAULT),
        organizer=particulars.decode_organizer(message.organizer) if message.HasField("organizer") else None,
        reminders=particulars.decode_reminders(message.reminders) if message.HasField("reminders") else None,
        conference=particulars.decode_conference(message.conference),
        attachments=tuple(map(particulars.decode_attachment, message.attachments)),
        categories=tuple(message.categories),
        color=message.color,
        recurrence=decode_lines(message, start),
        from_pattern=message.HasField("pattern") and not message.recurrence,
    )


def default_show_as(start: EventTime) -> ShowAs:
    """What an event shows that does not say: an all-day one takes no time."""
    return ShowAs.FREE if isinstance(start, AllDay) else ShowAs.BUSY


def encode(event: Event) -> pb.Event:
    """The event as it is answered; a series with its exceptions."""
    out = pb.Event()
    fill(out, event)
    return out


def encode_edited(event: Event, dropped: Iterable[EventTime]) -> pb.Event:
    """The answer to an update, which tells the original starts that the series no longer has."""
    out = encode(event)
    _fill_times(out.dropped_exceptions, dropped, event.zone)
    return out


def fill(out: pb.Event, event: Event) -> None:
    """Sets an empty `out`, which may be a part of a larger message, to the event as it is answered."""
    _fill_alone(out, event)
    if event.overrides:
        for exception in series.exceptions(event):
            _fill_alone(out.exceptions.add(), exception)


def _fill_alone(out: pb.Event, event: Event) -> None:
    out.name = str(event.name)
    out.uid = event.uid
    start, end = extent_of(event.start, event.end, event.zone) if event.recurrence else event.extent
    fill_event_time(out.start, event.start, start)
    fill_event_time(out.end, event.end, end)
    out.subject = event.subject
    out.description = event.description
    out.location = event.location
    out.show_as = _SHOW_AS(event.show_as)
    out.status = _STATUS(event.status)
    out.event_type = _TYPE(event.event_type)
    out.visibility = _VISIBILITY(event.visibility)
    out.sequence = event.sequence
    out.revision = event.revision
    out.etag = event.etag
    fill_datetime(out.create_time, event.create_time)
    fill_datetime(out.update_time, event.update_time)
    if event.recurrence:
        _fill_series(out, event)
    elif event.occurrence is not None:
        _fill_occurrence(out, event, event.occurrence)
    else:
        out.kind = _SINGLE
    if event.attendees or event.metadata or event.external_ref or event.booking or event.floating:
        _fill_rare(out, event)
    if event.color or event.categories or event.organizer or event.reminders or event.conference or event.attachments:
        particulars.fill(out, event)


def _fill_rare(out: pb.Event, event: Event) -> None:
    """What most events have not."""
    for attendee in event.attendees:
        _fill_attendee(out.attendees.add(), attendee)
    if event.metadata:
        out.metadata.update(event.metadata)
    if (ref := event.external_ref) is not None:
        out.external_ref.provider, out.external_ref.id, out.external_ref.etag = ref.provider, ref.id, ref.etag
    if event.booking is not None:
        out.booking = str(event.booking)
    out.floating = event.floating


def _fill_series(out: pb.Event, event: Event) -> None:
    out.kind = pb.Event.KIND_SERIES
    out.recurrence.extend(event.recurrence)
    out.recurrence_from_pattern = event.from_pattern
    if pattern := encoded_pattern(event.recurrence, event.start, event.zone):
        out.pattern.CopyFrom(pattern)
    _fill_times(out.cancelled_starts, event.cancelled, event.zone)
    if event.split_from is not None:
        out.split_from = str(event.split_from)


def _fill_occurrence(out: pb.Event, event: Event, occurrence: Occurrence) -> None:
    out.series = str(event.name.series)
    fill_event_time(out.original_start, occurrence.original, resolve_event(occurrence.original, event.zone))
    if (override := occurrence.override) is None:
        out.kind = pb.Event.KIND_INSTANCE
        return
    out.kind = pb.Event.KIND_EXCEPTION
    out.and_following = override.following
    if override.previous is not None:
        out.previous_instance = str(override.previous)


def _fill_times(out: RepeatedCompositeFieldContainer[EventTimeMessage], times: Iterable[EventTime], zone: str) -> None:
    """Original starts; dates are read in the zone of the calendar."""
    for time in times:
        fill_event_time(out.add(), time, resolve_event(time, zone))


def patch(request: pb.UpdateEventRequest) -> Callable[[Event], EventDraft]:
    """From the event as it is to the one asked for; raises InvalidInput when applied.

    Naming either form of the recurrence replaces both.
    """
    tree = tree_of(request.event, request.update_mask)
    merged = patches.merger(request.event, request.update_mask, "event")

    def patched(current: Event) -> EventDraft:
        message = pb.Event()
        _fill_alone(message, current)
        draft = decode(merged(_with_one_form(message, current, tree)))
        stands, stays = draft.recurrence == current.recurrence, (draft.start, draft.end) == (current.start, current.end)
        return replace(
            draft,
            from_pattern=draft.from_pattern or (current.from_pattern and stands),
            floating=current.floating and stays,
        )

    return patched


def _with_one_form(message: pb.Event, current: Event, tree: Tree) -> pb.Event:
    """Takes away the form of the recurrence that the update does not go by."""
    in_parts = tree.get("pattern") is not None
    if in_parts and current.recurrence and not message.HasField("pattern"):
        text = "the recurrence cannot be said in fields: replace it by a whole pattern, or by recurrence"
        raise InvalidInput([Violation("event.pattern", text)])
    by_fields = "recurrence" not in tree and "pattern" in tree
    message.ClearField("recurrence" if by_fields else "pattern")
    return message


def _decode_attendee(message: pb.Attendee) -> Attendee:
    return Attendee(
        message.email,
        message.display_name,
        AttendeeType(message.type or AttendeeType.REQUIRED),
        ResponseStatus(message.response or ResponseStatus.NEEDS_ACTION),
        message.comment,
    )


def _fill_attendee(out: pb.Attendee, attendee: Attendee) -> None:
    out.email = attendee.email
    out.display_name = attendee.display_name
    out.type = pb.Attendee.Type.ValueType(attendee.type)
    out.response = pb.Attendee.Response.ValueType(attendee.response)
    out.comment = attendee.comment
