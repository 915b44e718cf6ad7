"""Events on the wire. Encoding is on the way of every synced change, so it makes one pass and no copies."""

from __future__ import annotations

from collections.abc import Callable

from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventDraft,
    EventStatus,
    EventType,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.time import AllDay, EventTime
from schedsvc.rpc.codec import patches
from schedsvc.rpc.codec.calendars import decode_ref
from schedsvc.rpc.codec.time import decode_event_time, fill_datetime, fill_event_time
from schedsvc.v1 import events_pb2 as pb


def decode(message: pb.Event) -> EventDraft:
    """With the defaults: CONFIRMED, DEFAULT, and BUSY unless it is an all-day event, which is FREE."""
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
    )


def default_show_as(start: EventTime) -> ShowAs:
    """What an event shows that does not say: an all-day one takes no time."""
    return ShowAs.FREE if isinstance(start, AllDay) else ShowAs.BUSY


def encode(event: Event) -> pb.Event:
    """The event as it is answered."""
    out = pb.Event()
    fill(out, event)
    return out


def fill(out: pb.Event, event: Event) -> None:
    """Sets an empty `out`, which may be a part of a larger message, to the event as it is answered."""
    out.name = str(event.name)
    out.uid = event.uid
    fill_event_time(out.start, event.start, event.extent[0])
    fill_event_time(out.end, event.end, event.extent[1])
    out.subject = event.subject
    out.description = event.description
    out.location = event.location
    out.show_as = pb.ShowAs.ValueType(event.show_as)
    out.status = pb.Event.Status.ValueType(event.status)
    out.event_type = pb.Event.Type.ValueType(event.event_type)
    out.sequence = event.sequence
    out.revision = event.revision
    out.etag = event.etag
    fill_datetime(out.create_time, event.create_time)
    fill_datetime(out.update_time, event.update_time)
    _fill_rare(out, event)


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


def patch(request: pb.UpdateEventRequest) -> Callable[[Event], EventDraft]:
    """From the event as it is to the one asked for; raises InvalidInput when applied."""
    merged = patches.merger(request.event, request.update_mask, "event")
    return lambda current: decode(merged(encode(current)))


def _decode_attendee(message: pb.Attendee) -> Attendee:
    return Attendee(
        message.email,
        message.display_name,
        AttendeeType(message.type or AttendeeType.REQUIRED),
        ResponseStatus(message.response or ResponseStatus.NEEDS_ACTION),
    )


def _fill_attendee(out: pb.Attendee, attendee: Attendee) -> None:
    out.email = attendee.email
    out.display_name = attendee.display_name
    out.type = pb.Attendee.Type.ValueType(attendee.type)
    out.response = pb.Attendee.Response.ValueType(attendee.response)
