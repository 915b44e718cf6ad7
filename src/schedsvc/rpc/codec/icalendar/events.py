"""A VEVENT as the draft of an event, a series or an exception (RFC 5545 section 3.6.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from schedsvc.domain import series
from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.events import EventDraft, EventStatus, ShowAs
from schedsvc.domain.interchange import Component
from schedsvc.domain.sequences import LAST_SEQUENCE
from schedsvc.domain.time import AllDay, EventTime
from schedsvc.rpc.checks.report import shown
from schedsvc.rpc.checks.times import span_problem
from schedsvc.rpc.codec.events import default_show_as
from schedsvc.rpc.codec.icalendar import particulars, people, recurrence
from schedsvc.rpc.codec.icalendar.components import Raw
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties, Unusable
from schedsvc.rpc.codec.icalendar.recurrence import RECURRING
from schedsvc.rpc.codec.icalendar.times import Times, is_floating, lasting, later
from schedsvc.rpc.codec.icalendar.values import read_moment
from schedsvc.rpc.codec.icalendar.zones import Zones

WANTED = frozenset(
    {
        *RECURRING,
        *particulars.LINKS,
        particulars.EVENT_TYPE,
        particulars.METADATA,
        "ATTACH",
        "ATTENDEE",
        "CATEGORIES",
        "CLASS",
        "COLOR",
        "CREATED",
        "DESCRIPTION",
        "DTEND",
        "DTSTAMP",
        "DTSTART",
        "DURATION",
        "LAST-MODIFIED",
        "LOCATION",
        "ORGANIZER",
        "RECURRENCE-ID",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "UID",
        "URL",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }
)

UID_LENGTH = 255
_TEXTS = {"SUMMARY": 1024, "DESCRIPTION": 8192, "LOCATION": 1024}
_SHOWN_NAMES = 20
_SEQUENCES = range(LAST_SEQUENCE + 1)
# Later changes of the event need numbers too.
_HIGHEST_SEQUENCE = LAST_SEQUENCE - 1_000_000
_SHOWN_AS = {
    "FREE": ShowAs.FREE,
    "TENTATIVE": ShowAs.TENTATIVE,
    "BUSY": ShowAs.BUSY,
    "OOF": ShowAs.OUT_OF_OFFICE,
    "WORKINGELSEWHERE": ShowAs.WORKING_ELSEWHERE,
}
_STATUSES = {status.name: status for status in EventStatus}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the events of one file; `calendar_zone` is that of times which name none."""

    zones: Zones
    calendar_zone: str

    def event(self, component: Component, raw: Raw, properties: Properties, notes: Notes) -> Component:
        """The component with what it says; raises Unusable if it is no event that can be kept."""
        times = Times(self.zones, self.calendar_zone, notes, recurs=any(name in properties for name in RECURRING))
        if "RECURRENCE-ID" in properties:
            return _exception(component, raw, properties, times)
        return replace(component, draft=_series(component.uid, raw, properties, times))


def _exception(component: Component, raw: Raw, properties: Properties, times: Times) -> Component:
    found = properties.one("RECURRENCE-ID")
    if found is None:
        raise Unusable("it has no RECURRENCE-ID")
    reach = found.params.get("RANGE", "").strip().upper()
    if reach not in ("", "THISANDFUTURE"):
        raise Unusable(f"RANGE {shown(reach)} of RECURRENCE-ID is not supported")
    for name in RECURRING:
        if name in properties:
            times.notes.add(f"{name} of an exception was left out")
    original = times.one(found)
    start = original
    if (written := properties.one("DTSTART")) is not None:
        start = times.one(written)
    else:
        times.notes.add("it has no DTSTART: read as RECURRENCE-ID")
    draft = _draft(component.uid, raw, properties, start, times)
    return replace(component, draft=draft, original=original, following=bool(reach))


def _series(uid: str, raw: Raw, properties: Properties, times: Times) -> EventDraft:
    """A series, or an event that takes place once."""
    rdates = recurrence.rdates(properties, times)
    written = properties.one("DTSTART")
    end: EventTime | None = None
    if written is not None:
        start = times.one(written)
    elif rdates and "RRULE" not in properties:
        start, end, rdates = recurrence.first_of(rdates)
        times.notes.add("it has no DTSTART: the first RDATE was taken")
    else:
        raise Unusable("it has no DTSTART")
    lines = recurrence.lines(properties, start, rdates, times)
    draft = _draft(uid, raw, properties, start, times)
    return _recurring(replace(draft, end=end or draft.end), lines, times)


def _recurring(draft: EventDraft, lines: tuple[str, ...], times: Times) -> EventDraft:
    """The draft with its recurrence in canonical form, of which a start off the rule is the first instance."""
    zone = times.calendar_zone
    try:
        written = replace(draft, recurrence=series.canonical(lines, draft.start, zone, lenient=True))
        series.require_recurrence(written, zone, lenient=True)
        counted = series.with_counted_start(written, zone)
        series.require_recurrence(counted, zone, lenient=True)
    except InvalidInput as error:
        raise Unusable("; ".join(map(_told, error.violations))) from None
    if counted != written:
        times.notes.add("DTSTART is not what RRULE gives: it was kept as the first instance")
    return counted


def _told(violation: Violation) -> str:
    said = violation.description
    return said if violation.reason == "FIELD_INVALID" else f"{violation.reason}: {said}"


def _draft(uid: str, raw: Raw, properties: Properties, start: EventTime, times: Times) -> EventDraft:
    """All but the recurrence; raises Unusable for an end that cannot be."""
    notes = times.notes
    end = _end(properties, start, times)
    if problem := span_problem(start, end):
        raise Unusable(f"DTEND {problem[1]}")
    status = _status(properties, notes)
    if properties.others:
        more = len(properties.others) - _SHOWN_NAMES
        names = ", ".join(properties.others[:_SHOWN_NAMES])
        notes.add(f"not kept: {names}" + (f" and {more} more" if more > 0 else ""))
    return EventDraft(
        uid=uid,
        start=start,
        end=end,
        subject=_text(properties, "SUMMARY", notes),
        description=_text(properties, "DESCRIPTION", notes),
        location=_text(properties, "LOCATION", notes),
        show_as=_show_as(properties, start, status),
        status=status,
        event_type=particulars.event_type(properties),
        attendees=people.attendees(properties, notes),
        metadata=particulars.metadata(properties, notes),
        external_ref=None,
        visibility=particulars.visibility(properties, notes),
        organizer=people.organizer(properties, notes),
        reminders=particulars.reminders(raw.inner, notes),
        conference=particulars.conference(properties, notes),
        attachments=particulars.attachments(properties, notes),
        categories=particulars.categories(properties, notes),
        color=particulars.color(properties, notes),
        floating=is_floating(properties.one("DTSTART")),
    )


def _end(properties: Properties, start: EventTime, times: Times) -> EventTime:
    """From DTEND, else from DURATION; without both a date lasts a day and a time no time (RFC 5545, 3.6.1)."""
    found, duration = properties.one("DTEND"), properties.one("DURATION")
    if found is not None:
        end = times.one(found)
        if isinstance(start, AllDay) and end == start:
            times.notes.add("DTEND is the day of DTSTART: read as a whole day")
            return later(start, 1)
        return end
    if duration is not None:
        return lasting(start, duration.value.strip())
    return later(start, 1) if isinstance(start, AllDay) else start


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
    """SEQUENCE, 0 if there is none that can be read; one that leaves no room for a million changes is lowered."""
    text = properties.word("SEQUENCE")
    if not text:
        return 0
    if text.isdecimal() and text.isascii() and len(text) <= 10 and int(text) in _SEQUENCES:
        if int(text) > _HIGHEST_SEQUENCE:
            notes.add(f"SEQUENCE {text} was lowered to {_HIGHEST_SEQUENCE}: later changes need higher ones")
        return min(int(text), _HIGHEST_SEQUENCE)
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
    return notes.cut(properties.text(name), _TEXTS[name], name)


def _status(properties: Properties, notes: Notes) -> EventStatus:
    word = properties.word("STATUS")
    if word and word not in _STATUSES:
        notes.add(f"STATUS {shown(word)} was read as CONFIRMED")
    return _STATUSES.get(word, EventStatus.CONFIRMED)


def _show_as(properties: Properties, start: EventTime, status: EventStatus) -> ShowAs:
    """Outlook's own property says more than TRANSP; what takes time is tentative if the event is."""
    outlook = _SHOWN_AS.get(properties.word("X-MICROSOFT-CDO-BUSYSTATUS"))
    if outlook is not None:
        return outlook
    shown_as = default_show_as(start)
    if transparent := properties.word("TRANSP"):
        shown_as = ShowAs.FREE if transparent == "TRANSPARENT" else ShowAs.BUSY
    tentative = status is EventStatus.TENTATIVE and shown_as is ShowAs.BUSY
    return ShowAs.TENTATIVE if tentative else shown_as
