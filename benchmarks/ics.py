"""Events as iCalendar text, the same for the service and for other calendar servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

HALF_HOUR = 1800
HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//schedsvc//benchmarks//EN")
ZONE = "Europe/Berlin"
# As the zone has been since 1996: without it, a server may read its name as any zone it likes.
ZONE_LINES = (
    "BEGIN:VTIMEZONE",
    f"TZID:{ZONE}",
    "BEGIN:STANDARD",
    "DTSTART:19961027T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:19970330T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
)


def file(*components: Iterable[str]) -> bytes:
    """One file with all of them."""
    lines = [*HEAD, *(line for component in components for line in component), "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def single(number: int, start: int) -> Iterator[str]:
    """Half an hour at an instant."""
    yield from _begin(f"{number}", f"Meeting {number}")
    yield from (f"DTSTART:{utc(start)}", f"DTEND:{utc(start + HALF_HOUR)}", "END:VEVENT")


def weekly(number: int, start: datetime) -> Iterator[str]:
    """Half an hour every week from a local time on."""
    yield from _begin(f"weekly-{number}", f"Weekly {number}")
    for name, local in (("DTSTART", start), ("DTEND", start + timedelta(seconds=HALF_HOUR))):
        yield f"{name};TZID={ZONE}:{local:%Y%m%dT%H%M%S}"
    yield from ("RRULE:FREQ=WEEKLY", "END:VEVENT")


def utc(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%SZ")


def _begin(uid: str, summary: str) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", f"UID:{uid}@benchmarks", "DTSTAMP:20270101T000000Z", f"SUMMARY:{summary}")
