"""Who is invited and who invites (RFC 5545 sections 3.8.4.1 and 3.8.4.3)."""

from __future__ import annotations

from collections.abc import Iterator

import protovalidate

from schedsvc.domain.events import Attendee, AttendeeType, ResponseStatus
from schedsvc.domain.particulars import Organizer
from schedsvc.rpc.checks.report import shown
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties, Property
from schedsvc.v1 import events_pb2

_NAME_LENGTH = 256
_ATTENDEES = 500
_RESPONSES = {
    "NEEDS-ACTION": ResponseStatus.NEEDS_ACTION,
    "ACCEPTED": ResponseStatus.ACCEPTED,
    "TENTATIVE": ResponseStatus.TENTATIVE,
    "DECLINED": ResponseStatus.DECLINED,
}


def attendees(properties: Properties, notes: Notes) -> tuple[Attendee, ...]:
    """Those with an e-mail address, each once."""
    found: dict[str, Attendee] = {}
    for attendee in _readable(properties, notes):
        if attendee.email.lower() in found:
            notes.add(f"ATTENDEE {shown(attendee.email)} is there twice: the first one counts")
        found.setdefault(attendee.email.lower(), attendee)
    if len(found) > _ATTENDEES:
        notes.add(f"only the first {_ATTENDEES} of {len(found)} ATTENDEEs were read")
    return tuple(found.values())[:_ATTENDEES]


def organizer(properties: Properties, notes: Notes) -> Organizer | None:
    """None also for one without an e-mail address, which is told."""
    found = properties.one("ORGANIZER")
    if found is None:
        return None
    email = _address(found)
    if not _is_email(email):
        notes.add(f"ORGANIZER {shown(email)} has no e-mail address and was left out")
        return None
    return Organizer(email, _name(found, notes))


def _readable(properties: Properties, notes: Notes) -> Iterator[Attendee]:
    for found in properties.all("ATTENDEE"):
        email = _address(found)
        if not _is_email(email):
            notes.add(f"ATTENDEE {shown(email)} has no e-mail address and was left out")
            continue
        answer = found.params.get("PARTSTAT", "NEEDS-ACTION").upper()
        if answer not in _RESPONSES:
            notes.add(f"PARTSTAT {shown(answer)} was read as NEEDS-ACTION")
        yield Attendee(email, _name(found, notes), _type(found), _RESPONSES.get(answer, ResponseStatus.NEEDS_ACTION))


def _name(found: Property, notes: Notes) -> str:
    return notes.cut(found.params.get("CN", "").strip(), _NAME_LENGTH, "CN")


def _address(found: Property) -> str:
    value = found.value.strip()
    if value[:7].lower() == "mailto:":
        return value[7:].strip()
    return found.params.get("EMAIL", "").strip() or value


def _is_email(text: str) -> bool:
    """By the very rule that events are checked by."""
    return bool(text) and not protovalidate.collect_violations(events_pb2.Attendee(email=text))


def _type(found: Property) -> AttendeeType:
    if found.params.get("CUTYPE", "").upper() in ("RESOURCE", "ROOM"):
        return AttendeeType.RESOURCE
    required = found.params.get("ROLE", "REQ-PARTICIPANT").upper() in ("REQ-PARTICIPANT", "CHAIR")
    return AttendeeType.REQUIRED if required else AttendeeType.OPTIONAL
