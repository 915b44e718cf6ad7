"""What the demonstration does with a given file: when it plays, in which room, in which week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedsvc.cli.failures import Failed
from schedsvc.cli.icalendar import CalendarFile, Component
from schedsvc.cli.rooms import split
from schedsvc.domain.time import zone as zone_of

NO_ROOM = "no-room"
FIRST_HOUR = 8
LAST_HOUR = 20
STEP_MINUTES = 30
_RECURRING = ("RRULE", "RDATE", "RECURRENCE-ID")
_LEAST_DAYS = 14
_MOST_DAYS = 730


@dataclass(frozen=True, slots=True)
class Plan:
    """`clock` is when the server believes to start; `monday` begins the week shown; `busiest` is a day of it.

    `rest` is the account for events without a room, `account` the one that is booked.
    """

    zone: str
    clock: datetime
    horizon_days: int
    account: str
    display_name: str
    rest: str
    monday: date
    busiest: date

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]


def make_plan(calendar: CalendarFile) -> Plan:
    """Raises Failed for a file without a single event that could be shown."""
    zone = zone_of(calendar.zone)
    singles = [event for event in calendar.events if not is_recurring(event)]
    starts = _starts(singles, zone)
    if not starts:
        raise Failed("the file has no single event with a start (recurring ones are refused for now): nothing to show")
    clock = monday_before(min(starts))
    last = max(start for start in starts if start < clock + timedelta(days=_MOST_DAYS - 7))
    days = (last.date() - clock.date()).days + 7
    account, name, shown, rest = _busiest_room(calendar, zone, last)
    dates = Counter(start.date() for start in shown)
    monday = _fullest_week(dates)
    return Plan(
        zone=calendar.zone,
        clock=clock,
        horizon_days=max(_LEAST_DAYS, days),
        account=account,
        display_name=name,
        rest=rest,
        monday=monday,
        busiest=min(_week_of(dates, monday), key=lambda day: (-dates[day], day)),
    )


def is_recurring(event: Component) -> bool:
    """Whether the server is to refuse the event, until it computes recurrence."""
    return any(event.value(name) for name in _RECURRING)


def monday_before(first: datetime) -> datetime:
    """The last Monday 08:00 at or before an instant, in the zone of that instant."""
    monday = first.date() - timedelta(days=first.weekday())
    clock = datetime.combine(monday, time(FIRST_HOUR), first.tzinfo)
    return clock if clock <= first else datetime.combine(monday - timedelta(days=7), time(FIRST_HOUR), first.tzinfo)


def _busiest_room(calendar: CalendarFile, zone: ZoneInfo, last: datetime) -> tuple[str, str, set[datetime], str]:
    """Account, name and starts of the room with most of them in the hours shown; and the account of what has none."""
    rooms = split(calendar).rooms
    taken = {room.account for room in rooms}
    rest = next(name for name in (NO_ROOM, *(f"{NO_ROOM}-{n}" for n in range(len(taken) + 1))) if name not in taken)
    roomless = [event for event in calendar.events if not event.value("LOCATION")]
    found = [(room.account, room.location, room.events) for room in rooms]
    found.append((rest, "Everything without a room", tuple(roomless)))
    starts = [(account, name, _singles(events, zone, last)) for account, name, events in found]
    account, name, shown = max(starts, key=lambda room: (len(_in_hours(room[2])), len(room[2])))
    return account, name, _in_hours(shown) or shown, rest


def _singles(events: Sequence[Component], zone: ZoneInfo, last: datetime) -> set[datetime]:
    singles = [event for event in events if not is_recurring(event)]
    return {start for start in _starts(singles, zone) if start <= last}


def _in_hours(starts: set[datetime]) -> set[datetime]:
    return {start for start in starts if FIRST_HOUR <= start.hour < LAST_HOUR}


def _starts(events: Sequence[Component], zone: ZoneInfo) -> list[datetime]:
    starts = (event.start() for event in events)
    return [start.astimezone(zone) for start in starts if start is not None]


def _fullest_week(dates: Counter[date]) -> date:
    weeks: Counter[date] = Counter()
    for day, count in dates.items():
        weeks[day - timedelta(days=day.weekday())] += count
    return min(weeks, key=lambda monday: (-weeks[monday], monday))


def _week_of(dates: Counter[date], monday: date) -> list[date]:
    return [day for day in dates if monday <= day < monday + timedelta(days=7)]
