"""Attaches the exceptions of a file to their series (RFC 5545 section 3.8.4.4).

A file says all of an exception, a series keeps only what differs. So each is compared with what the instance would be
without it: the same file makes the same overrides, whatever was there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schedsvc.domain import series
from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import Event, EventDraft, EventStatus, Override
from schedsvc.domain.interchange import Component
from schedsvc.domain.limits import MESSAGE_BYTES
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import RecurrenceError
from schedsvc.domain.recurrence.lines import MOST_DATES, format_lines, parse_lines
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.series.differences import difference, is_empty
from schedsvc.domain.time import AllDay, EventTime, Zoned, day_of, resolve_event
from schedsvc.domain.weights import weigh_event

_MOST_BYTES = MESSAGE_BYTES // 2
_TOO_MANY = "the series has no room for it: it has too many exceptions, or too large ones"


@dataclass(frozen=True, slots=True)
class Attached:
    """An exception at its place: `original` is the start of the series that it is about, and `notes` say how it was
    found. `refusal` tells why it has none, and is empty otherwise."""

    component: Component
    original: EventTime
    notes: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """A series with exceptions, in the order in which they were given."""

    event: Event
    attached: tuple[Attached, ...]


@dataclass(slots=True)
class _Places:
    """Where the exceptions belong; `unknown` are starts that the series does not give yet."""

    found: list[Attached] = field(default_factory=list)
    unknown: list[EventTime] = field(default_factory=list)


def joined(event: Event, exceptions: Sequence[Component], budget: Budget) -> Joined:
    """The series with these exceptions, each in the place of the one that it has for the same start.

    An exception for a start that the series does not give makes it give that start, by an RDATE. An event that takes
    place once becomes a series. What does not fit is refused; all of them if the series gets too large.
    """
    if not exceptions:
        return Joined(event, ())
    bare = replace(event, overrides=(), cancelled=(), recurrence=event.recurrence or _alone(event.start))
    places = _placed(bare, exceptions, budget)
    whole = _giving(bare, places.unknown)
    attached = [_confirmed(whole, found, budget) for found in places.found]
    after = _with(event, whole, [found for found in attached if not found.refusal], budget)
    if _is_too_large(after):
        return Joined(event, tuple(replace(found, refusal=found.refusal or _TOO_MANY) for found in attached))
    return Joined(after, tuple(attached))


def exception_at(event: Event, original: EventTime) -> Override | EventTime | None:
    """What a series keeps for a start: an override, the start itself if it is cancelled, or nothing."""
    moment = resolve_event(original, event.zone)
    for override in event.overrides:
        if resolve_event(override.original, event.zone) == moment:
            return override
    return next((time for time in event.cancelled if resolve_event(time, event.zone) == moment), None)


def _alone(start: EventTime) -> tuple[str, ...]:
    """The lines of a series that takes place once."""
    return format_lines(RecurrenceSet(start, rdates=(RDate(start),)))


def _placed(bare: Event, exceptions: Iterable[Component], budget: Budget) -> _Places:
    places = _Places()
    for component in exceptions:
        if component.original is None:
            continue
        wanted, notes = _wanted(bare, component.original)
        try:
            found = series.instance_at(bare, wanted, budget)
        except RecurrenceError as error:
            places.found.append(Attached(component, wanted, notes, str(error)))
            continue
        if found is None:
            places.unknown.append(wanted)
            notes = (*notes, "the series does not give that start: it was added to it")
        original = found.occurrence.original if found is not None and found.occurrence is not None else wanted
        places.found.append(Attached(component, original, notes))
    return places


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
    if found.refusal:
        return found
    try:
        instance = series.instance_at(whole, found.original, budget)
    except RecurrenceError as error:
        return replace(found, refusal=str(error))
    if instance is None or instance.occurrence is None:
        return replace(found, refusal=_TOO_MANY)
    return replace(found, original=instance.occurrence.original)


def _with(event: Event, whole: Event, attached: Sequence[Attached], budget: Budget) -> Event:
    """The series with what it keeps of its exceptions and the new ones."""
    moments = {resolve_event(found.original, whole.zone) for found in attached}
    cancelled = [time for time in event.cancelled if resolve_event(time, whole.zone) not in moments]
    kept = [one for one in event.overrides if resolve_event(one.original, whole.zone) not in moments]
    called_off = [found.original for found in attached if _is_called_off(found.component)]
    others = [found for found in attached if not _is_called_off(found.component)]
    leading = [_override(whole, found, budget) for found in others if found.component.following]
    if leading or len([one for one in event.overrides if one.following]) > len([one for one in kept if one.following]):
        kept = list(_rebased(event, whole, kept, leading, budget))
    led = replace(whole, overrides=_ordered(whole, [*leading, *(one for one in kept if one.following)]))
    own = [_override(led, found, budget) for found in others if not found.component.following]
    overrides = [*led.overrides, *(one for one in kept if not one.following), *(one for one in own if not is_empty(one))]
    return replace(
        whole,
        overrides=_ordered(whole, overrides),
        cancelled=tuple(sorted([*cancelled, *called_off], key=lambda time: resolve_event(time, whole.zone))),
    )


def _is_called_off(component: Component) -> bool:
    """One instance that does not take place; all later ones are an override instead."""
    return component.draft is not None and component.draft.status is EventStatus.CANCELLED and not component.following


def _rebased(
    event: Event, whole: Event, kept: Sequence[Override], leading: Sequence[Override], budget: Budget
) -> Iterator[Override]:
    """What was kept, so that it comes to the same although other overrides hold for all later instances."""
    led = replace(whole, overrides=_ordered(whole, [*leading, *(one for one in kept if one.following)]))
    for override in kept:
        meant = None if override.following else series.instance_at(event, override.original, budget)
        yield override if meant is None else _difference(led, override, meant, budget)


def _override(led: Event, found: Attached, budget: Budget) -> Override:
    component = found.component
    override = Override(original=found.original, following=component.following, sequence=component.sequence)
    return override if component.draft is None else _difference(led, override, component.draft, budget)


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
    return weigh_event(event) > _MOST_BYTES
