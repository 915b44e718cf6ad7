"""Attaches the exceptions of a file to their series (RFC 5545 section 3.8.4.4).

A file says all of an exception, a series keeps only what differs. So each is compared with what the instance would be
without it: the same file makes the same overrides, whatever was there before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schedsvc.domain import series
from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.events import Event, EventDraft, EventStatus, Override
from schedsvc.domain.interchange import Component
from schedsvc.domain.limits import MESSAGE_BYTES, SERIES_EXCEPTIONS
from schedsvc.domain.particulars import Visibility
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import RecurrenceError
from schedsvc.domain.recurrence.lines import MOST_DATES, format_lines, parse_lines
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.series.differences import difference, is_empty
from schedsvc.domain.time import AllDay, EventTime, Zoned, day_of, resolve_event
from schedsvc.domain.weights import weigh_event

_TOO_MANY = "the series has no room for it: it has too many exceptions, or too large ones"


@dataclass(frozen=True, slots=True)
class Attached:
    """An exception at its place.

    `original` is the start of the series that it is about, and `notes` say how that was found. `is_new_start`: the
    series did not give it. `refusal` says why it has no place, and is empty otherwise. `is_older`: what the series has
    for the start is newer, and stays.
    """

    component: Component
    original: EventTime
    notes: tuple[str, ...] = ()
    is_new_start: bool = False
    is_older: bool = False
    refusal: str = ""

    @property
    def is_taken(self) -> bool:
        return not self.is_older and not self.refusal


@dataclass(frozen=True, slots=True)
class Joined:
    """A series with exceptions, in the order in which they were given."""

    event: Event
    attached: tuple[Attached, ...]


def joined(
    event: Event, exceptions: Sequence[Component], before: Event | None, budget: Budget, *, known_only: bool = False
) -> Joined:
    """The series with these exceptions, each in the place of the one that it has for the same start.

    `before` is the series as it was, whose exceptions stay where they have a higher SEQUENCE; with `known_only` only
    exceptions that it has are taken. An exception for a start that the series does not give makes it give that start,
    by an RDATE, and an event that takes place once becomes a series. Where there is no room for all of them, those that
    the series had for their starts and then the first ones are taken, and the others refused. Raises InvalidInput if
    there is not even room for what it had.
    """
    bare = replace(event, overrides=(), cancelled=(), recurrence=event.recurrence or _alone(event.start))
    found = [_placed(bare, component, component.original, budget) for component in exceptions if component.original]
    there = exceptions_of(before)
    aged = [_aged(one, there.get(resolve_event(one.original, bare.zone)), known_only=known_only) for one in found]
    aged = _few_enough(event, aged, there)
    whole = _giving(bare, [one.original for one in aged if one.is_taken and one.is_new_start])
    attached = tuple(_confirmed(whole, one, budget) if one.is_taken else one for one in aged)
    if not any(one.is_taken or one.is_older for one in attached):
        return Joined(event, attached)
    after = _with(event, whole, attached, there, budget)
    while _is_too_large(after):
        if not (new := _new(event, attached, there)):
            _require_nothing_lost(event, there)
            return Joined(event, tuple(replace(one, refusal=one.refusal or _TOO_MANY) for one in attached))
        attached = tuple(_without(attached, new[_fitting(after, new) :]))
        after = _with(event, whole, attached, there, budget)
    return Joined(after, attached)


def _few_enough(event: Event, found: Sequence[Attached], there: Mapping[int, Override | EventTime]) -> list[Attached]:
    """As many as the series has room for."""
    moments = {resolve_event(one.original, event.zone) for one in found if not one.refusal}
    standing = len(exceptions_of(event).keys() | (moments & there.keys()))
    return _without(found, _new(event, found, there)[max(SERIES_EXCEPTIONS - standing, 0) :])


def _new(event: Event, found: Iterable[Attached], there: Mapping[int, Override | EventTime]) -> list[Attached]:
    """Those for whose starts the series had nothing, by start."""
    had = exceptions_of(event).keys() | there.keys()
    placed = [(resolve_event(one.original, event.zone), one) for one in found if one.is_taken]
    return [one for moment, one in sorted(placed, key=lambda pair: pair[0]) if moment not in had]


def _without(found: Sequence[Attached], refused: Sequence[Attached]) -> list[Attached]:
    """With a refusal for those that there is no room for."""
    too_many = {id(one) for one in refused}
    return [replace(one, refusal=_TOO_MANY) if id(one) in too_many else one for one in found]


def _fitting(after: Event, new: Sequence[Attached]) -> int:
    """How many of the new ones may stay so that the series is small enough; fewer than there are.

    What the others inherit may change as they go, so that it takes another look; hence at least a tenth of them goes.
    """
    moments = [resolve_event(one.original, after.zone) for one in new]
    few = bisect_left(
        range(len(new)), True, key=lambda count: _is_too_large(_without_starts(after, moments[count + 1 :]))
    )
    return min(few, len(new) * 9 // 10)


def _without_starts(event: Event, moments: Iterable[int]) -> Event:
    """Without what differs at these starts."""
    gone = set(moments)
    return replace(
        event,
        overrides=tuple(one for one in event.overrides if resolve_event(one.original, event.zone) not in gone),
        cancelled=tuple(time for time in event.cancelled if resolve_event(time, event.zone) not in gone),
    )


def _require_nothing_lost(event: Event, there: Mapping[int, Override | EventTime]) -> None:
    """Raises InvalidInput if the series would lose exceptions that it has only because it got too large."""
    if not there.keys() <= exceptions_of(event).keys():
        raise InvalidInput([Violation("data", "there is no room for it with the exceptions that it has")])


def exceptions_of(event: Event | None) -> Mapping[int, Override | EventTime]:
    """What a series keeps for its starts, by their instants: an override, or the start itself if it is cancelled."""
    if event is None:
        return {}
    cancelled = {resolve_event(time, event.zone): time for time in event.cancelled}
    return {**cancelled, **{resolve_event(one.original, event.zone): one for one in event.overrides}}


def _alone(start: EventTime) -> tuple[str, ...]:
    """The lines of a series that takes place once."""
    return format_lines(RecurrenceSet(start, rdates=(RDate(start),)))


def _aged(found: Attached, known: Override | EventTime | None, *, known_only: bool) -> Attached:
    """Compared with the version that is there (RFC 5546 section 2.1.5: the higher SEQUENCE wins)."""
    if found.refusal:
        return found
    higher = isinstance(known, Override) and known.sequence > found.component.sequence
    return replace(found, is_older=True) if higher or (known is None and known_only) else found


def _placed(bare: Event, component: Component, named: EventTime, budget: Budget) -> Attached:
    wanted, notes = _wanted(bare, named)
    organizer = component.draft.organizer if component.draft else None
    if organizer is not None and organizer != bare.organizer:
        notes = (*notes, "ORGANIZER of an exception is not kept: it has that of its series")
    try:
        instance = series.instance_at(bare, wanted, budget)
    except RecurrenceError as error:
        return Attached(component, wanted, notes, refusal=str(error))
    if instance is None or instance.occurrence is None:
        said = "the series does not give the start that RECURRENCE-ID names: it was added"
        return Attached(component, wanted, (*notes, said), is_new_start=True)
    return Attached(component, instance.occurrence.original, notes)


def _wanted(bare: Event, named: EventTime) -> tuple[EventTime, tuple[str, ...]]:
    """The start that is meant, of the kind of the series' own, and how it was understood."""
    start = bare.start
    if isinstance(start, AllDay) and isinstance(named, Zoned):
        day = named.local.date()
        if named.time_zone == "UTC":
            day = day_of(resolve_event(named, bare.zone), bare.zone)
        return AllDay(day), ("RECURRENCE-ID has a time although the series has none: its date was taken",)
    if isinstance(start, Zoned) and isinstance(named, AllDay):
        time = Zoned(datetime.combine(named.day, start.local.time()), start.time_zone)
        return time, ("RECURRENCE-ID is a date: read as the start of the series on that day",)
    return named, ()


def _giving(bare: Event, unknown: Sequence[EventTime]) -> Event:
    """The series with these starts among its own, as far as there is room for them."""
    if not unknown:
        return bare
    recurrence = parse_lines(bare.recurrence, bare.start, lenient=True)
    moments = {resolve_event(time, bare.zone) for time in unknown}
    exdates = tuple(time for time in recurrence.exdates if resolve_event(time, bare.zone) not in moments)
    rdates = (*recurrence.rdates, *map(RDate, unknown))
    room = MOST_DATES - len(exdates)
    try:
        given = replace(recurrence, rdates=rdates[:room], exdates=exdates)
    except RecurrenceError:
        return bare
    return replace(bare, recurrence=format_lines(given))


def _confirmed(whole: Event, found: Attached, budget: Budget) -> Attached:
    """With the start as the series keeps it; refused if it still does not give it."""
    try:
        instance = series.instance_at(whole, found.original, budget)
    except RecurrenceError as error:
        return replace(found, refusal=str(error))
    if instance is None or instance.occurrence is None:
        return replace(found, refusal=_TOO_MANY)
    return replace(found, original=instance.occurrence.original)


def _with(
    event: Event, whole: Event, attached: Sequence[Attached], there: Mapping[int, Override | EventTime], budget: Budget
) -> Event:
    """The series with what it keeps of its exceptions and the new ones; `there` is what it had for its starts."""
    taken = {resolve_event(found.original, whole.zone): found for found in attached if found.is_taken}
    kept = list(_kept(event, whole, attached, there))
    others = {moment: found for moment, found in taken.items() if not _is_called_off(found.component)}
    leading = [_override(whole, f, there.get(m), budget) for m, f in others.items() if f.component.following]
    if leading or _leading(event.overrides) != _leading(kept):
        kept = list(_rebased(event, whole, kept, leading, budget))
    led = replace(whole, overrides=_ordered(whole, [*leading, *_leading(kept)]))
    own = [_override(led, f, there.get(m), budget) for m, f in others.items() if not f.component.following]
    single = [*(one for one in kept if not one.following), *(one for one in own if not is_empty(one))]
    cancelled = {resolve_event(time, whole.zone): time for time in event.cancelled}
    called_off = {moment: found.original for moment, found in taken.items() if moment not in others}
    left = {moment: time for moment, time in cancelled.items() if moment not in taken} | called_off
    return replace(
        whole,
        overrides=_ordered(whole, [*led.overrides, *single]),
        cancelled=tuple(left[moment] for moment in sorted(left)),
    )


def _kept(
    event: Event, whole: Event, attached: Sequence[Attached], there: Mapping[int, Override | EventTime]
) -> Iterator[Override]:
    """The overrides that the series has and no exception takes the place of, and those that are newer than theirs."""
    moments = {resolve_event(found.original, whole.zone) for found in attached if not found.refusal}
    yield from (one for one in event.overrides if resolve_event(one.original, whole.zone) not in moments)
    for found in attached:
        known = there.get(resolve_event(found.original, whole.zone))
        if found.is_older and isinstance(known, Override):
            yield known


def _leading(overrides: Iterable[Override]) -> list[Override]:
    """Those that hold for all later instances."""
    return [override for override in overrides if override.following]


def _is_called_off(component: Component) -> bool:
    """One instance that does not take place; all later ones are an override instead."""
    return component.draft is not None and component.draft.status is EventStatus.CANCELLED and not component.following


def _rebased(
    event: Event, whole: Event, kept: Sequence[Override], leading: Sequence[Override], budget: Budget
) -> Iterator[Override]:
    """What was kept, so that it comes to the same although other overrides hold for all later instances."""
    led = replace(whole, overrides=_ordered(whole, [*leading, *_leading(kept)]))
    for override in kept:
        was_there = not override.following and override in event.overrides
        meant = series.instance_at(event, override.original, budget) if was_there else None
        yield override if meant is None else _difference(led, override, meant, budget)


def _override(led: Event, found: Attached, known: Override | EventTime | None, budget: Budget) -> Override:
    """The exception as an override, which is the `known` one if there is no difference that anybody could see.

    One that does not say who may see it is as private as its series: DEFAULT comes of files without CLASS alone.
    """
    component = found.component
    previous = known.previous if isinstance(known, Override) else None
    override = Override(
        original=found.original, following=component.following, previous=previous, sequence=component.sequence
    )
    if component.draft is not None:
        override = _difference(led, override, component.draft, budget)
        if component.draft.visibility is Visibility.DEFAULT:
            override = replace(override, visibility=None)
    if not isinstance(known, Override) or max(known.sequence, override.sequence) > led.sequence:
        return override
    return known if replace(override, sequence=known.sequence) == known else override


def _difference(led: Event, override: Override, draft: EventDraft, budget: Budget) -> Override:
    """The override that makes an instance of `led` what the draft says."""
    base = series.instance_at(led, override.original, budget)
    if base is None:
        raise RuntimeError(f"{led.name} does not give {override.original}")
    times = (draft.start, draft.end)
    same_kind = type(base.start) is type(draft.start)
    stays = same_kind and base.extent == tuple(resolve_event(time, led.zone) for time in times)
    start, end = (None, None) if stays else times
    plain = Override(
        original=override.original,
        following=override.following,
        previous=override.previous,
        sequence=override.sequence,
        start=start,
        end=end,
    )
    return replace(plain, **difference(draft, base))


def _ordered(whole: Event, overrides: Iterable[Override]) -> tuple[Override, ...]:
    return tuple(sorted(overrides, key=lambda one: (resolve_event(one.original, whole.zone), not one.following)))


def _is_too_large(event: Event) -> bool:
    try:
        series.require_few_exceptions(event)
    except InvalidInput:
        return True
    return weigh_event(event) > MESSAGE_BYTES
