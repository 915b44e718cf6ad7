"""A VFREEBUSY as the events that its periods become (RFC 5545 section 3.6.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from schedsvc.domain.events import LEVEL_OF, EventDraft, EventStatus, EventType, ShowAs
from schedsvc.domain.recurrence.text import format_time
from schedsvc.domain.time import AllDay, EventTime
from schedsvc.rpc.checks.report import shown
from schedsvc.rpc.checks.times import span_problem
from schedsvc.rpc.codec.icalendar.events import UID_LENGTH
from schedsvc.rpc.codec.icalendar.properties import Properties, Property, Unusable
from schedsvc.rpc.codec.icalendar.times import Times, lasting

WANTED = frozenset(
    {"UID", "FREEBUSY", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "LAST-MODIFIED", "CREATED", "RECURRENCE-ID"}
    | {"SEQUENCE"}
)
MOST_PERIODS = 5000
_SHOWN_AS = {
    "BUSY": ShowAs.BUSY,
    "BUSY-TENTATIVE": ShowAs.TENTATIVE,
    "BUSY-UNAVAILABLE": ShowAs.OUT_OF_OFFICE,
}
_SUBJECTS = {ShowAs.BUSY: "Busy", ShowAs.TENTATIVE: "Tentative", ShowAs.OUT_OF_OFFICE: "Out of office"}


def periods(uid: str, properties: Properties, times: Times) -> tuple[EventDraft, ...]:
    """An event for each period that is not free; raises Unusable if there are too many.

    Their UIDs are made from that of the component and from the period, so that they are the same the next time. What
    cannot be read of a component that is all about time makes the whole of it Unusable.
    """
    all_found = properties.all("FREEBUSY")
    if sum(found.value.count(",") + 1 for found in all_found) > MOST_PERIODS:
        raise Unusable(f"it has more than {MOST_PERIODS} periods")
    made: dict[str, EventDraft] = {}
    for draft in (draft for found in all_found for draft in _drafts(uid, found, times)):
        known = made.get(draft.uid)
        if known is None or LEVEL_OF[known.show_as] < LEVEL_OF[draft.show_as]:
            made[draft.uid] = draft
    if properties.others:
        times.notes.add(f"not kept: {', '.join(properties.others[:20])}")
    return tuple(made.values())


def _drafts(uid: str, found: Property, times: Times) -> Iterator[EventDraft]:
    kind = found.params.get("FBTYPE", "").strip().strip('"').upper() or "BUSY"
    if kind == "FREE":
        times.notes.add("periods of FBTYPE FREE were left out")
        return
    if kind not in _SHOWN_AS:
        times.notes.add(f"FBTYPE {shown(kind)} was read as BUSY")
    for text in found.value.split(",") if found.value.strip() else ():
        start, end = _period(found, text.strip(), times)
        yield _draft(uid, start, end, _SHOWN_AS.get(kind, ShowAs.BUSY))


def _period(found: Property, text: str, times: Times) -> tuple[EventTime, EventTime]:
    begin, slash, end = text.partition("/")
    start = times.value(found, begin)
    stop = lasting(start, end) if end[:1].upper() in ("P", "+") else times.value(found, end)
    if not slash or isinstance(start, AllDay) or isinstance(stop, AllDay):
        raise Unusable(f"{found.name} {shown(text)} is no period")
    if start == stop or span_problem(start, stop):
        raise Unusable(f"{found.name} {shown(text)} does not end after its start, or too long after it")
    return start, stop


def _draft(uid: str, start: EventTime, end: EventTime, show_as: ShowAs) -> EventDraft:
    return EventDraft(
        uid=_derived(uid, f"{_written(start)}/{_written(end)}"),
        start=start,
        end=end,
        subject=_SUBJECTS[show_as],
        description="",
        location="",
        show_as=show_as,
        status=EventStatus.CONFIRMED,
        event_type=EventType.DEFAULT,
        attendees=(),
        metadata={},
        external_ref=None,
    )


def _written(time: EventTime) -> str:
    return format_time(time.day if isinstance(time, AllDay) else time.local)


def _derived(uid: str, period: str) -> str:
    """A digest where the two together are too long."""
    text = f"{uid}/{period}"
    return text if len(text) <= UID_LENGTH else hashlib.sha256(text.encode()).hexdigest()
