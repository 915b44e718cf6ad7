"""From when to when an event takes place, as far as that follows from what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, islice

from schedsvc.domain.events import Event, extent_of
from schedsvc.domain.intervals import Interval
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.series.floating import anchored
from schedsvc.domain.series.prepared import backwards
from schedsvc.domain.series.reading import Reading, reading_of
from schedsvc.domain.series.writing import rules_written
from schedsvc.domain.time import DAY, EARLIEST, LATEST


def derived(event: Event) -> Event:
    """The event with its `extent`, what it keeps others from and `rules`, as of its calendar's `zone`.

    That of a series reaches from its first start to its last end, `time.LATEST` if there is none. It is wider where
    finding out would take more than a work budget, and where overrides hold for all later instances; never narrower.
    Raises what `prepared` raises.
    """
    event = anchored(event)
    if event.is_series:
        reading = reading_of(event)
        extent = _of_series(reading)
        return replace(event, extent=extent, occupied=extent, rules=rules_written(event, reading.prepared, extent))
    start, end = extent_of(event.start, event.end, event.zone)
    before, after = event.extent[0] - event.occupied[0], event.occupied[1] - event.extent[1]
    return replace(event, extent=(start, end), occupied=(start - before, end + after), rules="")


def _of_series(reading: Reading) -> Interval:
    found = [reading.resolved(reading.times_of(key, override)) for key, override in reading.exceptions.moved()]
    if (generated := _generated(reading)) is not None:
        found.append(generated)
    if not found:
        found.append(extent_of(reading.series.start, reading.series.end, reading.series.zone))
    return min(start for start, _ in found), min(max(end for _, end in found), LATEST)


def _generated(reading: Reading) -> Interval | None:
    """Of the instances without overrides of their own; None if there are none."""
    try:
        start, end = _first(reading), _last_end(reading)
    except WorkBudgetExceeded:
        start, end = _earliest(reading), LATEST
    if start is None or end is None:
        return None
    back, forth = _shifts(reading)
    return start - back, end if end >= LATEST else end + forth


def _first(reading: Reading) -> int | None:
    starts = reading.prepared.starts.between(EARLIEST, LATEST, Budget())
    return next((instant for instant, second in starts if _untouched(reading, (instant, second))), None)


def _last_end(reading: Reading) -> int | None:
    """Of two starts the later one ends last, unless they were given as periods."""
    if reading.prepared.endless:
        return LATEST
    starts = reading.prepared.starts
    periods = chain.from_iterable(starts.between(start, start + 1, Budget()) for start in starts.period_ends)
    others = (found for found in backwards(starts, LATEST, Budget()) if found[0] not in starts.period_ends)
    untouched = [found for found in periods if _untouched(reading, found)]
    untouched += islice((found for found in others if _untouched(reading, found)), 1)
    return max((reading.extent(reading.prepared.key_of(found))[1] for found in untouched), default=None)


def _untouched(reading: Reading, found: tuple[int, int]) -> bool:
    key = reading.prepared.key_of(found)
    return key not in reading.exceptions.own and key not in reading.exceptions.cancelled


def _earliest(reading: Reading) -> int:
    """No start is before it."""
    starts = reading.prepared.starts
    begin = reading.prepared.instant(reading.prepared.key(reading.series.start))
    return min([begin, *(instant for instant, _ in starts.extra[:1])])


def _shifts(reading: Reading) -> tuple[int, int]:
    """How far, at most, overrides for all later instances reach beyond the starts and the ends of the others."""
    back = forth = 0
    for key, override in reading.exceptions.following:
        before, now = reading.extent(key), reading.resolved(reading.times_led(key, override))
        back = max(back, before[0] - now[0] + 2 * DAY)
        forth = max(forth, now[1] - before[1] + 2 * DAY)
    return back, forth
