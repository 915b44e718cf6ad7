"""One series, ready to be read: from the key of a start to the instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import chain
from typing import Any, NamedTuple

from schedsvc.domain.events import Event, Occurrence, Override
from schedsvc.domain.intervals import Interval
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.starts import Occurrence as Found
from schedsvc.domain.series.differences import Exceptions, exceptions_of, values_of
from schedsvc.domain.series.lengths import after, length, seconds_at_most, shifted, zone_of
from schedsvc.domain.series.naming import day_id, instant_id
from schedsvc.domain.series.prepared import Prepared, prepared
from schedsvc.domain.time import DAY, EventTime, resolve_event, zoned_at

_FIELDS = tuple(field.name for field in fields(Event))


class Times(NamedTuple):
    start: EventTime
    end: EventTime


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """`length` is in days if the series is all day, else in seconds; `shared` is what all instances have alike."""

    series: Event
    prepared: Prepared
    exceptions: Exceptions
    length: int
    shared: dict[str, Any]

    def found(self, lo: int, hi: int, budget: Budget) -> Iterator[Found]:
        """The starts whose instances would overlap `[lo, hi)` if nothing were changed about them, and a few more.

        Raises WorkBudgetExceeded.
        """
        starts = self.prepared.starts
        begin = lo - seconds_at_most(self.length, dated=self.prepared.dated)
        periods = sorted(start for start, end in starts.period_ends.items() if start < begin and end > lo)
        longer = (starts.between(start, start + 1, budget) for start in periods)
        return chain(chain.from_iterable(longer), starts.between(begin, hi, budget))

    def extent(self, key: int) -> Interval:
        """When the instance takes place if nothing is changed about it."""
        if self.prepared.dated:
            return self.resolved(self.times(key))
        return key, self.prepared.starts.period_ends.get(key, key + self.length)

    def times(self, key: int) -> Times:
        """The same in local time."""
        start = self.prepared.original(key)
        if self.prepared.dated:
            return Times(start, after(start, self.length, ""))
        return Times(start, zoned_at(self.extent(key)[1], zone_of(self.series.end, "UTC")))

    def times_led(self, key: int, leading: Override | None) -> Times:
        """The times of an instance without an override of its own, after those of an override for all later ones."""
        times = self.times(key)
        if leading is None or (leading.start is None and leading.end is None):
            return times
        start = times.start
        if leading.start is not None:
            start = shifted(start, leading.original, leading.start, self.prepared.zone_name)
        span, end_zone = length(*times), zone_of(times.end, "UTC")
        if leading.end is not None:
            span, end_zone = length(leading.start or leading.original, leading.end), zone_of(leading.end, "UTC")
        return Times(start, after(start, span, end_zone))

    def times_of(self, key: int, override: Override | None) -> Times:
        """The times that the instance really has."""
        times = self.times_led(key, self.exceptions.leading(key))
        if override is None or (override.start is None and override.end is None):
            return times
        start = override.start or times.start
        return Times(start, override.end or after(start, length(*times), zone_of(times.end, "UTC")))

    def resolved(self, times: Times) -> Interval:
        zone = self.series.zone
        return resolve_event(times.start, zone), resolve_event(times.end, zone)

    def text(self, key: int) -> str:
        """The original start in the instance's name."""
        return day_id(key // DAY) if self.prepared.dated else instant_id(key)

    def instance(self, key: int) -> Event:
        """The instance, in whichever way it differs from the series."""
        own = self.exceptions.own.get(key)
        if own is None:
            return self.plain(key)
        times = self.times_of(key, own)
        return self._made(key, times, self.resolved(times), own)

    def plain(self, key: int) -> Event:
        """The instance as its series and an override for all later ones have it, without its own difference."""
        leading = self.exceptions.leading(key)
        if leading is None:
            return self._made(key, self.times(key), self.extent(key), None)
        times = self.times_led(key, leading)
        begins = self.prepared.key(leading.original) == key
        return self._made(key, times, self.resolved(times), leading if begins else None)

    def _made(self, key: int, times: Times, extent: Interval, own: Override | None) -> Event:
        values = self.shared | {
            "name": self.series.name.instance(self.text(key)),
            "start": times.start,
            "end": times.end,
            "extent": extent,
            "occupied": extent,
            "occurrence": Occurrence(self.prepared.original(key), own),
        }
        for override in (self.exceptions.leading(key), own):
            if override is not None:
                values |= values_of(override)
                values["sequence"] = max(values["sequence"], override.sequence)
        return Event(**values)


def reading_of(series: Event) -> Reading:
    """Raises what `prepared` raises."""
    ready = prepared(series, series.zone)
    shared = {name: getattr(series, name) for name in _FIELDS}
    shared |= {"recurrence": (), "from_pattern": False, "overrides": (), "cancelled": ()}
    return Reading(series, ready, exceptions_of(series, ready), length(series.start, series.end), shared)


def key_in(series: Event, occurrence: Event) -> int:
    """The key of an instance. Raises ValueError if it is none."""
    if occurrence.occurrence is None:
        raise ValueError(f"{occurrence.name} is no instance")
    return prepared(series, series.zone).key(occurrence.occurrence.original)


def without_exception(series: Event, key: int) -> Event:
    """The series without what was changed about one instance, or with it no longer cancelled."""
    ready = prepared(series, series.zone)
    return replace(
        series,
        overrides=tuple(o for o in series.overrides if o.following or ready.key(o.original) != key),
        cancelled=tuple(original for original in series.cancelled if ready.key(original) != key),
    )
