"""The times that are written in a series, by which its instances come to their instants."""

from __future__ import annotations

from collections.abc import Iterator

from schedsvc.domain.events import Event
from schedsvc.domain.intervals import Interval
from schedsvc.domain.series.lengths import zone_of
from schedsvc.domain.series.prepared import Prepared
from schedsvc.domain.time import EventTime, resolve_event
from schedsvc.domain.zone_rules import rules_of


def times_written(series: Event, prepared: Prepared) -> Iterator[EventTime]:
    """Those of the series itself, of its overrides, and of its RDATEs and EXDATEs; cancelled starts are its own."""
    yield from (series.start, series.end)
    for override in series.overrides:
        yield from (time for time in (override.start, override.end) if time is not None)
    yield from (rdate.start for rdate in prepared.recurrence.rdates)
    yield from prepared.recurrence.exdates


def zones_written(series: Event, prepared: Prepared) -> set[str]:
    """The zones of these times; that of a date is the calendar's."""
    return {zone_of(time, series.zone) for time in times_written(series, prepared)}


def rules_written(series: Event, prepared: Prepared, extent: Interval) -> str:
    """What these zones say today, over all that a series of that extent has to do with."""
    first = min(extent[0], resolve_event(series.start, series.zone))
    return rules_of(zones_written(series, prepared), (first, extent[1]))
