"""A VEVENT as the draft of an event (RFC 5545 section 3.6.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import protovalidate

from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    EventDraft,
    EventStatus,
    EventType,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.time import AllDay, EventTime, Zoned, instant_of, zoned_at
from schedsvc.rpc.checks.report import shown
from schedsvc.rpc.checks.times import era_problem, span_problem
from schedsvc.rpc.codec.events import default_show_as
from schedsvc.rpc.codec.icalendar.components import Raw
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties, Property, Unusable
from schedsvc.rpc.codec.icalendar.values import is_date, read_date, read_moment, read_span
from schedsvc.rpc.codec.icalendar.zones import Zones
from schedsvc.v1 import events_pb2

RECURRING = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
WANTED = frozenset(
    {
        *RECURRING,
        "ATTENDEE",
        "CLASS",
        "DESCRIPTION",
        "DTEND",
        "DTSTAMP",
        "DTSTART",
        "DURATION",
        "LAST-MODIFIED",
        "LOCATION",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "UID",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }
)

UID_LENGTH = 255
_TEXTS = {"SUMMARY": 1024, "DESCRIPTION": 8192, "LOCATION": 1024}
_NAME_LENGTH = 256
_ATTENDEES = 500
_SEQUENCES = range(2**31)
_SHOWN_AS = {
    "FREE": ShowAs.FREE,
    "TENTATIVE": ShowAs.TENTATIVE,
    "BUSY": ShowAs.BUSY,
    "OOF": ShowAs.OUT_OF_OFFICE,
    "WORKINGELSEWHERE": ShowAs.WORKING_ELSEWHERE,
}
_STATUSES = {status.name: status for status in EventStatus}
_RESPONSES = {
    "NEEDS-ACTION": ResponseStatus.NEEDS_ACTION,
    "ACCEPTED": ResponseStatus.ACCEPTED,
    "TENTATIVE": ResponseStatus.TENTATIVE,
    "DECLINED": ResponseStatus.DECLINED,
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the events of one file; `calendar_zone` is that of times which name none."""

    zones: Zones
    calendar_zone: str

    def draft(self, properties: Properties, uid: str, notes: Notes) -> EventDraft:
        """A single event; raises Unusable if there is none to be had."""
        start = self._start(properties, notes)
        end = self._end(properties, start, notes)
        if problem := span_problem(start, end):
            raise Unusable(f"DTEND {problem[1]}")
        status = _status(properties, notes)
        if (access := properties.word("CLASS")) not in ("", "PUBLIC"):
            notes.add(f"CLASS {shown(access)} is not kept")
        return EventDraft(
            uid=uid,
            start=start,
            end=end,
            subject=_text(properties, "SUMMARY", notes),
            description=_text(properties, "DESCRIPTION", notes),
            location=_text(properties, "LOCATION", notes),
            show_as=_show_as(properties, start, status),
            status=status,
            event_type=EventType.DEFAULT,
            attendees=_attendees(properties, notes),
            metadata={},
            external_ref=None,
        )

    def _start(self, properties: Properties, notes: Notes) -> EventTime:
        found = properties.one("DTSTART")
        if found is None:
            raise Unusable("it has no DTSTART")
        return self._time(found, notes)

    def _end(self, properties: Properties, start: EventTime, notes: Notes) -> EventTime:
        """From DTEND, else from DURATION; without both a date lasts a day and a time no time (RFC 5545, 3.6.1)."""
        found, lasting = properties.one("DTEND"), properties.one("DURATION")
        if found is not None:
            end = self._time(found, notes)
            if isinstance(start, AllDay) and end == start:
                notes.add("DTEND is the day of DTSTART: read as a whole day")
                return _later(start, 1)
            return end
        if lasting is not None:
            return _after(start, lasting.value.strip())
        return _later(start, 1) if isinstance(start, AllDay) else start

    def _time(self, found: Property, notes: Notes) -> EventTime:
        try:
            time = self._read(found, found.value.strip(), notes)
        except (ValueError, OverflowError) as error:
            if isinstance(error, Unusable):
                raise
            raise Unusable(f"{found.name} {shown(found.value)} is no date or time") from None
        if problem := era_problem(time):
            raise Unusable(f"{found.name} {problem}")
        return time

    def _read(self, found: Property, text: str, notes: Notes) -> EventTime:
        if found.params.get("VALUE", "").upper() == "DATE" or is_date(text):
            return AllDay(read_date(text))
        local, utc = read_moment(text)
        return Zoned(local, "UTC" if utc else self._zone(found, local.year, notes))

    def _zone(self, found: Property, year: int, notes: Notes) -> str:
        tzid = found.params.get("TZID", "").strip().strip('"').strip()
        if not tzid:
            notes.add(f"{found.name} names no time zone: read in {self.calendar_zone}")
            return self.calendar_zone
        name = self.zones.find(tzid, year)
        if name is None:
            raise Unusable(f"BAD_TIME_ZONE: the TZID {shown(tzid)} is no time zone that is known here")
        if name != tzid:
            notes.add(f"the TZID {shown(tzid)} was read as {name}")
        return name


def require_single(properties: Properties) -> None:
    """Raises Unusable for a part of a series."""
    for name in RECURRING:
        if name in properties:
            raise Unusable(f"{name} is not supported yet")


def _later(start: AllDay, days: int) -> AllDay:
    try:
        return AllDay(start.day + timedelta(days=days))
    except OverflowError:
        raise Unusable("its end lies beyond the calendar") from None


def _after(start: EventTime, text: str) -> EventTime:
    """The end of what lasts so long: days by the calendar, the rest by the clock (RFC 5545 section 3.3.6)."""
    try:
        days, seconds = read_span(text)
        if isinstance(start, Zoned):
            local = start.local + timedelta(days=days)
            end: EventTime = Zoned(local, start.time_zone)
            if seconds:
                end = zoned_at(instant_of(local, start.time_zone) + seconds, start.time_zone)
        elif seconds % 86_400:
            raise Unusable("DURATION of an event on a date must be in days")
        else:
            end = _later(start, days + seconds // 86_400)
    except (ValueError, OverflowError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable(f"DURATION {shown(text)} cannot be read") from None
    if problem := era_problem(end):
        raise Unusable(f"its end {problem}")
    return end


def uid_of(raw: Raw, properties: Properties, notes: Notes) -> str:
    """The UID; without one, one that is always made from the same component. Raises Unusable for one too long."""
    uid = properties.text("UID")
    if len(uid) > UID_LENGTH:
        raise Unusable(f"its UID is longer than {UID_LENGTH} characters")
    if uid:
        return uid
    notes.add("it has no UID: one was made from its content")
    lines = (line.data for line in raw.lines if not line.data.upper().startswith(b"DTSTAMP"))
    return hashlib.sha256(b"\n".join(lines)).hexdigest()[:32]


def sequence_of(properties: Properties, notes: Notes) -> int:
    """SEQUENCE, 0 if there is none that can be read."""
    text = properties.word("SEQUENCE")
    if not text:
        return 0
    if text.isdecimal() and text.isascii() and len(text) <= 10 and int(text) in _SEQUENCES:
        return int(text)
    notes.add(f"SEQUENCE {shown(text)} was read as 0")
    return 0


def stamp_of(properties: Properties, notes: Notes) -> datetime | None:
    """When this version was made: DTSTAMP, else LAST-MODIFIED; both are in UTC."""
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        text = properties.word(name)
        try:
            if text:
                return read_moment(text).local.replace(tzinfo=UTC)
        except ValueError:
            notes.add(f"{name} {shown(text)} cannot be read")
    if "DTSTAMP" not in properties:
        notes.add("it has no DTSTAMP")
    return None


def _text(properties: Properties, name: str, notes: Notes) -> str:
    text, limit = properties.text(name), _TEXTS[name]
    if len(text) > limit:
        notes.add(f"{name} was cut to {limit} characters")
    return text[:limit]


def _status(properties: Properties, notes: Notes) -> EventStatus:
    word = properties.word("STATUS")
    if word and word not in _STATUSES:
        notes.add(f"STATUS {shown(word)} was read as CONFIRMED")
    return _STATUSES.get(word, EventStatus.CONFIRMED)


def _show_as(properties: Properties, start: EventTime, status: EventStatus) -> ShowAs:
    """Outlook's own property says more than TRANSP; what takes time is tentative if the event is."""
    outlook = _SHOWN_AS.get(properties.word("X-MICROSOFT-CDO-BUSYSTATUS"))
    transparent = properties.word("TRANSP")
    if outlook is not None:
        shown_as = outlook
    elif transparent:
        shown_as = ShowAs.FREE if transparent == "TRANSPARENT" else ShowAs.BUSY
    else:
        shown_as = default_show_as(start)
    tentative = status is EventStatus.TENTATIVE and shown_as is ShowAs.BUSY
    return ShowAs.TENTATIVE if tentative else shown_as


def _attendees(properties: Properties, notes: Notes) -> tuple[Attendee, ...]:
    found: dict[str, Attendee] = {}
    for attendee in _readable(properties, notes):
        if attendee.email.lower() in found:
            notes.add(f"ATTENDEE {shown(attendee.email)} is there twice: the first one counts")
        found.setdefault(attendee.email.lower(), attendee)
    if len(found) > _ATTENDEES:
        notes.add(f"only the first {_ATTENDEES} of {len(found)} ATTENDEEs were read")
    return tuple(found.values())[:_ATTENDEES]


def _readable(properties: Properties, notes: Notes) -> Iterator[Attendee]:
    for found in properties.all("ATTENDEE"):
        email, name = _address(found), found.params.get("CN", "").strip()[:_NAME_LENGTH]
        if not _is_email(email):
            notes.add(f"ATTENDEE {shown(email)} has no e-mail address and was left out")
            continue
        response = _RESPONSES.get(found.params.get("PARTSTAT", "").upper(), ResponseStatus.NEEDS_ACTION)
        yield Attendee(email, name, _attendee_type(found), response)


def _address(found: Property) -> str:
    value = found.value.strip()
    if value[:7].lower() == "mailto:":
        return value[7:].strip()
    return found.params.get("EMAIL", "").strip() or value


def _is_email(text: str) -> bool:
    """By the very rule that events are checked by."""
    return bool(text) and not protovalidate.collect_violations(events_pb2.Attendee(email=text))


def _attendee_type(found: Property) -> AttendeeType:
    if found.params.get("CUTYPE", "").upper() in ("RESOURCE", "ROOM"):
        return AttendeeType.RESOURCE
    required = found.params.get("ROLE", "REQ-PARTICIPANT").upper() in ("REQ-PARTICIPANT", "CHAIR")
    return AttendeeType.REQUIRED if required else AttendeeType.OPTIONAL
