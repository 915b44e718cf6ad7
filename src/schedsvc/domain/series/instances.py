"""The instances of a series: what its rule gives, with what was changed about single ones.

An instance that was changed is left out where the rule has it and taken in where it takes place now, wherever that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from heapq import merge
from itertools import chain, pairwise

from schedsvc.domain.events import Event, EventStatus, Level, Override
from schedsvc.domain.intervals import Interval
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series.lengths import seconds_at_most
from schedsvc.domain.series.naming import instant_ids, original_of
from schedsvc.domain.series.reading import Reading, reading_of
from schedsvc.domain.time import DAY, EARLIEST, LATEST, AllDay, EventTime
from schedsvc.domain.timeline import Item

_WIDTH = 32 * DAY
_YEAR = 366 * DAY


def instances(series: Event, window: Interval, budget: Budget) -> Iterator[Event]:
    """The instances that overlap the window, by start and name; the cancelled ones are not among them.

    An instance without length overlaps if it starts in the half-open window. Raises WorkBudgetExceeded, in the middle
    of the iteration if need be.
    """
    reading = reading_of(series)
    if reading.exceptions.following:
        return _led_in_order(reading, window, budget)
    return merge(_generated(reading, window, budget), _ordered(_moved(reading, window)), key=_order)


def items(series: Event, window: Interval, budget: Budget) -> Iterator[Item]:
    """What takes time in the window, in no order. Raises WorkBudgetExceeded, in the middle of the iteration."""
    return itemized(series)(window, budget)


def itemized(series: Event) -> Callable[[Interval, Budget], Iterator[Item]]:
    """`items` of one series, for who asks for several windows."""
    return partial(_items, reading_of(series))


def exceptions(series: Event) -> Iterator[Event]:
    """The changed instances, whole; where one also begins a change of all later ones, first as that has it."""
    reading = reading_of(series)
    for override in series.overrides:
        key = reading.prepared.key(override.original)
        yield reading.plain(key) if override.following else reading.instance(key)


def count(series: Event, window: Interval, budget: Budget) -> int:
    """How many instances may overlap the window: never too few, and as many too many as were moved out of it.

    Raises WorkBudgetExceeded.
    """
    reading = reading_of(series)
    lo, hi = _widened(reading, window)
    begin = lo - seconds_at_most(reading.length, dated=reading.prepared.dated)
    generated = sum(len(found) for found, _ in reading.prepared.starts.batches(begin, hi, budget))
    return generated + len(reading.exceptions.own)


def _widened(reading: Reading, window: Interval) -> Interval:
    """With what overrides for all later instances bring in from outside."""
    windows = [window, *(_before_shift(reading, leading, window) for _, leading in reading.exceptions.following)]
    return min(lo for lo, _ in windows), max(hi for _, hi in windows)


def instance(series: Event, original: str, budget: Budget) -> Event | None:
    """The instance with that original start in its name, as `instance_at` finds it."""
    time = original_of(original)
    return None if time is None else instance_at(series, time, budget)


def instance_at(series: Event, original: EventTime, budget: Budget) -> Event | None:
    """The instance with that original start, told in any zone; a cancelled one has the status CANCELLED.

    None if the series has no such start, or an EXDATE took it away. Raises WorkBudgetExceeded.
    """
    reading = reading_of(series)
    if isinstance(original, AllDay) is not reading.prepared.dated:
        return None
    key = reading.prepared.key(original)
    if key in reading.exceptions.cancelled:
        return _called_off(reading, key)
    if key in reading.exceptions.own:
        return reading.instance(key)
    found = reading.prepared.starts.find(original, budget)
    return None if found is None else reading.instance(reading.prepared.key_of(found))


def cancelled_instances(series: Event, window: Interval) -> Iterator[Event]:
    """The cancelled instances, with the status CANCELLED, that would overlap the window; by start and name."""
    reading = reading_of(series)
    found = (_called_off(reading, key) for key in reading.exceptions.cancelled)
    return iter(_ordered(event for event in found if overlaps(event.extent, window)))


def last(series: Event, budget: Budget) -> Event | None:
    """The instance that starts last; None if the series has no end, or no instance. Raises WorkBudgetExceeded."""
    if reading_of(series).prepared.endless:
        return None
    (first, hi), width = series.extent, _WIDTH
    hi = min(hi + 1, LATEST)
    while hi > max(first, EARLIEST):
        lo = hi - width
        found = [event for event in instances(series, (lo, hi), budget) if event.extent[0] >= lo]
        if found:
            return found[-1]
        hi, width = lo, width * 2
    return None


def overlaps(extent: Interval, window: Interval) -> bool:
    """Half-open; what has no length overlaps if it starts in the window."""
    return extent[0] < window[1] and (extent[1] > window[0] or extent[0] >= window[0])


def _generated(reading: Reading, window: Interval, budget: Budget) -> Iterator[Event]:
    """The instances that nothing was changed about."""
    ready, exceptions = reading.prepared, reading.exceptions
    for found in reading.found(*window, budget):
        key = ready.key_of(found)
        if key in exceptions.own or key in exceptions.cancelled:
            continue
        if overlaps(reading.extent(key), window):
            yield reading.plain(key)


def _moved(reading: Reading, window: Interval) -> Iterator[Event]:
    """The instances that something was changed about, by when they take place now."""
    for key, override in reading.exceptions.moved():
        if overlaps(reading.resolved(reading.times_of(key, override)), window):
            yield reading.instance(key)


def _led_in_order(reading: Reading, window: Interval, budget: Budget) -> Iterator[Event]:
    """The instances of a series with overrides that hold for all later ones, sorted a year at a time."""
    lo, stop = max(window[0], reading.series.extent[0]), min(window[1], reading.series.extent[1] + 1)
    for begin in range(lo, stop, _YEAR):
        found = _led(reading, (begin, min(begin + _YEAR, stop)), budget)
        yield from _ordered(event for event in found if begin == lo or event.extent[0] >= begin)


def _led(reading: Reading, window: Interval, budget: Budget) -> Iterator[Event]:
    """The same in no order."""
    yield from _moved(reading, window)
    for key in chain.from_iterable(keys for _, keys in _led_keys(reading, window, budget)):
        if overlaps((event := reading.instance(key)).extent, window):
            yield event


def _led_keys(reading: Reading, window: Interval, budget: Budget) -> Iterator[tuple[Override | None, Iterator[int]]]:
    """Each override for all later instances, None before the first, and what it leads, near the window.

    Without the instances that something else was changed about.
    """
    exceptions = reading.exceptions
    borders = [EARLIEST - 2 * DAY, *(reading.prepared.instant(key) for key, _ in exceptions.following), LATEST]
    leaders = [None, *(override for _, override in exceptions.following)]
    for (begin, end), leading in zip(pairwise(borders), leaders, strict=True):
        lo, hi = _before_shift(reading, leading, window)
        found = reading.found(max(lo, begin), min(hi, end + 1), budget)
        yield leading, _left(reading, leading, map(reading.prepared.key_of, found))


def _left(reading: Reading, leading: Override | None, keys: Iterable[int]) -> Iterator[int]:
    exceptions = reading.exceptions
    for key in keys:
        if exceptions.leading(key) is leading and key not in exceptions.own and key not in exceptions.cancelled:
            yield key


def _before_shift(reading: Reading, leading: Override | None, window: Interval) -> Interval:
    """Where instances that overlap the window would take place if the override did not move them; rather too wide."""
    if leading is None:
        return window
    key = reading.prepared.key(leading.original)
    before, now = reading.extent(key), reading.resolved(reading.times_led(key, leading))
    slack = 2 * DAY + seconds_at_most(reading.length, dated=reading.prepared.dated)
    return window[0] - (now[1] - before[1]) - slack, window[1] - (now[0] - before[0]) + slack


def _items(reading: Reading, window: Interval, budget: Budget) -> Iterator[Item]:
    moved = (event for event in _moved(reading, window) if event.level is not Level.NONE)
    for event in moved:
        (start, end) = event.extent
        if start < end:
            yield Item(event.name.calendar, event.name.event, start, end, start, end, event.level)
    if reading.exceptions.following:
        yield from _led_items(reading, window, budget)
    elif reading.series.level is not Level.NONE:
        yield from _generated_items(reading, window, budget)


def _generated_items(reading: Reading, window: Interval, budget: Budget) -> Iterator[Item]:
    """What `_generated` gives, without making the instances."""
    series, ready = reading.series, reading.prepared
    touched = reading.exceptions.own.keys() | reading.exceptions.cancelled
    source, prefix, level, lo = series.name.calendar, f"{series.name.event}~", series.level, window[0]
    if not (touched or ready.dated or ready.starts.period_ends):
        span = reading.length
        for found, _ in ready.starts.batches(lo - span + 1, window[1], budget) if span else ():
            for at, text in zip(found, instant_ids(found, prefix), strict=True):
                yield Item(source, text, at, at + span, at, at + span, level)
        return
    for begin in reading.found(*window, budget):
        key = ready.key_of(begin)
        if key not in touched:
            start, end = reading.extent(key)
            if start < end and end > lo:
                yield Item(source, prefix + reading.text(key), start, end, start, end, level)


def _led_items(reading: Reading, window: Interval, budget: Budget) -> Iterator[Item]:
    """What `_led_keys` gives, without making the instances: of those that one override leads, all have one level."""
    source, prefix = reading.series.name.calendar, f"{reading.series.name.event}~"
    for leading, keys in _led_keys(reading, window, budget):
        level = Level.NONE
        for place, key in enumerate(keys):
            if place == 0:
                level = reading.plain(key).level
            if level is Level.NONE:
                break
            start, end = reading.resolved(reading.times_led(key, leading))
            if start < end and overlaps((start, end), window):
                yield Item(source, prefix + reading.text(key), start, end, start, end, level)


def _called_off(reading: Reading, key: int) -> Event:
    return replace(reading.plain(key), status=EventStatus.CANCELLED)


def _ordered(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=_order)


def _order(event: Event) -> tuple[int, str]:
    return event.extent[0], event.name.event
