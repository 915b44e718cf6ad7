"""The JSON text in `body` columns: compact, keys in a fixed order, versioned.

`load` is where a later version of the program learns to read what earlier ones wrote. Version 2 added fields to events,
each of them left out where it has its default; so what version 1 wrote reads as the same text without them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schedsvc.domain.calendars import ExternalRef
from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.time import AllDay, EventTime, Zoned
from schedsvc.repositories.sql.errors import StoreFault

VERSION = 2
_READABLE = frozenset({1, VERSION})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

Document = dict[str, Any]


def dump(document: Document) -> str:
    """The text of a document; the same document always gives the same text."""
    return json.dumps({"v": VERSION, **document}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def load(text: str) -> Document:
    """The document of a text that `dump` made. Raises StoreFault for an unknown version."""
    document: Document = json.loads(text)
    if document["v"] not in _READABLE:
        raise StoreFault(f"a record of version {document['v']}, made by a later program")
    return document


def micros(time: datetime) -> int:
    """Epoch microseconds of an aware datetime."""
    return (time - _EPOCH) // _MICROSECOND


def at(us: int) -> datetime:
    """The aware datetime, in UTC, of epoch microseconds."""
    return _EPOCH + us * _MICROSECOND


def maybe_micros(time: datetime | None) -> int | None:
    return None if time is None else micros(time)


def maybe_at(us: int | None) -> datetime | None:
    return None if us is None else at(us)


def dump_time(time: EventTime) -> Any:
    """A date alone, or a local time with its zone."""
    if isinstance(time, AllDay):
        return time.day.isoformat()
    return [time.local.isoformat(), time.time_zone]


def load_time(value: Any) -> EventTime:
    if isinstance(value, str):
        return AllDay(date.fromisoformat(value))
    # Naive on purpose: what a clock on the wall shows.
    return Zoned(datetime.fromisoformat(value[0]), value[1])


def dump_hours(hours: WorkHours | None) -> Any:
    if hours is None:
        return None
    days = {str(day): [(r.start, r.end) for r in ranges] for day, ranges in hours.days.items()}
    return {"zone": hours.time_zone, "days": days}


def load_hours(value: Any) -> WorkHours | None:
    if value is None:
        return None
    days = value["days"].items()
    return WorkHours(value["zone"], {int(day): tuple(MinuteRange(*r) for r in ranges) for day, ranges in days})


def dump_ref(ref: ExternalRef | None) -> Any:
    return None if ref is None else [ref.provider, ref.id, ref.etag]


def load_ref(value: Any) -> ExternalRef | None:
    return None if value is None else ExternalRef(*value)


def dump_event_name(name: EventName | None) -> str | None:
    """Also the value of a column, hence a text."""
    return None if name is None else f"{name.calendar.account}/{name.calendar.calendar}/{name.event}"


def load_event_name(value: Any) -> EventName | None:
    if value is None:
        return None
    account, calendar, event = value.split("/")
    return EventName(CalendarName(account, calendar), event)


def dump_calendar(name: CalendarName) -> Any:
    return [name.account, name.calendar]


def texts(values: Mapping[str, str]) -> dict[str, str]:
    """A map as JSON takes it."""
    return dict(values)


def escaped(text: str) -> str:
    """Text for a column of its own: PostgreSQL takes no NUL character. Equal only for equal texts."""
    return text.replace("\\", "\\\\").replace("\x00", "\\0")


def unescaped(text: str) -> str:
    """The text that `escaped` was given."""
    return _ESCAPE.sub(lambda match: "\x00" if match[1] == "0" else match[1], text)
