"""What an event carries along, as other programs understand it; what they do not know is written as X-SCHEDSVC-…"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from schedsvc.domain.events import Attendee, AttendeeType, Event, EventType, ResponseStatus
from schedsvc.domain.particulars import Attachment, Conference, Organizer, Reminder, ReminderMethod, Visibility
from schedsvc.rpc.codec.icalendar.particulars import EVENT_TYPE, METADATA, METADATA_KEY, PIN
from schedsvc.rpc.codec.icalendar.writing.content import Line, component, plain, text, texts

Owner = Organizer
"""Whose calendar it is: invites where nobody else does, and gets the mails of alarms. The address may be empty."""

_PLAIN_TYPES = frozenset({EventType.DEFAULT, EventType.BOOKING})
_ROLES = {
    AttendeeType.REQUIRED: {"ROLE": "REQ-PARTICIPANT"},
    AttendeeType.OPTIONAL: {"ROLE": "OPT-PARTICIPANT"},
    AttendeeType.RESOURCE: {"CUTYPE": "RESOURCE", "ROLE": "NON-PARTICIPANT"},
}
_ANSWERS = {
    ResponseStatus.NEEDS_ACTION: "NEEDS-ACTION",
    ResponseStatus.ACCEPTED: "ACCEPTED",
    ResponseStatus.TENTATIVE: "TENTATIVE",
    ResponseStatus.DECLINED: "DECLINED",
}


def lines(event: Event, owner: Owner) -> Iterator[Line]:
    """All but texts, times and status."""
    if event.visibility is not Visibility.DEFAULT:
        yield plain("CLASS", event.visibility.name)
    if event.categories:
        yield texts("CATEGORIES", event.categories)
    if event.color:
        yield text("COLOR", event.color)
    yield from _people(event, owner)
    if event.conference is not None:
        yield from _conference(event.conference)
    yield from map(_attachment, event.attachments)
    if event.event_type not in _PLAIN_TYPES:
        yield plain(EVENT_TYPE, event.event_type.name)
    for key, value in event.metadata.items():
        yield text(METADATA, value, {METADATA_KEY: key})
    for reminder in event.reminders.overrides if event.reminders else ():
        yield from _alarm(reminder, event, owner)


def _people(event: Event, owner: Owner) -> Iterator[Line]:
    """Whoever invites must be named where anybody is invited (RFC 5545 section 3.8.4.3)."""
    organizer = event.organizer or owner
    if organizer.email and (event.organizer or event.attendees):
        yield plain("ORGANIZER", f"mailto:{organizer.email}", {"CN": organizer.display_name})
    yield from map(_attendee, event.attendees)


def _attendee(attendee: Attendee) -> Line:
    parameters = {
        "CN": attendee.display_name,
        **_ROLES[attendee.type],
        "PARTSTAT": _ANSWERS[attendee.response],
    }
    return plain("ATTENDEE", f"mailto:{attendee.email}", parameters)


def _conference(conference: Conference) -> Iterator[Line]:
    """Web address and telephone number apart (RFC 7986 section 5.11)."""
    more = {"LABEL": conference.provider}
    if conference.uri:
        pin = "" if conference.phone else conference.pin
        yield plain("CONFERENCE", conference.uri, {"VALUE": "URI", "FEATURE": "VIDEO", **more, PIN: pin})
    if conference.phone:
        number = quote(conference.phone, safe="+-().")
        yield plain("CONFERENCE", f"tel:{number}", {"VALUE": "URI", "FEATURE": "PHONE", **more, PIN: conference.pin})


def _attachment(attachment: Attachment) -> Line:
    return plain("ATTACH", attachment.uri, {"FMTTYPE": attachment.mime_type, "FILENAME": attachment.title})


def _alarm(reminder: Reminder, event: Event, owner: Owner) -> list[Line]:
    said = event.subject or "Reminder"
    trigger = plain("TRIGGER", f"-PT{reminder.minutes}M")
    if reminder.method is ReminderMethod.POPUP:
        return component("VALARM", [plain("ACTION", "DISPLAY"), trigger, text("DESCRIPTION", said)])
    to = [plain("ATTENDEE", f"mailto:{owner.email}")] if owner.email else []
    mail = [plain("ACTION", "EMAIL"), trigger, text("SUMMARY", said), text("DESCRIPTION", said), *to]
    return component("VALARM", mail)
