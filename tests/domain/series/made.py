"""Series to test with, written short."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from schedsvc.domain.events import Event, EventStatus, EventType, Override, ShowAs
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import EventName, primary_calendar
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import derived, instances
from schedsvc.domain.time import EARLIEST, LATEST, AllDay, EventTime, Zoned, seconds

NEW_YORK = "America/New_York"
ALWAYS = EARLIEST, LATEST
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str, zone: str = NEW_YORK) -> Zoned:
    return Zoned(datetime.fromisoformat(text), zone)


def on(text: str) -> AllDay:
    return AllDay(date.fromisoformat(text))


def instant(text: str) -> int:
    """Of ISO 8601 text in UTC."""
    return seconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def window(start: str, end: str) -> Interval:
    return instant(start), instant(end)


def event(start: EventTime, end: EventTime, *lines: str, **values: Any) -> Event:
    made = Event(
        **{
            "uid": "uid",
            "start": start,
            "end": end,
            "subject": "Standup",
            "description": "",
            "location": "",
            "show_as": ShowAs.BUSY,
            "status": EventStatus.CONFIRMED,
            "event_type": EventType.DEFAULT,
            "attendees": (),
            "metadata": {},
            "external_ref": None,
            "recurrence": lines,
            "name": EventName(primary_calendar("ada"), "standup"),
            "extent": (0, 0),
            "occupied": (0, 0),
            "booking": None,
            "sequence": 0,
            "revision": 7,
            "index": 1,
            "born": 3,
            "create_time": _MOMENT,
            "update_time": _MOMENT,
            "zone": NEW_YORK,
            **values,
        }
    )
    return derived(made)


def weekly(*lines: str, **values: Any) -> Event:
    """Mondays at 9:00 in New York, half an hour, from 2 March 2026 on."""
    rule = lines or ("RRULE:FREQ=WEEKLY",)
    return event(at("2026-03-02T09:00"), at("2026-03-02T09:30"), *rule, **values)


def moved(original: EventTime, start: EventTime, end: EventTime, **values: Any) -> Override:
    return Override(original=original, start=start, end=end, **values)


def found(series: Event, asked: Interval = ALWAYS) -> list[Event]:
    return list(instances(series, asked, Budget()))


def starts(series: Event, asked: Interval = ALWAYS) -> list[str]:
    """Local starts of the instances."""
    return [written(e.start) for e in found(series, asked)]


def written(time: EventTime) -> str:
    return time.day.isoformat() if isinstance(time, AllDay) else time.local.isoformat(timespec="minutes")


def outline(events: list[Event]) -> list[tuple[object, ...]]:
    """What makes instances the same, apart from the series that they belong to."""
    return [(e.name.original, e.start, e.end, e.extent, e.subject, e.status, e.show_as) for e in events]
