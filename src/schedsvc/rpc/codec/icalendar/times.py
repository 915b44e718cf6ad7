"""Times of properties: dates, local times and instants, in the zones that their TZIDs mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedsvc.domain.time import AllDay, EventTime, Zoned, instant_of, zoned_at
from schedsvc.rpc.checks.report import shown
from schedsvc.rpc.checks.times import era_problem
from schedsvc.rpc.codec.icalendar.properties import Notes, Property, Unusable
from schedsvc.rpc.codec.icalendar.values import is_date, read_date, read_moment, read_span
from schedsvc.rpc.codec.icalendar.zones import Zones


@dataclass(frozen=True, slots=True)
class Times:
    """Reads the times of one component; `calendar_zone` is that of times which name none.

    `recurs`: an instance a year later has to be told from this one, so that the zone must be one that is known.
    """

    zones: Zones
    calendar_zone: str
    notes: Notes
    recurs: bool = False

    def one(self, found: Property) -> EventTime:
        """The only value of a property; raises Unusable."""
        return self.value(found, found.value)

    def each(self, found: Property) -> Iterator[EventTime]:
        """The values of a list; raises Unusable."""
        for text in listed(found, self.notes):
            yield self.value(found, text)

    def value(self, found: Property, text: str) -> EventTime:
        """A value of a property; raises Unusable also for one that lies outside of the era."""
        try:
            time = self._read(found, text.strip())
        except (ValueError, OverflowError) as error:
            if isinstance(error, Unusable):
                raise
            hint = ": a TZID with a colon in it must be in quotes" if ":" in text and tzid_of(found) else ""
            raise Unusable(f"{found.name} {shown(text)} is no date or time{hint}") from None
        return within_era(time, found.name)

    def _read(self, found: Property, text: str) -> EventTime:
        if found.params.get("VALUE", "").upper() == "DATE" or is_date(text):
            return AllDay(read_date(text))
        local, utc = read_moment(text)
        if text[13:15] == "60":
            self.notes.add(f"the leap second of {found.name} was read as :59")
        return Zoned(local, "UTC") if utc else self._zoned(found, local)

    def _zoned(self, found: Property, local: datetime) -> Zoned:
        tzid = tzid_of(found)
        if not tzid:
            self.notes.add(f"{found.name} names no time zone: read in {self.calendar_zone}")
            return Zoned(local, self.calendar_zone)
        name = self.zones.find(tzid, local.year)
        if name is None:
            return self._defined(tzid, local)
        if name != tzid:
            self.notes.add(f"the TZID {shown(tzid)} was read as {name}")
        if self.zones.differs(tzid, name, local.year):
            self.notes.add(f"the file defines the TZID {shown(tzid)} otherwise than {name}, which counts")
        return Zoned(local, name)

    def _defined(self, tzid: str, local: datetime) -> Zoned:
        """By the file's own definition, which is good for a moment: its rules are not kept."""
        instant = None if self.recurs else self.zones.instant(tzid, local)
        if instant is None:
            raise Unusable(
                f"BAD_TIME_ZONE: the TZID {shown(tzid)} is no time zone that is known here: write an IANA name such as "
                "Europe/Berlin, or the times in UTC"
            )
        self.notes.add(f"the TZID {shown(tzid)} is defined in the file alone: its times are kept in UTC")
        return zoned_at(instant, "UTC")


def listed(found: Property, notes: Notes) -> list[str]:
    """The texts of a list of times, without empty ones."""
    texts = [text.strip() for text in found.value.split(",")]
    if not all(texts):
        notes.add(f"an empty value of {found.name} was left out")
    return [text for text in texts if text]


def tzid_of(found: Property) -> str:
    return found.params.get("TZID", "").strip().strip('"').strip()


def is_floating(found: Property | None) -> bool:
    """Whether the property's time names no zone."""
    if found is None or tzid_of(found) or found.params.get("VALUE", "").upper() == "DATE":
        return False
    text = found.value.strip()
    return not is_date(text) and not text.upper().endswith("Z")


def within_era(time: EventTime, name: str) -> EventTime:
    """The time; raises Unusable if it lies outside of what can be kept."""
    if problem := era_problem(time):
        raise Unusable(f"{name} {problem}")
    return time


def later(start: AllDay, days: int) -> AllDay:
    """The date so many days later; raises Unusable."""
    try:
        return AllDay(start.day + timedelta(days=days))
    except OverflowError:
        raise Unusable("its end lies beyond the calendar") from None


def lasting(start: EventTime, text: str) -> EventTime:
    """The end of what lasts so long: days by the calendar, the rest by the clock (RFC 5545 section 3.3.6)."""
    try:
        days, seconds = read_span(text)
        end = _after(start, days, seconds)
    except (ValueError, OverflowError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable(f"DURATION {shown(text)} cannot be read") from None
    return within_era(end, "its end")


def _after(start: EventTime, days: int, seconds: int) -> EventTime:
    if isinstance(start, AllDay):
        if seconds % 86_400:
            raise Unusable("DURATION of an event on a date must be in days")
        return later(start, days + seconds // 86_400)
    local = start.local + timedelta(days=days)
    return (
        zoned_at(instant_of(local, start.time_zone) + seconds, start.time_zone)
        if seconds
        else Zoned(local, start.time_zone)
    )
