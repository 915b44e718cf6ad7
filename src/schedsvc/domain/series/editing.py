"""Changes to a whole series, and to single instances of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.events import Event, EventDraft, EventStatus, Override
from schedsvc.domain.records import fields_of
from schedsvc.domain.series.differences import changed, difference, in_order, is_empty, without
from schedsvc.domain.series.extents import derived
from schedsvc.domain.series.prepared import prepared
from schedsvc.domain.series.reading import Reading, key_in, reading_of, without_exception
from schedsvc.domain.series.rekeying import rekeyed
from schedsvc.domain.series.validity import require_few_exceptions
from schedsvc.domain.time import EventTime

_ONE_FOR_ALL = ("uid", "event_type", "external_ref", "organizer")


@dataclass(frozen=True, slots=True)
class Edited:
    """`dropped` are the original starts of the exceptions that have no place in the event any more, in order."""

    event: Event
    dropped: tuple[EventTime, ...]


def edited(before: Event, draft: EventDraft, *, keep_exceptions: bool) -> Edited:
    """The event as the draft has it, with its exceptions where the new starts have a place for them (`rekeyed`).

    They are all dropped if they are not to be kept, or if the event takes place only once from now on.
    """
    event = replace(before, **fields_of(draft, EventDraft), overrides=(), cancelled=())
    if not before.overrides and not before.cancelled:
        return Edited(derived(event), ())
    if not keep_exceptions or not event.is_series:
        return Edited(derived(event), _originals(before))
    if (before.start, before.recurrence) == (event.start, event.recurrence):
        return Edited(derived(replace(event, overrides=before.overrides, cancelled=before.cancelled)), ())
    kept = rekeyed(before.overrides, before.cancelled, prepared(before, before.zone), prepared(event, event.zone))
    return Edited(derived(replace(event, overrides=kept.overrides, cancelled=kept.cancelled)), kept.dropped)


def overridden(series: Event, occurrence: Event, draft: EventDraft) -> Event:
    """The series with one instance as the draft has it; only what differs from the series is kept.

    A cancelled instance takes place again. Reminders that the draft takes away become the calendar's default ones,
    because none at all cannot be told from inherited ones. Raises InvalidInput for what only a whole series can have,
    and for one exception too many.
    """
    if problems := list(_not_of_one(occurrence, draft)):
        raise InvalidInput(problems)
    reading, key = reading_of(series), key_in(series, occurrence)
    if key in reading.exceptions.cancelled and draft.status is EventStatus.CANCELLED:
        draft = replace(draft, status=series.status)
    override = _override(reading, key, draft)
    series = without_exception(series, key)
    if not is_empty(override):
        series = replace(series, overrides=in_order([*series.overrides, override], reading.prepared))
    require_few_exceptions(series)
    return derived(series)


def cancelled(series: Event, original: EventTime) -> Event:
    """The series without the instance of that original start, which it has; its override is gone too.

    Raises InvalidInput for one exception too many.
    """
    ready = prepared(series, series.zone)
    key = ready.key(original)
    series = without_exception(series, key)
    keys = sorted([*map(ready.key, series.cancelled), key])
    series = replace(series, cancelled=tuple(map(ready.original, keys)))
    require_few_exceptions(series)
    return derived(series)


def forgetting(series: Event, occurrence: Event, draft: EventDraft) -> Event:
    """The series without what was changed about one instance alone in the fields that the draft has otherwise.

    So a change of this and all following instances holds for this one too.
    """
    key = key_in(series, occurrence)
    own = reading_of(series).exceptions.own.get(key)
    if own is None:
        return series
    names = changed(draft, occurrence)
    names += [name for name in ("start", "end") if (draft.start, draft.end) != (occurrence.start, occurrence.end)]
    left = without(own, names)
    series = without_exception(series, key)
    if is_empty(left):
        return series
    return replace(series, overrides=in_order([*series.overrides, left], prepared(series, series.zone)))


def _override(reading: Reading, key: int, draft: EventDraft) -> Override:
    inherited, own = reading.plain(key), reading.exceptions.own.get(key)
    values: dict[str, Any] = difference(draft, inherited)
    if (draft.start, draft.end) != (inherited.start, inherited.end):
        values |= {"start": draft.start, "end": draft.end}
    if own is not None:
        values |= {"previous": own.previous, "sequence": own.sequence}
    return Override(original=reading.prepared.original(key), **values)


def _not_of_one(occurrence: Event, draft: EventDraft) -> Iterator[Violation]:
    names = [name for name in _ONE_FOR_ALL if getattr(draft, name) != getattr(occurrence, name)]
    if draft.recurrence:
        names.append("recurrence")
    for name in names:
        yield Violation(f"event.{name}", "cannot differ between the instances of a series: change the whole series")


def _originals(series: Event) -> tuple[EventTime, ...]:
    ready = prepared(series, series.zone)
    keys = {*(ready.key(override.original) for override in series.overrides), *map(ready.key, series.cancelled)}
    return tuple(map(ready.original, sorted(keys)))
