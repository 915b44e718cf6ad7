"""A series that goes on differently from one of its instances on, or ends before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import Event, EventDraft, Override
from schedsvc.domain.names import EventName
from schedsvc.domain.records import fields_of
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.series.differences import changed, is_empty, without
from schedsvc.domain.series.extents import derived
from schedsvc.domain.series.halves import Halves, halves, lines_of
from schedsvc.domain.series.lengths import after, length, zone_of
from schedsvc.domain.series.naming import original_id
from schedsvc.domain.series.prepared import Prepared, prepared
from schedsvc.domain.series.reading import Reading, key_in, reading_of
from schedsvc.domain.series.rekeying import Rekeyed, rekeyed
from schedsvc.domain.series.shifting import moved_along
from schedsvc.domain.series.validity import LABORIOUS
from schedsvc.domain.time import EARLIEST, LATEST, EventTime


@dataclass(frozen=True, slots=True)
class Split:
    """The two series; `dropped` are the original starts of the exceptions that neither has a place for, in order."""

    before: Event
    after: Event
    dropped: tuple[EventTime, ...]


def is_first(series: Event, occurrence: Event) -> bool:
    """Whether no start of the series is before that of the instance, be it of a cancelled one."""
    key = key_in(series, occurrence)
    return key <= _first_key(prepared(series, series.zone), key)


def continuation(series: Event, occurrence: Event) -> Event:
    """What the series is from one of its instances on: that start, and what is left of its recurrence.

    A draft for `split` is made from it. What was changed about the instance alone is not in it.
    """
    ready, key = prepared(series, series.zone), key_in(series, occurrence)
    if key == ready.key(series.start):
        return series
    begin = ready.starts.find(ready.original(key), Budget())
    if begin is None:
        raise ValueError(f"{occurrence.name} does not exist")
    rest = _begun(series, ready.written(begin))
    return replace(rest, recurrence=lines_of(_halves(ready, key).after))


def split(series: Event, occurrence: Event, name: EventName, uid: str, draft: EventDraft) -> Split:
    """Ends the series before an instance that is not its first, and goes on with a new one as the draft has it.

    `draft` is made from the `continuation`; what it has otherwise holds for all instances from this one on, also where
    that was changed for this one alone. Its recurrence, if it is still that of the series, becomes what is left of it.
    The exceptions from the instance on belong to the new series (`rekeyed`) and keep their former names in `previous`.

    Raises ValueError for the first instance, and InvalidInput if the COUNT takes too much work to be divided.
    """
    if is_first(series, occurrence):
        raise ValueError(f"{occurrence.name} is the first instance")
    reading, key = reading_of(series), key_in(series, occurrence)
    ready, rest = reading.prepared, continuation(series, occurrence)
    parts = _halves(ready, key)
    made = _made(reading, replace(rest, **fields_of(draft, EventDraft)), rest, parts.after)
    made = replace(made, name=name, uid=uid, split_from=series.name, overrides=(), cancelled=())
    kept = _exceptions(reading, key, made, _changes(draft, rest))
    made = replace(made, overrides=kept.overrides, cancelled=kept.cancelled)
    return Split(_until(series, parts, key), derived(made), kept.dropped)


def truncated(series: Event, original: EventTime) -> Event:
    """The series without its instances from that original start on. Raises ValueError for the first one."""
    ready = prepared(series, series.zone)
    key = ready.key(original)
    if key <= _first_key(ready, key):
        raise ValueError(f"{original} is the first start")
    return _until(series, _halves(ready, key), key)


def _first_key(ready: Prepared, otherwise: int) -> int:
    first = next(ready.starts.between(EARLIEST, LATEST, Budget()), None)
    return otherwise if first is None else ready.key_of(first)


def _halves(ready: Prepared, key: int) -> Halves:
    try:
        return halves(ready, key)
    except WorkBudgetExceeded:
        raise InvalidInput([LABORIOUS]) from None


def _until(series: Event, parts: Halves, key: int) -> Event:
    """The series that ends before the key."""
    ready, half = prepared(series, series.zone), parts.before
    return derived(
        replace(
            _begun(series, half.start),
            recurrence=lines_of(half),
            overrides=tuple(o for o in series.overrides if ready.key(o.original) < key),
            cancelled=tuple(original for original in series.cancelled if ready.key(original) < key),
        )
    )


def _begun(event: Event, start: EventTime) -> Event:
    """The event from another start on, as long as before."""
    if start == event.start:
        return event
    end = after(start, length(event.start, event.end), zone_of(event.end, "UTC"))
    return replace(event, start=start, end=end)


def _made(reading: Reading, draft: Event, rest: Event, half: RecurrenceSet) -> Event:
    """The second series. If the cut is at an RDATE, the rule goes on from its own next start."""
    if draft.recurrence not in (reading.series.recurrence, rest.recurrence):
        return draft
    if draft.start == rest.start:
        return replace(_begun(draft, half.start), recurrence=lines_of(half))
    if half.start != rest.start:
        key = reading.prepared.key(rest.start)
        others = (rdate for rdate in half.rdates if reading.prepared.key(rdate.start) != key)
        half = replace(half, start=rest.start, rdates=(*others, RDate(rest.start)))
    return replace(draft, recurrence=moved_along(half, draft.start) or lines_of(replace(half, start=draft.start)))


def _changes(draft: EventDraft, rest: Event) -> list[str]:
    """The fields that hold from the cut on, whatever the instance there had in them."""
    names = changed(draft, rest)
    if draft.start != rest.start:
        return [*names, "start", "end"]
    return [*names, "end"] if draft.end != rest.end else names


def _exceptions(reading: Reading, key: int, made: Event, names: Sequence[str]) -> Rekeyed:
    """What the second series has of the exceptions; none if it takes place only once."""
    if not made.is_series:
        return Rekeyed((), (), _originals(reading, key))
    before, now = reading.prepared, prepared(made, made.zone)
    begin = now.starts.find(made.start, Budget()) if "start" in names else None
    known = {} if begin is None else {key: now.key_of(begin)}
    cancelled = [original for original in reading.series.cancelled if before.key(original) >= key]
    return rekeyed(_later(reading, key, names), cancelled, before, now, known)


def _later(reading: Reading, key: int, names: Sequence[str]) -> Iterator[Override]:
    """The overrides from the key on; those that hold there lose what is changed from there on."""
    series, ready = reading.series, reading.prepared
    leading = reading.exceptions.leading(key)
    ahead = [] if leading is None else [_anchored(reading, key, leading)]
    behind = [o for o in series.overrides if ready.key(o.original) >= key and o is not leading]
    for override in ahead + behind:
        here = ready.key(override.original) == key
        left = without(override, names) if here else override
        if not (here and is_empty(left)):
            yield replace(left, previous=series.name.instance(original_id(override.original)))


def _anchored(reading: Reading, key: int, leading: Override) -> Override:
    """An override for all later instances that says the same from this one on."""
    times = reading.times_led(key, leading)
    return replace(
        leading,
        original=reading.prepared.original(key),
        start=None if leading.start is None else times.start,
        end=None if leading.end is None else times.end,
    )


def _originals(reading: Reading, key: int) -> tuple[EventTime, ...]:
    """Of the exceptions from the key on."""
    own, following, cancelled = reading.exceptions
    keys = {k for k in (*own, *(k for k, _ in following), *cancelled) if k >= key}
    return tuple(map(reading.prepared.original, sorted(keys)))
