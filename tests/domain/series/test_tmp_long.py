"""What holds for every series."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.events import Event, Level
from schedsvc.domain.names import EventName
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.lines import parse_lines
from schedsvc.domain.recurrence.starts import starts_of
from schedsvc.domain.series import (
    canonical,
    continuation,
    derived,
    edited,
    instance,
    is_first,
    items,
    last,
    original_id,
    overridden,
    split,
    truncated,
)
from schedsvc.domain.series.instances import overlaps
from schedsvc.domain.series.prepared import prepared
from schedsvc.domain.time import DAY, EARLIEST, LATEST, AllDay, EventTime
from tests.domain.series.made import found, instant, outline
from tests.domain.series.random_series import all_series

FAR = EARLIEST, instant("2029-01-01")
modest = settings(max_examples=1000, deadline=None)
windows = st.tuples(st.integers(-60, 500), st.sampled_from((0, 1, 7, 40, 300))).map(
    lambda pair: (instant("2025-01-01") + pair[0] * DAY + 1800, instant("2025-01-01") + sum(pair) * DAY + 3600)
)


@modest
@given(all_series(), windows)
def test_the_instances_of_a_window_are_those_of_all_that_overlap_it(series: Event, window: tuple[int, int]) -> None:
    everything = found(series, FAR)
    assert found(series, window) == [event for event in everything if overlaps(event.extent, window)]
    assert everything == sorted(everything, key=lambda event: (event.extent[0], event.name.event))
    assert len({event.name for event in everything}) == len(everything)


@modest
@given(all_series(), windows)
def test_items_are_the_instances_that_take_time(series: Event, window: tuple[int, int]) -> None:
    expected = [
        (event.name.event, *event.extent, *event.occupied, event.level)
        for event in found(series, window)
        if event.level is not Level.NONE and event.extent[0] < event.extent[1]
    ]
    given_items = [
        (item.event, item.start, item.end, item.occupied_start, item.occupied_end, item.level)
        for item in items(series, window, Budget())
    ]
    assert sorted(given_items) == sorted(expected)


@modest
@given(all_series())
def test_every_instance_is_found_by_its_name(series: Event) -> None:
    for event in found(series, FAR)[:20]:
        assert instance(series, event.name.original, Budget()) == event
    for original in series.cancelled:
        assert instance(series, original_id(original), Budget()) not in found(series, FAR)


@modest
@given(all_series())
def test_the_extent_holds_every_instance(series: Event) -> None:
    for event in found(series, FAR):
        assert series.extent[0] <= event.extent[0]
        assert event.extent[1] <= series.extent[1]
    assert derived(series) == series


@modest
@given(all_series(following=False, ends=True))
def test_the_extent_of_a_series_that_ends_is_exact(series: Event) -> None:
    extents = [event.extent for event in found(series)]
    if extents:
        assert series.extent == (min(start for start, _ in extents), max(end for _, end in extents))


@modest
@given(all_series(exceptions=False, ends=True))
def test_a_count_gives_the_same_starts_when_it_is_read_as_the_time_where_it_ends(series: Event) -> None:
    counted = starts_of(parse_lines(series.recurrence, series.start), series.zone)
    ready = prepared(series, series.zone).starts
    assert list(ready.between(EARLIEST, LATEST, Budget())) == list(counted.between(EARLIEST, LATEST, Budget()))


@modest
@given(all_series(ends=True))
def test_the_last_instance_is_the_one_that_starts_last(series: Event) -> None:
    assert last(series, Budget()) == next(reversed(found(series)), None)


@modest
@given(all_series())
def test_an_edit_that_changes_nothing_drops_nothing(series: Event) -> None:
    same = edited(series, series, keep_exceptions=True)
    assert (same.event, same.dropped) == (series, ())


@modest
@given(all_series())
def test_the_same_recurrence_in_other_words_keeps_every_exception_where_it_is(series: Event) -> None:
    """An EXDATE long before the first start changes the text and no start."""
    kind = "EXDATE;VALUE=DATE:19500101" if isinstance(series.start, AllDay) else "EXDATE:19500101T000000Z"
    draft = replace(series, recurrence=canonical((*series.recurrence, kind), series.start))
    after = edited(series, draft, keep_exceptions=True)
    assert (after.event.overrides, after.event.cancelled, after.dropped) == (series.overrides, series.cancelled, ())


@modest
@given(all_series(), st.integers(0, 40))
def test_an_instance_that_is_put_as_it_is_leaves_the_series_as_it_is(series: Event, index: int) -> None:
    events = found(series, FAR)
    if events:
        event = events[index % len(events)]
        after = overridden(series, event, event)
        assert outline(found(after, FAR)) == outline(events)
        assert len(after.overrides) <= len(series.overrides)


@modest
@given(all_series(), st.integers(0, 40))
def test_the_halves_of_a_series_have_its_instances(series: Event, index: int) -> None:
    events = found(series, FAR)
    if not events or is_first(series, event := events[index % len(events)]):
        return
    name = EventName(series.name.calendar, "rest")
    parts = split(series, event, name, "rest", continuation(series, event))
    halves = [*found(parts.before, FAR), *found(parts.after, FAR)]
    assert sorted(map(repr, outline(halves))) == sorted(map(repr, outline(events)))
    assert parts.dropped == ()
    assert (*parts.before.cancelled, *parts.after.cancelled) == series.cancelled
    assert parts.after.split_from == series.name
    assert all(o.previous == series.name.instance(original_id(o.original)) for o in parts.after.overrides)
    original = event.occurrence.original if event.occurrence else series.start
    assert truncated(series, original) == parts.before
    key = prepared(series, series.zone).key
    assert all(key(e.occurrence.original) < key(original) for e in found(parts.before) if e.occurrence)


@modest
@given(all_series(exceptions=False), st.integers(0, 30), windows)
def test_a_moved_instance_is_where_it_takes_place_and_nowhere_else(
    series: Event, index: int, window: tuple[int, int]
) -> None:
    events = found(series, FAR)
    if not events:
        return
    event = events[index % len(events)]
    to = replace(event, start=_later(event.start), end=_later(event.end))
    after = overridden(series, event, to)
    now = instance(after, event.name.original, Budget())
    assert now is not None
    assert (now.start, now.end, now.name) == (to.start, to.end, event.name)
    others = [e for e in found(series, window) if e.name != event.name]
    here = [now] if overlaps(now.extent, window) else []
    assert sorted(e.name for e in found(after, window)) == sorted(e.name for e in chain(others, here))


def _later(moment: EventTime) -> EventTime:
    shift = timedelta(days=30)
    return AllDay(moment.day + shift) if isinstance(moment, AllDay) else replace(moment, local=moment.local + shift)
