"""Which bookings overlap something once events have moved under them, whether the events are moved yet or not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schedsvc.domain.bookings import Booking
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, CalendarName, EventName, ProfileName
from schedsvc.domain.time import DAY
from schedsvc.domain.timeline import Aspect, Item, Timeline, extents
from schedsvc.repositories.base import Read
from schedsvc.usecases.timelines import Timelines

_FURTHEST = 2 * DAY
"""No zone moves a local time by more; around a booking everything is read that could come so far."""


@dataclass(frozen=True, slots=True)
class Move:
    """An event and where it goes; a series goes as a whole. `booking` is the one that the event belongs to."""

    name: EventName
    uid: str
    booking: BookingName | None
    before: Interval
    extent: Interval
    occupied: Interval


@dataclass(frozen=True, slots=True)
class Overlap:
    """A confirmed booking to come, which is or is not moved itself, and the events and bookings that it meets."""

    booking: BookingName
    before: Interval
    extent: Interval
    others: tuple[EventName | BookingName, ...]


async def overlaps(tx: Read, moves: Mapping[EventName, Move], now: int) -> list[Overlap]:
    """Those that meet, buffers included, something that blocks in a calendar that their profile checks.

    Only if the booking or what it meets is among the moves.
    """
    timelines = Timelines()
    found = [await _of_profile(tx, timelines, profile, moves, now) for profile in await _profiles(tx, moves)]
    return [overlap for overlaps in found for overlap in overlaps]


async def _profiles(tx: Read, moves: Mapping[EventName, Move]) -> Sequence[ProfileName]:
    profiles = {move.booking.profile for move in moves.values() if move.booking is not None}
    for calendar in {name.calendar for name in moves}:
        profiles.update(await tx.profiles.using(calendar))
    return sorted(profiles)


async def _of_profile(
    tx: Read, timelines: Timelines, name: ProfileName, moves: Mapping[EventName, Move], now: int
) -> list[Overlap]:
    bookings = [_moved(booking, moves) for booking in await tx.bookings.to_come(name, now)]
    if not bookings:
        return []
    profile = await tx.profiles.get(name)
    checked = {*(profile.calendars if profile else ()), *(booking.event.calendar for booking, _ in bookings)}
    window = (
        min(booking.occupied[0] for booking, _ in bookings) - _FURTHEST,
        max(booking.occupied[1] for booking, _ in bookings) + _FURTHEST,
    )
    read = await _read(tx, timelines, checked, window)
    found = ((booking, before, _met(booking, read, moves)) for booking, before in bookings)
    return [Overlap(b.name, before, b.extent, others) for b, before, others in found if others]


async def _read(
    tx: Read, timelines: Timelines, calendars: Collection[CalendarName], window: Interval
) -> list[Timeline]:
    heads = await tx.heads(map(calendar_feed, calendars))
    return await timelines.load(tx, heads, sorted(calendars), window)


def _moved(booking: Booking, moves: Mapping[EventName, Move]) -> tuple[Booking, Interval]:
    """The booking where it goes, and where it was."""
    move = moves.get(booking.event)
    if move is None:
        return booking, booking.extent
    return replace(booking, extent=move.extent, occupied=move.occupied), move.before


def _met(
    booking: Booking, read: Sequence[Timeline], moves: Mapping[EventName, Move]
) -> tuple[EventName | BookingName, ...]:
    lo, hi = booking.occupied
    near = (item for timeline in read for item in _items(timeline, (lo - _FURTHEST, hi + _FURTHEST), moves))
    met = [item for item in near if item.booking != booking.name and _overlap(item, booking.occupied)]
    if booking.event not in moves:
        met = [item for item in met if _name(item).series in moves]
    return tuple(sorted({item.booking or _name(item) for item in met}, key=str))


def _overlap(item: Item, window: Interval) -> bool:
    """Whether the item blocks any of the window."""
    return any(start < window[1] and end > window[0] for start, end in extents([item], Aspect.OCCUPIED))


def _name(item: Item) -> EventName:
    return EventName(item.source, item.event)


def _items(timeline: Timeline, window: Interval, moves: Mapping[EventName, Move]) -> Iterator[Item]:
    """Single events where they go; instances are where they go already, because they are derived when they are read."""
    for item in timeline.items(*window):
        move = moves.get(_name(item))
        if move is None:
            yield item
        else:
            (start, end), (occupied_start, occupied_end) = move.extent, move.occupied
            yield item._replace(start=start, end=end, occupied_start=occupied_start, occupied_end=occupied_end)
