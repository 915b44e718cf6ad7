"""What events carry for others, on the wire: reminders, links, organizers, labels."""

from __future__ import annotations

from schedsvc.domain.events import EventDraft
from schedsvc.domain.particulars import Attachment, Conference, Organizer, Reminders
from schedsvc.rpc.codec.calendars import decode_reminder, encode_reminder
from schedsvc.v1 import events_pb2


def decode_reminders(message: events_pb2.Reminders) -> Reminders:
    return Reminders(message.use_default, tuple(map(decode_reminder, message.overrides)))


def decode_organizer(message: events_pb2.Organizer) -> Organizer:
    return Organizer(message.email, message.display_name)


def decode_conference(message: events_pb2.Conference) -> Conference | None:
    """None for one that says nothing."""
    said = Conference(message.uri, message.phone, message.pin, message.provider)
    return said if said != Conference("", "", "", "") else None


def decode_attachment(message: events_pb2.Attachment) -> Attachment:
    return Attachment(message.uri, message.title, message.mime_type)


def fill(out: events_pb2.Event, event: EventDraft) -> None:
    """Adds those of an event to the event as it is answered."""
    out.color = event.color
    out.categories.extend(event.categories)
    if (organizer := event.organizer) is not None:
        out.organizer.email, out.organizer.display_name = organizer.email, organizer.display_name
    if (reminders := event.reminders) is not None:
        out.reminders.use_default = reminders.use_default
        out.reminders.overrides.extend(map(encode_reminder, reminders.overrides))
    if (conference := event.conference) is not None:
        out.conference.uri, out.conference.phone = conference.uri, conference.phone
        out.conference.pin, out.conference.provider = conference.pin, conference.provider
    for attachment in event.attachments:
        out.attachments.add(uri=attachment.uri, title=attachment.title, mime_type=attachment.mime_type)
