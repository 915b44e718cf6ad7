"""Small iCalendar files, and looking at what became of them."""

from __future__ import annotations

from datetime import datetime

from schedsvc.domain.events import EventDraft
from schedsvc.domain.interchange import Component
from schedsvc.domain.time import Zoned
from schedsvc.rpc.codec.icalendar import parse

BERLIN = "Europe/Berlin"


def calendar(inside: str) -> bytes:
    text = f"BEGIN:VCALENDAR\n{inside.strip()}\nEND:VCALENDAR\n" if inside else "BEGIN:VCALENDAR\nEND:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def event(*lines: str) -> bytes:
    """A good event of one hour and these lines."""
    fixed = ("UID:e1", "DTSTAMP:20300101T000000Z", "DTSTART:20300501T100000Z", "DTEND:20300501T110000Z")
    return calendar("\n".join(("BEGIN:VEVENT", *fixed, *lines, "END:VEVENT")))


def only(data: bytes, zone: str = BERLIN) -> Component:
    (component,) = parse(data, zone)
    return component


def draft(data: bytes, zone: str = BERLIN) -> EventDraft:
    component = only(data, zone)
    assert component.draft is not None, component.messages
    return component.draft


def refusal(data: bytes) -> str:
    """Why the only component is refused."""
    component = only(data)
    assert component.draft is None
    return component.messages[0]


def zoned(text: str, zone: str) -> Zoned:
    return Zoned(datetime.fromisoformat(text), zone)
