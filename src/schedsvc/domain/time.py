"""Wall-clock time and instants: the one place where the two meet.

An instant is a whole number of seconds since 1970-01-01T00:00Z. A local time is a naive
`datetime` and the name of an IANA zone. Zones are read from the `tzdata` package, never from the
machine, so that every process with the same packages computes the same instants.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

EARLIEST = -2_208_988_800
"""1900-01-01T00:00Z, the first instant at which anything may take place."""
LATEST = 7_258_118_400
"""2200-01-01T00:00Z; everything has to end by then."""

DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MIDNIGHT = datetime.min.time()
# In no zone since 1900 are two changes of offset closer than 6.9 days (Gaza, around Ramadan).
_SAMPLE = 2 * DAY
# Placeholders in the zone list, not places or standards.
_NOT_ZONES = frozenset({"Factory", "localtime", "posixrules"})


class UnknownZone(ValueError):
    """The name is not that of an IANA time zone."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is not an IANA time zone")
        self.name = name


@dataclass(frozen=True, slots=True)
class AllDay:
    """A date. As an end it is exclusive: the first day after."""

    day: date


@dataclass(frozen=True, slots=True)
class Zoned:
    """`local` is naive: what a clock on the wall in `time_zone` (an IANA name) shows."""

    local: datetime
    time_zone: str


EventTime = AllDay | Zoned


class Piece(NamedTuple):
    """`[start, end)` in instants, during which local time is the instant plus `offset` seconds."""

    start: int
    end: int
    offset: int


@cache
def zone_names() -> frozenset[str]:
    """Every name that `zone` knows, aliases included."""
    listed = (files("tzdata") / "zones").read_text(encoding="ascii").split()
    return frozenset(listed) - _NOT_ZONES


@cache
def data_version() -> str:
    """The release of the IANA time zone database that instants are computed by, such as `2026a`."""
    version, _, _ = (files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8").partition("\n")
    return version.removeprefix("# version ")


@cache
def zone_data(name: str) -> bytes:
    """What the database has about a zone, as a TZif file (RFC 9636).

    Raises UnknownZone. Only listed names are looked for in files or remembered, so that a hostile
    name costs one look-up.
    """
    if name not in zone_names():
        raise UnknownZone(name)
    return (files("tzdata") / "zoneinfo" / name).read_bytes()


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, exactly as it is spelled there; aliases count. Raises UnknownZone."""
    return ZoneInfo.from_file(BytesIO(zone_data(name)), key=name)


def seconds(time: datetime) -> int:
    """The instant of an aware datetime, rounded down to a whole second."""
    return (time - _EPOCH) // _SECOND


def seconds_up(time: datetime) -> int:
    """The instant of an aware datetime, rounded up to a whole second."""
    return -((_EPOCH - time) // _SECOND)


def utc(instant: int) -> datetime:
    """The aware datetime, in UTC, of an instant."""
    return datetime.fromtimestamp(instant, UTC)


def local_at(instant: int, zone_name: str) -> datetime:
    """The aware datetime in the zone; `fold` is 1 in the second pass of a repeated hour."""
    return datetime.fromtimestamp(instant, zone(zone_name))


def instant_of(local: datetime, zone_name: str) -> int:
    """The instant of a naive local time (RFC 5545 section 3.3.5).

    A time that occurs twice is the first of the two. A time that a clock skips is read with the
    offset from before the gap, which moves it forward by the length of the gap. Fractions of a
    second are cut off.
    """
    return seconds(local.replace(tzinfo=zone(zone_name), fold=0))


def zoned_at(instant: int, zone_name: str) -> Zoned:
    """The local time of an instant.

    In UTC if the zone's clock shows that time twice and the instant is the second: the local time would mean the first.
    """
    local = local_at(instant, zone_name).replace(tzinfo=None, fold=0)
    if instant_of(local, zone_name) == instant:
        return Zoned(local, zone_name)
    return Zoned(local_at(instant, "UTC").replace(tzinfo=None), "UTC")


def day_start(day: date, zone_name: str) -> int:
    """The first instant of a local date, which is not midnight where clocks skip midnight.

    Of a date that a zone skipped as a whole it is the instant of the skip, so that such a day is
    empty.
    """
    return day_start_in(day, zone(zone_name))


def day_start_in(day: date, tz: tzinfo) -> int:
    """The same for zone data that need not be today's."""
    midnight = datetime.combine(day, _MIDNIGHT, tz)
    late, early = seconds(midnight), seconds(midnight.replace(fold=1))
    return late if early >= late else _change(tz, early, late, _offset(early, tz))


def day_of(instant: int, zone_name: str) -> date:
    """The latest local date that has begun. Clocks set back over midnight do not undo a day."""
    day = local_at(instant, zone_name).date()
    tomorrow = day + timedelta(days=1)
    return tomorrow if day_start(tomorrow, zone_name) <= instant else day


def resolve_event(time: EventTime, calendar_zone: str) -> int:
    """The instant of one end of an event; a date begins when it begins in the calendar's zone."""
    if isinstance(time, AllDay):
        return day_start(time.day, calendar_zone)
    return instant_of(time.local, time.time_zone)


def pieces(zone_name: str, lo: int, hi: int) -> tuple[Piece, ...]:
    """Covers `[lo, hi)` by pieces of constant offset, exact to the second.

    Neighbouring pieces differ in offset.
    """
    out: list[Piece] = []
    for year in range(utc(lo).year, utc(max(lo, hi - 1)).year + 1):
        for start, end, offset in _year(zone_name, year):
            a, b = max(start, lo), min(end, hi)
            if a >= b:
                continue
            if out and out[-1].offset == offset:
                a = out.pop().start
            out.append(Piece(a, b, offset))
    return tuple(out)


@lru_cache(maxsize=4096)
def _year(zone_name: str, year: int) -> tuple[Piece, ...]:
    """The pieces of one year of UTC."""
    lo, hi = (seconds(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, year + 1))
    return pieces_in(zone(zone_name), lo, hi)


def pieces_in(tz: tzinfo, lo: int, hi: int) -> tuple[Piece, ...]:
    """As `pieces`, for zone data that need not be today's; nothing is remembered."""
    starts = [lo]
    for a in range(lo, hi, _SAMPLE):
        b = min(a + _SAMPLE, hi)
        if (before := _offset(a, tz)) != _offset(b, tz):
            starts.append(_change(tz, a, b, before))
    ends = [*starts[1:], hi]
    return tuple(Piece(a, b, _offset(a, tz)) for a, b in zip(starts, ends, strict=True) if a < b)


def _change(tz: tzinfo, a: int, b: int, before: int) -> int:
    """The first instant in `(a, b]` whose offset is no longer `before`."""
    return a + 1 + bisect_left(range(a + 1, b), True, key=lambda t: _offset(t, tz) != before)


def _offset(instant: int, tz: tzinfo) -> int:
    local = datetime.fromtimestamp(instant, tz)
    return (local.replace(tzinfo=UTC) - _EPOCH) // _SECOND - instant
