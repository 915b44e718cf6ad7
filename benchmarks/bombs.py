"""What is sent to make the service work without end: rules that give too many starts or none, and endless nesting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from benchmarks import world
from schedsvc.client.messages import (
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    EventTime,
    ImportCalendarRequest,
    ListInstancesRequest,
    QueryFreeBusyRequest,
    TimeBound,
)

ZONE = world.ZONE
DTSTART = datetime.fromisoformat("2020-01-01")
WINDOW = (datetime.fromisoformat("2030-01-01"), datetime.fromisoformat("2030-01-08"))
ACCOUNT = "bombs"
CALENDAR = f"accounts/{ACCOUNT}/calendars/primary"
DEPTH = 10_000


class Bomb(NamedTuple):
    """A rule, from `DTSTART` on, and how long each instance lasts."""

    rule: str
    lasts: timedelta = timedelta(minutes=30)


def _every(count: int, step: int = 1) -> str:
    return ",".join(map(str, range(0, count, step)))


def _one_day_a_year(every_seconds: int) -> str:
    """The rule that gives as much of one day a year as can be."""
    return f"FREQ=YEARLY;BYHOUR={_every(24)};BYMINUTE={_every(60)};BYSECOND={_every(60, every_seconds)}"


BOMBS: Mapping[str, Bomb] = {
    "INTERVAL=0": Bomb("FREQ=DAILY;INTERVAL=0"),
    "SECONDLY": Bomb("FREQ=SECONDLY"),
    "MINUTELY": Bomb("FREQ=MINUTELY"),
    "MINUTELY, a billion times": Bomb("FREQ=MINUTELY;COUNT=1000000000"),
    "MINUTELY on 30 February": Bomb("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30"),
    "DAILY on 30 February": Bomb("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    "the second of each second Tuesday": Bomb("FREQ=MONTHLY;BYDAY=2TU;BYSETPOS=2"),
    "every second of a day a year": Bomb(_one_day_a_year(1)),
    "every ten seconds of a day a year": Bomb(_one_day_a_year(10), timedelta(seconds=5)),
    "every minute of every day": Bomb(f"FREQ=DAILY;BYHOUR={_every(24)};BYMINUTE={_every(60)}"),
    "HOURLY, a billion times": Bomb("FREQ=HOURLY;COUNT=1000000000"),
    "HOURLY, for ten years each": Bomb("FREQ=HOURLY", timedelta(days=3660)),
}
"""By what they are called in the table."""
NESTED: Mapping[str, str] = {f"{DEPTH:,} nested {kind}": kind for kind in ("VEVENT", "VALARM")}
"""Kinds of components, by what files with nothing else are called in the table."""


def creation(bomb: Bomb) -> CreateEventRequest:
    event = Event(subject="Bomb", recurrence=[f"RRULE:{bomb.rule}"])
    _set_local(event.start, DTSTART)
    _set_local(event.end, DTSTART + bomb.lasts)
    return CreateEventRequest(parent=CALENDAR, event=event)


def deletion(name: str) -> DeleteEventRequest:
    return DeleteEventRequest(name=name)


def instances(name: str) -> ListInstancesRequest:
    """Those of a series in the window, as many as fit into an answer."""
    request = ListInstancesRequest(name=name, page_size=1000)
    _set_window(request.time_min, request.time_max)
    return request


def free_busy() -> QueryFreeBusyRequest:
    """Of the calendar in the window."""
    request = QueryFreeBusyRequest(targets=[CALENDAR])
    _set_window(request.time_min, request.time_max)
    return request


async def upload(kind: str) -> AsyncIterator[ImportCalendarRequest]:
    yield ImportCalendarRequest(parent=CALENDAR, data=nested(kind))


def nested(kind: str) -> bytes:
    """A file with an event in which there are components in components."""
    deep = [*[f"BEGIN:{kind}"] * DEPTH, *[f"END:{kind}"] * DEPTH]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *deep, "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def _set_local(time: EventTime, local: datetime) -> None:
    time.date_time = local.isoformat()
    time.time_zone = ZONE


def _set_window(lo: TimeBound, hi: TimeBound) -> None:
    for bound, local in zip((lo, hi), WINDOW, strict=True):
        bound.instant.FromDatetime(local)
