"""What is told to the people of an event, as iTIP has it (RFC 5546): who is told what.

A message holds all that its iCalendar text needs; writing that text and bringing it to people is the business of
whoever delivers the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from schedsvc.domain.events import Attendee, Event, EventStatus
from schedsvc.domain.particulars import Organizer
from schedsvc.domain.sequences import LAST_SEQUENCE
from schedsvc.domain.time import AllDay, EventTime


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    REPLY = "REPLY"


@dataclass(frozen=True, slots=True)
class Message:
    """`event` is a single event, a series or one instance, as it stands after the write. `comment` is a reply's."""

    method: Method
    event: Event
    organizer: Organizer
    recipients: tuple[str, ...]
    comment: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON takes it, with the names of RFC 5545 in lower case."""
        event = self.event
        return {
            "method": self.method.value,
            "event": str(event.name),
            "recipients": list(self.recipients),
            "organizer": [self.organizer.email, self.organizer.display_name],
            "uid": event.uid,
            "recurrence_id": _time(event.occurrence.original) if event.occurrence else None,
            "sequence": event.sequence,
            "dtstart": _time(event.start),
            "dtend": _time(event.end),
            "recurrence": list(event.recurrence),
            "exdate": [_time(original) for original in event.cancelled],
            "summary": event.subject,
            "description": event.description,
            "location": event.location,
            "status": event.status.name,
            "attendees": [[a.email, a.display_name, a.type.name, a.response.name] for a in event.attendees],
            "comment": self.comment,
        }


def announced(before: Event | None, after: Event, owner: Organizer) -> list[Message]:
    """What a write makes the organizer say: an invitation to all, a calling off to all or to those left out.

    Nothing where the organizer is somebody else: what stands in the calendar is then a copy.
    """
    if not _is_organizer(after, owner):
        return []
    invited = _others(after, owner)
    if after.status is EventStatus.CANCELLED:
        return _to(Method.CANCEL, after, owner, invited)
    left_out = [a for a in _others(before, owner) if _key(a) not in set(map(_key, invited))] if before else []
    return _to(Method.REQUEST, after, owner, invited) + _to(Method.CANCEL, after, owner, left_out)


def called_off(event: Event, owner: Organizer) -> list[Message]:
    """What the deletion of an event or instance makes the organizer say; it is told as cancelled, in a new version."""
    gone = replace(event, status=EventStatus.CANCELLED, sequence=_next(event))
    return _to(Method.CANCEL, gone, owner, _others(event, owner)) if _is_organizer(event, owner) else []


def replied(event: Event, attendee: str, comment: str, owner: Organizer) -> list[Message]:
    """What an answer makes an attendee say to the organizer, unless the calendar is the organizer's own."""
    if event.organizer is None or _is_organizer(event, owner):
        return []
    answering = tuple(a for a in event.attendees if a.email.casefold() == attendee.casefold())
    recipients = (event.organizer.email,)
    return [Message(Method.REPLY, replace(event, attendees=answering), event.organizer, recipients, comment)]


def _is_organizer(event: Event, owner: Organizer) -> bool:
    return event.organizer is None or event.organizer.email.casefold() == owner.email.casefold()


def _others(event: Event, owner: Organizer) -> list[Attendee]:
    """Whom the owner invited, be it to one instance of a series."""
    found = {_key(attendee): attendee for attendee in event.attendees}
    for override in event.overrides:
        for attendee in override.attendees or ():
            found.setdefault(_key(attendee), attendee)
    found.pop(owner.email.casefold(), None)
    return list(found.values())


def _next(event: Event) -> int:
    """The number of the version in which all of the event is gone. That of an instance was raised with its series."""
    if event.occurrence is not None:
        return event.sequence
    return min(1 + max([event.sequence, *(override.sequence for override in event.overrides)]), LAST_SEQUENCE)


def _key(attendee: Attendee) -> str:
    return attendee.email.casefold()


def _to(method: Method, event: Event, owner: Organizer, people: Iterable[Attendee]) -> list[Message]:
    recipients = tuple(attendee.email for attendee in people)
    return [Message(method, event, event.organizer or owner, recipients)] if recipients else []


def _time(time: EventTime) -> list[str]:
    """Text and zone; the zone of a date is empty."""
    if isinstance(time, AllDay):
        return [time.day.isoformat(), ""]
    return [time.local.isoformat(), time.time_zone]
