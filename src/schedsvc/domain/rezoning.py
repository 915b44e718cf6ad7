"""What newer zone data does to what is still to come: local times stay, and their instants are derived anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain

from schedsvc.domain.events import Event
from schedsvc.domain.intervals import Interval
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import date_of, local_of
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.recurrence.lines import format_lines
from schedsvc.domain.recurrence.sets import RDate
from schedsvc.domain.recurrence.starts import Occurrence
from schedsvc.domain.series import derived, instances
from schedsvc.domain.series.lengths import seconds_at_most, zone_of
from schedsvc.domain.series.prepared import Prepared, prepared
from schedsvc.domain.series.reading import Reading, reading_of
from schedsvc.domain.series.writing import rules_written, zones_written
from schedsvc.domain.time import (
    DAY,
    EARLIEST,
    LATEST,
    AllDay,
    EventTime,
    Zoned,
    day_start_in,
    instant_of,
    resolve_event,
    seconds,
    utc,
    zone,
    zoned_at,
)
from schedsvc.domain.zone_rules import differences, zones_by


def rezoned(event: Event, now: int) -> Event | None:
    """The event as today's zone data has it; None if it is over, or nothing of it that is to come moves.

    It is over once its end, as it is stored, is not after `now`. Of a series, which moves as a whole, an instance that
    ends after `now` has to move, or the first start or last end of all. It counts as moved also if it was written
    without `rules`, if it takes too much work to follow, and if overrides for all later instances lead one near a
    moment at which the clock is another.

    Raises UnknownZone for a zone that there is no more, and what `series.prepared` raises.
    """
    if event.extent[0] < now >= event.extent[1]:
        return None
    if event.is_series:
        return _series(event, now)
    after = derived(event) if event.booking is None else _booked(event)
    return None if after.extent == event.extent else after


def _booked(event: Event) -> Event:
    """Of a booking the local start stays, and how long it takes: that is what was booked, and no end on the clock."""
    start = resolve_event(event.start, event.zone)
    end = start + event.extent[1] - event.extent[0]
    if resolve_event(event.end, event.zone) != end:
        event = replace(event, end=zoned_at(end, zone_of(event.end, "UTC")))
    return derived(event)


def _series(event: Event, now: int) -> Event | None:
    ready = prepared(event, event.zone)
    if rules_written(event, ready, event.extent) == event.rules:
        return None
    before = Before(event.rules, event.zone)
    if not before.knows(zones_written(event, ready)):
        return derived(event)
    after = derived(replace(event, recurrence=_lines(event, ready, before)))
    stays = after.extent == event.extent and not _Comparison(reading_of(after), before, now, ready).moves()
    return None if stays else after


@dataclass(frozen=True, slots=True)
class Before:
    """Local time as it was read by `rules`; dates are those of `calendar_zone`."""

    rules: str
    calendar_zone: str

    def knows(self, zone_names: set[str]) -> bool:
        return zone_names <= {*self._zones, "UTC"}

    def instant(self, time: EventTime) -> int:
        if isinstance(time, AllDay):
            return day_start_in(time.day, self._tz(self.calendar_zone))
        return seconds(time.local.replace(tzinfo=self._tz(time.time_zone), fold=0))

    def shown(self, instant: int, zone_name: str) -> datetime:
        """What the clock of a zone showed at an instant."""
        return datetime.fromtimestamp(instant, self._tz(zone_name)).replace(tzinfo=None, fold=0)

    def differences(self, zone_name: str, window: Interval) -> Iterator[Interval]:
        """When the zone is at another offset now, at least as far as that touches the window."""
        if zone_name == "UTC":
            return
        years = (utc(instant).year for instant in window)
        for start, end in differences(self.rules, zone_name, *years):
            if start < window[1] and end > window[0]:
                yield max(start, window[0]), min(end, window[1])

    @property
    def _zones(self) -> Mapping[str, tzinfo]:
        return zones_by(self.rules)

    def _tz(self, zone_name: str) -> tzinfo:
        return zone("UTC") if zone_name == "UTC" else self._zones[zone_name]


def _lines(event: Event, ready: Prepared, before: Before) -> tuple[str, ...]:
    """The lines with an UNTIL in UTC, and EXDATEs by other clocks, where they were on the clock of the series.

    They say up to when it takes place there, and when not, so they move with its starts. RDATEs by other clocks are
    starts of their own, and so an EXDATE of one stays with it.
    """
    recurrence, start = ready.recurrence, event.start
    rule, exdates = recurrence.rule, recurrence.exdates
    if isinstance(start, AllDay):
        return event.recurrence
    if rule is not None and isinstance(rule.until, datetime) and rule.until.tzinfo is not None:
        rule = replace(rule, until=_until(rule.until, start.time_zone, before))
    others = {rdate.start for rdate in recurrence.rdates if zone_of(rdate.start, "") != start.time_zone}
    exdates = tuple(time if time in others else _as_shown(time, start.time_zone, before) for time in exdates)
    changed = replace(recurrence, rule=rule, exdates=exdates)
    return event.recurrence if changed == recurrence else format_lines(changed)


def _until(until: datetime, zone_name: str, before: Before) -> datetime:
    instant = seconds(until)
    if not EARLIEST <= instant < LATEST:
        return until
    return utc(instant_of(before.shown(instant, zone_name), zone_name)).astimezone(UTC)


def _as_shown(time: EventTime, zone_name: str, before: Before) -> EventTime:
    """The time as the clock of a zone showed it, if the clock it is told by has moved away from that one."""
    if isinstance(time, AllDay) or time.time_zone == zone_name:
        return time
    shown = Zoned(before.shown(before.instant(time), zone_name), zone_name)
    return time if resolve_event(time, "") == resolve_event(shown, "") else shown


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A series as it is now, beside how its times were read before, and the set as it is `kept`, with its old lines."""

    reading: Reading
    before: Before
    now: int
    kept: Prepared

    def moves(self) -> bool:
        """Whether anything that is to come takes place at another time."""
        if self._length_differs() or any(map(self._time_moves, self._told())):
            return True
        try:
            if any(map(self._lines_matter, self._windows())):
                return True
            return any(map(self._start_moves, self._starts())) or any(self._led())
        except WorkBudgetExceeded:
            return True

    def _length_differs(self) -> bool:
        series, dated = self.reading.series, self.reading.prepared.dated
        return not dated and self.before.instant(series.end) - self.before.instant(series.start) != self.reading.length

    def _told(self) -> Iterator[EventTime]:
        """The times that do not follow from the clock of the series."""
        for override in self.reading.series.overrides:
            yield from (time for time in (override.start, override.end) if time is not None)
        yield from (rdate.start for rdate in self._foreign())
        for rdate in self.reading.prepared.recurrence.rdates:
            if rdate.span is not None and isinstance(rdate.start, Zoned):
                yield replace(rdate.start, local=rdate.start.local + timedelta(days=rdate.span.days))

    def _foreign(self) -> Iterator[RDate]:
        """RDATEs by other clocks."""
        ready = self.reading.prepared
        return (r for r in ready.recurrence.rdates if zone_of(r.start, ready.zone_name) != ready.zone_name)

    def _time_moves(self, time: EventTime) -> bool:
        was, now = self.before.instant(time), resolve_event(time, self.reading.series.zone)
        return was != now and max(was, now) > self.now

    def _starts(self) -> Iterator[Occurrence]:
        """Those near a moment at which the clock is another than it was; no other start can have moved."""
        ready = self.reading.prepared
        foreign = {resolve_event(rdate.start, ready.zone_name) for rdate in self._foreign()}
        for window in self._windows():
            yield from (found for found in ready.starts.between(*window, Budget()) if found[0] not in foreign)

    def _led(self) -> Iterator[Event]:
        """Instances near such a moment that may have been led there by an override for all later ones.

        What they were before is not looked into: only imports make such overrides.
        """
        if self.reading.exceptions.following:
            found = (instances(self.reading.series, window, Budget()) for window in self._windows())
            yield from (event for event in chain.from_iterable(found) if event.extent[1] > self.now)

    def _windows(self) -> Iterator[Interval]:
        """Where whatever starts or ends by another clock than it did has its start."""
        extent, ready = self.reading.series.extent, self.reading.prepared
        reach = DAY + seconds_at_most(self.reading.length, dated=ready.dated)
        whole = max(self.now, extent[0]) - reach, min(extent[1], LATEST) + DAY
        for start, end in self.before.differences(ready.zone_name, whole):
            yield start - reach, end + DAY

    def _lines_matter(self, window: Interval) -> bool:
        """Whether the old lines give other starts there."""
        if self.kept is self.reading.prepared:
            return False
        sets = self.kept, self.reading.prepared
        kept, now = (list(ready.starts.between(*window, Budget())) for ready in sets)
        return kept != now

    def _start_moves(self, found: Occurrence) -> bool:
        reading, key = self.reading, self.reading.prepared.key_of(found)
        own = reading.exceptions.own.get(key)
        if key in reading.exceptions.cancelled or (own is not None and own.start is not None):
            return False
        was, now = self._extent_before(found), reading.extent(key)
        return was != now and max(was[1], now[1]) > self.now

    def _extent_before(self, found: Occurrence) -> Interval:
        second, ready, span = found[1], self.reading.prepared, self.reading.length
        if ready.dated:
            day = date_of(second)
            return self.before.instant(AllDay(day)), self.before.instant(AllDay(day + timedelta(days=span)))
        start = self.before.instant(Zoned(local_of(second), ready.zone_name))
        return start, ready.starts.period_ends.get(found[0], start + span)
